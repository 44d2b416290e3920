import { expect } from 'chai';
import { Rates, type RateExcess } from '../../../operator/anomalies/baseline/rates.ts';
import { usualLimit } from '../../../operator/anomalies/baseline/usual-limit.ts';

const minute = 60_000;
const day = 1440 * minute;
const start = 20_000 * day;
const measure = { window: 10 * minute, floor: 10, daily: 5 };
/** Counts items, a second after each other. Returns the last excess. */
const burst = (
  rates: Rates,
  count: number,
  at: number,
  options: { readonly learning?: boolean; readonly prefix?: string } = {},
): RateExcess | undefined => {
  let excess: RateExcess | undefined;
  for (let index = 0; index < count; index += 1)
    excess =
      rates.count('s', { item: `${options.prefix ?? 'i'}${index}`, at: at + index * 1000, learning: options.learning ?? false }, measure) ??
      excess;
  return excess;
};

describe('usualLimit', () => {
  for (const [values, expected] of [
    [[], 0],
    [[5], 6.25],
    [[1, 2, 3], 8],
    [[10, 10, 10, 1000], 12.5],
    [[10, 12, 14, 16], 25],
  ] as const)
    it(`of ${JSON.stringify(values)} is ${expected}`, () => expect(usualLimit(values)).to.equal(expected));
});

describe('Rates', () => {
  it('reports more than the floor, and counts the same item once', () => {
    const rates = new Rates();
    expect(burst(rates, 10, start)).to.equal(undefined);
    expect(burst(rates, 11, start + minute)).to.deep.equal({ value: 11, limit: 10, isLearned: false, period: 'window' });
  });

  it('counts what is in the window only, also across the borders of ten minutes', () => {
    const rates = new Rates();
    burst(rates, 6, start + 9 * minute);
    expect(burst(rates, 6, start + 11 * minute, { prefix: 'j' })?.value).to.equal(12);
    expect(burst(new Rates(), 6, start)).to.equal(undefined);
    const slow = new Rates();
    burst(slow, 6, start);
    expect(burst(slow, 6, start + 20 * minute, { prefix: 'j' })).to.equal(undefined);
  });

  it('takes what is usual from the last 14 days', () => {
    const rates = new Rates();
    for (let days = 0; days < 10; days += 1) burst(rates, 30 + (days % 3), start + days * day, { learning: true });
    expect(burst(rates, 36, start + 10 * day)).to.equal(undefined);
    const excess = burst(rates, 60, start + 10 * day + 60 * minute);
    expect(excess?.limit).to.be.within(31, 40);
    expect(excess?.isLearned).to.equal(true);
    expect(burst(rates, 30, start + 60 * day)?.limit).to.equal(10);
  });

  it('does not take an attack for usual: the next one is reported as well', () => {
    const rates = new Rates();
    for (let days = 0; days < 12; days += 1) expect(burst(rates, 100, start + days * day), String(days)).not.to.equal(undefined);
  });

  it('reports who stays under the limit of a window for a whole day', () => {
    const rates = new Rates();
    let excess: RateExcess | undefined;
    for (let index = 0; index < 60; index += 1) {
      const event = { item: `i${index}`, at: start + index * 11 * minute, learning: false };
      excess = rates.count('s', event, measure) ?? excess;
    }
    expect(excess).to.deep.equal({ value: 60, limit: 50, isLearned: false, period: 'day' });
  });

  it('reports nothing while it learns, and takes what an exception covers for usual', () => {
    const learning = new Rates();
    expect(burst(learning, 100, start, { learning: true })).to.equal(undefined);
    expect(burst(learning, 100, start + day)).to.equal(undefined);
    const accepted = new Rates();
    burst(accepted, 100, start);
    accepted.accept('s');
    expect(burst(accepted, 100, start + day)).to.equal(undefined);
  });

  it('weighs items', () => {
    const rates = new Rates();
    const count = (item: string, weight: number): RateExcess | undefined =>
      rates.count('s', { item, at: start, learning: false, weight }, measure);
    expect([count('a', 4), count('b', 6.5)?.value]).to.deep.equal([undefined, 10.5]);
  });

  it('knows the same after saving and loading, also in the middle of a day', () => {
    const rates = new Rates();
    for (let days = 0; days < 10; days += 1) burst(rates, 30, start + days * day, { learning: true });
    const loaded = new Rates();
    for (const each of JSON.parse(JSON.stringify([...rates.save()])) as unknown[]) expect(loaded.load(each)).to.equal(true);
    expect(burst(loaded, 30, start + 9 * day + 120 * minute)).to.equal(undefined);
    expect(burst(loaded, 90, start + 10 * day)?.limit).to.equal(37.5);
    for (const bad of [null, {}, { key: 's', last: 1, past: [[1, 2]] }, { key: 's', last: 'x', past: [] }])
      expect(loaded.load(bad)).to.equal(false);
  });

  it('goes on with the counts of the day and of the window after a restart', () => {
    const rates = new Rates();
    burst(rates, 8, start);
    const loaded = new Rates();
    for (const saved of JSON.parse(JSON.stringify([...rates.save()])) as unknown[]) expect(loaded.load(saved)).to.equal(true);
    // The same items again are no news; three others exceed the floor.
    expect(burst(loaded, 8, start + minute)).to.equal(undefined);
    expect(burst(loaded, 3, start + 2 * minute, { prefix: 'other' })).to.deep.equal({
      value: 11,
      limit: 10,
      isLearned: false,
      period: 'window',
    });
  });

  it('counts the items of a day once, before and after a restart', () => {
    const daily = { window: minute, floor: 10, daily: 2 };
    const count = (rates: Rates, from: number, to: number): (RateExcess | undefined)[] =>
      Array.from({ length: to - from }, (_, index) =>
        rates.count('s', { item: `i${from + index}`, at: start + (from + index) * 10 * minute, learning: false }, daily),
      );
    const rates = new Rates();
    expect(count(rates, 0, 15).filter((each) => each !== undefined)).to.deep.equal([]);
    const loaded = new Rates();
    for (const saved of JSON.parse(JSON.stringify([...rates.save()])) as unknown[]) loaded.load(saved);
    expect(count(loaded, 10, 20).filter((each) => each !== undefined)).to.deep.equal([]);
    expect(count(loaded, 20, 21)).to.deep.equal([{ value: 21, limit: 20, isLearned: false, period: 'day' }]);
  });

  it('reads series of version 1, whose last day is the one on which they were saved', () => {
    const rates = new Rates();
    const today = Math.floor(start / day);
    expect(rates.load({ key: 's', past: [[today, 12, [3]]], last: start })).to.equal(true);
    expect(rates.size).to.equal(1);
    for (const bad of [
      { key: 's', past: [], last: start, now: { day: 1 } },
      { key: 's', past: [], last: start, firsts: [['x', 1]] },
    ])
      expect(rates.load(bad)).to.equal(false);
  });

  it('takes what a series of version 1 sees on the next day for its habit', () => {
    const rates = new Rates();
    const today = Math.floor(start / day);
    rates.load({ key: 's', past: [[today - 9, 12, [3]]], last: start });
    const slow = { ...measure, slow: 5 };
    const counted = (prefix: string, days: number): RateExcess | undefined =>
      Array.from({ length: 8 }, (_, index) =>
        rates.count('s', { item: `${prefix}${index}`, at: start + days * day + index * 10 * minute, learning: false }, slow),
      ).at(-1);
    expect([counted('habit', 1), counted('habit', 2)]).to.deep.equal([undefined, undefined]);
    expect(counted('new', 3)).to.deep.equal({ value: 8, limit: 5, isLearned: false, period: 'month' });
  });

  it('counts what is new beside many things that were usual before', () => {
    const rates = new Rates();
    const seen = (limit: number, learned: number): readonly (number | undefined)[] =>
      Array.from({ length: learned + limit + 1 }, (_, index) => {
        const at = start + (index < learned ? 0 : 2 + index - learned) * 12 * 60 * minute;
        const event = { item: `i${index}`, at, learning: index < learned };
        return rates.count(`s${limit}`, event, { window: minute, floor: 1000, daily: 0, slow: limit })?.value;
      });
    expect([seen(30, 60).at(-1), seen(10, 40).at(-1), seen(50, 10).at(-1)]).to.deep.equal([31, 11, 51]);
  });

  it('counts what is new in 30 days, after the first day of a series', () => {
    const slow = { ...measure, slow: 5 };
    const rates = new Rates();
    const one = (item: string, days: number, learning = false): RateExcess | undefined =>
      rates.count('s', { item, at: start + days * day, learning }, slow);
    one('first', 0);
    one('learned', 1, true);
    expect([1, 2, 3, 4, 5].map((days) => one(`new ${days}`, days)).every((each) => each === undefined)).to.equal(true);
    expect(one('learned', 6)).to.equal(undefined);
    expect(one('new 6', 6)).to.deep.equal({ value: 6, limit: 5, isLearned: false, period: 'month' });
    rates.accept('s');
    expect(one('new 7', 7)).to.equal(undefined);
    // What was new long ago counts no more.
    expect([40, 41, 42, 43, 44].map((days) => one(`later ${days}`, days)).every((each) => each === undefined)).to.equal(true);
  });
});
