import { expect } from 'chai';
import type { ChangeActivity } from '../../../operator/anomalies/activity/activity.ts';
import { AuditOutages } from '../../../operator/anomalies/activity/audit-outages.ts';

const change = (at: number): ChangeActivity => ({ at }) as ChangeActivity;
const saw = (...times: readonly number[]): AuditOutages => {
  const outages = new AuditOutages();
  for (const at of times) outages.saw(at);
  return outages;
};

describe('the times without audit events', () => {
  it('are longer than two minutes, and their ends are not in them', () => {
    expect(saw(1000, 121_000).at(60_000)).to.equal(undefined);
    const outages = saw(1000, 121_001);
    expect(outages.at(60_000)).to.deep.equal({ from: 1000, to: 121_001 });
    expect([outages.at(1000), outages.at(121_001), outages.at(500)]).to.deep.equal([undefined, undefined, undefined]);
  });

  it('go on after the last event, and began with the first start if none has come', () => {
    expect([new AuditOutages().at(5), new AuditOutages().last]).to.deep.equal([{ from: 0 }, undefined]);
    expect([saw(1000).at(1001), saw(1000).at(1000), saw(1000, 500).last]).to.deep.equal([{ from: 1000 }, undefined, 1000]);
  });

  it('end where an event that came late was', () => {
    const outages = saw(0, 1_000_000, 500_000);
    expect([outages.at(100_000), outages.at(500_000), outages.at(900_000)]).to.deep.equal([
      { from: 0, to: 500_000 },
      undefined,
      { from: 500_000, to: 1_000_000 },
    ]);
    const short = saw(0, 1_000_000, 120_000);
    expect([short.at(60_000), short.at(200_000)], 'too short').to.deep.equal([undefined, { from: 120_000, to: 1_000_000 }]);
    const outside = saw(0, 1_000_000, 1_000_000, 0);
    expect(outside.at(5)).to.deep.equal({ from: 0, to: 1_000_000 });
  });

  it('are remembered for the last twenty', () => {
    const outages = saw(...Array.from({ length: 22 }, (_, index) => index * 200_000));
    expect([outages.at(100_000), outages.at(300_000)]).to.deep.equal([undefined, { from: 200_000, to: 400_000 }]);
  });

  it('count the changes in each, and not those in none', () => {
    const outages = saw(0, 1_000_000, 1_000_001, 2_000_000);
    expect(outages.unseen([change(10), change(20), change(1_500_000), change(1_000_000)])).to.deep.equal([
      { outage: { from: 0, to: 1_000_000 }, change: change(20), count: 2 },
      { outage: { from: 1_000_001, to: 2_000_000 }, change: change(1_500_000), count: 1 },
    ]);
    expect(outages.unseen([change(1_600_000)])[0]?.count).to.equal(2);
    expect(outages.unseen([change(30)])[0]?.count, 'of another outage').to.equal(1);
  });

  it('are not after the time to which the clock was set back', () => {
    const outages = saw(0, 1_000_000, 2_000_000);
    outages.setBack(1_000_000);
    expect([outages.last, outages.at(500_000), outages.at(1_500_000)]).to.deep.equal([
      1_000_000,
      { from: 0, to: 1_000_000 },
      { from: 1_000_000 },
    ]);
    outages.setBack(999_999);
    expect(outages.at(500_000)).to.equal(undefined);
    const ahead = saw(10);
    ahead.setBack(20);
    expect(ahead.last).to.equal(10);
  });
});
