import { expect } from 'chai';
import { SeenReports } from '../../../operator/reports/sweeping/seen-reports.ts';

describe('the reports that a scan made sure of', () => {
  it('knows each of very many, and its version', () => {
    const seen = new SeenReports();
    const keys = Array.from({ length: 5000 }, (_, index) => `team-${index % 7}/vigil-pod-${index}`);
    for (const [index, key] of keys.entries()) seen.saw(key, index % 10, String(1000 + index));
    expect(keys.filter((key) => !seen.has(key))).to.deep.equal([]);
    expect(seen.has('team-1/vigil-pod-5000')).to.equal(false);
    for (let shard = 0; shard < 10; shard++) seen.collected(shard);
    for (const [index, key] of keys.entries()) if (index !== 4321) seen.found(key, String(1000 + index));
    expect(seen.doubtful([0, 1, 2, 3])).to.deep.equal([1]);
  });

  it('doubts what was found in another version, what was not found, and what another process took in', () => {
    const seen = new SeenReports();
    seen.saw('web/a', 0, '5');
    seen.saw('web/b', 1, '6');
    seen.saw('web/c', 2, '7');
    for (const shard of [0, 1, 2]) seen.collected(shard);
    seen.found('web/a', '5');
    seen.found('web/b', '8');
    expect(seen.doubtful([0, 1, 2, 3])).to.deep.equal([1, 2, 3]);
    expect([seen.has('web/a'), seen.has('web/b'), seen.has('web/c')]).to.deep.equal([true, false, false]);
  });

  it('does not doubt a report that there can be none of, and takes one in again', () => {
    const seen = new SeenReports();
    seen.collected(0);
    seen.saw('web/a', 0, '');
    expect(seen.doubtful([0])).to.deep.equal([]);
    seen.saw('web/a', 0, '9');
    expect(seen.doubtful([0])).to.deep.equal([0]);
    seen.saw('web/a', 0, '10');
    seen.found('web/a', '10');
    expect([seen.has('web/a'), seen.doubtful([0])]).to.deep.equal([true, []]);
  });
});
