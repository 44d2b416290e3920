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
    expect(burst(rates, 11, start + minute)).to.deep.equal({ value: 11, limit: 10, period: 'window' });
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
    expect(burst(rates, 60, start + 10 * day + 60 * minute)?.limit).to.be.within(31, 40);
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
    expect(excess).to.deep.equal({ value: 60, limit: 50, period: 'day' });
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
});
