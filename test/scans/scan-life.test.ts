import { expect } from 'chai';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { ReconcileContext, ReconcileResult } from '../../operator/controller/controller.ts';
import { ScanReconciler } from '../../operator/scans/scan-reconciler.ts';
import { InputLost } from '../../operator/scans/ledger/ledger-store.ts';
import { collect, giveUp, ledgerOf, ScanBench, scanOf, StepsBench } from './scan-bench.ts';

const context = { signal: new AbortController().signal } as unknown as ReconcileContext;

function setUp(...scans: readonly Scan[]): {
  bench: ScanBench;
  steps: StepsBench;
  reconciler: ScanReconciler;
  run: (name?: string) => Promise<ReconcileResult>;
} {
  const bench = new ScanBench(...(scans.length > 0 ? scans : [scanOf()]));
  const steps = new StepsBench();
  const reconciler = new ScanReconciler(bench.dependencies(1), steps);
  return { bench, steps, reconciler, run: (name = 's') => reconciler.reconcile(name, context) };
}

const ready = (scan: Scan | undefined): string => {
  const { reason = '', message = '' } = scan?.status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
  return `${reason}: ${message}`;
};

describe('the Scan controller', () => {
  it('runs a Scan from its plan to its end, and counts it once', async () => {
    const { bench, steps, run } = setUp();
    await run();
    expect(bench.written.map(({ phase }) => phase)).to.deep.equal(['Pending', 'Complete']);
    expect(steps.done).to.deep.equal(['begin', 'advance', 'finish 00:01:00Z']);
    expect(bench.counted).to.deep.equal(['Complete']);
  });

  it('sets Covered to False when a kind was deleted during the Scan', async () => {
    const { bench, steps, run } = setUp();
    steps.unservedKinds = [
      { message: 'widgets in API group example.com was served when the scan began and is not served now', policies: ['p'] },
    ];
    await run();
    const covered = bench.live.get('s')?.status?.conditions?.find(({ type }) => type === 'Covered');
    expect([covered?.status, covered?.message]).to.deep.equal(['False', steps.unservedKinds[0]?.message]);
  });

  it('does nothing for a Scan that has ended, with any ledger and an outdated cache', async () => {
    const { bench, steps, run } = setUp();
    await run();
    steps.done.length = 0;
    const ended = bench.live.get('s');
    bench.now += 60_000;
    // The watch has not delivered the end, and the cleanup has not deleted the ledger.
    await run();
    expect(steps.done).to.deep.equal(['advance']);
    expect(bench.live.get('s')).to.deep.equal(ended);
    bench.catchUp();
    await run();
    expect(steps.done).to.deep.equal(['advance']);
  });

  it('does not run a Scan again when its input is lost after its end', async () => {
    const { bench, steps, run } = setUp();
    await run();
    const ended = bench.live.get('s');
    steps.failures.set('advance', new InputLost('ConfigMap in is gone'));
    await run();
    expect(steps.done).not.to.include('remove');
    expect(bench.live.get('s')).to.deep.equal(ended);
  });

  it('writes the same completionTime when the end is repeated', async () => {
    const { bench, steps, run } = setUp();
    steps.failures.set('finish 00:01:00Z', new Error('the server is away'));
    await run().catch(() => undefined);
    expect(ready(bench.live.get('s'))).to.equal('HeldUp: retrying after an error: the server is away');
    bench.now += 60_000;
    await run();
    expect(steps.done.filter((step) => step.startsWith('finish'))).to.deep.equal(['finish 00:01:00Z', 'finish 00:01:00Z']);
    expect(bench.live.get('s')?.status).to.include({ phase: 'Complete', completionTime: '2026-01-01T00:01:00Z' });
  });

  it('sets the Failed condition, as for a Job', async () => {
    const { bench, steps, run } = setUp();
    steps.next = giveUp(collect(ledgerOf(), 0), 1);
    await run();
    const { phase, conditions = [] } = bench.live.get('s')?.status ?? {};
    expect(phase).to.equal('Failed');
    expect(
      conditions.filter(({ type }) => type === 'Complete' || type === 'Failed').map(({ type, status }) => `${type} ${status}`),
    ).to.deep.equal(['Complete False', 'Failed True']);
    expect(bench.counted).to.deep.equal(['Failed']);
  });

  it('counts a refused Scan', async () => {
    const bench = new ScanBench(scanOf());
    const steps = new StepsBench();
    const refusing = Object.assign(steps, {
      begin: () => Promise.resolve({ refused: { reason: 'PolicyNotFound', message: 'no SecurityPolicy p' } }),
    });
    await new ScanReconciler(bench.dependencies(), refusing).reconcile('s', context);
    expect(bench.counted).to.deep.equal(['Failed']);
    expect(bench.live.get('s')?.status).to.include({ phase: 'Failed', progress: '0/0' });
    expect(bench.live.get('s')?.status?.conditions?.find(({ type }) => type === 'Failed')).to.include({
      status: 'True',
      reason: 'PolicyNotFound',
    });
  });

  it('writes the error to the status, with one Event for repeated errors', async () => {
    const { bench, steps, run } = setUp();
    for (const attempt of [1, 2, 3]) {
      steps.failures.set('begin', new Error(`refused, try ${attempt}`));
      await run().catch(() => undefined);
      bench.catchUp();
    }
    expect(ready(bench.live.get('s'))).to.match(/^HeldUp: .*refused, try 1/);
    expect(bench.recorded.map(({ reason }) => reason)).to.deep.equal(['HeldUp']);
    expect(bench.written).to.have.length(2);
  });

  it('ends a Scan that cannot be planned until its deadline', async () => {
    const { bench, steps, run } = setUp(scanOf('s', undefined, { spec: { scan: { activeDeadlineSeconds: 60 } } }));
    for (const minute of [0, 2, 4]) {
      bench.now = Date.parse('2026-01-01T00:01:00Z') + minute * 60_000;
      steps.failures.set('begin', new Error('forbidden'));
      await run().catch(() => undefined);
      bench.catchUp();
    }
    expect(ready(bench.live.get('s'))).to.equal(
      'DeadlineExceeded: could not be planned in 60 seconds (spec.scan.activeDeadlineSeconds): forbidden',
    );
    expect(bench.live.get('s')?.status?.phase).to.equal('Failed');
  });

  it('ends a Scan that is held while it is planned until its deadline', async () => {
    const bench = new ScanBench(scanOf('s', undefined, { spec: { scan: { activeDeadlineSeconds: 60 } } }));
    const hold = { reason: 'CRDOutdated', message: 'CRD scans.vigil.dev is of an older version' };
    const steps = Object.assign(new StepsBench(), { begin: () => Promise.resolve({ hold }) });
    const reconciler = new ScanReconciler(bench.dependencies(), steps);
    const results: unknown[] = [];
    for (const seconds of [0, 59, 61]) {
      bench.now = Date.parse('2026-01-01T00:01:00Z') + seconds * 1000;
      results.push([await reconciler.reconcile('s', context), ready(bench.live.get('s'))]);
      bench.catchUp();
    }
    const held = [{ requeueAfter: 1000 }, `CRDOutdated: ${hold.message}`];
    expect(results).to.deep.equal([
      held,
      held,
      [{}, `DeadlineExceeded: could not be planned in 60 seconds (spec.scan.activeDeadlineSeconds): ${hold.message}`],
    ]);
    expect(bench.live.get('s')?.status?.phase).to.equal('Failed');
    expect(bench.recorded.map(({ reason }) => reason)).to.deep.equal(['CRDOutdated', 'DeadlineExceeded']);
  });

  it('gives a held Scan two minutes after a restart, also past its deadline', async () => {
    const bench = new ScanBench(scanOf('s', { startTime: '2025-12-31T00:00:00Z' }));
    const hold = { reason: 'WatchBehind', message: 'the cache does not contain SecurityPolicy p yet' };
    const steps = Object.assign(new StepsBench(), { begin: () => Promise.resolve({ hold }) });
    const reconciler = new ScanReconciler(bench.dependencies(), steps);
    await reconciler.reconcile('s', context);
    expect(bench.live.get('s')?.status?.phase).to.equal('Pending');
    bench.now += 121_000;
    await reconciler.reconcile('s', context);
    expect(bench.live.get('s')?.status?.phase).to.equal('Failed');
  });

  it('ends a Scan as Failed when it cannot be finished until its deadline, keeps its results, and starts the next Scan', async () => {
    const { bench, steps, run } = setUp(scanOf('s', undefined, { spec: { scan: { activeDeadlineSeconds: 600 } } }), scanOf('t'));
    const refusal = new Error('policyreports "x" is forbidden: denied by an admission policy');
    for (const minute of [0, 4, 8, 12]) {
      bench.now = Date.parse('2026-01-01T00:01:00Z') + minute * 60_000;
      steps.failures.set('finish 00:01:00Z', refusal);
      await run().catch(() => undefined);
      bench.catchUp();
      if (minute < 12) expect(bench.live.get('s')?.status?.phase).to.equal('Running');
    }
    const { phase, progress, completionTime } = bench.live.get('s')?.status ?? {};
    expect({ phase, progress, completionTime }).to.deep.equal({ phase: 'Failed', progress: '2/2', completionTime: '2026-01-01T00:13:00Z' });
    expect(ready(bench.live.get('s'))).to.equal(
      `DeadlineExceeded: could not be finished in 600 seconds (spec.scan.activeDeadlineSeconds): ${refusal.message}`,
    );
    expect(bench.recorded.map(({ reason }) => reason)).to.deep.equal(['HeldUp', 'DeadlineExceeded']);
    const before = steps.done.length;
    await run();
    expect(steps.done).to.have.length(before);
    steps.kept = undefined;
    await run('t');
    expect(bench.live.get('t')?.status?.phase).to.equal('Complete');
  });

  it('finishes a Scan after an outage of hours', async () => {
    const { bench, steps, run } = setUp();
    for (const minute of [0, 300, 301]) {
      bench.now = Date.parse('2026-01-01T00:01:00Z') + minute * 60_000;
      if (minute < 301) steps.failures.set('finish 00:01:00Z', new Error('the server is away'));
      // A new operator without memory.
      await new ScanReconciler(bench.dependencies(), steps).reconcile('s', context).catch(() => undefined);
      bench.catchUp();
    }
    expect(bench.live.get('s')?.status?.phase).to.equal('Complete');
    await run();
  });

  it('ends a Scan as Failed when it cannot continue until its deadline, and reports what was not scanned', async () => {
    const { bench, steps, run } = setUp(scanOf('s', undefined, { spec: { scan: { activeDeadlineSeconds: 600 } } }));
    steps.next = collect(ledgerOf(), 0);
    await run();
    for (const minute of [0, 8, 16, 24]) {
      bench.now = Date.parse('2026-01-01T00:01:00Z') + minute * 60_000;
      // A successful step starts the deadline again.
      if (minute !== 8) steps.failures.set('advance', new Error('refused'));
      bench.catchUp();
      await run().catch(() => undefined);
    }
    expect(bench.live.get('s')?.status?.phase).to.equal('Running');
    bench.now += 600_000;
    bench.catchUp();
    steps.failures.set('advance', new Error('refused'));
    await run().catch(() => undefined);
    expect(ready(bench.live.get('s'))).to.match(/^DeadlineExceeded: could not be continued in 600 seconds .*: refused$/);
    const covered = bench.live.get('s')?.status?.conditions?.find(({ type }) => type === 'Covered');
    expect([covered?.status, covered?.message]).to.deep.equal(['False', '10 of 20 targets were not scanned']);
  });

  it('starts the next Scan while the deletion of one waits for a finalizer', async () => {
    const { bench, steps, run } = setUp(scanOf('s'), scanOf('t', undefined, { creationTimestamp: '2026-01-01T00:00:10Z' }));
    steps.next = collect(ledgerOf(), 0);
    await run('s');
    const { metadata, ...rest } = bench.live.get('s')!;
    bench.put({ ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:02:00Z', finalizers: ['example.com/keep'] } });
    steps.kept = undefined;
    await run('t');
    expect(bench.live.get('t')?.status?.startTime).not.to.equal(undefined);
  });

  it('forgets a Scan that is deleted while it runs, and another one of its name', async () => {
    const { bench, steps, reconciler, run } = setUp();
    steps.next = collect(ledgerOf(), 0);
    await run();
    expect(reconciler.remembered).to.equal(1);
    bench.live.delete('s');
    bench.catchUp();
    await run();
    expect(reconciler.remembered).to.equal(0);
  });

  it('starts a waiting Scan when another has ended, with one status write for the wait', async () => {
    const { bench, steps, run } = setUp(scanOf('s'), scanOf('t', undefined, { creationTimestamp: '2026-01-01T00:00:10Z' }));
    steps.next = collect(ledgerOf(), 0);
    await run('s');
    bench.catchUp();
    await run('t');
    bench.catchUp();
    await run('t');
    expect(ready(bench.live.get('t'))).to.match(/^Queued: waits for one of 1 running Scans/);
    expect(bench.live.get('t')?.status?.startTime).to.equal(undefined);
    steps.next = collect(steps.next, 1);
    await run('s');
    bench.catchUp();
    steps.kept = undefined;
    await run('t');
    expect(bench.live.get('t')?.status?.phase).to.equal('Complete');
  });

  it('starts no more Scans than the limit, also when the watch is behind', async () => {
    const { bench, steps, run } = setUp(scanOf('s'), scanOf('t'));
    steps.next = collect(ledgerOf(), 0);
    await Promise.all([run('s'), run('t')]);
    expect(steps.done.filter((step) => step === 'begin')).to.have.length(1);
    expect([...bench.live.values()].filter(({ status }) => status?.startTime !== undefined)).to.have.length(1);
  });
});
