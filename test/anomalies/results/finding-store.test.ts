import { expect } from 'chai';
import type { AnomalyFinding } from '../../../operator/anomalies/results/anomaly-finding.ts';
import { FindingStore, type StoredFinding } from '../../../operator/anomalies/results/finding-store.ts';

const day = 86_400_000;
const stored = (id: string, change: Partial<AnomalyFinding> = {}, more: Partial<StoredFinding> = {}): StoredFinding => ({
  finding: {
    id,
    detection: 'secret-read',
    severity: 'medium',
    about: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: id },
    seen: 'seen',
    normal: 'normal',
    actor: 'eve',
    actorIsCertain: true,
    count: 1,
    firstSeen: 10 * day,
    lastSeen: 10 * day,
    audit: [id],
    techniques: ['T1552.007'],
    next: 'Ask.',
    whileLearning: false,
    ...change,
  },
  principal: 'user:eve',
  workload: id,
  baseline: [],
  ...more,
});
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
});
