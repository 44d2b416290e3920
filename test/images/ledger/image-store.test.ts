import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { IMAGE_LEDGER } from '../../../operator/images/ledger/image-documents.ts';
import type { ImageLedger } from '../../../operator/images/ledger/image-ledger.ts';
import { IMAGE_LEDGER_NAME, ImageStore } from '../../../operator/images/ledger/image-store.ts';
import { DocumentConflict } from '../../../operator/kube/documents/document-error.ts';
import { DocumentStore } from '../../../operator/kube/documents/document-store.ts';
import type { Logger } from '../../../operator/telemetry/logger.ts';
import { ConfigMapApi } from '../../kube/documents/config-map-api.ts';

describe('ImageStore', () => {
  const digest = `sha256:${'a'.repeat(64)}+linux/amd64`;
  const inventory = { applications: [], secrets: [] };
  const findings = { vulnerabilities: [], secrets: [] };
  const ledger = { [digest]: { seen: 7 } };
  let api: ConfigMapApi;
  let store: ImageStore;
  let said: string[];

  beforeEach(async () => {
    api = new ConfigMapApi();
    said = [];
    const say = (_fields: unknown, text: string): void => void said.push(text);
    store = new ImageStore(await api.double.start({ retries: 0 }), 'vigil-system', { info: say, warn: say } as unknown as Logger);
  });
  afterEach(() => api.double.stop());
  const edit = (content: Readonly<Record<string, unknown>>): void =>
    void api.kept.set(IMAGE_LEDGER_NAME, { ...(api.kept.get(IMAGE_LEDGER_NAME) as KubeObject), ...content });

  it('stores a ledger, and rejects a write if the ledger changed since it was read', async () => {
    expect(await store.readLedger()).to.deep.equal({ ledger: {} });
    const first = await store.writeLedger({ ledger });
    expect((await store.readLedger()).ledger).to.deep.equal(ledger);
    await store.writeLedger({ ...first, ledger: {} });
    const error = await store.writeLedger(first).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(DocumentConflict);
  });

  /** A ledger as it was before version 2, and as it is now. */
  const [old, converted] = [
    {
      [digest]: {
        seen: 7,
        findings: { configMaps: ['f'], database: 'db:1', made: '2026-01-01T00:00:00Z', at: 3 },
        failure: { step: 'inventory', reason: 'denied', at: 4, attempts: 2, means: 'trivy:1', tried: ['r/web@a'] },
      },
      b: { seen: 8, failure: { step: 'match', reason: 'no memory', at: 4, attempts: 1 } },
    },
    {
      [digest]: {
        seen: 7,
        findings: { configMaps: ['f'], database: 'db:1', databaseBuilt: '2026-01-01T00:00:00Z', at: 3 },
        failure: { step: 'inventory', reason: 'denied', at: 4, attempts: 2, inputs: 'trivy:1', failedReferences: ['r/web@a'] },
      },
      b: { seen: 8, failure: { step: 'match', reason: 'no memory', at: 4, attempts: 1 } },
    },
  ];

  it('converts the ledger of a version without a format version, and logs this once', async () => {
    await store.writeLedger({ ledger });
    edit({ binaryData: { 'ledger.json.gz': gzipSync(JSON.stringify(old)).toString('base64') } });
    expect((await store.readLedger()).ledger).to.deep.equal(converted);
    expect((await store.readLedger()).ledger).to.deep.equal(converted);
    expect(said).to.deep.equal(['image ledger of an older version converted']);
  });

  it('converts the ledger of format version 1, and logs this once', async () => {
    const documents = new DocumentStore(api.double.client(), 'vigil-system');
    await documents.write({ name: IMAGE_LEDGER_NAME }, { ...IMAGE_LEDGER, formatVersion: 1 }, old as unknown as ImageLedger);
    expect((await store.readLedger()).ledger).to.deep.equal(converted);
    expect((await store.readLedger()).ledger).to.deep.equal(converted);
    expect(said).to.deep.equal(['image ledger of an older version converted']);
  });

  for (const [what, content] of [
    ['was edited by hand', { binaryData: { document: Buffer.from('hello').toString('base64') } }],
    ['has another shape', { binaryData: { document: gzipSync('{"sha256:a":7}').toString('base64') } }],
    ['is empty', { binaryData: {} }],
  ] as const) {
    it(`logs a warning and starts with an empty ledger if the ledger ${what}`, async () => {
      await store.writeLedger({ ledger });
      edit(content);
      const read = await store.readLedger();
      expect(read.ledger).to.deep.equal({});
      expect(said).to.deep.equal(['image ledger cannot be used: all inventories are taken again']);
      await store.writeLedger({ ...read, ledger });
      expect((await store.readLedger()).ledger).to.deep.equal(ledger);
    });
  }

  it('does not read the ledger of a newer version', async () => {
    const documents = new DocumentStore(api.double.client(), 'vigil-system');
    await documents.write({ name: IMAGE_LEDGER_NAME }, { ...IMAGE_LEDGER, formatVersion: 9 }, ledger);
    expect((await store.readLedger()).ledger).to.deep.equal({});
  });

  it('stores inventories and findings, and returns undefined if a ConfigMap is missing or damaged', async () => {
    const [taken, found] = [await store.keepInventory(digest, inventory), await store.keepFindings(digest, findings)];
    expect([...(await store.configMaps()).keys()]).to.have.members([...taken, ...found]);
    expect(await store.inventory(taken)).to.deep.equal(inventory);
    expect(await store.findings(found)).to.deep.equal(findings);
    expect(await store.findings(taken)).to.equal(undefined);
    await store.remove(taken);
    expect(await store.inventory(taken)).to.equal(undefined);
    expect(await store.inventory([])).to.equal(undefined);
  });
});
