import { expect } from 'chai';
import { ClockJumps } from '../../operator/anomalies/clock-jumps.ts';
import { EventRate } from '../../operator/anomalies/event-rate.ts';
import { hour, minute } from './world.ts';

const start = Date.UTC(2026, 10, 2);

describe('the rate of events', () => {
  const rateOf = (now: number, ...times: readonly number[]): number => {
    const rate = new EventRate();
    for (const at of times) rate.count(start + at);
    return rate.perSecond(start + now);
  };

  it('is that of the last minute, with one decimal', () => {
    expect(rateOf(0, ...Array<number>(90).fill(0))).to.equal(1.5);
    expect(rateOf(0, ...Array<number>(91).fill(0))).to.equal(1.5);
    expect(rateOf(59_000, ...Array<number>(60).fill(0))).to.equal(1);
    expect(rateOf(60_000, ...Array<number>(60).fill(0)), 'a minute later').to.equal(0);
    expect(rateOf(3_000_000, ...Array<number>(60).fill(0)), 'much later').to.equal(0);
  });

  it('counts an event that comes late in its own second', () => {
    expect(rateOf(61_000, ...Array<number>(60).fill(60_000), ...Array<number>(60).fill(2000))).to.equal(2);
    expect(rateOf(62_000, ...Array<number>(60).fill(60_000), ...Array<number>(60).fill(2000))).to.equal(1);
  });

  it('starts again when the clock was set back', () => {
    const rate = new EventRate();
    for (let count = 0; count < 60; count++) rate.count(start + hour);
    rate.setBack();
    for (let count = 0; count < 60; count++) rate.count(start);
    expect(rate.perSecond(start)).to.equal(1);
  });
});

describe('jumps of the clock', () => {
  it('back of more than ten minutes are told for an hour', () => {
    const clock = new ClockJumps();
    expect([clock.tick(start), clock.tick(start - 10 * minute), clock.problems(start)]).to.deep.equal([false, false, []]);
    const from = start - 10 * minute;
    const now = from - 10 * minute - 1;
    expect(clock.tick(now)).to.equal(true);
    const text =
      'the clock of the operator was set back from 2026-11-01T23:50:00Z to 2026-11-01T23:39:59Z: what was seen in between has the time 2026-11-01T23:39:59Z';
    expect([clock.problems(now), clock.problems(now + hour - 1), clock.problems(now + hour)]).to.deep.equal([[text], [text], []]);
    expect(clock.tick(now + 1), 'once').to.equal(false);
  });

  it('ahead of more than an hour, and a start, keep everything for ten minutes', () => {
    const clock = new ClockJumps();
    clock.tick(start);
    expect([clock.mayExpire(start), clock.mayExpire(start + 10 * minute - 1), clock.mayExpire(start + 10 * minute)]).to.deep.equal([
      false,
      false,
      true,
    ]);
    clock.tick(start + hour);
    expect(clock.mayExpire(start + hour), 'an hour').to.equal(true);
    clock.tick(start + 2 * hour + 1);
    expect(clock.mayExpire(start + 2 * hour + 1), 'more').to.equal(false);
    clock.tick(start);
    expect(clock.mayExpire(start), 'set right').to.equal(true);
  });

  it('before a restart are told as well', () => {
    const clock = new ClockJumps();
    clock.setBack(start + hour, start);
    expect(clock.problems(start)).to.have.length(1);
    expect([clock.mayExpire(start), clock.tick(start - minute)]).to.deep.equal([true, false]);
  });
});
