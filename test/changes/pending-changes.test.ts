import { expect } from 'chai';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import { indexEntry, ObjectIndex } from '../../operator/changes/watch/object-index.ts';
import { PendingChanges, type ChangeBatch } from '../../operator/changes/pending-changes.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';

const resource = (kind: string): ApiResource => {
  const found = builtinResources.find((known) => known.kind === kind);
  if (!found) throw new Error(`no ${kind}`);
  return found;
};

/** A cluster with these objects, `Kind/namespace/name`, each with its owner after `<`; targets of these controls in the namespaces `a*`. */
function cluster(
  objects: readonly string[],
  controls: readonly string[],
): { pending: PendingChanges; change: (object: string) => readonly string[]; indexes: ReadonlyMap<ApiResource, ObjectIndex> } {
  const source = { name: 'p', spec: { scope: { namespaces: { include: ['a*'] } }, controls: controls.map((name) => ({ name })) } };
  const set = compilePolicies([source], { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [] });
  const kinds = [...new Set([...set.targets, ...set.context, resource('Namespace')])];
  const indexes = new Map(kinds.map((kind) => [kind, new ObjectIndex()]));
  const parse = (text: string): { kind: ApiResource; namespace: string; name: string; entry: ReturnType<typeof indexEntry> } => {
    const [self = '', owner] = text.split(' < ');
    const [kindName = '', namespace = '', name = ''] = self.split('/');
    const kind = resource(kindName);
    const [ownerKind = '', ownerName = ''] = (owner ?? '').split('/');
    const above = owner === undefined ? undefined : resource(ownerKind);
    const apiVersion = (of: ApiResource): string => (of.group === '' ? of.version : `${of.group}/${of.version}`);
    const references = above && [{ apiVersion: apiVersion(above), kind: ownerKind, name: ownerName, uid: 'u', controller: true }];
    const metadata = { name, namespace, resourceVersion: '1', ...(references ? { ownerReferences: references } : {}) };
    return { kind, namespace, name, entry: indexEntry({ apiVersion: apiVersion(kind), kind: kind.kind, metadata }) };
  };
  for (const text of objects) {
    const { kind, namespace, name, entry } = parse(text);
    indexes.get(kind)?.set(namespace, name, entry);
  }
  const pending = new PendingChanges({ set, indexes });
  const change = (text: string): readonly string[] => {
    const { kind, namespace, name, entry } = parse(text);
    return pending.add({ resource: kind, namespace, name, before: entry, after: entry });
  };
  return { pending, change, indexes };
}

const linesOf = (batch: ChangeBatch | undefined): readonly string[] => [
  ...[...(batch?.targets ?? [])].flatMap(([{ kind }, names]) => [...names].map((name) => `${kind}/${name}`)).toSorted(),
  ...(batch?.wholeCluster === true ? ['the cluster'] : []),
];

const objects = [
  'Namespace//a',
  'Namespace//b',
  'Deployment/a/web',
  'ReplicaSet/a/web-1 < Deployment/web',
  'Pod/a/web-1-x < ReplicaSet/web-1',
  'Pod/a/web-1-y < ReplicaSet/web-1',
  'Pod/a/alone',
  'StatefulSet/a/db',
  'Pod/b/other',
];

describe('the targets of a change', () => {
  const rows: readonly [
    title: string,
    controls: readonly string[],
    changed: readonly string[],
    waits: Readonly<Record<string, readonly string[]>>,
  ][] = [
    ['an object: itself', ['host-pid'], ['Pod/a/alone'], { a: ['Pod/alone'] }],
    ['what a workload owns: the workload', ['host-pid'], ['Pod/a/web-1-x < ReplicaSet/web-1'], { a: ['Deployment/web'] }],
    [
      'many pods of one workload: the workload once',
      ['host-pid'],
      objects.filter((line) => line.includes('/a/web')),
      { a: ['Deployment/web'] },
    ],
    ['a namespace outside of every scope: nothing', ['host-pid'], ['Pod/b/other'], {}],
    ['a kind without a check: nothing', ['host-pid'], ['Service/a/s'], {}],
    [
      'a NetworkPolicy: the workloads of its namespace',
      ['netpol-coverage'],
      ['NetworkPolicy/a/n'],
      { a: ['Deployment/web', 'Pod/alone', 'StatefulSet/db'] },
    ],
    ['a NetworkPolicy: its Namespace', ['netpol-namespace-policy'], ['NetworkPolicy/a/n'], { '': ['Namespace/a'] }],
    [
      'a workload: objects whose checks read workloads, and itself only if it has a check',
      ['netpol-dangling'],
      ['Deployment/a/web'],
      { a: [] },
    ],
    ["a Namespace's labels: all objects in it", ['host-pid'], ['Namespace//a'], { a: ['Deployment/web', 'Pod/alone', 'StatefulSet/db'] }],
    ['an admission webhook: the cluster', ['admission-policy-present'], ['ValidatingWebhookConfiguration//w'], { '': ['the cluster'] }],
  ];
  for (const [title, controls, changed, waits] of rows) {
    it(title, () => {
      const { pending, change } = cluster(objects, controls);
      const touched = new Set(changed.flatMap(change));
      expect([...touched].toSorted()).to.deep.equal(Object.keys(waits).toSorted());
      const { size } = pending;
      const targets = Object.values(waits).flat();
      expect(size).to.equal(targets.filter((target) => target !== 'the cluster').length);
      expect([pending.exceeds(size), pending.exceeds(size - 1)]).to.deep.equal([false, size > 0]);
      expect(Object.fromEntries([...touched].map((namespace) => [namespace, linesOf(pending.take(namespace))]))).to.deep.equal(waits);
      expect(pending.size).to.equal(0);
    });
  }

  it('are the objects of reports that another writer changed, in scope or not: forged reports are withdrawn', () => {
    const { pending, change } = cluster(objects, ['host-pid']);
    expect(change('Pod/b/other')).to.deep.equal([]);
    expect(pending.addReported(resource('Pod'), 'b', 'other')).to.deep.equal(['b']);
    expect(pending.addReported(resource('Pod'), 'a', 'alone')).to.deep.equal(['a']);
    expect(linesOf(pending.take('b'))).to.deep.equal(['Pod/other']);
    expect(linesOf(pending.take('a'))).to.deep.equal(['Pod/alone']);
  });

  it('are the workloads in scope when ImageApprovals end, although no object changed', () => {
    const approvals = { group: 'vigil.dev', version: 'v1alpha1', resource: 'imageapprovals', kind: 'ImageApproval', namespaced: false };
    const images = { approval: { required: true } };
    const source = { name: 'p', spec: { scope: { namespaces: { include: ['a*'] } }, images } };
    const resources = [...builtinResources, approvals];
    const set = compilePolicies([source], { kubernetesVersion: '1.36', resources, systemNamespaces: [] });
    const { indexes } = cluster(objects, ['image-approved', 'netpol-coverage']);
    const pending = new PendingChanges({ set, indexes });
    expect([...new Set(pending.addReaders(approvals))]).to.deep.equal(['a']);
    expect(linesOf(pending.take('a'))).to.deep.equal(['Deployment/web', 'Pod/alone', 'StatefulSet/db']);
  });

  it('wait again when a batch is restored', () => {
    const { pending, change } = cluster(objects, ['host-pid']);
    change('Pod/a/alone');
    const batch = pending.take('a');
    expect(pending.take('a')).to.equal(undefined);
    if (batch) pending.restore(batch);
    change('StatefulSet/a/db');
    expect(linesOf(pending.take('a'))).to.deep.equal(['Pod/alone', 'StatefulSet/db']);
  });
});

describe('the index entry of a RoleBinding', () => {
  const binding = (subjects: unknown): ReturnType<typeof indexEntry> =>
    indexEntry({
      kind: 'RoleBinding',
      apiVersion: 'rbac.authorization.k8s.io/v1',
      metadata: { name: 'r', namespace: 'b' },
      subjects,
    } as never);
  const rows: readonly [title: string, subjects: unknown, reaches: readonly string[] | undefined][] = [
    [
      'its own accounts',
      [
        { kind: 'ServiceAccount', name: 'x' },
        { kind: 'ServiceAccount', name: 'y', namespace: 'b' },
      ],
      undefined,
    ],
    ['another namespace’s account', [{ kind: 'ServiceAccount', name: 'x', namespace: 'a' }], ['a']],
    ['an account by its user name', [{ kind: 'User', name: 'system:serviceaccount:a:x' }], ['a']],
    ['a namespace’s accounts', [{ kind: 'Group', name: 'system:serviceaccounts:a' }], ['a']],
    [
      'all accounts',
      [
        { kind: 'Group', name: 'system:authenticated' },
        { kind: 'Group', name: 'system:serviceaccounts' },
      ],
      [''],
    ],
    [
      'people',
      [
        { kind: 'User', name: 'ann' },
        { kind: 'Group', name: 'ops' },
      ],
      undefined,
    ],
    ['no account, or invalid subjects', [null, 7, { kind: 'User', name: 3 }], undefined],
    ['no list', 'x', undefined],
  ];
  for (const [title, subjects, reaches] of rows)
    it(`has, for ${title}, the namespaces ${JSON.stringify(reaches)}`, () =>
      expect(binding(subjects).subjectNamespaces).to.deep.equal(reaches));

  it('is evaluated again when a ServiceAccount that it may name in another namespace is created or deleted', () => {
    const { pending, change, indexes } = cluster([...objects, 'RoleBinding/a/own'], ['rbac-dangling-binding']);
    const names = binding([{ kind: 'ServiceAccount', name: 'x', namespace: 'c' }]);
    indexes.get(resource('RoleBinding'))?.set('a', 'far', names);
    indexes.get(resource('RoleBinding'))?.set('b', 'out-of-scope', names);
    expect(change('ServiceAccount/c/x')).to.include('a');
    expect(linesOf(pending.take('a'))).to.deep.equal(['RoleBinding/far']);
    expect(pending.namespaces).to.not.include('b');
    change('ServiceAccount/d/x');
    expect(linesOf(pending.take('a'))).to.deep.equal([]);
  });

  it('adds the workloads of accounts in other namespaces when it is created, changed and deleted', () => {
    const { pending } = cluster(objects, ['workload-takeover-permissions']);
    const [there, gone] = [binding([{ kind: 'ServiceAccount', name: 'x', namespace: 'a' }]), undefined];
    for (const [before, after] of [
      [gone, there],
      [there, gone],
      [there, binding([])],
    ] as const) {
      const touched = pending.add({ resource: resource('RoleBinding'), namespace: 'b', name: 'r', before, after });
      expect(touched).to.include('a');
      expect(linesOf(pending.take('a'))).to.deep.equal(['Deployment/web', 'Pod/alone', 'StatefulSet/db']);
    }
  });
});

describe('the mark of an object', () => {
  const base = { metadata: { name: 'a', generation: 1, resourceVersion: '1', labels: { a: 'b' } } };
  const mark = (metadata: object): number => indexEntry({ ...base, metadata: { ...base.metadata, ...metadata } }).mark;
  const same: readonly [string, object][] = [
    ['a status', { resourceVersion: '2' }],
    ['a leader annotation', { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }],
  ];
  for (const [title, metadata] of same) it(`is the same for ${title}`, () => expect(mark(metadata)).to.equal(mark({})));
  const other: readonly [string, object][] = [
    ['a spec', { generation: 2 }],
    ['labels', { labels: {} }],
    ['an annotation', { annotations: { x: 'y' } }],
    ['deletion', { deletionTimestamp: '2026-01-01T00:00:00Z' }],
    ['owners', { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'y' }] }],
  ];
  for (const [title, metadata] of other) it(`differs for ${title}`, () => expect(mark(metadata)).to.not.equal(mark({})));
  it('differs for every write when there is no generation', () => {
    const map = (resourceVersion: string): number => indexEntry({ metadata: { name: 'a', resourceVersion } }).mark;
    expect(map('1')).to.not.equal(map('2'));
  });
});
