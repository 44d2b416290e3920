import { expect } from 'chai';
import fc from 'fast-check';
import { catalogue } from '../../../operator/catalogue/controls/catalogue.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import type { KubernetesObject } from '../../../operator/engine/objects/kubernetes-object.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';
import { whoCan } from '../../../operator/engine/rbac/who-can.ts';
import { account, binding, role, snapshotOf, user } from './rbac-objects.ts';

const controls = catalogue
  .filter(({ id, crossObject }) => crossObject !== undefined && /rbac|account|takeover/.test(id))
  .map(({ id }) => ({ name: id }));
const set = compilePolicies([{ name: 'p', spec: { controls } }], {
  kubernetesVersion: '1.36',
  resources: builtinResources,
  systemNamespaces: [],
  passing: 'List',
});

const names = ['one', 'two', 'view', 'system:node'];
const labels = ['a', 'b', 'rbac.authorization.k8s.io/aggregate-to-view'];
const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values], { minLength: 1 });
const rule = fc.record({
  apiGroups: some(['', '*', 'apps', 'rbac.authorization.k8s.io']),
  resources: some(['*', 'secrets', 'pods', 'pods/*', '*/exec', 'clusterroles', 'serviceaccounts/token', 'serviceaccounts']),
  verbs: some(['*', 'get', 'create', 'bind', 'impersonate', 'patch']),
  resourceNames: fc.subarray(['one', 'two', 'app']),
});
const selector = fc.constantFrom<object>({}, ...labels.map((label) => ({ matchLabels: { [label]: 'true' } })), {
  matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }],
});
const aRole = fc
  .record({
    name: fc.constantFrom(...names),
    namespace: fc.constantFrom(undefined, 'shop', 'web'),
    rules: fc.array(rule, { maxLength: 3 }),
    labels: fc.subarray(labels),
    selectors: fc.option(fc.array(selector, { minLength: 1, maxLength: 2 })),
    live: fc.boolean(),
  })
  .map(({ name, namespace, rules, labels: own, selectors, live }): KubernetesObject => ({
    ...role(name, rules, namespace),
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: Object.fromEntries(own.map((label) => [label, 'true'])),
      ...(live ? { uid: '0a4c1b52' } : {}),
    },
    ...(selectors === null || namespace !== undefined ? {} : { aggregationRule: { clusterRoleSelectors: selectors } }),
  }));
const subject = fc.constantFrom(
  user('jane'),
  user('system:serviceaccount:shop:app'),
  account('app', 'shop'),
  account('one', 'web'),
  account('two'),
  { kind: 'Group', name: 'system:serviceaccounts:shop' },
  { kind: 'Group', name: 'system:authenticated' },
);
const aBinding = fc
  .record({
    name: fc.constantFrom('b', 'c', 'd', 'system:discovery'),
    namespace: fc.constantFrom(undefined, 'shop', 'web'),
    to: fc.tuple(fc.constantFrom('Role', 'ClusterRole'), fc.constantFrom(...names, 'edit', 'cluster-admin')),
    subjects: fc.array(subject, { maxLength: 3 }),
  })
  .map(({ name, namespace, to, subjects }) => binding(name, to.join('/'), subjects, namespace));
const pod = fc
  .record({
    name: fc.constantFrom('p', 'q'),
    namespace: fc.constantFrom('shop', 'web'),
    serviceAccountName: fc.constantFrom('app', 'one', 'two'),
  })
  .map(({ name, namespace, serviceAccountName }): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { serviceAccountName, containers: [{ name: 'a', image: 'a' }] },
  }));
const serviceAccount = fc
  .record({ namespace: fc.constantFrom('shop', 'web'), automountServiceAccountToken: fc.boolean() })
  .map(({ namespace, ...fields }): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'app', namespace },
    ...fields,
  }));
const cluster = fc.array(fc.oneof(aRole, aBinding, pod, serviceAccount), { minLength: 1, maxLength: 14 });

/** All results, each as text with everything that a report has. */
function resultsOf(objects: readonly KubernetesObject[]): string[] {
  const found = set.evaluateSnapshot(snapshotOf(objects), { now: 0 });
  return found.flatMap(({ results }) => results.map((result) => JSON.stringify(result))).sort();
}

describe('verdicts about roles, bindings and accounts', () => {
  const runs = { numRuns: 150 };

  it('do not depend on the order of objects, also of equal names and of roles that gather each other', () => {
    expect(controls.length).to.be.greaterThan(30);
    fc.assert(
      fc.property(
        cluster.chain((objects) => fc.tuple(fc.constant(objects), fc.shuffledSubarray(objects, { minLength: objects.length }))),
        ([objects, shuffled]) => {
          expect(resultsOf(shuffled)).to.deep.equal(resultsOf(objects));
        },
      ),
      runs,
    );
  });

  it('do not depend on the order of rules and subjects, apart from their paths', () => {
    const reversed = (object: KubernetesObject): KubernetesObject => {
      const { rules, subjects } = object as { rules?: unknown[]; subjects?: unknown[] };
      return { ...object, ...(rules && { rules: rules.toReversed() }), ...(subjects && { subjects: subjects.toReversed() }) };
    };
    const verdicts = (objects: readonly KubernetesObject[]): string[] =>
      set
        .evaluateSnapshot(snapshotOf(objects), { now: 0 })
        .flatMap(({ results }) =>
          results.map(({ check, verdict, severity, bound, resource }) => JSON.stringify({ check, verdict, severity, bound, resource })),
        )
        .sort();
    fc.assert(
      fc.property(cluster, (objects) => {
        expect(verdicts(objects.map(reversed))).to.deep.equal(verdicts(objects));
      }),
      runs,
    );
  });

  it('agree with who can: whoever holds a role with a takeover right may use it', () => {
    const pods = { group: '', resource: 'secrets', namespaced: true };
    fc.assert(
      fc.property(cluster, (objects) => {
        const snapshot = snapshotOf(objects);
        const holders = whoCan(snapshot, { verb: 'get', target: pods }).holders.filter(
          ({ subject: { kind, name, namespace }, names: limits }) =>
            limits === undefined && kind === 'ServiceAccount' && name === 'app' && namespace === 'shop',
        );
        const probe: KubernetesObject = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'probe', namespace: 'shop' },
          spec: { serviceAccountName: 'app', automountServiceAccountToken: true, containers: [{ name: 'a', image: 'a' }] },
        };
        const result = set
          .evaluateSnapshot(snapshotOf([...objects, probe]), { now: 0 })
          .find(({ resource }) => resource.name === 'probe')
          ?.results.find(({ check }) => check === 'workload-takeover-permissions');
        if (holders.length > 0) expect(result?.verdict).to.equal('fail');
      }),
      runs,
    );
  });
});
