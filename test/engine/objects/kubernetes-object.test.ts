import { expect } from 'chai';
import {
  controllerOf,
  fieldsOf,
  groupKindOf,
  groupOf,
  isFields,
  listOf,
  nameOf,
  namespaceOf,
  textMapOf,
  textOf,
  textsOf,
  versionOf,
} from '../../../operator/engine/objects/kubernetes-object.ts';

const values = [{ a: 1 }, {}, [1], null, undefined, 'x', 1, true] as const;

describe('readers of unchecked fields', () => {
  it('accept values of their type alone', () => {
    expect(values.map(isFields)).to.deep.equal([true, true, false, false, false, false, false, false]);
    expect(values.map(fieldsOf)).to.deep.equal([{ a: 1 }, {}, {}, {}, {}, {}, {}, {}]);
    expect(values.map(listOf)).to.deep.equal([[], [], [1], [], [], [], [], []]);
    expect(values.map(textOf)).to.deep.equal([undefined, undefined, undefined, undefined, undefined, 'x', undefined, undefined]);
  });

  it('leave out items and entries that are not strings', () => {
    expect([textsOf(['a', 1, null, 'b']), textsOf('a'), textsOf(undefined)]).to.deep.equal([['a', 'b'], [], []]);
    expect([textMapOf({ a: 'x', b: 1 }), textMapOf({ a: 'x' }), textMapOf(['x']), textMapOf(null)]).to.deep.equal([
      { a: 'x' },
      { a: 'x' },
      {},
      {},
    ]);
  });
});

describe('the type of an object', () => {
  const rows: readonly [apiVersion: unknown, group: string, version: string, groupKind: string][] = [
    ['v1', '', 'v1', 'K'],
    ['apps/v1', 'apps', 'v1', 'K.apps'],
    ['a.b/v1beta1', 'a.b', 'v1beta1', 'K.a.b'],
    ['', '', '', 'K'],
    ['/v1', '', 'v1', 'K'],
    [1, '', '', 'K'],
    [undefined, '', '', 'K'],
  ];
  for (const [apiVersion, group, version, groupKind] of rows)
    it(`with the apiVersion ${String(apiVersion)} is ${groupKind}`, () =>
      expect([groupOf(apiVersion), versionOf(apiVersion), groupKindOf({ apiVersion, kind: 'K' })]).to.deep.equal([
        group,
        version,
        groupKind,
      ]));

  it('is empty without a kind', () => expect([groupKindOf({}), groupKindOf({ apiVersion: 'v1', kind: 1 })]).to.deep.equal(['', '']));
});

describe('the name and namespace of an object', () => {
  it('are those of its metadata, with generateName and default as the alternatives', () => {
    const named = [{ name: 'a', generateName: 'b-' }, { name: '', generateName: 'b-' }, { generateName: 'b-' }, { name: 1 }, {}].map((metadata) => nameOf({ metadata }));
    expect(named).to.deep.equal(['a', 'b-', 'b-', undefined, undefined]);
    expect([{ namespace: 'n' }, { namespace: '' }, {}, { namespace: 1 }].map((metadata) => namespaceOf({ metadata }))).to.deep.equal(['n', 'default', 'default', 'default']);
  }); // prettier-ignore
});

describe('controllerOf', () => {
  const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u', controller: true };
  const of = (...ownerReferences: readonly unknown[]): unknown => controllerOf({ metadata: { ownerReferences } });
  it('is the reference with controller: true', () => {
    const { controller: _, ...expected } = reference;
    expect(of({ ...reference, name: 'other', controller: false }, { kind: 'A', name: 'b' }, reference)).to.deep.equal(expected);
    expect(of({ kind: 'A', name: 'b', controller: true })).to.deep.equal({ apiVersion: '', kind: 'A', name: 'b' });
  });

  it('is undefined without one, or if it has no kind or no name', () => {
    const wrong = [{ ...reference, controller: 'true' }, { ...reference, kind: 1 }, { ...reference, name: undefined }, null, 'x'];
    expect([of(), ...wrong.map((each) => of(each)), of(...wrong), controllerOf({})]).to.deep.equal(Array(8).fill(undefined));
  });
});
