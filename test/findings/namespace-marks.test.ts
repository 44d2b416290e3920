import { expect } from 'chai';
import fc from 'fast-check';
import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import type { ObjectMeta } from '../../operator/api/metadata.ts';
import {
  allObjects,
  CLUSTER_SCOPE,
  objectsIn,
  evaluationMark,
  ListedObjects,
  namespaceMark,
  ObjectDigests,
  resourceKey,
  type EvaluationInputs,
} from '../../operator/findings/namespace-marks.ts';

const { pods, configMaps, namespaces } = RESOURCES;
const meta = (name: string, more: Partial<ObjectMeta> = {}): ObjectMeta => ({
  name,
  namespace: 'blue',
  uid: name,
  resourceVersion: '1',
  ...more,
});

function listed(...objects: readonly (readonly [ApiResource, ObjectMeta])[]): ListedObjects {
  const all = new ListedObjects();
  for (const [resource, metadata] of objects) all.add(resource, metadata);
  return all;
}
const sets = [objectsIn(pods, 'blue'), objectsIn(configMaps, 'blue'), allObjects(namespaces, 'blue')];
const markOf = (...objects: readonly (readonly [ApiResource, ObjectMeta])[]): string | undefined =>
  namespaceMark('j', sets, listed(...objects));

describe('namespaceMark', () => {
  const base = [
    [pods, meta('a')],
    [pods, meta('b')],
    [namespaces, meta('blue', { uid: 'n' })],
  ] as const;

  it('is equal for the same objects in any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...base], { minLength: base.length }), (shuffled) => markOf(...shuffled) === markOf(...base)),
    );
  });

  const changes: readonly [what: string, objects: readonly (readonly [ApiResource, ObjectMeta])[]][] = [
    ['an object has another resourceVersion', [base[0], [pods, meta('b', { resourceVersion: '2' })], base[2]]],
    ['an object has another uid', [base[0], [pods, meta('b', { uid: 'c' })], base[2]]],
    ['an object is deleted', [base[0], base[2]]],
    ['an object is created', [...base, [pods, meta('c')]]],
    ['an object is of another kind', [base[0], [configMaps, meta('b')], base[2]]],
    ['an object is in another namespace', [base[0], [pods, meta('b', { namespace: 'green' })], base[2]]],
    ['the Namespace was changed', [base[0], base[1], [namespaces, meta('blue', { uid: 'n', resourceVersion: '7' })]]],
    ['an object is listed twice', [...base, base[1]]],
  ];
  for (const [what, objects] of changes)
    it(`differs when ${what}`, () => {
      expect(markOf(...objects))
        .to.be.a('string')
        .and.not.equal(markOf(...base));
    });

  it('ignores objects in other namespaces and of kinds that no check reads', () => {
    const others = [
      [pods, meta('x', { namespace: 'green' })],
      [namespaces, meta('green')],
      [RESOURCES.jobs, meta('j')],
    ] as const;
    expect(markOf(...base, ...others)).to.equal(markOf(...base));
  });

  it('differs when the evaluation differs', () => {
    expect(namespaceMark('k', sets, listed(...base))).to.not.equal(markOf(...base));
  });

  it('is undefined when an object lacks a uid or a resourceVersion', () => {
    expect(markOf(...base, [configMaps, meta('c', { resourceVersion: '' })])).to.equal(undefined);
    expect(markOf(...base, [configMaps, { name: 'c', namespace: 'blue', resourceVersion: '1' }])).to.equal(undefined);
  });

  it('covers all objects of a kind when verdicts depend on all of them', () => {
    const all = [allObjects(pods, 'blue')];
    const before = listed(...base);
    const after = listed(...base, [pods, meta('x', { namespace: 'green' })]);
    expect(namespaceMark('j', all, before)).to.not.equal(namespaceMark('j', all, after));
  });

  it('covers all Namespaces for cluster-scoped targets', () => {
    const all = [allObjects(namespaces, CLUSTER_SCOPE)];
    expect(namespaceMark('j', all, listed(...base))).to.not.equal(namespaceMark('j', all, listed(...base, [namespaces, meta('green')])));
  });
});

describe('ObjectDigests', () => {
  it('keeps separate digests for many places', () => {
    const digests = new ObjectDigests();
    for (let place = 0; place < 1000; place++) digests.add('pods', [`p${place}`], { uid: 'u', resourceVersion: String(place) });
    expect(new Set(Array.from({ length: 1000 }, (_, place) => digests.of('pods', `p${place}`))).size).to.equal(1000);
    expect(digests.of('pods', 'none')).to.equal(digests.of('pods', 'another place without objects'));
  });

  it('gives sets of one object and of no object a digest of 32 digits', () => {
    const digests = new ObjectDigests();
    for (let place = 0; place < 200; place++) digests.add('pods', [`p${place}`], { uid: 'u', resourceVersion: String(place) });
    const lengths = new Set(
      ['none', ...Array.from({ length: 200 }, (_, place) => `p${place}`)].map((place) => digests.of('pods', place)?.length),
    );
    expect([...lengths]).to.deep.equal([32]);
  });

  it('has no digest for a set with an object without a uid', () => {
    const digests = new ObjectDigests();
    digests.add('pods', ['blue'], { resourceVersion: '1' });
    digests.add('pods', ['green'], { uid: 'u' });
    expect([digests.of('pods', 'blue'), digests.of('pods', 'green')]).to.deep.equal([undefined, undefined]);
  });
});

describe('a mark', () => {
  const objects = listed([pods, meta('a')], [configMaps, meta('b')], [namespaces, meta('blue', { uid: 'n' })]);

  it('has 24 hexadecimal digits', () => {
    expect(namespaceMark('j', sets, objects)).to.match(/^[0-9a-f]{24}$/);
  });

  it('is the same for the same sets in any order, and if one is read twice', () => {
    const mark = namespaceMark('j', sets, objects);
    expect(namespaceMark('j', sets.toReversed(), objects)).to.equal(mark);
    expect(namespaceMark('j', [...sets, ...sets], objects)).to.equal(mark);
  });

  it('differs for the same objects read as other sets', () => {
    const marks = [
      sets,
      sets.slice(1),
      [objectsIn(pods, 'green'), ...sets.slice(1)],
      [objectsIn(RESOURCES.jobs, 'blue'), ...sets.slice(1)],
    ];
    expect(new Set(marks.map((each) => namespaceMark('j', each, objects))).size).to.equal(4);
  });

  it('of the cluster covers an object without a namespace', () => {
    const of = (...added: readonly (readonly [ApiResource, ObjectMeta])[]): unknown =>
      namespaceMark('j', [allObjects(RESOURCES.nodes, CLUSTER_SCOPE)], listed(...added));
    expect(of([RESOURCES.nodes, { name: 'a', uid: 'u', resourceVersion: '1' }])).not.to.equal(of());
  });
});

describe('resourceKey', () => {
  it('names the group of a resource, except the core group', () => {
    expect([resourceKey(pods), resourceKey(RESOURCES.jobs)]).to.deep.equal(['pods', 'jobs.batch']);
  });
});

describe('the digest of objects of Vigil', () => {
  const approvals: ApiResource = {
    group: 'vigil.dev',
    version: 'v1alpha1',
    resource: 'imageapprovals',
    kind: 'ImageApproval',
    namespaced: false,
  };
  const digest = (more: Partial<ObjectMeta>): string | undefined =>
    listed([approvals, { name: 'a', uid: 'u', resourceVersion: '1', generation: 1, ...more }]).of(allObjects(approvals, 'blue'));

  it('differs for another spec, and is equal for another status', () => {
    expect(digest({ resourceVersion: '2' })).to.equal(digest({}));
    expect(digest({ generation: 2 })).not.to.equal(digest({}));
  });
});

describe('allObjects', () => {
  it('are those of all places, except that a namespace depends on its own Namespace only', () => {
    expect(allObjects(pods, 'blue')).to.deep.equal({ kind: 'pods', place: '*' });
    expect(allObjects(RESOURCES.jobs, CLUSTER_SCOPE)).to.deep.equal({ kind: 'jobs.batch', place: '*' });
    expect(allObjects(namespaces, 'blue')).to.deep.equal({ kind: 'namespaces', place: 'blue' });
    expect(allObjects(namespaces, CLUSTER_SCOPE)).to.deep.equal({ kind: 'namespaces', place: '*' });
  });
});

describe('the digest of objects of others', () => {
  it('differs for another status, even with a generation', () => {
    const digest = (resourceVersion: string): unknown =>
      listed([RESOURCES.jobs, meta('a', { resourceVersion, generation: 1 })]).of(objectsIn(RESOURCES.jobs, 'blue'));
    expect(digest('2')).not.to.equal(digest('1'));
  });
});

describe('evaluationMark', () => {
  const parts: EvaluationInputs = {
    policies: [{ name: 'p', uid: 'u', revision: '1-a' }],
    catalogue: 'c',
    program: 'vigil:1',
    kubernetesVersion: '1.36',
    systemNamespaces: ['kube-system'],
    resources: [pods],
  };
  const others: Partial<EvaluationInputs>[] = [
    { policies: [{ name: 'p', uid: 'u', revision: '2-a' }] },
    { policies: [{ name: 'p', uid: 'v', revision: '1-a' }] },
    { policies: [...parts.policies, { name: 'q', uid: 'q', revision: '1-a' }] },
    { catalogue: 'd' },
    { program: 'vigil:2' },
    { kubernetesVersion: '1.37' },
    { systemNamespaces: [] },
    { systemNamespaces: ['kube-system', 'kube-public'] },
    { endedApprovals: ['u'] },
    { policies: [{ name: 'p u', uid: '', revision: '1-a' }] },
    { resources: [{ ...pods, group: 'a' }] },
    { resources: [{ ...pods, group: 'v', version: '1' }] },
    { resources: [{ ...pods, kind: 'PodX' }] },
    { resources: [{ ...pods, namespaced: false }] },
    { resources: [{ ...pods, version: 'v2' }] },
    { resources: [pods, { ...pods, version: 'v2' }] },
  ];
  for (const other of others)
    it(`differs for other ${Object.keys(other).join()}: ${JSON.stringify(other)}`, () => {
      expect(evaluationMark({ ...parts, ...other })).to.not.equal(evaluationMark(parts));
    });

  it('is the same for policies, namespaces and approvals in another order, and for no approvals that ended', () => {
    const many = {
      policies: [...parts.policies, { name: 'a', uid: 'v', revision: '1-b' }],
      systemNamespaces: ['kube-system', 'a'],
      endedApprovals: ['u', 'a'],
    };
    const reversed = Object.fromEntries(Object.entries(many).map(([field, list]) => [field, list.toReversed()]));
    expect(evaluationMark({ ...parts, ...many, ...reversed })).to.equal(evaluationMark({ ...parts, ...many }));
    expect(evaluationMark({ ...parts, endedApprovals: [] })).to.equal(evaluationMark(parts));
  });

  it('differs for another preferred version', () => {
    const resources = [pods, { ...pods, version: 'v2' }];
    expect(evaluationMark({ ...parts, resources: resources.toReversed() })).not.to.equal(evaluationMark({ ...parts, resources }));
  });
});
