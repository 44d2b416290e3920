import { expect } from 'chai';
import { ChangedTargets } from '../../operator/changes/changed-targets.ts';
import { CoolDowns } from '../../operator/changes/cool-downs.ts';
import { DeferredTargets } from '../../operator/changes/deferred-targets.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';

const [pods = builtinResources[0], services = builtinResources[2]] = builtinResources.filter(
  ({ kind }) => kind === 'Pod' || kind === 'Service',
);
if (!pods || !services) throw new Error('no pods');

describe('changed targets', () => {
  it('are kept once, and removed when they are taken', () => {
    const targets = new ChangedTargets(2);
    for (let round = 0; round < 5; round++) targets.add('a', pods, 'x');
    targets.addKind('a', services);
    targets.addKind('a', services);
    expect([targets.namespaces, targets.deferred.isEmpty]).to.deep.equal([['a'], true]);
    expect(targets.take('a')?.size).to.equal(2);
    targets.add('b', pods, 'y');
    targets.add('b', pods, 'z');
    expect([targets.namespaces, targets.deferred.isEmpty, targets.take('a')]).to.deep.equal([['b'], true, undefined]);
  });

  it('are deferred without loss past the limit', () => {
    const targets = new ChangedTargets(2);
    for (const name of ['x', 'y']) targets.add('a', pods, name);
    targets.add('b', pods, 'z');
    expect([targets.namespaces, targets.deferred.namespaces]).to.deep.equal([[], ['a', 'b']]);
  });

  it('merge all targets of another instance, with the deferred ones and the whole cluster', () => {
    const [targets, other] = [new ChangedTargets(9), new ChangedTargets(9)];
    other.add('a', pods, 'x');
    other.addKind('b', services);
    other.addWholeCluster();
    other.deferred.add('c');
    targets.merge(other);
    expect(targets.deferred.namespaces).to.deep.equal(['c']);
    expect(targets.take('a')?.targets.get(pods)).to.deep.equal(new Set(['x']));
    expect(targets.take('b')?.kinds).to.deep.equal(new Set([services]));
    expect(targets.take('')?.wholeCluster).to.equal(true);
  });
});

describe('deferred targets', () => {
  const of = (...namespaces: readonly string[]): DeferredTargets => {
    const debt = new DeferredTargets();
    for (const namespace of namespaces) debt.add(namespace);
    return debt;
  };

  it('name their namespaces sorted and once', () => {
    expect(of('b', 'a', 'b').namespaces).to.deep.equal(['a', 'b']);
  });

  it('cover the whole cluster for cluster-scoped objects and for too many namespaces', () => {
    const many = Array.from({ length: 201 }, (_, index) => `n${String(index)}`);
    expect([of('a', '').namespaces, of(...many).namespaces, of(...many.slice(1)).namespaces?.length]).to.deep.equal([
      undefined,
      undefined,
      200,
    ]);
  });

  it('are taken as a whole, without later ones', () => {
    const debt = of('a');
    const taken = debt.take();
    expect(debt.isEmpty).to.equal(true);
    debt.add('b');
    expect([taken.namespaces, debt.namespaces]).to.deep.equal([['a'], ['b']]);
    debt.merge(of(''));
    expect([debt.namespaces, debt.isEmpty]).to.deep.equal([undefined, false]);
    expect([debt.take().namespaces, debt.isEmpty]).to.deep.equal([undefined, true]);
  });
});

describe('cool-downs', () => {
  it('last until their end and are removed afterwards', () => {
    const rests = new CoolDowns();
    rests.set('a', 10, 0);
    rests.set('b', 20, 5);
    expect([rests.left('a', 5), rests.left('b', 5), rests.left('c', 5), rests.left('a', 11)]).to.deep.equal([5, 15, 0, 0]);
    rests.set('c', 30, 12);
    expect(rests.size).to.equal(2);
    rests.set('d', 13, 13);
    expect(rests.size).to.equal(2);
  });
});
