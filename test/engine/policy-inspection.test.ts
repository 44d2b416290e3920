import { expect } from 'chai';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { ResourceRule, SecurityPolicyRule, SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { inspectPolicy, type PolicyInspection } from '../../operator/engine/policy-inspection.ts';

const options = { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [] };
const inspect = (spec: SecurityPolicySpec): PolicyInspection => inspectPolicy({ name: 'p', spec }, options);
const rule = (resourceRule: Partial<ResourceRule>, change: Partial<SecurityPolicyRule> = {}): SecurityPolicySpec => ({
  rules: [
    {
      name: 'r',
      matchConstraints: {
        resourceRules: [{ apiGroups: ['apps'], apiVersions: ['*'], operations: ['*'], resources: ['deployments'], ...resourceRule }],
      },
      validations: [{ expression: 'true' }],
      ...change,
    },
  ],
});
const path = 'spec.rules[0].matchConstraints.resourceRules[0].resources[0]: ';

describe('inspectPolicy', () => {
  it('counts the checks that a scan evaluates', () => {
    expect([
      inspect({}).checks,
      inspect(rule({})).checks,
      inspect(rule({ operations: ['UPDATE', 'DELETE'] })).checks,
      inspect({ controls: [{ name: 'host-pid' }] }).checks,
      inspect({ controls: [{ name: 'host-pid', exclude: true }] }).checks,
    ]).to.deep.equal([0, 1, 0, 1, 0]);
  });

  const cases: Readonly<Record<string, readonly [Partial<ResourceRule>, readonly string[]]>> = {
    'a resource that is served': [{}, []],
    'a resource that one of several groups serves': [{ apiGroups: ['extensions', 'apps'] }, []],
    'a mistyped resource': [
      { resources: ['deploymnets'] },
      [`${path}this cluster does not serve deploymnets in API group apps (did you mean 'deployments'?)`],
    ],
    'a mistyped resource next to a served one': [
      { resources: ['deploymnets', 'statefulsets'] },
      [`${path}this cluster does not serve deploymnets in API group apps (did you mean 'deployments'?)`],
    ],
    'a kind in lower case': [
      { resources: ['deployment'] },
      [`${path}this cluster does not serve deployment in API group apps (did you mean 'deployments'?)`],
    ],
    'a group that is not served': [
      { apiGroups: ['gateway.networking.k8s.io'], resources: ['gateways'] },
      [`${path}this cluster serves no resources in API group gateway.networking.k8s.io`],
    ],
    'a mistyped group': [{ apiGroups: ['app'] }, [`${path}this cluster serves no resources in API group app (did you mean 'apps'?)`]],
    'a served version that is not preferred': [
      { apiGroups: ['autoscaling'], apiVersions: ['v1'], resources: ['horizontalpodautoscalers'] },
      [],
    ],
    'a version that is not served': [
      { apiGroups: ['autoscaling'], apiVersions: ['v2beta2'], resources: ['horizontalpodautoscalers'] },
      [`${path}this cluster does not serve horizontalpodautoscalers in API group autoscaling as v2beta2: it serves v2, v1`],
    ],
    'all resources of all groups': [{ apiGroups: ['*'], resources: ['*'] }, []],
    'a subresource, which a scan never reads': [
      { apiGroups: [''], resources: ['pods/exec'] },
      ['spec.rules[0].matchConstraints: rule r matches no resource that a scan reads on this cluster'],
    ],
    'all resources of a group that is not served': [
      { apiGroups: ['example.org'], resources: ['*'] },
      [`${path}this cluster serves no resources in API group example.org`],
    ],
    'all resources of a mistyped group': [
      { apiGroups: ['appz'], resources: ['*'] },
      [`${path}this cluster serves no resources in API group appz (did you mean 'apps'?)`],
    ],
    'all resources in a version that is not served': [
      { apiVersions: ['v9'], resources: ['*'] },
      [`${path}this cluster serves no resources in API group apps as v9`],
    ],
  };
  for (const [name, [resourceRule, unserved]] of Object.entries(cases))
    it(`${unserved.length === 0 ? 'accepts' : 'reports'} ${name}`, () =>
      expect(inspect(rule(resourceRule)).unserved).to.deep.equal(unserved));

  const entry = 'spec.rules[0].matchConstraints.resourceRules[0].';
  const pods = { apiGroups: [''], apiVersions: ['v1'] };
  const unmatchedCases: Readonly<Record<string, readonly [Partial<ResourceRule>, readonly string[]]>> = {
    'a mistyped group next to a served one': [
      { apiGroups: ['apps', 'appz'] },
      [`${entry}apiGroups[1]: this cluster serves no resources in API group appz (did you mean 'apps'?)`],
    ],
    'another group of Kubernetes next to the one with the resource': [{ apiGroups: ['extensions', 'apps', 'batch'] }, []],
    'a version that is not served next to a served one': [
      { apiVersions: ['v1', 'v9'] },
      [`${entry}apiVersions[1]: this cluster serves none of these resources as v9`],
    ],
    'versions of older clusters next to a served one': [{ apiVersions: ['v1', 'v1beta1', 'v1alpha2'] }, []],
    'every version': [{ apiVersions: ['*'] }, []],
    'a subresource next to its resource': [{ ...pods, resources: ['pods', 'pods/ephemeralcontainers', 'pods/*', '*/scale'] }, []],
    'a mistyped subresource next to a resource': [
      { ...pods, resources: ['pods', 'pods/exce', 'pods/typo'] },
      [
        `${entry}resources[1]: pods/exce is not a known subresource (did you mean 'exec'?)`,
        `${entry}resources[2]: pods/typo is not a known subresource`,
      ],
    ],
    'a subresource of a mistyped resource next to a resource': [
      { ...pods, resources: ['pods', 'pds/exec'] },
      [`${entry}resources[1]: this cluster does not serve pds in the core API group (did you mean 'pods'?)`],
    ],
  };
  for (const [name, [resourceRule, unmatched]] of Object.entries(unmatchedCases))
    it(`${unmatched.length === 0 ? 'accepts' : 'names'} ${name}`, () =>
      expect(inspect(rule(resourceRule))).to.deep.include({ unserved: [], unmatched }));

  it('names a mistyped entry of excludeResourceRules', () => {
    const spec = rule({ resources: ['deployments'] });
    const [first] = spec.rules ?? [];
    const excluding = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['*' as const], resources: ['daemonset'] };
    const constraints = { resourceRules: first?.matchConstraints.resourceRules ?? [], excludeResourceRules: [excluding] };
    expect(inspect(rule({}, { matchConstraints: constraints })).unmatched).to.deep.equal([
      "spec.rules[0].matchConstraints.excludeResourceRules[0].resources[0]: this cluster does not serve daemonset in API group apps (did you mean 'daemonsets'?)",
    ]);
  });

  it('reports all resources of a mistyped group next to a good entry', () => {
    const good = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['*' as const], resources: ['deployments'] };
    const matchConstraints = { resourceRules: [good, { ...good, apiGroups: ['appz'], resources: ['*'] }] };
    expect(inspect(rule({}, { matchConstraints })).unserved).to.deep.equal([
      "spec.rules[0].matchConstraints.resourceRules[1].resources[0]: this cluster serves no resources in API group appz (did you mean 'apps'?)",
    ]);
  });

  it('accepts pods in a rule about pod templates', () => {
    expect(inspect(rule({ apiGroups: [''], resources: ['pods'] }, { podTemplates: true })).unserved).to.deep.equal([]);
  });

  it('refuses a kind in place of a resource and suggests the resource', () => {
    const { problems } = inspect(rule({ resources: ['Deployment'] }));
    expect(problems.map(({ path: at, reason, message }) => ({ path: at, reason, message }))).to.deep.equal([
      {
        path: 'spec.rules[0].matchConstraints.resourceRules[0].resources[0]',
        reason: 'InvalidRule',
        message: "'Deployment' is a kind: write the resource, 'deployments'",
      },
    ]);
  });

  const refused: Readonly<Record<string, string>> = {
    Deployment: "'Deployment' is a kind: write the resource, 'deployments'",
    NetworkPolicy: "'NetworkPolicy' is a kind: write the resource, 'networkpolicies'",
    DEPLOYMENT: "'DEPLOYMENT' is a kind: write the resource, 'deployments'",
    'Deployment/scale': "'Deployment/scale' is a kind: write the resource, 'deployments/scale'",
    DEPLOYMENTS: "'DEPLOYMENTS' has capital letters: write 'deployments'",
    'pods/Exec': "'pods/Exec' has capital letters: write 'pods/exec'",
    Deploymnets: "'Deploymnets' is not a resource (did you mean 'deployments'?): the names of resources are plural and lower case",
    Deploymnet: "'Deploymnet' is not a resource (did you mean 'deployments'?): the names of resources are plural and lower case",
    Spaceship: "'Spaceship' is not a resource: the names of resources are plural and lower case",
  };
  for (const [resource, message] of Object.entries(refused))
    it(`refuses the resource ${resource}`, () =>
      expect(inspect(rule({ apiGroups: ['*'], resources: [resource] })).problems.map((problem) => problem.message)).to.deep.equal([
        message,
      ]));

  it('suggests the plural of the kind in the API group of the rule, and of another group otherwise', () => {
    const kind = (group: string, resource: string): ApiResource => ({ group, version: 'v1', resource, kind: 'Gateway', namespaced: true });
    const resources = [kind('a.example', 'gateways'), kind('b.example', 'gatewaies')];
    const messageOf = (...apiGroups: string[]): string | undefined =>
      inspectPolicy({ name: 'p', spec: rule({ apiGroups, resources: ['Gateway'] }) }, { ...options, resources }).problems[0]?.message;
    expect([messageOf('a.example'), messageOf('b.example'), messageOf('c.example')].map((text) => text?.split("'").at(-2))).to.deep.equal([
      'gateways',
      'gatewaies',
      'gateways',
    ]);
  });
});
