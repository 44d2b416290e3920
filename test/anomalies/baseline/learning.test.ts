import { expect } from 'chai';
import { Learning } from '../../../operator/anomalies/baseline/learning.ts';

const day = 86_400_000;
const start = 20_000 * day;

describe('Learning', () => {
  it('lasts for its period, and until there was activity on three days', () => {
    const learning = new Learning(7 * day);
    expect(learning.isLearning('watch', start)).to.equal(true);
    learning.saw('watch', start);
    expect([6.9, 7].map((days) => learning.isLearning('watch', start + days * day))).to.deep.equal([true, true]);
    learning.saw('watch', start + day);
    learning.saw('watch', start + 5 * day);
    expect([6.9, 7].map((days) => learning.isLearning('watch', start + days * day))).to.deep.equal([true, false]);
  });

  it('learns each input by itself: audit events that start later are learned later', () => {
    const learning = new Learning(3 * day);
    for (let days = 0; days < 4; days += 1) learning.saw('watch', start + days * day);
    learning.saw('audit', start + 4 * day);
    expect([learning.isLearning('watch', start + 4 * day), learning.isLearning('audit', start + 4 * day)]).to.deep.equal([false, true]);
  });

  it('needs no days for a period below a day, as in a trial', () => {
    const learning = new Learning(60_000);
    learning.saw('audit', start);
    expect([learning.isLearning('audit', start + 59_000), learning.isLearning('audit', start + 60_000)]).to.deep.equal([true, false]);
  });

  it('starts earlier by a replayed log', () => {
    const learning = new Learning(7 * day);
    learning.saw('audit', start);
    for (let days = 8; days > 4; days -= 1) learning.saw('audit', start - days * day);
    expect(learning.isLearning('audit', start)).to.equal(false);
  });

  it('tells its progress, which needs both time and days', () => {
    const learning = new Learning(4 * day);
    expect(learning.status('audit', start)).to.deep.equal({ input: 'audit', progress: 0, learning: true });
    learning.saw('audit', start);
    expect(learning.status('audit', start + day).progress).to.equal(0.25);
    expect(learning.status('audit', start + 9 * day)).to.deep.include({ progress: 1 / 3, learning: true, until: start + 4 * day });
  });

  it('is the same after saving and loading, and refuses another form', () => {
    const learning = new Learning(7 * day);
    for (let days = 0; days < 3; days += 1) learning.saw('audit', start + days * day);
    const loaded = new Learning(7 * day);
    expect(learning.save().map((each) => loaded.load(JSON.parse(JSON.stringify(each))))).to.deep.equal([true]);
    expect(loaded.isLearning('audit', start + 7 * day)).to.equal(false);
    for (const bad of [null, {}, { input: 'other', since: 1, days: [], last: 1 }, { input: 'audit', since: 1, days: ['x'], last: 1 }])
      expect(loaded.load(bad)).to.equal(false);
  });
});
