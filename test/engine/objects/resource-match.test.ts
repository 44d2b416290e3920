import { expect } from 'chai';
import type { ApiResource } from '../../../operator/api/api-resource.ts';
import type { ResourceRule, SecurityPolicyRule } from '../../../operator/api/kinds/security-policy.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { ResourceIndex } from '../../../operator/engine/objects/resource-index.ts';
import { ResourceMatch } from '../../../operator/engine/objects/resource-match.ts';

type Constraints = SecurityPolicyRule['matchConstraints'];
const rule = (change: Partial<ResourceRule> = {}): ResourceRule => {
  return { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'], ...change };
};
const resource = (group: string, version: string, kind: string, plural: string, namespaced = true): ApiResource => {
  return { group, version, kind, resource: plural, namespaced };
};
const deployment = resource('apps', 'v1', 'Deployment', 'deployments');
const pod = resource('', 'v1', 'Pod', 'pods');
const role = resource('rbac.authorization.k8s.io', 'v1', 'ClusterRole', 'clusterroles', false);
const index = new ResourceIndex(builtinResources);

describe('ResourceMatch', () => {
  const match = (constraints: Constraints, of: ApiResource = deployment, name: string | undefined = 'web', podTemplates = false): string =>
    new ResourceMatch(constraints, podTemplates, index).match(of, name);
  const only = (change: Partial<ResourceRule>): Constraints => ({ resourceRules: [rule(change)] });

  const rows: readonly [title: string, rule: Partial<ResourceRule>, verdict: string][] = [
    ['the resource', {}, 'yes'],
    ['any group', { apiGroups: ['*'] }, 'yes'],
    ['another group', { apiGroups: ['batch', ''] }, 'no'],
    ['one of several groups', { apiGroups: ['batch', 'apps'] }, 'yes'],
    ['any version', { apiVersions: ['*'] }, 'yes'],
    ['another version', { apiVersions: ['v2'] }, 'no'],
    ['any resource', { resources: ['*'] }, 'yes'],
    ['any resource with subresources', { resources: ['*/*'] }, 'yes'],
    ['subresources alone', { resources: ['deployments/*', 'deployments/scale'] }, 'no'],
    ['another resource', { resources: ['statefulsets'] }, 'no'],
    ['any operation', { operations: ['*'] }, 'yes'],
    ['another operation', { operations: ['UPDATE', 'DELETE'] }, 'other-operations'],
    ['several operations', { operations: ['UPDATE', 'CREATE'] }, 'yes'],
    ['namespaced resources', { scope: 'Namespaced' }, 'yes'],
    ['cluster-scoped resources', { scope: 'Cluster' }, 'no'],
    ['both scopes', { scope: '*' }, 'yes'],
    ['the name', { resourceNames: ['db', 'web'] }, 'yes'],
    ['another name', { resourceNames: ['db'] }, 'no'],
    ['no names', { resourceNames: [] }, 'yes'],
  ];
  for (const [title, change, verdict] of rows) it(`with ${title}: ${verdict}`, () => expect(match(only(change))).to.equal(verdict));

  it('matches cluster-scoped resources by their scope', () => {
    const wanted = { apiGroups: ['*'], resources: ['*'] };
    expect(['Cluster', 'Namespaced', '*'].map((scope) => match(only({ ...wanted, scope: scope as 'Cluster' }), role))).to.deep.equal(['yes', 'no', 'yes']); // prettier-ignore
  });

  it('leaves out what an exclusion matches', () => {
    const excluding = (change: Partial<ResourceRule>): Constraints => ({ resourceRules: [rule()], excludeResourceRules: [rule(change)] });
    expect(match(excluding({}))).to.equal('no');
    expect(match(excluding({ operations: ['DELETE'] }))).to.equal('yes');
    expect(match(excluding({ resources: ['statefulsets'] }))).to.equal('yes');
    expect(match(excluding({ resourceNames: ['web'] }))).to.equal('no');
    expect(match(excluding({ resourceNames: ['db'] }))).to.equal('yes');
  });

  it('matches a resource without a name if some object of it could match', () => {
    const noName = (constraints: Constraints): string => new ResourceMatch(constraints, false, index).match(deployment);
    expect(noName(only({ resourceNames: ['db'] }))).to.equal('yes');
    expect(noName({ resourceRules: [rule()], excludeResourceRules: [rule({ resourceNames: ['web'] })] })).to.equal('yes');
    expect(noName({ resourceRules: [rule()], excludeResourceRules: [rule({ resourceNames: [] })] })).to.equal('no');
    expect(noName({ resourceRules: [rule()], excludeResourceRules: [rule()] })).to.equal('no');
  });

  it('never matches the kinds that the API server exempts from admission policies', () => {
    const everything = only({ apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] });
    const group = 'admissionregistration.k8s.io';
    const exempt = [
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
      'MutatingAdmissionPolicy',
      'MutatingAdmissionPolicyBinding',
    ];
    for (const kind of exempt) expect(match(everything, resource(group, 'v1', kind, 'x', false)), kind).to.equal('no');
    expect(match(everything, resource(group, 'v1', 'ValidatingWebhookConfiguration', 'x', false))).to.equal('yes');
    expect(match(everything, resource('a.b', 'v1', 'ValidatingAdmissionPolicy', 'x', false))).to.equal('yes');
  });

  it('matches workloads as pods with podTemplates', () => {
    const pods = only({ apiGroups: [''], resources: ['pods'] });
    expect([deployment, pod, role].map((of) => match(pods, of, 'web', true))).to.deep.equal(['yes', 'yes', 'no']);
    expect([deployment, pod].map((of) => match(pods, of))).to.deep.equal(['no', 'yes']);
    expect(match(only({}), deployment, 'web', true)).to.equal('yes');
    expect(match(only({ apiGroups: ['*'], resources: ['*'] }), role, 'web', true)).to.equal('no');
  });

  const [v2, v1] = ['v2', 'v1'].map((version) => resource('a', version, 'Widget', 'widgets')) as [ApiResource, ApiResource];
  const other = resource('b', 'v1', 'Widget', 'widgets');
  const wants = (version: string, matchPolicy?: 'Exact' | 'Equivalent'): Constraints => ({
    resourceRules: [rule({ apiGroups: ['a'], apiVersions: [version], resources: ['widgets'] })],
    ...(matchPolicy === undefined ? {} : { matchPolicy }),
  });

  it('matches an object in every version, with Exact in its own version unless the API server converts it', () => {
    const verdict = (converts: boolean, matchPolicy?: 'Exact' | 'Equivalent'): string =>
      new ResourceMatch(wants('v2', matchPolicy), false, new ResourceIndex([v2, v1, other], converts)).match(v1);
    expect([verdict(false), verdict(false, 'Equivalent'), verdict(false, 'Exact'), verdict(true, 'Exact')]).to.deep.equal(['yes', 'yes', 'no', 'yes']); // prettier-ignore
  });

  it('evaluates an object in a version that the constraints match', () => {
    const versionFor = (constraints: Constraints, of: ApiResource, podTemplates = false): string =>
      new ResourceMatch(constraints, podTemplates, new ResourceIndex([v2, v1, other])).versionFor(of).version;
    expect([versionFor(wants('v2'), v2), versionFor(wants('v2'), v1), versionFor(wants('v3'), v1)]).to.deep.equal(['v2', 'v2', 'v1']);
    expect([versionFor(wants('v2', 'Exact'), v1), versionFor(wants('v2'), v1, true)]).to.deep.equal(['v1', 'v1']);
    const either = { resourceRules: [...wants('v3').resourceRules, ...wants('v1').resourceRules] };
    expect([versionFor(either, v2), versionFor(either, v1)]).to.deep.equal(['v1', 'v1']);
  });
});
