import { expect } from 'chai';
import { KnownKeys } from '../../../operator/anomalies/baseline/known-keys.ts';

const day = 86_400_000;
const start = 20_000 * day;

describe('KnownKeys', () => {
  it('knows what an owner did, since when, and how many others do it', () => {
    const keys = new KnownKeys();
    keys.learn('a', 'read x', start);
    keys.learn('a', 'read y', start + day);
    keys.learn('b', 'read x', start);
    keys.learn('account:c', 'read x', start);
    expect([
      keys.isNormal('a', 'read x'),
      keys.isNormal('b', 'read y'),
      keys.peers('a', 'read x'),
      keys.peers('account:d', 'read x'),
    ]).to.deep.equal([true, false, 2, 1]);
    expect(keys.since('a')).to.equal(start);
    expect(keys.normal('a', 'read ', 5)).to.deep.equal(['y', 'x']);
    expect([keys.count('a'), keys.count('a', 'read '), keys.count('a', 'write '), keys.size]).to.deep.equal([2, 2, 0, 4]);
  });

  it('never makes a sensitive key normal, but by learning it', () => {
    const keys = new KnownKeys();
    for (let days = 0; days < 30; days += 1) expect(keys.report('a', 'x', start + days * day, true)).to.equal(false);
    keys.learn('a', 'x', start + 31 * day);
    expect(keys.report('a', 'x', start + 32 * day, true)).to.equal(true);
  });

  it('makes another key normal after three quiet days', () => {
    const keys = new KnownKeys();
    const reported = [0, 1, 2.9, 3].map((days) => keys.report('a', 'x', start + days * day, false));
    expect(reported).to.deep.equal([false, false, false, true]);
    expect(keys.isNormal('a', 'x')).to.equal(true);
  });

  it('does not make a key normal while other keys of its owner are reported', () => {
    const keys = new KnownKeys();
    keys.report('a', 'x', start, false);
    keys.report('a', 'y', start + 2 * day, false);
    expect(keys.report('a', 'x', start + 4 * day, false)).to.equal(false);
    expect(keys.report('a', 'x', start + 6 * day, false)).to.equal(true);
  });

  it('forgets the key of an owner that was not seen for the longest time', () => {
    const keys = new KnownKeys({ ofOwner: 3, inAll: 100 });
    for (const [index, key] of ['a', 'b', 'c'].entries()) keys.learn('o', key, start + index * day);
    keys.learn('o', 'a', start + 9 * day);
    keys.learn('o', 'd', start + 10 * day);
    expect(['a', 'b', 'c', 'd'].filter((key) => keys.isNormal('o', key))).to.deep.equal(['a', 'c', 'd']);
    expect([keys.size, keys.forgotten]).to.deep.equal([3, 1]);
  });

  it('stays within its bound in all', () => {
    const keys = new KnownKeys({ ofOwner: 100, inAll: 1000 });
    for (let index = 0; index < 5000; index += 1) keys.learn(`o${index % 100}`, `k${index}`, start + index * 60_000);
    expect(keys.size).to.be.at.most(1000).and.at.least(900);
    expect(keys.isNormal('o99', 'k4999')).to.equal(true);
    expect(keys.isNormal('o0', 'k0')).to.equal(false);
  });

  it('is the same after saving and loading, and refuses another form', () => {
    const keys = new KnownKeys();
    keys.learn('a', 'x', start);
    keys.report('a', 'y', start + day, true);
    const saved = JSON.parse(JSON.stringify([...keys.save()])) as unknown[];
    const loaded = new KnownKeys();
    expect(saved.map((each) => loaded.load(each))).to.deep.equal([true]);
    expect([loaded.isNormal('a', 'x'), loaded.isNormal('a', 'y'), loaded.peers('a', 'x'), loaded.peers('a', 'y')]).to.deep.equal([
      true,
      false,
      1,
      0,
    ]);
    expect(loaded.get('a', 'y')?.reported).to.equal((start + day) / 60_000);
    for (const bad of [null, [], ['a'], ['a', [['x']]], ['a', [['x', 1, 'later']]], [1, []]])
      expect(loaded.load(bad), JSON.stringify(bad)).to.equal(false);
  });

  it('remembers what was seen on one day only, and what was forgotten, and reads documents without either', () => {
    const keys = new KnownKeys({ ofOwner: 2, inAll: 100 });
    for (const key of ['x', 'y']) keys.learn('a', key, start, 'tentative');
    keys.learn('a', 'x', start, 'same');
    keys.learn('a', 'y', start + day, 'tentative');
    for (const key of ['1', '2', '3']) keys.learn('b', key, start);
    const saved = JSON.parse(JSON.stringify([[...keys.save()], [...keys.saveIncomplete()]])) as [unknown[], unknown[]];
    const loaded = new KnownKeys();
    expect(saved[0].map((each) => loaded.load(each))).to.deep.equal([true, true]);
    expect(saved[1].map((each) => loaded.loadIncomplete(each))).to.deep.equal([true]);
    expect([loaded.get('a', 'x')?.once, loaded.get('a', 'y')?.once]).to.deep.equal([true, undefined]);
    expect([loaded.isIncomplete('b'), loaded.isIncomplete('a'), loaded.loadIncomplete(7)]).to.deep.equal([true, false, false]);
    expect(new KnownKeys().load(['a', [['x', 1, 2]]])).to.equal(true);
  });

  it('counts as changed only what a save must contain', () => {
    const keys = new KnownKeys();
    keys.learn('a', 'x', start);
    const { changes } = keys;
    keys.learn('a', 'x', start + 60_000);
    expect(keys.changes).to.equal(changes);
    keys.learn('a', 'x', start + 2 * 3_600_000);
    expect(keys.changes).to.equal(changes + 1);
  });
});
