import { expect } from 'chai';
import type { AnomalyFinding } from '../../../operator/anomalies/results/anomaly-finding.ts';
import { FindingStore } from '../../../operator/anomalies/results/finding-store.ts';
import { day, stored } from './stored.ts';

const filled = (count: number, change: (index: number) => Partial<AnomalyFinding>): FindingStore => {
  const store = new FindingStore();
  for (let index = 0; index < count; index += 1) store.add(stored(`f${index}`, change(index)));
  return store;
};

describe('FindingStore', () => {
  it('counts what happens again, and keeps three audit IDs', () => {
    const store = new FindingStore();
    expect(store.add(stored('a'))).to.equal(true);
    for (const id of ['2', '3', '4', '5']) expect(store.add(stored('a', { audit: [id], lastSeen: 11 * day }))).to.equal(false);
    expect(store.listed()[0]).to.deep.include({ count: 5, audit: ['a', '2', '3'], firstSeen: 10 * day, lastSeen: 11 * day });
  });

  it('keeps the worst severity with its sentence', () => {
    const store = new FindingStore();
    store.add(stored('a', { severity: 'high', seen: 'worst' }));
    store.add(stored('a', { severity: 'low', seen: 'mild' }));
    expect(store.listed()[0]).to.deep.include({ severity: 'high', seen: 'worst', count: 2 });
  });

  it('lists 20 findings of a namespace, the most severe first, and says how many more there are', () => {
    const store = filled(30, (index) => ({ severity: index === 29 ? 'critical' : 'low' }));
    const listed = store.listed();
    expect([listed.length, listed[0]?.severity, listed.at(-1)?.detection]).to.deep.equal([21, 'critical', 'more-anomalies']);
    expect(listed.at(-1)).to.deep.include({ count: 10, severity: 'low' });
    expect(listed.at(-1)?.seen).to.match(/^10 further findings are open and are not listed: secret-read$/);
  });

  it('lists 100 findings of the cluster', () => {
    const store = filled(300, (index) => ({ about: { apiVersion: 'v1', kind: 'Pod', namespace: `n${index % 50}`, name: `p${index}` } }));
    expect(store.listed()).to.have.length(101);
    expect(store.listed().at(-1)?.count).to.equal(200);
  });

  it('drops the least severe if there are too many, and counts them', () => {
    const store = filled(1005, (index) => ({ severity: index < 5 ? 'low' : 'high' }));
    expect([store.size, store.dropped, store.counts().low]).to.deep.equal([905, 100, 0]);
  });

  it('removes what was not seen for a while, but not what still holds', () => {
    const store = new FindingStore();
    store.add(stored('a'));
    store.add(stored('b', {}, { state: 's' }));
    store.expire(17 * day, 7 * day);
    expect(store.size).to.equal(2);
    store.expire(18 * day, 7 * day);
    expect(store.listed().map(({ id }) => id)).to.deep.equal(['b']);
    store.ended('s', 18 * day);
    store.expire(25 * day, 7 * day);
    expect(store.size).to.equal(1);
    store.expire(26 * day, 7 * day);
    expect(store.size).to.equal(0);
  });

  const merges: readonly (readonly [
    title: string,
    known: Partial<AnomalyFinding>,
    again: Partial<AnomalyFinding>,
    merged: Partial<AnomalyFinding>,
  ])[] = [
    [
      'the actor of a worse one, if it is certain',
      { actor: 'm', actorIsCertain: false },
      { actor: 'eve' },
      { actor: 'eve', actorIsCertain: true },
    ],
    ['no actor that is not certain', { actor: 'eve' }, { actor: 'm', actorIsCertain: false }, { actor: 'eve', actorIsCertain: true }],
    [
      'no actor of a milder one',
      { actor: 'm', actorIsCertain: false, severity: 'high' },
      { actor: 'eve' },
      { actor: 'm', actorIsCertain: false },
    ],
    ['the sentence of an equal one', { seen: 'a', normal: 'x' }, { seen: 'b', normal: 'y' }, { seen: 'b', normal: 'y' }],
    ['the last source', { source: 'a' }, { source: 'b' }, { source: 'b' }],
    ['a source that is known', { source: 'a' }, {}, { source: 'a' }],
    ['the highest measure', { measured: 9 }, { measured: 4 }, { measured: 9 }],
    ['a measure of one of both', {}, { measured: 4 }, { measured: 4 }],
    ['an earlier time', {}, { firstSeen: 9 * day, lastSeen: 9 * day }, { firstSeen: 9 * day, lastSeen: 10 * day }],
    ['the counts of both', { count: 2 }, { count: 3 }, { count: 5 }],
    ['each audit ID once', { audit: ['x', 'y'] }, { audit: ['y', 'z'] }, { audit: ['x', 'y', 'z'] }],
  ];
  for (const [title, known, again, merged] of merges)
    it(`has ${title} when it happens again`, () => {
      const store = new FindingStore();
      store.add(stored('a', known));
      store.add(stored('a', again));
      expect(store.listed()).to.have.length(1);
      expect(store.listed()[0]).to.deep.include(merged);
    });

  it('has no measure without one', () => {
    const store = new FindingStore();
    store.add(stored('a'));
    store.add(stored('a'));
    expect(store.listed()[0]).to.not.have.property('measured');
  });

  it('sorts equally severe findings by time, the newest first, then by id', () => {
    const store = new FindingStore();
    for (const [id, firstSeen, severity] of [
      ['c', 1, 'low'],
      ['b', 2, 'low'],
      ['a', 1, 'low'],
      ['d', 0, 'medium'],
    ] as const)
      store.add(stored(id, { firstSeen, severity }));
    expect(store.listed().map(({ id }) => id)).to.deep.equal(['d', 'b', 'a', 'c']);
  });

  it('lists findings without a namespace beyond 20, and sums up times and detections of what it does not list', () => {
    const store = filled(25, () => ({ about: { apiVersion: 'v1', kind: 'User', name: 'eve' } }));
    expect(store.listed()).to.have.length(25);
    const many = filled(22, (index) => ({
      detection: index % 2 === 0 ? 'b' : 'a',
      firstSeen: index,
      lastSeen: 100 + index,
      severity: 'high',
    }));
    expect(many.listed().at(-1)).to.deep.include({
      count: 2,
      severity: 'high',
      seen: '2 further findings are open and are not listed: a, b',
      normal: 'at most 20 findings of a namespace and 100 of the cluster are listed, the most severe first',
      actor: 'several',
      actorIsCertain: false,
      about: { apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' },
      firstSeen: 0,
      lastSeen: 101,
    });
  });

  it('keeps the state of what holds, and what an exception makes normal, at most 64', () => {
    const store = new FindingStore();
    const baseline = Array.from({ length: 40 }, (_, index) => ({ kind: 'key', owner: 'o', key: String(index) }) as never);
    store.add(stored('a', {}, { baseline: [...baseline] }));
    store.add(stored('a', {}, { state: 's', baseline: [...baseline] }));
    store.add(stored('a', {}, { baseline: [...baseline] }));
    expect([store.states(), store.get('a')?.baseline.length]).to.deep.equal([['s'], 64]);
    store.ended('other', 20 * day);
    expect([store.states(), store.get('a')?.finding.lastSeen]).to.deep.equal([['s'], 10 * day]);
    store.ended('s', 5 * day);
    expect([store.states(), store.get('a')?.finding.lastSeen], 'earlier than it was seen').to.deep.equal([[], 10 * day]);
  });

  it('counts as changed what a save must contain', () => {
    const store = new FindingStore();
    const changes = (act: () => void): number => {
      const before = store.changes;
      act();
      return store.changes - before;
    };
    expect(changes(() => store.add(stored('a', {}, { state: 's' })))).to.equal(1);
    expect(changes(() => store.add(stored('a')))).to.equal(1);
    expect(changes(() => store.replace('a', { actor: 'bob' }))).to.equal(1);
    expect(changes(() => store.replace('none', { actor: 'bob' }))).to.equal(0);
    expect(changes(() => store.ended('s', 1))).to.equal(1);
    expect(changes(() => store.ended('s', 1))).to.equal(0);
    expect(changes(() => store.remove('a'))).to.equal(1);
    expect(changes(() => store.remove('a'))).to.equal(0);
  });

  it('does not date findings in the future after the clock was set back', () => {
    const store = new FindingStore();
    store.add(stored('a', { firstSeen: 9 * day, lastSeen: 11 * day }));
    store.add(stored('b', { firstSeen: 11 * day, lastSeen: 12 * day }));
    store.setBack(10 * day);
    const times = store.save().map(({ finding: { firstSeen, lastSeen } }) => [firstSeen / day, lastSeen / day]);
    expect(times).to.deep.equal([
      [9, 10],
      [10, 10],
    ]);
  });

  it('is the same after saving and loading, and what happens later does not change what was saved', () => {
    const store = filled(3, () => ({}));
    const saved = store.save();
    store.add(stored('f0', {}, { baseline: [{ kind: 'key' } as never] }));
    expect(saved[0]?.baseline).to.deep.equal([]);
    const loaded = new FindingStore();
    loaded.load(saved);
    expect([loaded.size, loaded.listed()]).to.deep.equal([3, filled(3, () => ({})).listed()]);
    loaded.load(Array.from({ length: 1100 }, (_, index) => stored(`x${index}`)));
    expect(loaded.size).to.equal(1003);
  });
});
