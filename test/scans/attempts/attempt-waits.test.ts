import { expect } from 'chai';
import type { JobPod } from '../../../operator/jobs/job-pod.ts';
import { attemptDeadline, isStuckCreating, waitedWithoutNode } from '../../../operator/scans/attempts/attempt-waits.ts';
import type { Ledger } from '../../../operator/scans/ledger/ledger.ts';
import { collect, ledgerOf, scanOf } from '../scan-bench.ts';

const pod = (phase: string, reason?: string): JobPod => ({
  metadata: { name: 'p' },
  status: { phase, ...(reason === undefined ? {} : { containerStatuses: [{ name: 'worker', state: { waiting: { reason } } }] }) },
});
const now = Date.parse('2026-01-01T00:01:40Z');

describe('the time for which a scan had no node', () => {
  const waited = (ledger: Ledger, ...pods: readonly JobPod[]): number => waitedWithoutNode(ledger, pods, now);

  it('counts from its start, while all pods are pending', () => {
    expect([waited(ledgerOf()), waited(ledgerOf(), pod('Pending'))]).to.deep.equal([100_000, 100_000]);
  });

  it('is 0 after a pod ran, a shard was collected or given up, or an attempt ended', () => {
    const [job] = ledgerOf().jobs;
    const jobs = job ? [job, job] : [];
    expect(waited(ledgerOf(), pod('Pending'), pod('Running'))).to.equal(0);
    expect([waited(collect(ledgerOf(), 0)), waited({ ...ledgerOf(), failed: 1 }), waited({ ...ledgerOf(), jobs })]).to.deep.equal([
      0, 0, 0,
    ]);
  });

  it('does not take targets that were carried over for collected ones', () => {
    const carried = { ...ledgerOf(), scanned: 5, carriedOver: { targets: 5, namespaces: [] } };
    expect([waited(carried), waited({ ...carried, scanned: 6 })]).to.deep.equal([100_000, 0]);
  });
});

describe('the deadline of an attempt', () => {
  it('is that of the Scan, longer after an attempt that ran out of time', () => {
    const [job] = ledgerOf().jobs;
    const limit = (deadlineFactor: number, spec = {}): number =>
      attemptDeadline(scanOf('s', undefined, { spec }), { ...job!, deadlineFactor });
    expect([limit(1), limit(2), limit(2, { scan: { activeDeadlineSeconds: 60 } })]).to.deep.equal([3_600_000, 7_200_000, 120_000]);
  });
});

describe('a pod that is stuck', () => {
  const stuck = (of: JobPod, minutes: number): boolean => isStuckCreating(of, () => minutes * 60_000);

  it('has been in ContainerCreating for minutes', () => {
    expect([stuck(pod('Pending', 'ContainerCreating'), 60), stuck(pod('Pending', 'ContainerCreating'), 0)]).to.deep.equal([true, false]);
    expect([
      stuck(pod('Pending', 'ImagePullBackOff'), 60),
      stuck(pod('Running', 'ContainerCreating'), 60),
      stuck(pod('Pending'), 60),
    ]).to.deep.equal([false, false, false]);
    expect(stuck({ metadata: { name: 'p' } }, 60)).to.equal(false);
  });
});
