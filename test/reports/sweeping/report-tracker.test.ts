import { expect } from 'chai';
import { ReportTracker } from '../../../operator/reports/sweeping/report-tracker.ts';

describe('ReportTracker', () => {
  it('stores very many reports and their versions', () => {
    const seen = new ReportTracker();
    const keys = Array.from({ length: 5000 }, (_, index) => `team-${index % 7}/vigil-pod-${index}`);
    for (const [index, key] of keys.entries()) seen.recordUpToDate(key, index % 10, String(1000 + index));
    expect(keys.filter((key) => !seen.has(key))).to.deep.equal([]);
    expect(seen.has('team-1/vigil-pod-5000')).to.equal(false);
    for (let shard = 0; shard < 10; shard++) seen.recordShard(shard);
    for (const [index, key] of keys.entries()) if (index !== 4321) seen.observe(key, String(1000 + index));
    expect(seen.shardsToRepeat([0, 1, 2, 3])).to.deep.equal([1]);
  });

  it('returns shards with a report in another version, with a missing report, or collected by another process', () => {
    const seen = new ReportTracker();
    seen.recordUpToDate('web/a', 0, '5');
    seen.recordUpToDate('web/b', 1, '6');
    seen.recordUpToDate('web/c', 2, '7');
    for (const shard of [0, 1, 2]) seen.recordShard(shard);
    seen.observe('web/a', '5');
    seen.observe('web/b', '8');
    expect(seen.shardsToRepeat([0, 1, 2, 3])).to.deep.equal([1, 2, 3]);
    expect([seen.has('web/a'), seen.has('web/b'), seen.has('web/c')]).to.deep.equal([true, false, false]);
  });

  it('does not return a shard whose report must not exist, and records a report again', () => {
    const seen = new ReportTracker();
    seen.recordShard(0);
    seen.recordUpToDate('web/a', 0, '');
    expect(seen.shardsToRepeat([0])).to.deep.equal([]);
    seen.recordUpToDate('web/a', 0, '9');
    expect(seen.shardsToRepeat([0])).to.deep.equal([0]);
    seen.recordUpToDate('web/a', 0, '10');
    seen.observe('web/a', '10');
    expect([seen.has('web/a'), seen.shardsToRepeat([0])]).to.deep.equal([true, []]);
  });
});
