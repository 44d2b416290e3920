import { expect } from 'chai';
import type { Scan } from '../../operator/api/scan.ts';
import type { ReconcileContext, ReconcileResult } from '../../operator/controller/controller.ts';
import { ScanReconciler } from '../../operator/scans/scan.ts';
import { InputLost } from '../../operator/scans/ledger/ledger-store.ts';
import { collect, giveUp, ledgerOf, ScanBench, scanOf, StepsBench } from './scan-bench.ts';

const context = { signal: new AbortController().signal } as unknown as ReconcileContext;

function ground(...scans: readonly Scan[]): {
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

describe('the life of a Scan', () => {
  it('goes from its plan to its end, counted once', async () => {
    const { bench, steps, run } = ground();
    await run();
    expect(bench.written.map(({ phase }) => phase)).to.deep.equal(['Pending', 'Complete']);
    expect(steps.done).to.deep.equal(['begin', 'advance', 'finish 00:01:00Z']);
    expect(bench.counted).to.deep.equal(['Complete']);
  });

  it('is not covered where a kind was deleted while it ran', async () => {
    const { bench, steps, run } = ground();
    steps.gone = [{ message: 'widgets in API group example.com was served when the scan began and is not served now', policies: ['p'] }];
    await run();
    const covered = bench.live.get('s')?.status?.conditions?.find(({ type }) => type === 'Covered');
    expect([covered?.status, covered?.message]).to.deep.equal(['False', steps.gone[0]?.message]);
  });

  it('is not worked on any more once it has ended, whatever its ledger and the cache say', async () => {
    const { bench, steps, run } = ground();
    await run();
    steps.done.length = 0;
    const ended = bench.live.get('s');
    bench.now += 60_000;
    // The watch has not heard of the end, and the clean-up has not removed the ledger.
    await run();
    expect(steps.done).to.deep.equal(['advance']);
    expect(bench.live.get('s')).to.deep.equal(ended);
    bench.catchUp();
    await run();
    expect(steps.done).to.deep.equal(['advance']);
  });

  it('is not run again when its input is lost after its end', async () => {
    const { bench, steps, run } = ground();
    await run();
    const ended = bench.live.get('s');
    steps.failures.set('advance', new InputLost('ConfigMap in is gone'));
    await run();
    expect(steps.done).not.to.include('remove');
    expect(bench.live.get('s')).to.deep.equal(ended);
  });

  it('tells the same time of its end when that is repeated', async () => {
    const { bench, steps, run } = ground();
    steps.failures.set('finish 00:01:00Z', new Error('the server is away'));
    await run().catch(() => undefined);
    expect(ready(bench.live.get('s'))).to.equal('HeldUp: retrying after an error: the server is away');
    bench.now += 60_000;
    await run();
    expect(steps.done.filter((step) => step.startsWith('finish'))).to.deep.equal(['finish 00:01:00Z', 'finish 00:01:00Z']);
    expect(bench.live.get('s')?.status).to.include({ phase: 'Complete', completionTime: '2026-01-01T00:01:00Z' });
  });

  it('says that it failed, as a Job does', async () => {
    const { bench, steps, run } = ground();
    steps.next = giveUp(collect(ledgerOf(), 0), 1);
    await run();
    const { phase, conditions = [] } = bench.live.get('s')?.status ?? {};
    expect(phase).to.equal('Failed');
    expect(
      conditions.filter(({ type }) => type === 'Complete' || type === 'Failed').map(({ type, status }) => `${type} ${status}`),
    ).to.deep.equal(['Complete False', 'Failed True']);
    expect(bench.counted).to.deep.equal(['Failed']);
  });

  it('counts one that was refused', async () => {
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

  it('says what holds it up, and one Event tells it, however often that is', async () => {
    const { bench, steps, run } = ground();
    for (const attempt of [1, 2, 3]) {
      steps.failures.set('begin', new Error(`refused, try ${attempt}`));
      await run().catch(() => undefined);
      bench.catchUp();
    }
    expect(ready(bench.live.get('s'))).to.match(/^HeldUp: .*refused, try 1/);
    expect(bench.told.map(({ reason }) => reason)).to.deep.equal(['HeldUp']);
    expect(bench.written).to.have.length(2);
  });

  it('ends when it cannot be planned until its deadline', async () => {
    const { bench, steps, run } = ground(scanOf('s', undefined, { spec: { scan: { activeDeadlineSeconds: 60 } } }));
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

  it('ends as Failed when its finishing is refused until its deadline, keeps what it found, and gives its turn back', async () => {
    const { bench, steps, run } = ground(scanOf('s', undefined, { spec: { scan: { activeDeadlineSeconds: 600 } } }), scanOf('t'));
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
    expect(bench.told.map(({ reason }) => reason)).to.deep.equal(['HeldUp', 'DeadlineExceeded']);
    const before = steps.done.length;
    await run();
    expect(steps.done).to.have.length(before);
    steps.kept = undefined;
    await run('t');
    expect(bench.live.get('t')?.status?.phase).to.equal('Complete');
  });

  it('is finished after an outage of hours in which no operator could try', async () => {
    const { bench, steps, run } = ground();
    for (const minute of [0, 300, 301]) {
      bench.now = Date.parse('2026-01-01T00:01:00Z') + minute * 60_000;
      if (minute < 301) steps.failures.set('finish 00:01:00Z', new Error('the server is away'));
      // Another operator, which remembers nothing.
      await new ScanReconciler(bench.dependencies(), steps).reconcile('s', context).catch(() => undefined);
      bench.catchUp();
    }
    expect(bench.live.get('s')?.status?.phase).to.equal('Complete');
    await run();
  });

  it('ends as Failed when its work is refused until its deadline, and says what was not scanned', async () => {
    const { bench, steps, run } = ground(scanOf('s', undefined, { spec: { scan: { activeDeadlineSeconds: 600 } } }));
    steps.next = collect(ledgerOf(), 0);
    await run();
    for (const minute of [0, 8, 16, 24]) {
      bench.now = Date.parse('2026-01-01T00:01:00Z') + minute * 60_000;
      // A step that succeeds begins the time anew.
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

  it('holds no turn while its deletion waits for a finalizer of somebody', async () => {
    const { bench, steps, run } = ground(scanOf('s'), scanOf('t', undefined, { creationTimestamp: '2026-01-01T00:00:10Z' }));
    steps.next = collect(ledgerOf(), 0);
    await run('s');
    const { metadata, ...rest } = bench.live.get('s')!;
    bench.put({ ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:02:00Z', finalizers: ['example.com/keep'] } });
    steps.kept = undefined;
    await run('t');
    expect(bench.live.get('t')?.status?.startTime).not.to.equal(undefined);
  });

  it('remembers nothing of a Scan that is deleted while it runs, or of another of its name', async () => {
    const { bench, steps, reconciler, run } = ground();
    steps.next = collect(ledgerOf(), 0);
    await run();
    expect(reconciler.remembered).to.equal(1);
    bench.live.delete('s');
    bench.catchUp();
    await run();
    expect(reconciler.remembered).to.equal(0);
  });

  it('waits for its turn, says so once, and begins when another has ended', async () => {
    const { bench, steps, run } = ground(scanOf('s'), scanOf('t', undefined, { creationTimestamp: '2026-01-01T00:00:10Z' }));
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

  it('lets no more begin than may run, also when the watch is behind', async () => {
    const { bench, steps, run } = ground(scanOf('s'), scanOf('t'));
    steps.next = collect(ledgerOf(), 0);
    await Promise.all([run('s'), run('t')]);
    expect(steps.done.filter((step) => step === 'begin')).to.have.length(1);
    expect([...bench.live.values()].filter(({ status }) => status?.startTime !== undefined)).to.have.length(1);
  });
});
