import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { GenerationTracker } from '../../../operator/changes/watch/generation-tracker.ts';
import { RecentChanges } from '../../../operator/changes/watch/recent-changes.ts';

describe('the latest changes', () => {
  const change = (name: string) => ({ resource: RESOURCES.configMaps, namespace: 'n', name, before: undefined, after: { mark: 1 } });
  const filled = (count: number): RecentChanges => {
    const recent = new RecentChanges(3);
    for (let index = 1; index <= count; index++) recent.add(change(`c${index}`), index * 10);
    return recent;
  };
  const since = (count: number, at: number): readonly string[] | undefined =>
    filled(count)
      .since(at)
      ?.map(({ name }) => name);

  it('are told in the order in which they came, from a time on', () => {
    expect(since(0, 0)).to.deep.equal([]);
    expect(since(2, 0)).to.deep.equal(['c1', 'c2']);
    expect(since(5, 31)).to.deep.equal(['c4', 'c5']);
    expect(since(5, 30)).to.deep.equal(['c3', 'c4', 'c5']);
  });

  it('are not told where one of them was let go', () => {
    expect(since(5, 20)).to.equal(undefined);
    expect(since(5, 21)).to.deep.equal(['c3', 'c4', 'c5']);
    expect(since(4, 5)).to.equal(undefined);
  });
});

describe('since when a generation of a policy is known', () => {
  const [a1, a2, b1] = [
    { uid: 'a', generation: 1 },
    { uid: 'a', generation: 2 },
    { uid: 'b', generation: 1 },
  ];

  it('is when it was first heard of', () => {
    const sightings = new GenerationTracker();
    for (const [index, policy] of [a1, b1, a1, a2, a2].entries()) sightings.observe(policy, index);
    expect([sightings.firstObserved([a2]), sightings.firstObserved([b1]), sightings.firstObserved([a2, b1])]).to.deep.equal([3, 1, 1]);
    expect(sightings.firstObserved([])).to.equal(Number.POSITIVE_INFINITY);
  });

  it('is not known of one that is gone, or is not the present one', () => {
    const sightings = new GenerationTracker();
    for (const [index, policy] of [a1, b1, a2].entries()) sightings.observe(policy, index);
    sightings.forget(b1);
    expect([sightings.firstObserved([a1]), sightings.firstObserved([b1])]).to.deep.equal([
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });
});
