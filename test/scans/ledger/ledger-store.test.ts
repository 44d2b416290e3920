import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { InputLost, LedgerConflict, LedgerStore, type UnstoredPlan, type StoredPlan } from '../../../operator/scans/ledger/ledger-store.ts';
import { jobCreated, newLedger, type Ledger } from '../../../operator/scans/ledger/ledger.ts';
import { LEDGER } from '../../../operator/scans/ledger/scan-documents.ts';
import { DocumentStore } from '../../../operator/kube/documents/document-store.ts';
import type { Logger } from '../../../operator/telemetry/logger.ts';
import { says } from '../../kube/api-double.ts';
import { ConfigMapApi } from '../../kube/documents/config-map-api.ts';

describe('the ledger store', () => {
  const scan = { name: 'nightly', uid: '7c1' };
  const draft: UnstoredPlan = {
    input: { scan, kubernetesVersion: '1.36', systemNamespaces: [], policies: [], resources: [], namespaces: {} },
    shards: { shards: [{ slices: [], pageSize: 500 }] },
  };
  const ledgerOf = ({ input, configMaps }: StoredPlan): Ledger =>
    newLedger(
      { startTime: '2026-11-01T00:00:00Z', catalogue: 'c', partial: false, policies: [], input, uncovered: [], excludedNamespaces: 0 },
      { name: 'job', shards: draft.shards.shards, configMaps },
    );
  let api: ConfigMapApi;
  let store: LedgerStore;
  let said: unknown[][];

  beforeEach(async () => {
    api = new ConfigMapApi();
    said = [];
    const log = { info: (...words: unknown[]) => void said.push(words), warn: (...words: unknown[]) => void said.push(words) };
    store = new LedgerStore(await api.double.start({ retries: 0 }), 'vigil-system', log as unknown as Logger);
  });
  afterEach(() => api.double.stop());
  const failed = async (promise: Promise<unknown>): Promise<Error> =>
    promise.then(
      () => expect.fail('it did not fail'),
      (error: unknown) => error as Error,
    );
  const ledgerName = (): string => api.names.find((name) => name.endsWith('-ledger')) ?? '';

  it('stores a plan and reads its parts', async () => {
    const { ledger } = await store.begin(scan, draft, ledgerOf);
    expect(await store.input(ledger.input)).to.deep.equal(draft.input);
    expect(await store.shards(ledger.jobs[0]?.configMaps ?? [])).to.deep.equal(draft.shards);
    expect((await store.read(scan))?.ledger).to.deep.equal(ledger);
    expect(api.names.length).to.equal(3);
    await store.assertStored(scan, ledger.input);
    await store.remove(scan);
    expect(api.names).to.deep.equal([]);
    expect(await store.read(scan)).to.equal(undefined);
  });

  it('leaves nothing behind when planning fails', async () => {
    let posts = 0;
    for (const at of [1, 2, 3]) {
      posts = 0;
      api.interfere = ({ method }) => (method === 'POST' && ++posts === at ? says({ message: 'exceeded quota' }, 403) : undefined);
      expect((await failed(store.begin(scan, draft, ledgerOf))).message, String(at)).to.contain('exceeded quota');
      expect(api.names, String(at)).to.deep.equal([]);
    }
  });

  it('keeps the plan if the ledger may exist although its creation failed', async () => {
    let posts = 0;
    api.interfere = ({ method }) => (method === 'POST' && ++posts === 3 ? 'after' : undefined);
    await failed(store.begin(scan, draft, ledgerOf));
    expect([posts, api.names.length]).to.deep.equal([3, 3]);
    const { ledger } = (await store.read(scan)) ?? expect.fail('no ledger');
    expect(await store.input(ledger.input)).to.deep.equal(draft.input);
  });

  it('deletes what a crash left behind with the next try', async () => {
    await store.storeShards(scan, draft.shards);
    await store.storeShards({ name: 'other', uid: 'u' }, draft.shards);
    await store.begin(scan, draft, ledgerOf);
    expect(api.names.length).to.equal(4);
  });

  it('refuses to begin twice, and keeps the existing plan', async () => {
    const { ledger } = await store.begin(scan, draft, ledgerOf);
    const kept = api.names;
    // An operator that does not know the plan deletes its own documents only.
    api.interfere = ({ method, url }) =>
      method === 'GET' && url.includes('labelSelector') ? says({ metadata: {}, items: [] }) : undefined;
    expect(await failed(store.begin(scan, draft, ledgerOf))).to.be.instanceOf(LedgerConflict);
    expect(api.names).to.deep.equal(kept);
    expect((await store.read(scan))?.ledger).to.deep.equal(ledger);
  });

  it('refuses an update when the ledger was changed meanwhile', async () => {
    const first = await store.begin(scan, draft, ledgerOf);
    const second = await store.update(scan, { ...first, ledger: jobCreated(first.ledger, 'job', 'u') });
    expect(await failed(store.update(scan, first))).to.be.instanceOf(LedgerConflict);
    expect((await store.read(scan))?.ledger).to.deep.equal(second.ledger);
  });

  it('converts the ledger of an older version once, with one line in the log', async () => {
    const { ledger } = await store.begin(scan, draft, ledgerOf);
    const head = api.kept.get(ledgerName());
    expect(head).not.to.equal(undefined);
    const binaryData = { 'ledger.json.gz': gzipSync(JSON.stringify(ledger)).toString('base64') };
    api.kept.set(ledgerName(), { ...(head as KubeObject), binaryData });
    expect((await store.read(scan))?.ledger).to.deep.equal(ledger);
    expect((await store.read(scan))?.ledger).to.deep.equal(ledger);
    expect(said).to.deep.equal([[{ scan: 'nightly', formatVersion: 0 }, 'ledger of an older version converted']]);
    expect(Object.keys(api.kept.get(ledgerName())?.binaryData ?? {})).to.deep.equal(['document']);
  });

  it('throws InputLost when the ledger is damaged, has another shape, or has a newer version', async () => {
    const stored = await store.begin(scan, draft, ledgerOf);
    const documents = new DocumentStore(api.double.client(), 'vigil-system');
    const before = (): Promise<{ resourceVersion: string; pieces: readonly string[] } | undefined> => documents.previous(ledgerName());
    await documents.write({ name: ledgerName() }, { ...LEDGER, formatVersion: 9 }, stored.ledger, await before());
    expect((await failed(store.read(scan))).message).to.equal(
      `document ${ledgerName()} has format version 9; this version of Vigil reads versions up to 1`,
    );
    await documents.write({ name: ledgerName() }, LEDGER, { ...stored.ledger, shards: {} } as unknown as Ledger, await before());
    expect(await failed(store.read(scan))).to.be.instanceOf(InputLost);
    api.kept.set(ledgerName(), { metadata: api.kept.get(ledgerName())?.metadata ?? { name: '' } });
    expect(await failed(store.read(scan))).to.be.instanceOf(InputLost);
  });

  it('throws InputLost when a part was deleted', async () => {
    const { ledger } = await store.begin(scan, draft, ledgerOf);
    await store.assertStored(scan, [...ledger.input]);
    await new DocumentStore(api.double.client(), 'vigil-system').client.delete(RESOURCES.configMaps, {
      namespace: 'vigil-system',
      name: ledger.input[0] ?? '',
    });
    expect(await failed(store.input(ledger.input))).to.be.instanceOf(InputLost);
    expect(await failed(store.assertStored(scan, ledger.input))).to.be.instanceOf(InputLost);
  });
});
