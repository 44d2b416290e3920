import { expect } from 'chai';
import { pino } from 'pino';
import { SelectedAdmissionPolicies } from '../../../operator/admission/existing/selected-admission-policies.ts';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { ClusterApi } from '../../kube/cluster-api.ts';

const limits: ApiResource = { group: 'example.com', version: 'v1', resource: 'limits', kind: 'Limit', namespaced: false };
const forbidden = (): KubeApiError => new KubeApiError('forbidden', { status: 403, reason: 'Forbidden' });

describe('the watch of selected admission policies', () => {
  let api: ClusterApi;
  let policies: SecurityPolicy[];
  let changes: string[][];
  let selected: SelectedAdmissionPolicies;
  const { signal } = new AbortController();

  beforeEach(() => {
    api = new ClusterApi();
    policies = [];
    changes = [];
    selected = new SelectedAdmissionPolicies({
      client: api,
      log: pino({ level: 'silent' }),
      observe: () => undefined,
      policies: { list: () => policies },
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: [...builtinResources, limits] }),
      watchSilence: 150_000,
      changeInterval: 10,
      onSelectionChange: (names) => changes.push([...names]),
    });
  });
  afterEach(async () => {
    await selected.controller.stop();
    await selected.stop();
  });

  const securityPolicy = (name: string, spec: SecurityPolicySpec = { admissionPolicies: { selector: {} } }): SecurityPolicy => {
    const policy = { metadata: { name, uid: name, generation: 1 }, spec };
    policies.push(policy);
    return policy;
  };
  const matchConstraints = {
    resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'], scope: '*' }],
    ...{ matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} },
  };
  const create = (resource: ApiResource, name: string, content: object, metadata: object = {}): Promise<KubeObject> =>
    api.create(resource, { metadata: { name, ...metadata }, ...content });
  const admissionPolicy = (name: string, spec: object = {}, metadata: object = {}): Promise<KubeObject> =>
    create(
      RESOURCES.admissionPolicies,
      name,
      { spec: { failurePolicy: 'Fail', matchConstraints, validations: [{ expression: 'object.spec.replicas <= 3' }], ...spec } },
      metadata,
    );
  const binding = (policyName: string, spec: object = {}): Promise<KubeObject> =>
    create(RESOURCES.admissionBindings, policyName, { spec: { policyName, validationActions: ['Deny'], ...spec } });
  const paths = (): readonly string[] => [...new Set(api.calls.flatMap((call) => (call.startsWith('GET ') ? [call.slice(4)] : [])))];
  const start = async (): Promise<void> => {
    await selected.start(signal);
    selected.controller.start();
  };
  const params = (policy: SecurityPolicy): unknown =>
    selected.rulesOf(policy)?.rules.map(({ rule, outcome }) => outcome?.message ?? rule.params?.['data']);

  it('reads nothing while no policy selects any', async () => {
    const policy = securityPolicy('plain', { controls: [{ name: 'host-pid' }] });
    await start();
    expect([api.calls, selected.rulesOf(policy)?.rules]).to.deep.equal([[], []]);
  });

  it('reads policies, bindings and only the parameters that these name, with their kind', async () => {
    const policy = securityPolicy('p');
    await admissionPolicy('few', { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } });
    await binding('few', { paramRef: { name: 'strict', namespace: 'policies', parameterNotFoundAction: 'Deny' } });
    await create(RESOURCES.configMaps, 'strict', { data: { most: '3' } }, { namespace: 'policies', managedFields: [{ manager: 'a' }] });
    await create(RESOURCES.configMaps, 'other', { data: { most: '4' } }, { namespace: 'policies' });
    await start();
    const [bound, ...others] = selected.rulesOf(policy)?.rules ?? [];
    expect(others).to.deep.equal([]);
    expect(bound?.properties).to.deep.equal({ binding: 'few', actions: 'Deny', params: 'policies/strict' });
    const { metadata, ...content } = bound?.rule.params as { metadata: object };
    expect(content).to.deep.equal({ apiVersion: 'v1', kind: 'ConfigMap', data: { most: '3' } });
    expect(metadata).to.not.have.any.keys('managedFields', 'resourceVersion');
    expect(paths().filter((path) => path.includes('configmaps'))).to.deep.equal(['/api/v1/namespaces/policies/configmaps']);
    expect(changes).to.deep.equal([['p']]);
  });

  it('does not know the rules of a policy before they were read', async () => {
    const first = securityPolicy('first', { admissionPolicies: { selector: { matchLabels: { team: 'shop' } } } });
    expect(selected.rulesOf(first)).to.equal(undefined);
    await admissionPolicy('pay', {}, { labels: { team: 'pay' } });
    await binding('pay');
    await start();
    expect(selected.rulesOf(first)?.rules).to.deep.equal([]);
    const later = securityPolicy('later', { admissionPolicies: { selector: { matchLabels: { team: 'pay' } } } });
    expect(selected.rulesOf(later)).to.equal(undefined);
  });

  it('never asks for Secrets, and says that a kind is not served', async () => {
    const policy = securityPolicy('p');
    await admissionPolicy('secret', { paramKind: { apiVersion: 'v1', kind: 'Secret' } });
    await binding('secret', { paramRef: { name: 'a', parameterNotFoundAction: 'Deny' } });
    await admissionPolicy('unknown', { paramKind: { apiVersion: 'none.example.com/v1', kind: 'Limit' } });
    await binding('unknown', { paramRef: { name: 'a', parameterNotFoundAction: 'Deny' } });
    await start();
    expect(params(policy)).to.deep.equal([
      'its parameters are Secrets, which Vigil never reads',
      'the cluster does not serve its parameters: Limit in none.example.com/v1',
    ]);
    expect(paths().filter((path) => path.includes('secrets'))).to.deep.equal([]);
    expect(selected.rulesOf(policy)?.problems).to.have.length(1);
  });

  it('evaluates to errors if the operator may not read the parameters', async () => {
    const policy = securityPolicy('p');
    await admissionPolicy('few', { paramKind: { apiVersion: 'example.com/v1', kind: 'Limit' } });
    await binding('few', { paramRef: { name: 'a', parameterNotFoundAction: 'Allow' } });
    api.onCall = ({ path }) => {
      if (path.includes('/limits')) throw forbidden();
    };
    await start();
    const [text = ''] = params(policy) as string[];
    expect(text).to.match(
      /^limits.example.com may not be listed and watched: grant it by ClusterRoles labelled vigil.dev\/aggregate-to-scan/,
    );
    expect(selected.rulesOf(policy)?.rules[0]?.outcome?.kind).to.equal('error');
    expect(selected.rulesOf(policy)?.problems).to.deep.equal([`ValidatingAdmissionPolicy few: binding few: ${text}`]);
  });

  it('says that it may not read policies', async () => {
    const policy = securityPolicy('p');
    api.onCall = () => {
      throw forbidden();
    };
    await start();
    const { rules, problems, idle } = selected.rulesOf(policy) ?? {};
    expect([rules, idle]).to.deep.equal([[], []]);
    expect(problems?.[0]).to.match(/^validatingadmissionpolicies.admissionregistration.k8s.io may not be listed and watched/);
  });

  it("leaves out Vigil's own, and says so of a policy that only has such a name", async () => {
    const policy = securityPolicy('p');
    const owner = { apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name: 'p', uid: 'u' };
    for (const [name, metadata] of [
      ['vigil-p-1', { labels: { 'app.kubernetes.io/managed-by': 'vigil' } }],
      ['vigil-p-2', { ownerReferences: [owner] }],
      ['vigil-guard', { labels: { 'app.kubernetes.io/part-of': 'vigil' } }],
      ['vigil-ant', {}],
      ['few', {}],
    ] as const) {
      await admissionPolicy(name, {}, metadata);
      await binding(name);
    }
    await start();
    expect(selected.rulesOf(policy)?.rules.map(({ rule }) => rule.name)).to.deep.equal(['few']);
    expect(selected.rulesOf(policy)?.problems).to.deep.equal([
      "ValidatingAdmissionPolicy vigil-ant is not evaluated: names that begin with vigil- are reserved for Vigil's own",
    ]);
  });

  it('says which policy or binding has a field that it does not know', async () => {
    const policy = securityPolicy('p');
    await admissionPolicy('new', { newField: true });
    await admissionPolicy('few');
    await binding('few', { newField: true });
    await start();
    const { rules, problems = [] } = selected.rulesOf(policy) ?? {};
    expect(rules).to.deep.equal([]);
    expect(problems[0]).to.match(/^ValidatingAdmissionPolicy new: spec: .*newField.*: this version of Vigil cannot evaluate it$/);
    expect(problems[1]).to.match(/^ValidatingAdmissionPolicyBinding few: spec: .*newField/);
  });

  it('reports a changed parameter, and nothing for a change without a meaning', async () => {
    const policy = securityPolicy('p');
    await admissionPolicy('few', { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } });
    await binding('few', { paramRef: { selector: { matchLabels: { for: 'few' } }, parameterNotFoundAction: 'Deny' } });
    const metadata = { namespace: 'shop', name: 'a', uid: 'u', labels: { for: 'few' } };
    await create(RESOURCES.configMaps, 'a', { data: { most: '3' } }, metadata);
    await start();
    expect(params(policy)).to.deep.include({ most: '3' });
    const known = selected.rulesOf(policy);
    const send = (resourceVersion: string, most: string, labels: object = metadata.labels): void => {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, labels, resourceVersion }, data: { most } };
      api.watchOf('/api/v1/configmaps')?.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
    };
    const until = async (holds: () => boolean): Promise<void> => {
      // Bounded: a loop that outlives its test would keep the process from ending.
      for (let tries = 0; tries < 1500 && !holds(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(() => api.watchOf('/api/v1/configmaps') !== undefined);
    send('1001', '3');
    send('1002', '4');
    await until(() => changes.length === 2);
    expect(params(policy)).to.deep.include({ most: '4' });
    expect(selected.rulesOf(policy)).to.not.equal(known);
    send('1003', '4', {});
    await until(() => changes.length === 3);
    expect(params(policy)).to.deep.equal([
      'the binding finds no parameter object, and parameterNotFoundAction is Deny',
      'the binding names no namespace of its parameters, which a cluster-scoped object needs',
    ]);
  }).timeout(60_000);
});
