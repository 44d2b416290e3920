import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import { GenerationSightings } from '../../operator/change/generation-sightings.ts';
import { RecentChanges } from '../../operator/change/recent-changes.ts';

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

describe('since when a generation of a policy is there', () => {
  it('is after the last look that did not find it', () => {
    const sightings = new GenerationSightings(100);
    sightings.look(['a/1'], 200);
    sightings.look(['a/1', 'b/1'], 300);
    sightings.look(['a/1', 'b/1'], 400);
    sightings.look(['a/2', 'b/1'], 500);
    expect([sightings.before(['a/2']), sightings.before(['b/1']), sightings.before(['a/2', 'b/1'])]).to.deep.equal([400, 200, 200]);
    expect(sightings.before([])).to.equal(Number.POSITIVE_INFINITY);
    // What is gone and comes again is new; of what was never seen nothing is known.
    sightings.look(['b/1'], 600);
    sightings.look(['a/2', 'b/1'], 700);
    expect([sightings.before(['a/2']), sightings.before(['c/1'])]).to.deep.equal([600, Number.NEGATIVE_INFINITY]);
  });
});
