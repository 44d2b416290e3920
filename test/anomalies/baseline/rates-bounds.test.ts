import { expect } from 'chai';
import { Rates } from '../../../operator/anomalies/baseline/rates.ts';

const minute = 60_000;
const day = 1440 * minute;
const start = 20_000 * day;
const measure = { window: 10 * minute, floor: 10, daily: 0 };
const saved = (rates: Rates) => [...rates.save()];

describe('the bounds of rates', () => {
  it('keep the 5,000 series that were used last', () => {
    const rates = new Rates();
    for (let index = 0; index < 5001; index++) rates.count(`s${index}`, { item: 'a', at: start + index, learning: true }, measure);
    expect([rates.size, rates.forgotten]).to.deep.equal([4751, 250]);
    const keys = new Set(saved(rates).map(({ key }) => key));
    expect([keys.has('s249'), keys.has('s250'), keys.has('s5000')]).to.deep.equal([false, true, true]);
  });

  it('keep twelve peaks of a day, from the lowest to the highest', () => {
    const rates = new Rates();
    const count = (at: number, items: number): void => {
      for (let index = 0; index < items; index++) rates.count('s', { item: `${at}-${index}`, at, learning: true }, measure);
    };
    for (let bucket = 0; bucket < 23; bucket++) count(start + bucket * 20 * minute, 23 - bucket);
    count(start + day, 1);
    const [, , peaks] = saved(rates)[0]?.past[0] ?? expect.fail('no day');
    expect(peaks).to.deep.equal([1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23]);
  });

  it('keep fourteen days', () => {
    const rates = new Rates();
    for (let days = 0; days <= 20; days++) rates.count('s', { item: 'a', at: start + days * day, learning: true }, measure);
    const past = saved(rates)[0]?.past ?? [];
    expect(past.map(([at]) => at - 20_000).slice(0, 2)).to.deep.equal([7, 8]);
  });

  it('let go of what is older than any window', () => {
    const rates = new Rates();
    const count = (item: string, at: number): number | undefined =>
      rates.count('s', { item, at, learning: false }, { ...measure, window: 60 * minute, floor: 1 })?.value;
    count('a', start);
    rates.prune(start + 10 * minute);
    expect(count('b', start + 10 * minute), 'not older').to.equal(2);
    rates.prune(start + 20 * minute + 1);
    expect(count('c', start + 21 * minute), 'older').to.equal(undefined);
  });

  it('add what was counted before a restart to the same day', () => {
    const rates = new Rates();
    for (const item of ['a', 'b']) rates.count('s', { item, at: start, learning: true }, measure);
    const loaded = new Rates();
    for (const series of saved(rates)) expect(loaded.load(JSON.parse(JSON.stringify(series)))).to.equal(true);
    loaded.count('s', { item: 'c', at: start + 60 * minute, learning: true }, measure);
    loaded.count('s', { item: 'd', at: start + day, learning: true }, measure);
    const totals = saved(loaded)[0]?.past.map(([at, total]) => [at - 20_000, total]);
    expect(totals?.[0]).to.deep.equal([0, 3]);
  });
});
