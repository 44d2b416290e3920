import { expect } from 'chai';
import { ANNOTATIONS } from '../../../operator/api/group.ts';
import type { Scan } from '../../../operator/api/kinds/scan.ts';
import { beginScan, type PlanDependencies } from '../../../operator/scans/scan-plan.ts';
import { allSettled, coverageOf, policyCoverage, type Ledger } from '../../../operator/scans/ledger/ledger.ts';
import { scanStatus } from '../../../operator/scans/status/scan-status.ts';
import { ScanMemory } from '../../../operator/scans/attempts/scan-memory.ts';
import { KINDS, RescanBench } from './rescan-bench.ts';
import { scanOf } from '../scan-bench.ts';

/** Begins a Scan in a cluster that was scanned once. */
async function begun(scan: Scan, image = 'vigil:1'): Promise<{ readonly ledger: Ledger; readonly memory: ScanMemory }> {
  const bench = new RescanBench();
  await bench.scan();
  bench.objects.put(KINDS.policies, bench.policy);
  const deps = {
    client: bench.objects.client,
    log: { info: () => undefined },
    checkCrds: () => Promise.resolve([]),
    clusterInfo: () => Promise.resolve({ kubernetesVersion: bench.kubernetesVersion, resources: bench.resources }),
    systemNamespaces: [],
    shardTargets: 10,
    policies: { get: () => bench.policy },
    worker: () => Promise.resolve({ image }),
  } as unknown as PlanDependencies;
  const store = {
    begin: (_scan: unknown, _draft: unknown, ledgerOf: (kept: unknown) => Ledger) =>
      Promise.resolve({ ledger: ledgerOf({ input: [], configMaps: [] }), resourceVersion: '1' }),
  } as unknown as Parameters<typeof beginScan>[1];
  const memory = new ScanMemory();
  const { signal } = new AbortController();
  const stored = await beginScan(deps, store, scan, { startTime: '2026-01-01T00:00:00Z', rescans: bench.store, memory, signal });
  if (!('ledger' in stored)) throw new Error('the scan was not planned');
  return { ledger: stored.ledger, memory };
}

describe('the ledger of a rescan without changes', () => {
  it('is settled at once, without a Job, and counts all as scanned', async () => {
    const { ledger, memory } = await begun(scanOf());
    expect([allSettled(ledger), ledger.jobs, ledger.carriedOver?.targets]).to.deep.equal([true, [], 6]);
    expect(coverageOf(ledger)).to.deep.include({ inScope: 6, scanned: 6, failed: 0 });
    expect(policyCoverage(ledger, ledger.policies[0]!)).to.deep.include({ inScope: 6, scanned: 6, failed: 0 });
    expect(memory.rescan).to.not.equal(undefined);
  });

  it('reports in the status how much was carried over', async () => {
    const { ledger } = await begun(scanOf());
    const { phase, carriedOver, coverage, summary, conditions } = scanStatus(scanOf(), { stage: 'ended', ledger, images: undefined }, 0);
    expect([phase, carriedOver, coverage?.scanned, summary?.fail]).to.deep.equal(['Complete', 6, 6, 4]);
    expect(conditions?.find(({ type }) => type === 'Complete')?.message).to.equal(
      'shards scanned: 0/0; 6 of 6 targets are carried over from an earlier scan',
    );
  });

  const full: readonly [what: string, scan: Scan, image?: string][] = [
    ['spec.full is true', scanOf('s', undefined, { spec: { full: true } })],
    ['it is for a new generation of a policy', scanOf('s', undefined, { annotations: { [ANNOTATIONS.generations]: '1' } })],
    ['workers run another image', scanOf(), 'vigil:2'],
  ];
  for (const [what, scan, image] of full)
    it(`has a Job for everything if ${what}`, async () => {
      const { ledger } = await begun(scan, image);
      expect([ledger.jobs.length, ledger.carriedOver, ledger.scanned]).to.deep.equal([1, undefined, 0]);
      expect(ledger.shards.reduce((sum, { targets }) => sum + targets, 0)).to.equal(6);
    });

  it('loses its draft with its plan', async () => {
    const { memory } = await begun(scanOf());
    memory.reset();
    expect(memory.rescan).to.equal(undefined);
  });
});
