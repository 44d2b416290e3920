import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import type { RescanEntry, RescanIndex } from '../../../operator/scans/rescan/rescan-index.ts';
import { RescanStore } from '../../../operator/scans/rescan/rescan-store.ts';
import { ConfigMapApi } from '../../kube/documents/config-map-api.ts';

const entry = (mark: string): RescanEntry => ({ mark, reports: 'r', scanned: 1, policies: {} });
const indexOf = (...namespaces: readonly string[]): RescanIndex => new Map(namespaces.map((name) => [name, entry(`m-${name}`)]));
const policies = [
  { name: 'b', uid: 'u-b' },
  { name: 'a', uid: 'u-a' },
];

describe('the rescan store', () => {
  let api: ConfigMapApi;
  let store: RescanStore;

  beforeEach(async () => {
    api = new ConfigMapApi();
    store = new RescanStore(await api.double.start({ retries: 0 }), 'vigil-system', { info: () => undefined, warn: () => undefined });
  });
  afterEach(() => api.double.stop());

  it('keeps an index for a set of policies, in any order, and none for another set', async () => {
    await store.update(policies, () => indexOf('blue'));
    expect(await store.read(policies.toReversed())).to.deep.equal(indexOf('blue'));
    expect(await store.read(policies.slice(1))).to.deep.equal(new Map());
    expect(await store.read([{ name: 'a', uid: 'another' }, policies[0]!])).to.deep.equal(new Map());
  });

  it('makes the first policy of the set its owner', async () => {
    await store.update(policies, () => indexOf('blue'));
    const [owner] = [...api.kept.values()][0]?.metadata.ownerReferences ?? [];
    expect(owner).to.deep.include({ kind: 'SecurityPolicy', name: 'a', uid: 'u-a' });
  });

  it('stores a very large index, and leaves no piece of the previous one', async () => {
    const large = new Map(Array.from({ length: 30_000 }, (_, at) => [`ns-${at}`, entry(randomBytes(24).toString('hex'))]));
    await store.update(policies, () => large);
    expect((await store.read(policies)).size).to.equal(30_000);
    expect(api.names.length).to.be.greaterThan(2);
    await store.update(policies, () => indexOf('blue'));
    expect(api.names.length).to.equal(1);
  });

  it('merges its change into the index that another writer has written', async () => {
    await store.update(policies, () => indexOf('blue'));
    let times = 0;
    await store.update(policies, (before) => {
      const [head] = api.kept.values();
      if (head && times++ === 0) api.kept.set(head.metadata.name, { ...head, metadata: { ...head.metadata, resourceVersion: 'other' } });
      return new Map([...before, ...indexOf('green')]);
    });
    expect([...(await store.read(policies)).keys()]).to.deep.equal(['blue', 'green']);
    expect(times).to.equal(2);
  });

  it('deletes the oldest indexes beyond the limit', async () => {
    const sets = Array.from({ length: 18 }, (_, at) => [{ name: `p${at}`, uid: `u${at}` }]);
    for (const set of sets) {
      await store.update(set, () => indexOf('blue'));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const there = await Promise.all(sets.map(async (set) => (await store.read(set)).size));
    expect(there).to.deep.equal([0, 0, ...Array.from({ length: 16 }, () => 1)]);
  });
});
