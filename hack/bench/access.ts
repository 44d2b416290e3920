/**
 * Benchmarks the controls about access on a cluster of roles and bindings, half of each: node hack/bench/access.ts [OBJECTS]
 * Prints the processor time of the first evaluation for roles that gather no others, roles that all gather all others, and a chain.
 */
import { catalogue } from '../../operator/catalogue/controls/catalogue.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import type { KubernetesObject } from '../../operator/engine/objects/kubernetes-object.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { Snapshot } from '../../operator/engine/snapshot/snapshot.ts';

const count = Math.ceil(Number(process.argv[2] ?? 10_000) / 2);
const apiVersion = 'rbac.authorization.k8s.io/v1';
const names = Array.from({ length: count }, (_, index) => index);

/** The selectors of the role with a number, by the shape of the cluster. */
const shapes: Readonly<Record<string, (index: number) => readonly object[]>> = {
  plain: () => [],
  all: () => [{}],
  chain: (index) => [{ matchLabels: { part: String((index + 1) % count) } }],
};

const roleOf = (index: number, selectors: readonly object[]): KubernetesObject => ({
  apiVersion,
  kind: 'ClusterRole',
  metadata: { name: `role-${index}`, labels: { part: String(index) } },
  ...(selectors.length === 0 ? {} : { aggregationRule: { clusterRoleSelectors: selectors } }),
  rules: [
    { apiGroups: ['', 'apps'], resources: ['pods', 'configmaps', 'deployments'], verbs: ['get', 'create'] },
    { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'], resourceNames: [`app-${(index + 1) % count}`] },
  ],
});
const bindingOf = (index: number): KubernetesObject => ({
  apiVersion,
  kind: index % 2 === 0 ? 'RoleBinding' : 'ClusterRoleBinding',
  metadata: { name: `binding-${index}`, ...(index % 2 === 0 ? { namespace: `team-${index % 50}` } : {}) },
  roleRef: { kind: 'ClusterRole', name: `role-${index}` },
  subjects: [
    { kind: 'ServiceAccount', name: `app-${index}`, namespace: `team-${index % 50}` },
    { kind: 'User', name: `user-${index}` },
  ],
});
const podOf = (index: number): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${index}`, namespace: `team-${index % 50}` },
  spec: { serviceAccountName: `app-${index}`, containers: [{ name: 'app', image: 'app' }] },
});

const controls = catalogue.filter(({ crossObject, theme }) => crossObject !== undefined && [theme].flat().includes('access'));
const set = compilePolicies([{ name: 'bench', spec: { controls: controls.map(({ id }) => ({ name: id })) } }], {
  kubernetesVersion: '1.36',
  resources: builtinResources,
  systemNamespaces: [],
});
for (const [shape, selectorsOf] of Object.entries(shapes)) {
  const snapshot = new Snapshot();
  for (const index of names) {
    snapshot.add(roleOf(index, selectorsOf(index)));
    snapshot.add(bindingOf(index));
    if (index < 1_000) snapshot.add(podOf(index));
  }
  const before = process.cpuUsage();
  const evaluations = set.evaluateSnapshot(snapshot, { now: 0 });
  const { user, system } = process.cpuUsage(before);
  const time = `${Math.round((user + system) / 1_000)} ms`;
  console.log(
    `${shape.padEnd(6)} ${controls.length} controls, ${count * 2} roles and bindings, ${evaluations.length} objects judged: ${time}`,
  );
}
