import { expect } from 'chai';
import { ManifestState } from '../../../operator/cli/input/manifest-scan.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';

type Fields = Readonly<Record<string, unknown>>;
const group = 'admissionregistration.k8s.io/v1';
const namespace = (name: string, labels: Fields = {}): Fields => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
const rule = (fields: Fields = {}): Fields => ({
  ...{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'], ...fields },
});
const webhook = (...webhooks: readonly Fields[]): Fields => ({
  apiVersion: group,
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'w' },
  webhooks,
});
const policy = (spec: Fields = {}, name = 'v'): Fields => ({
  ...{ apiVersion: group, kind: 'ValidatingAdmissionPolicy', metadata: { name } },
  spec: { matchConstraints: { resourceRules: [rule()] }, validations: [{ expression: 'true' }], ...spec },
});
const binding = (spec: Fields = {}): Fields => ({
  ...{ apiVersion: group, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'b' } },
  spec: { policyName: 'v', validationActions: ['Deny'], ...spec },
});

/** The verdict about the cluster with these objects. */
function verdict(...objects: readonly Fields[]): string {
  const manifests = objects.map((object) => ({ object: structuredClone(object) as never, file: 'f', document: 0, lineOf: () => 1 }));
  const state = new ManifestState(manifests);
  const options = { kubernetesVersion: '1.36', resources: state.resources, systemNamespaces: [], passing: 'List' as const };
  const set = compilePolicies([{ name: 'p', spec: { controls: [{ name: 'admission-policy-present' }] } }], options);
  return state
    .scan(set)
    .results.map((result) => result.verdict)
    .join();
}

describe('a cluster with admission of pods', () => {
  const selects = (labels: Fields): Fields => ({ namespaceSelector: { matchLabels: labels } });
  const rows: readonly [what: string, objects: readonly Fields[], expected: string][] = [
    ['no Namespace', [], 'skip'],
    ['nothing', [namespace('a')], 'fail'],
    ['the level baseline', [namespace('a'), namespace('b', { 'pod-security.kubernetes.io/enforce': 'baseline' })], 'pass'],
    ['the level restricted', [namespace('a', { 'pod-security.kubernetes.io/enforce': 'restricted' })], 'pass'],
    ['the level privileged', [namespace('a', { 'pod-security.kubernetes.io/enforce': 'privileged' })], 'fail'],
    ['a level that only warns', [namespace('a', { 'pod-security.kubernetes.io/warn': 'restricted' })], 'fail'],
    ['a webhook', [namespace('a'), webhook({ rules: [rule()] })], 'pass'],
    ['one of two webhooks', [namespace('a'), webhook({ rules: [] }, { rules: [rule({ resources: ['services'] }), rule()] })], 'pass'],
    ['a webhook without rules', [namespace('a'), webhook({})], 'fail'],
    [
      'a webhook for all groups and versions',
      [namespace('a'), webhook({ rules: [rule({ apiGroups: ['*'], apiVersions: ['*'] })] })],
      'pass',
    ],
    ['a webhook for another group', [namespace('a'), webhook({ rules: [rule({ apiGroups: ['apps'] })] })], 'fail'],
    ['a webhook for another version', [namespace('a'), webhook({ rules: [rule({ apiVersions: ['v1beta1'] })] })], 'fail'],
    ...['*', '*/*', 'pods/*'].map((resource): [string, Fields[], string] => [
      `a webhook for ${resource}`,
      [namespace('a'), webhook({ rules: [rule({ resources: [resource] })] })],
      'pass',
    ]),
    ['a webhook for a subresource', [namespace('a'), webhook({ rules: [rule({ resources: ['pods/exec'] })] })], 'fail'],
    ['a webhook for all operations', [namespace('a'), webhook({ rules: [rule({ operations: ['*'] })] })], 'pass'],
    ['a webhook for deletions', [namespace('a'), webhook({ rules: [rule({ operations: ['DELETE'] })] })], 'fail'],
    ['a webhook for cluster-scoped objects', [namespace('a'), webhook({ rules: [rule({ scope: 'Cluster' })] })], 'fail'],
    ['a webhook for objects in namespaces', [namespace('a'), webhook({ rules: [rule({ scope: 'Namespaced' })] })], 'pass'],
    ['a webhook for some namespaces', [namespace('a', { team: 'a' }), webhook({ rules: [rule()], ...selects({ team: 'a' }) })], 'pass'],
    ['a webhook for namespaces that do not exist', [namespace('a'), webhook({ rules: [rule()], ...selects({ team: 'a' }) })], 'fail'],
    [
      'a webhook for a namespace by its name',
      [namespace('a'), webhook({ rules: [rule()], ...selects({ 'kubernetes.io/metadata.name': 'a' }) })],
      'pass',
    ],
    ['a policy without a binding', [namespace('a'), policy()], 'fail'],
    ['a policy with a binding', [namespace('a'), policy(), binding()], 'pass'],
    ['a binding of another policy', [namespace('a'), policy({}, 'w'), binding()], 'fail'],
    ['a binding that only warns', [namespace('a'), policy(), binding({ validationActions: ['Warn', 'Audit'] })], 'fail'],
    ['a binding that warns and denies', [namespace('a'), policy(), binding({ validationActions: ['Warn', 'Deny'] })], 'pass'],
    ['a binding without actions', [namespace('a'), policy(), binding({ validationActions: undefined })], 'fail'],
    [
      'a binding for some names',
      [namespace('a'), policy(), binding({ matchResources: { resourceRules: [rule({ resourceNames: ['x'] })] } })],
      'fail',
    ],
    ['a binding for pods', [namespace('a'), policy(), binding({ matchResources: { resourceRules: [rule()] } })], 'pass'],
    [
      'a binding for services',
      [namespace('a'), policy(), binding({ matchResources: { resourceRules: [rule({ resources: ['services'] })] } })],
      'fail',
    ],
    [
      'a binding for some namespaces',
      [namespace('a', { team: 'a' }), policy(), binding({ matchResources: selects({ team: 'a' }) })],
      'pass',
    ],
    ['a binding for other namespaces', [namespace('a'), policy(), binding({ matchResources: selects({ team: 'a' }) })], 'fail'],
    ['a binding that excludes pods', [namespace('a'), policy(), binding({ matchResources: { excludeResourceRules: [rule()] } })], 'fail'],
    [
      'a binding that excludes some pods',
      [namespace('a'), policy(), binding({ matchResources: { excludeResourceRules: [rule({ resourceNames: ['x'] })] } })],
      'pass',
    ],
    ['a policy without rules', [namespace('a'), policy({ matchConstraints: {} }), binding()], 'fail'],
    [
      'a policy for services',
      [namespace('a'), policy({ matchConstraints: { resourceRules: [rule({ resources: ['services'] })] } }), binding()],
      'fail',
    ],
    [
      'a policy that excludes pods',
      [namespace('a'), policy({ matchConstraints: { resourceRules: [rule()], excludeResourceRules: [rule()] } }), binding()],
      'fail',
    ],
    [
      'a policy for other namespaces',
      [namespace('a'), policy({ matchConstraints: { resourceRules: [rule()], ...selects({ team: 'a' }) } }), binding()],
      'fail',
    ],
    [
      'a policy that only annotates',
      [namespace('a'), policy({ validations: [], auditAnnotations: [{ key: 'k', valueExpression: 'v' }] }), binding()],
      'fail',
    ],
    [
      'a policy that validates and annotates',
      [namespace('a'), policy({ auditAnnotations: [{ key: 'k', valueExpression: 'v' }] }), binding()],
      'pass',
    ],
  ];
  for (const [what, objects, expected] of rows) it(`by ${what}: ${expected}`, () => expect(verdict(...objects)).to.equal(expected));
});
