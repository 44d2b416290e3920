import { expect } from 'chai';
import { ScanAttempts } from '../../../operator/scans/attempts/scan-attempts.ts';
import { LogUnavailableError } from '../../../operator/jobs/job-log.ts';
import type { JobPod } from '../../../operator/jobs/job-pod.ts';
import type { JobObject } from '../../../operator/jobs/job-state.ts';
import type { StoredLedger } from '../../../operator/scans/ledger/ledger-store.ts';
import type { Ledger } from '../../../operator/scans/ledger/ledger.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { ScanMemory } from '../../../operator/scans/attempts/scan-memory.ts';
import { emptySeverities } from '../../../operator/findings/tally.ts';
import { ledgerOf, ScanBench, scanOf } from '../scan-bench.ts';
import type { ScanHold } from '../../../operator/api/kinds/scan-hold.ts';

const quota = 'pods "x" is forbidden: exceeded quota: flt, requested: pods=1, used: pods=0, limited: pods=0';
const pod = (index: number, status: JobPod['status']): JobPod => ({
  metadata: { name: `p-${index}`, uid: `p-${index}`, annotations: { 'batch.kubernetes.io/job-completion-index': String(index) } },
  ...(status && { status }),
});
const unplaced: JobPod['status'] = {
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available: 1 had a taint' }],
};

/** A scan with two shards and its Job, in any state. */
class AttemptsBench {
  readonly bench = new ScanBench();
  readonly scan = scanOf('s', undefined, { spec: { scan: { activeDeadlineSeconds: 100 } } });
  readonly memory = new ScanMemory(() => this.seconds * 1000);
  readonly holds: (ScanHold | undefined)[] = [];
  /** The Job; undefined: it was deleted. */
  job: JobObject | undefined = { metadata: { name: 'a1', uid: 'a1' }, status: { active: 0 } };
  /** Seconds since the scan began. */
  seconds = 0;
  /** The pods in the cache. */
  pods: readonly JobPod[] = [];
  /** The pods on the server. Default: those in the cache. */
  live: readonly JobPod[] | undefined;
  /** The ConfigMaps whose existence was checked. */
  readonly checked: (readonly string[])[] = [];
  /** The pods whose results were collected. */
  readonly collected: string[] = [];
  refusal: string | undefined;
  creating: () => Promise<string | undefined> = () => Promise.resolve('a1');
  collecting: (pod: string) => Promise<unknown> = () => Promise.reject(new Error('nothing is collected'));
  stored: StoredLedger;

  constructor(ledger: Ledger = ledgerOf()) {
    this.stored = { ledger, resourceVersion: '1' } as unknown as StoredLedger;
  }

  /** Advances the scan at this time, in seconds. Returns the states of the shards. */
  async advance(seconds: number): Promise<string[]> {
    this.seconds = seconds;
    this.bench.now = Date.parse('2026-01-01T00:00:00Z') + seconds * 1000;
    const deps = { ...this.bench.parts, metrics: { shards: { inc: () => undefined } } } as unknown as ConstructorParameters<
      typeof ScanAttempts
    >[0];
    const attempts = new ScanAttempts(deps, {
      store: {
        update: (_scan: unknown, stored: StoredLedger) => Promise.resolve(stored),
        assertStored: (_scan: unknown, names: readonly string[]) => Promise.resolve(void this.checked.push(names)),
        shards: () => Promise.resolve({ shards: [0, 1].map(() => ({ slices: [], pageSize: 500 })) }),
        storeShards: () => Promise.resolve(['m2']),
      },
      collector: {
        collect: ({ metadata }: JobPod) => {
          this.collected.push(metadata.name);
          return this.collecting(metadata.name);
        },
      },
      jobs: {
        find: () => Promise.resolve(this.job),
        podsOf: () => this.pods,
        livePodsOf: () => Promise.resolve(this.live ?? this.pods),
        whyNoPod: () => Promise.resolve(this.refusal),
        create: () => this.creating(),
      },
    } as unknown as ConstructorParameters<typeof ScanAttempts>[1]);
    const tell = (_ledger: Ledger, hold: ScanHold | undefined): Promise<void> => Promise.resolve(void this.holds.push(hold));
    const moved = await attempts.advance(this.scan, this.stored, {
      signal: new AbortController().signal,
      memory: this.memory,
      reportProgress: tell,
    });
    this.stored = moved.stored;
    return this.stored.ledger.shards.map(({ state, reason = '' }) => `${state} ${reason}`.trim());
  }
}

describe('the attempts of a scan', () => {
  it('wait for a node until the deadline with a hold, then fail as Unschedulable', async () => {
    const bench = new AttemptsBench();
    bench.pods = [pod(0, unplaced), pod(1, unplaced)];
    expect(await bench.advance(1)).to.deep.equal(['pending', 'pending']);
    expect(bench.holds.at(-1)).to.deep.equal({ reason: 'Unschedulable', message: '0/1 nodes are available: 1 had a taint' });
    expect(await bench.advance(99)).to.deep.equal(['pending', 'pending']);
    expect(await bench.advance(102)).to.deep.equal(['error Unschedulable', 'error Unschedulable']);
  });

  it('keep the deadline when another operator continues', async () => {
    const bench = new AttemptsBench();
    bench.pods = [pod(0, unplaced), pod(1, unplaced)];
    await bench.advance(1);
    const next = new AttemptsBench(bench.stored.ledger);
    next.pods = bench.pods;
    expect(await next.advance(101)).to.deep.equal(['error Unschedulable', 'error Unschedulable']);
  });

  it('keep the deadline after a restart if the scan carries targets over', async () => {
    const bench = new AttemptsBench({ ...ledgerOf(), scanned: 7, carriedOver: { targets: 7, namespaces: ['a'] } });
    bench.pods = [pod(0, unplaced), pod(1, unplaced)];
    expect(await bench.advance(101)).to.deep.equal(['error Unschedulable', 'error Unschedulable']);
  });

  it('have no hold for an unscheduled pod while another pod runs', async () => {
    const bench = new AttemptsBench();
    bench.pods = [pod(0, { phase: 'Running' }), pod(1, unplaced)];
    await bench.advance(1);
    expect(bench.holds).to.deep.equal([undefined]);
    // A pod was scheduled: now the waiting time of this pod counts, not the time since the start of the scan.
    expect(await bench.advance(100)).to.deep.equal(['pending', 'pending']);
  });

  it('wait until the deadline for a quota that refuses the pods', async () => {
    const bench = new AttemptsBench();
    bench.refusal = quota;
    await bench.advance(0);
    await bench.advance(10);
    expect(bench.holds.at(-1)).to.deep.equal({ reason: 'QuotaExceeded', message: quota });
    expect(await bench.advance(99)).to.deep.equal(['pending', 'pending']);
    expect(await bench.advance(101)).to.deep.equal(['error Rejected', 'error Rejected']);
  });

  it('continue when the quota has room', async () => {
    const bench = new AttemptsBench();
    bench.refusal = quota;
    await bench.advance(0);
    await bench.advance(90);
    bench.pods = [pod(0, { phase: 'Running' }), pod(1, { phase: 'Running' })];
    expect(await bench.advance(200)).to.deep.equal(['pending', 'pending']);
    expect(bench.holds.at(-1)).to.equal(undefined);
  });

  it('fail as Rejected after a minute of other refusals, with a hold before', async () => {
    const bench = new AttemptsBench();
    bench.refusal = 'pods "x" is forbidden: violates PodSecurity "restricted:latest"';
    await bench.advance(0);
    await bench.advance(6);
    expect(bench.holds.at(-1)?.reason).to.equal('FailedCreate');
    expect(await bench.advance(61)).to.deep.equal(['error Rejected', 'error Rejected']);
  });

  it('wait until the deadline for a quota that refuses the Job', async () => {
    const fresh = { ...ledgerOf(), jobs: ledgerOf().jobs.map((job) => ({ ...job, created: false })) };
    const bench = new AttemptsBench(fresh);
    bench.creating = () => Promise.reject(new KubeApiError('jobs.batch "x" is forbidden: exceeded quota: flt', { status: 403 }));
    expect(await bench.advance(1)).to.deep.equal(['pending', 'pending']);
    expect(bench.holds.at(-1)?.reason).to.equal('QuotaExceeded');
    bench.creating = () => Promise.resolve('a1');
    await bench.advance(90);
    expect(bench.stored.ledger.jobs[0]?.created).to.equal(true);
    const other = new AttemptsBench(fresh);
    other.creating = () => Promise.reject(new KubeApiError('jobs.batch "x" is forbidden: exceeded quota: flt', { status: 403 }));
    expect(await other.advance(101)).to.deep.equal(['error Rejected', 'error Rejected']);
  });

  const done = {
    ...{ scanned: 10, failed: 0, unread: {}, policies: {}, new: emptySeverities(), fixed: emptySeverities() },
    ...{ uncovered: [], rest: [], peakMebibytes: 1, namespaces: [] },
  };

  it('collect finished pods while the log of another one is unavailable, with a hold', async () => {
    const bench = new AttemptsBench();
    bench.pods = [pod(0, { phase: 'Succeeded' }), pod(1, { phase: 'Succeeded' })];
    bench.collecting = (name) => (name === 'p-0' ? Promise.reject(new LogUnavailableError('no route to host')) : Promise.resolve(done));
    expect(await bench.advance(1)).to.deep.equal(['pending', 'done']);
    expect(bench.holds.at(-1)).to.deep.equal({ reason: 'LogUnavailable', message: 'no route to host' });
    bench.collecting = () => Promise.resolve(done);
    expect(await bench.advance(2)).to.deep.equal(['done', 'done']);
  });

  it('fail and are retried when results cannot be written for a minute', async () => {
    const bench = new AttemptsBench();
    bench.pods = [pod(0, { phase: 'Succeeded' })];
    bench.collecting = () => Promise.reject(new KubeApiError('etcdserver: no leader', { status: 500 }));
    expect(await bench.advance(1).catch((error: unknown) => (error as Error).message)).to.equal('etcdserver: no leader');
    expect(await bench.advance(60).catch((error: unknown) => (error as Error).message)).to.equal('etcdserver: no leader');
    expect(await bench.advance(62)).to.deep.equal(['queued WriteFailed', 'pending']);
  });

  it('keep the hold of a pod without its image while another pod runs', async () => {
    const bench = new AttemptsBench();
    const waiting = { state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } };
    bench.pods = [pod(0, { phase: 'Running' }), pod(1, { phase: 'Pending', containerStatuses: [{ name: 'worker', ...waiting }] })];
    await bench.advance(1);
    expect(bench.holds).to.deep.equal([{ reason: 'PullError', message: 'ImagePullBackOff: no such image' }]);
  });

  it('read the pods from the server before an index counts as failed', async () => {
    const bench = new AttemptsBench();
    bench.job = { metadata: { name: 'a1', uid: 'a1' }, status: { active: 1, completedIndexes: '0' } };
    bench.pods = [pod(1, { phase: 'Running' })];
    bench.live = [pod(0, { phase: 'Succeeded' }), ...bench.pods];
    bench.collecting = () => Promise.resolve(done);
    expect([await bench.advance(1), bench.collected]).to.deep.equal([['done', 'pending'], ['p-0']]);
    const lost = new AttemptsBench();
    lost.job = bench.job;
    lost.pods = bench.pods;
    expect(await lost.advance(1)).to.deep.equal(['queued LogLost', 'pending']);
  });

  it('fail and are retried with a new Job when their Job was deleted', async () => {
    const bench = new AttemptsBench();
    bench.job = undefined;
    bench.creating = () => Promise.resolve('a2');
    expect(await bench.advance(1)).to.deep.equal(['pending JobGone', 'pending JobGone']);
    expect(bench.bench.recorded.map(({ message }) => message)).to.deep.equal([
      'shard 0: Job a1 was deleted; it is retried',
      'shard 1: Job a1 was deleted; it is retried',
    ]);
    expect(bench.stored.ledger.jobs.map(({ uid, created, configMaps }) => [uid, created, configMaps])).to.deep.equal([
      [undefined, true, ['m']],
      ['a2', true, ['m2']],
    ]);
  });

  it('wait while the cache of Pods is behind the server', async () => {
    const bench = new AttemptsBench();
    bench.live = [pod(0, { phase: 'Running' })];
    await bench.advance(0);
    await bench.advance(4.9);
    expect(bench.holds).to.deep.equal([undefined, undefined]);
    await bench.advance(5);
    expect(bench.holds.at(-1)).to.deep.equal({ reason: 'WatchBehind', message: 'the Pod cache is behind the API server' });
  });

  it('measure the time without a pod anew after a pod ran', async () => {
    const bench = new AttemptsBench();
    bench.refusal = 'denied by a webhook';
    await bench.advance(0);
    bench.pods = [pod(0, { phase: 'Running' })];
    await bench.advance(59);
    bench.pods = [];
    await bench.advance(60);
    await bench.advance(70);
    expect(bench.holds.at(-1)?.reason).to.equal('FailedCreate');
    expect(await bench.advance(121)).to.deep.equal(['error Rejected', 'error Rejected']);
  });

  it('check the ConfigMaps of a pod that is stuck in ContainerCreating', async () => {
    const bench = new AttemptsBench();
    const creating = { name: 'worker', state: { waiting: { reason: 'ContainerCreating' } } };
    bench.pods = [pod(0, { phase: 'Pending', containerStatuses: [creating] }), pod(1, { phase: 'Running' })];
    await bench.advance(0);
    await bench.advance(10);
    expect(bench.checked).to.deep.equal([]);
    await bench.advance(11);
    expect(bench.checked).to.deep.equal([['in', 'm']]);
  });

  const fresh = (): Ledger => ({ ...ledgerOf(), jobs: ledgerOf().jobs.map((job) => ({ ...job, created: false })) });
  const notAllowed = new KubeApiError('jobs.batch is forbidden', {
    ...{ status: 403, reason: 'Forbidden', body: { details: { group: 'batch', kind: 'jobs' } } },
  });
  const errorOf = (advanced: Promise<unknown>): Promise<unknown> => advanced.then(String, (error: unknown) => error);

  it('throw if Jobs may not be created, or if the server fails', async () => {
    for (const error of [notAllowed, new KubeApiError('no leader', { status: 500 })]) {
      const bench = new AttemptsBench(fresh());
      bench.creating = () => Promise.reject(error);
      expect(await errorOf(bench.advance(1000))).to.equal(error);
    }
  });

  for (const [what, error] of [
    ['an admission webhook', new KubeApiError('denied', { status: 403 })],
    ['the API server, as invalid', new KubeApiError('Invalid', { status: 422, reason: 'Invalid' })],
  ] as const)
    it(`fail at once when their Job is refused by ${what}`, async () => {
      const bench = new AttemptsBench(fresh());
      bench.creating = () => Promise.reject(error);
      expect(await bench.advance(1)).to.deep.equal(['error Rejected', 'error Rejected']);
      expect(bench.stored.ledger.shards.map(({ message }) => message)).to.deep.equal([error.message, error.message]);
    });

  it('stay as they are while a Job of an earlier plan is being deleted', async () => {
    const bench = new AttemptsBench(fresh());
    bench.creating = () => Promise.resolve(undefined);
    expect([await bench.advance(1), bench.stored.ledger.jobs[0]?.created]).to.deep.equal([['pending', 'pending'], false]);
  });

  it('report no progress when all shards are settled', async () => {
    const bench = new AttemptsBench();
    bench.pods = [pod(0, { phase: 'Succeeded' }), pod(1, { phase: 'Succeeded' })];
    bench.collecting = () => Promise.resolve(done);
    expect(await bench.advance(1)).to.deep.equal(['done', 'done']);
    // One for each collected shard, none for the end.
    expect(bench.holds).to.deep.equal([undefined, undefined]);
  });
});
