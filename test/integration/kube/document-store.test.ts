import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { LABELS } from '../../../operator/api/group.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { LedgerConflict, LedgerStore } from '../../../operator/scans/ledger/ledger-store.ts';
import { newLedger, shardCollected, type Collected, type Ledger } from '../../../operator/scans/ledger/ledger.ts';
import { scanHash } from '../../../operator/scans/ledger/names.ts';
import { LEDGER } from '../../../operator/scans/ledger/scan-documents.ts';
import { packDocument } from '../../../operator/kube/documents/document-format.ts';
import type { Scan } from '../../../operator/api/kinds/scan.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

describe('documents on a real API server', function () {
  this.timeout(120_000);
  const client = testClient();
  const namespace = uniqueName('store');
  const store = new LedgerStore(client, namespace);

  const scans: string[] = [];
  before(async () => {
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
    await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
  });
  after(async () => {
    await client.delete(RESOURCES.namespaces, { name: namespace });
    for (const name of scans) await client.delete(RESOURCES.scans, { name });
  });

  const severities = { critical: 0, high: 0, medium: 0, low: 0 };
  /** The result of a shard for this many policies and checks. The counts compress as little as real ones. */
  function collected(policies: number, checks: number): Collected {
    const noise = randomBytes(policies * checks * 4);
    const tallies = Array.from({ length: policies }, (_, policy) => {
      const each = Array.from({ length: checks }, (_, check) => {
        const at = (policy * checks + check) * 4;
        return [
          `rule-${check}-of-policy`,
          { pass: noise.readUInt16LE(at), fail: noise.readUInt16LE(at + 2), warn: 0, error: 0, skip: 0 },
        ] as const;
      });
      return [`policy-${policy}`, { targets: 255, checks: Object.fromEntries(each) }] as const;
    });
    const counts = { scanned: 1, failed: 0, unread: {}, new: severities, fixed: severities };
    return {
      ...counts,
      policies: Object.fromEntries(tallies) as unknown as Collected['policies'],
      uncovered: [],
      peakMebibytes: 1,
      rest: [],
    };
  }
  /** Creates a Scan: documents of a missing owner are garbage-collected. */
  async function scanOf(prefix: string): Promise<{ name: string; uid: string }> {
    const name = `${prefix}-${namespace}`;
    const { metadata } = await client.create<Scan>(RESOURCES.scans, { metadata: { name }, spec: {} } as Scan);
    scans.push(name);
    return { name, uid: metadata.uid ?? '' };
  }
  const input = {
    scan: { name: 'x', uid: 'x' },
    kubernetesVersion: '1.36',
    systemNamespaces: [],
    policies: [],
    resources: [],
    namespaces: {},
  };
  const shards = { shards: [{ slices: [], pageSize: 500 }] };
  const begin = (scan: { name: string; uid: string }): ReturnType<LedgerStore['begin']> =>
    store.begin(scan, { input, shards }, ({ input: names, configMaps }) =>
      newLedger(
        {
          startTime: '2026-11-01T00:00:00Z',
          catalogue: 'c',
          partial: false,
          policies: [],
          input: names,
          uncovered: [],
          excludedNamespaces: 0,
        },
        { name: 'job', shards: shards.shards, configMaps },
      ),
    );
  const namesOf = async ({ uid }: { uid: string }): Promise<string[]> => {
    const options = { namespace, labelSelector: `${LABELS.scan}=${scanHash(uid)}`, metadataOnly: true };
    return (await listAll(client, RESOURCES.configMaps, options)).map(({ metadata }) => metadata.name);
  };

  for (const [policies, checks, pieces] of [
    [300, 60, 0],
    [2000, 60, 2],
  ] as const) {
    it(`store the ledger of ${policies} policies with ${checks} checks each in repeated writes`, async () => {
      const scan = await scanOf(`scan-${policies}`);
      let stored = await begin(scan);
      const after: Ledger = shardCollected(stored.ledger, 0, collected(policies, checks));
      if (pieces > 0) expect(packDocument(LEDGER, after).length).to.be.greaterThan(1024 * 1024);
      stored = await store.update(scan, { ...stored, ledger: after });
      stored = await store.update(scan, { ...stored, ledger: { ...after, scanned: 7 } });
      expect(stored.pieces.length).to.be.at.least(pieces);
      const read = await store.read(scan);
      expect([read?.ledger.scanned, Object.keys(read?.ledger.totals ?? {}).length]).to.deep.equal([7, policies]);
      expect(read?.ledger.totals['policy-7']).to.deep.equal(after.totals['policy-7']);
      // Input, shards, the head and its pieces, and no pieces of previous writes.
      expect((await namesOf(scan)).length).to.equal(3 + stored.pieces.length);
      await store.remove(scan);
      expect(await namesOf(scan)).to.deep.equal([]);
    });
  }

  it('are written by one of two concurrent writers, and the other leaves no pieces', async () => {
    const scan = await scanOf('race');
    const stored = await begin(scan);
    const large = shardCollected(stored.ledger, 0, collected(2000, 60));
    const writes = await Promise.allSettled([1, 2, 3].map((scanned) => store.update(scan, { ...stored, ledger: { ...large, scanned } })));
    const refused = writes.filter((write) => write.status === 'rejected').map(({ reason }) => reason as unknown);
    expect(refused.map((error) => error instanceof LedgerConflict)).to.deep.equal([true, true]);
    const pieces = (await store.read(scan))?.pieces ?? [];
    expect(pieces.length).to.be.at.least(2);
    expect((await namesOf(scan)).length).to.equal(3 + pieces.length);
  });

  it('leave no pieces if a quota refuses the plan', async () => {
    const metadata = { name: 'few', namespace };
    const there = (await listAll(client, RESOURCES.configMaps, { namespace, metadataOnly: true })).length;
    const quotas = { group: '', version: 'v1', resource: 'resourcequotas', kind: 'ResourceQuota', namespaced: true, verbs: [] };
    await client.create(quotas, { metadata, spec: { hard: { configmaps: String(there + 1) } } } as never);
    const scan = await scanOf('refused');
    for (let tries = 0; tries < 3; tries++) {
      const error = await begin(scan).catch((thrown: unknown) => thrown);
      expect((error as Error).message).to.contain('exceeded quota');
      expect(await namesOf(scan)).to.deep.equal([]);
    }
    await client.delete(quotas, { namespace, name: 'few' });
    await begin(scan);
    expect((await namesOf(scan)).length).to.equal(3);
  });
});
