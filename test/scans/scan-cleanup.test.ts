import { expect } from 'chai';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { InputLost } from '../../operator/scans/ledger/ledger-store.ts';
import { cleanUp, type CleanupParts } from '../../operator/scans/scan-cleanup.ts';
import { DEFAULT_RETENTION, removalTime } from '../../operator/scans/scan-retention.ts';
import { ledgerOf, ScanBench, scanOf, StepsBench } from './scan-bench.ts';

const complete = { phase: 'Complete' as const, completionTime: '2026-01-01T00:00:30Z' };

function setUp(scan = scanOf('s', complete)): {
  bench: ScanBench;
  steps: StepsBench;
  tidied: unknown[];
  parts: CleanupParts;
  refuse: (error?: Error) => void;
} {
  const bench = new ScanBench(scan);
  const steps = new StepsBench();
  steps.kept = { ledger: ledgerOf(), resourceVersion: '1', pieces: [] };
  const tidied: unknown[] = [];
  let refusal: Error | undefined;
  const jobs = {
    tidy: (ledger: unknown): Promise<void> => {
      tidied.push(ledger);
      return refusal ? Promise.reject(refusal) : Promise.resolve();
    },
    clear: (): Promise<number> => {
      tidied.push('all');
      return Promise.resolve(1);
    },
    clearUnfinished: (): Promise<void> => {
      tidied.push('unfinished');
      return Promise.resolve();
    },
  };
  const parts = { ...bench.parts, store: steps.store, jobs } as unknown as CleanupParts;
  return { bench, steps, tidied, parts, refuse: (error) => void (refusal = error) };
}

describe('the cleanup after a Scan', () => {
  it('deletes the Jobs, then the documents, and requeues for the deletion of the Scan', async () => {
    const { steps, tidied, parts } = setUp();
    expect(await cleanUp(parts, 's')).to.deep.equal({ requeueAfter: DEFAULT_RETENTION * 1000 - 30_000 });
    expect([tidied.length, steps.kept]).to.deep.equal([1, undefined]);
  });

  for (const [what, error] of [
    ['an admission policy', new KubeApiError("ValidatingAdmissionPolicy 'x' denied request: not on a Tuesday", { status: 422 })],
    ['a missing right', new KubeApiError('User "x" cannot delete jobs', { status: 403 })],
    ['a failing server', new KubeApiError('etcdserver: no leader', { status: 500 })],
  ] as const)
    it(`keeps the Scan’s status and records an Event when it is refused by ${what}`, async () => {
      const { bench, steps, parts, refuse } = setUp();
      const before = bench.live.get('s');
      refuse(error);
      let thrown: unknown;
      await cleanUp(parts, 's').catch((failure: unknown) => (thrown = failure));
      expect(thrown).to.equal(error);
      expect(bench.live.get('s')).to.deep.equal(before);
      expect(bench.written).to.deep.equal([]);
      expect(bench.recorded.map(({ type, reason }) => `${type} ${reason}`)).to.deep.equal(['Warning CleanupFailed']);
      expect(steps.kept).not.to.equal(undefined);
      refuse();
      await cleanUp(parts, 's');
      expect(steps.kept).to.equal(undefined);
    });

  it('deletes all Jobs when the ledger cannot be read', async () => {
    const { steps, tidied, parts } = setUp();
    const read = (): Promise<never> => Promise.reject(new InputLost('document l is damaged'));
    await cleanUp({ ...parts, store: { read, remove: steps.store.remove } }, 's');
    expect([tidied, steps.kept]).to.deep.equal([['all'], undefined]);
  });

  it('deletes the Jobs that have not failed when the ledger was deleted', async () => {
    const { steps, tidied, parts } = setUp();
    steps.kept = undefined;
    await cleanUp(parts, 's');
    expect(tidied).to.deep.equal(['unfinished']);
  });

  it('ignores a Scan that has not ended', async () => {
    const { steps, tidied, parts } = setUp(scanOf('s', { phase: 'Running' }));
    expect(await cleanUp(parts, 's')).to.deep.equal({});
    expect([tidied.length, steps.kept === undefined]).to.deep.equal([0, false]);
  });

  it('deletes the Scan after its time to live', async () => {
    const { bench, parts } = setUp(scanOf('s', complete, { spec: { ttlSecondsAfterFinished: 30 } }));
    expect(await cleanUp(parts, 's')).to.deep.equal({});
    expect(bench.live.size).to.equal(0);
  });
});

describe('the time for which a finished Scan is kept', () => {
  const schedule = { ownerReferences: [{ apiVersion: 'vigil.dev/v1alpha1', kind: 'ScanSchedule', name: 'n', uid: 'n' }] };
  const ended = Date.parse(complete.completionTime);
  for (const [what, scan, wanted] of [
    ['a week by default', scanOf('s', complete), ended + 604_800_000],
    ['ttlSecondsAfterFinished', scanOf('s', complete, { spec: { ttlSecondsAfterFinished: 60 } }), ended + 60_000],
    ['zero, if ttlSecondsAfterFinished is 0', scanOf('s', complete, { spec: { ttlSecondsAfterFinished: 0 } }), ended],
    ['undefined, if it has a schedule', scanOf('s', complete, schedule), undefined],
    [
      'ttlSecondsAfterFinished, also with a schedule',
      scanOf('s', complete, { ...schedule, spec: { ttlSecondsAfterFinished: 60 } }),
      ended + 60_000,
    ],
    ['undefined, if it has not ended', scanOf('s', { phase: 'Running' }), undefined],
  ] as const)
    it(`is ${what}`, () => expect(removalTime(scan)).to.equal(wanted));
});
