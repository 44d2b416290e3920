import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { GenerationTracker } from '../../../operator/changes/watch/generation-tracker.ts';
import { RecentChanges } from '../../../operator/changes/watch/recent-changes.ts';

describe('recent changes', () => {
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

  it('are returned in order of arrival, from a time on', () => {
    expect(since(0, 0)).to.deep.equal([]);
    expect(since(2, 0)).to.deep.equal(['c1', 'c2']);
    expect(since(5, 31)).to.deep.equal(['c4', 'c5']);
    expect(since(5, 30)).to.deep.equal(['c3', 'c4', 'c5']);
  });

  it('are undefined when one of them was dropped', () => {
    expect(since(5, 20)).to.equal(undefined);
    expect(since(5, 21)).to.deep.equal(['c3', 'c4', 'c5']);
    expect(since(4, 5)).to.equal(undefined);
  });
});

describe('the generation tracker', () => {
  const [a1, a2, b1] = [
    { uid: 'a', generation: 1 },
    { uid: 'a', generation: 2 },
    { uid: 'b', generation: 1 },
  ];

  it('returns when a generation was first observed', () => {
    const tracker = new GenerationTracker();
    for (const [index, policy] of [a1, b1, a1, a2, a2].entries()) tracker.observe(policy, index);
    expect([tracker.firstObserved([a2]), tracker.firstObserved([b1]), tracker.firstObserved([a2, b1])]).to.deep.equal([3, 1, 1]);
    expect(tracker.firstObserved([])).to.equal(Number.POSITIVE_INFINITY);
  });

  it('does not know a deleted policy or an old generation', () => {
    const tracker = new GenerationTracker();
    for (const [index, policy] of [a1, b1, a2].entries()) tracker.observe(policy, index);
    tracker.forget(b1);
    expect([tracker.firstObserved([a1]), tracker.firstObserved([b1])]).to.deep.equal([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });
});
