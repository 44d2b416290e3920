import { expect } from 'chai';
import type { ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { writtenAt } from '../../../operator/changes/watch/change-watch.ts';
import { indexEntry, needsSubjects, ObjectIndex, objectMark, type IndexEntry } from '../../../operator/changes/watch/object-index.ts';
import { watchedObjectOf } from '../../../operator/changes/watch/reported-object.ts';

const object = (metadata: Partial<KubeObject['metadata']> = {}, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'x', namespace: 'shop', resourceVersion: '1', ...metadata },
  ...more,
});

describe('the mark of an object', () => {
  const whole = { generation: 1, labels: { a: '1' }, annotations: { b: '2' } };
  const mark = objectMark(object(whole));
  const owner = { apiVersion: 'v1', kind: 'A', name: 'o', uid: 'u' };
  for (const [what, change] of Object.entries({
    'the generation': { generation: 2 },
    'a label': { labels: { a: '2' } },
    'an annotation': { annotations: { b: '3' } },
    'an owner': { ownerReferences: [owner] },
    'its deletion': { deletionTimestamp: '2026-01-01T00:00:00Z' },
  }))
    it(`changes with ${what}`, () => expect(objectMark(object({ ...whole, ...change }))).to.not.equal(mark));

  for (const annotation of [
    'control-plane.alpha.kubernetes.io/leader',
    'endpoints.kubernetes.io/last-change-trigger-time',
    'deployment.kubernetes.io/revision',
  ])
    it(`does not change with the annotation ${annotation}`, () =>
      expect(objectMark(object({ ...whole, annotations: { b: '2', [annotation]: 'x' } }))).to.equal(mark));

  it('changes with each write only for a kind without generations', () => {
    expect(objectMark(object({ ...whole, resourceVersion: '2' }))).to.equal(mark);
    expect(objectMark(object({ resourceVersion: '2' }))).to.not.equal(objectMark(object()));
  });
});

describe('the entry of an object', () => {
  const owned = (kind: string, apiVersion: string, controller = true): unknown =>
    indexEntry(object({ ownerReferences: [{ apiVersion, kind, name: 'o', uid: 'u', controller }] })).controller;
  it('has its owner, if that is a workload and its controller', () => {
    expect(owned('ReplicaSet', 'apps/v1')).to.deep.equal({ groupKind: 'ReplicaSet.apps', name: 'o' });
    expect(owned('ReplicationController', 'v1')).to.deep.equal({ groupKind: 'ReplicationController', name: 'o' });
    expect([owned('Widget', 'example.com/v1'), owned('ReplicaSet', 'apps/v1', false), owned('Node', 'v1')]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('has the labels of a Namespace, and of nothing else', () => {
    const of = (apiVersion: string, kind: string, metadata: object = { labels: { a: '1' } }): unknown =>
      indexEntry(object(metadata, { apiVersion, kind })).labels;
    expect([of('v1', 'Namespace'), of('v1', 'Namespace', {}), of('example.com/v1', 'Namespace'), of('v1', 'Pod')]).to.deep.equal([
      { a: '1' },
      {},
      undefined,
      undefined,
    ]);
  });

  for (const [what, subjects, namespaces] of [
    ['a ServiceAccount of another namespace', [{ kind: 'ServiceAccount', name: 'a', namespace: 'bank' }], ['bank']],
    ['a ServiceAccount of its own namespace', [{ kind: 'ServiceAccount', name: 'a', namespace: 'shop' }], undefined],
    [
      'a ServiceAccount without a namespace',
      [
        { kind: 'ServiceAccount', name: 'a' },
        { kind: 'ServiceAccount', name: 'a', namespace: '' },
      ],
      undefined,
    ],
    ['a ServiceAccount by its user name', [{ kind: 'User', name: 'system:serviceaccount:bank:a' }], ['bank']],
    [
      'another user',
      [
        { kind: 'User', name: 'jane' },
        { kind: 'User', name: 'x:system:serviceaccount:bank:a' },
      ],
      undefined,
    ],
    ['the accounts of a namespace', [{ kind: 'Group', name: 'system:serviceaccounts:bank' }], ['bank']],
    ['all accounts', [{ kind: 'Group', name: 'system:serviceaccounts' }], ['']],
    ['everyone', [{ kind: 'Group', name: 'system:authenticated' }], ['']],
    [
      'another group',
      [
        { kind: 'Group', name: 'admins' },
        { kind: 'Group', name: 'x:system:serviceaccounts:bank' },
      ],
      undefined,
    ],
    ['an unknown kind', [{ kind: 'Robot', name: 'a', namespace: 'bank' }], undefined],
    ['nothing', [null, {}, 7, { kind: 'User', name: 7 }], undefined],
    [
      'several of one namespace once',
      [
        { kind: 'ServiceAccount', name: 'a', namespace: 'bank' },
        { kind: 'ServiceAccount', name: 'b', namespace: 'bank' },
      ],
      ['bank'],
    ],
    ['no list', 'all', undefined],
  ] as const)
    it(`of a RoleBinding names ${what}`, () => {
      const binding = object({}, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', subjects });
      expect(indexEntry(binding).subjectNamespaces).to.deep.equal(namespaces);
    });

  it('needs more than metadata for RoleBindings only', () => {
    const group = 'rbac.authorization.k8s.io';
    expect(
      [
        { group, kind: 'RoleBinding' },
        { group, kind: 'Role' },
        { group: 'x', kind: 'RoleBinding' },
      ].map(needsSubjects),
    ).to.deep.equal([true, false, false]);
  });
});

describe('ObjectIndex', () => {
  const entry = (mark: number, more: Partial<IndexEntry> = {}): IndexEntry => ({ mark, ...more });

  it('returns what was stored before, and counts each object once', () => {
    const index = new ObjectIndex();
    expect(index.set('a', 'x', entry(1))).to.equal(undefined);
    expect(index.set('a', 'x', entry(2))).to.deep.equal(entry(1));
    index.set('b', 'y', entry(3, { labels: { l: '1' } }));
    expect([index.size, [...index.namespaces], [...index.all()], [...index.in('b')], [...index.in('none')]]).to.deep.equal([
      2,
      ['a', 'b'],
      [
        ['a', 'x', entry(2)],
        ['b', 'y', entry(3, { labels: { l: '1' } })],
      ],
      [['y', entry(3, { labels: { l: '1' } })]],
      [],
    ]);
    expect([index.get('a', 'x'), index.get('a', 'y'), index.get('c', 'x')]).to.deep.equal([entry(2), undefined, undefined]);
    expect([index.has('a', 'x'), index.has('a', 'y'), index.has('c', 'x')]).to.deep.equal([true, false, false]);
  });

  it('forgets a deleted object, and its namespace with the last one', () => {
    const index = new ObjectIndex();
    index.set('a', 'x', entry(0));
    index.set('a', 'y', entry(2));
    expect([index.delete('a', 'z'), index.delete('b', 'x'), index.size]).to.deep.equal([undefined, undefined, 2]);
    expect([index.delete('a', 'x'), index.size, [...index.namespaces]]).to.deep.equal([entry(0), 1, ['a']]);
    expect([index.delete('a', 'y'), index.size, [...index.namespaces]]).to.deep.equal([entry(2), 0, []]);
  });

  it('keeps everything that an entry has', () => {
    const index = new ObjectIndex();
    const entries = [
      entry(1, { controller: { groupKind: 'ReplicaSet.apps', name: 'a' } }),
      entry(2, { controller: { groupKind: 'ReplicaSet.apps', name: 'b' } }),
      entry(3, { controller: { groupKind: 'Job.batch', name: 'b' } }),
      entry(4, { controller: { groupKind: 'Job.batch', name: 'b' }, labels: { l: '1' } }),
      entry(5, { subjectNamespaces: ['n'] }),
      entry(6),
    ];
    for (const [at, each] of entries.entries()) index.set('a', String(at), each);
    expect([...index.in('a')].map(([, kept]) => kept)).to.deep.equal(entries);
    // Pods of one owner share it: there are many.
    expect(index.get('a', '2')?.controller).to.equal(index.get('a', '3')?.controller);
  });

  it('swaps its entries with another', () => {
    const [one, other] = [new ObjectIndex(), new ObjectIndex()];
    one.set('a', 'x', entry(1));
    one.swap(other);
    expect([one.size, one.has('a', 'x'), other.size, other.get('a', 'x')]).to.deep.equal([0, false, 1, entry(1)]);
  });
});

describe('watchedObjectOf', () => {
  const resource = (group: string, kind: string, namespaced = true): ApiResource => ({
    group,
    version: 'v1',
    resource: kind.toLowerCase(),
    kind,
    namespaced,
  });
  const [pods, roles, widgets] = [resource('', 'Pod'), resource('rbac', 'ClusterRole', false), resource('apps', 'Pod')];
  const indexes = new Map([pods, roles, widgets].map((each) => [each, new ObjectIndex()]));
  indexes.get(pods)?.set('shop', 'web', { mark: 0 });
  indexes.get(roles)?.set('', 'admin', { mark: 0 });
  for (const [what, owner, namespace, found] of [
    [
      'an object by its group, kind and name',
      { apiVersion: 'v1', kind: 'Pod', name: 'web' },
      'shop',
      { resource: pods, namespace: 'shop', name: 'web' },
    ],
    [
      'a cluster-scoped object',
      { apiVersion: 'rbac/v1', kind: 'ClusterRole', name: 'admin' },
      'shop',
      { resource: roles, namespace: '', name: 'admin' },
    ],
    ['nothing in another namespace', { apiVersion: 'v1', kind: 'Pod', name: 'web' }, 'bank', undefined],
    ['nothing of another group', { apiVersion: 'apps/v1', kind: 'Pod', name: 'web' }, 'shop', undefined],
    ['nothing of a kind that is not watched', { apiVersion: 'v1', kind: 'Service', name: 'web' }, 'shop', undefined],
    ['nothing that was deleted', { apiVersion: 'v1', kind: 'Pod', name: 'gone' }, 'shop', undefined],
    ['nothing without an owner', undefined, 'shop', undefined],
  ] as const)
    it(`finds ${what}`, () => expect(watchedObjectOf(owner, namespace, indexes)).to.deep.equal(found));
});

describe('writtenAt', () => {
  const at = (text: string): number => Date.parse(text);
  const managed = (time: string | undefined, subresource?: string) => ({
    manager: 'm',
    ...(time ? { time } : {}),
    ...(subresource ? { subresource } : {}),
  });
  const of = (creationTimestamp: string | undefined, ...managedFields: object[]): number =>
    writtenAt({ metadata: { name: 'x', ...(creationTimestamp ? { creationTimestamp } : {}), managedFields } });
  it('is the last write of the object, not of its status, and else its creation', () => {
    const [first, second, third] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'] as const;
    expect(of(first, managed(second), managed(undefined))).to.equal(at(second));
    expect(of(first, managed(second), managed(third, 'status'))).to.equal(at(second));
    expect([of(second, managed(first)), of(second)]).to.deep.equal([at(second), at(second)]);
    expect([of(undefined), writtenAt({ metadata: { name: 'x' } })]).to.deep.equal([0, 0]);
  });
});
