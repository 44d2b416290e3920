import { expect } from 'chai';
import { ScanAttempts } from '../../../operator/scans/attempts/scan-attempts.ts';
import { LogUnavailableError } from '../../../operator/jobs/job-log.ts';
import type { JobPod } from '../../../operator/jobs/job-pod.ts';
import type { JobObject } from '../../../operator/jobs/job-state.ts';
import type { StoredLedger } from '../../../operator/scans/ledger/ledger-store.ts';
import type { Ledger } from '../../../operator/scans/ledger/ledger.ts';
import { KubeApiError } from '../../../operator/kube/kube-api-error.ts';
import { ScanMemory } from '../../../operator/scans/attempts/scan-memory.ts';
import { emptySeverities } from '../../../operator/findings/tally.ts';
import { ledgerOf, ScanBench, scanOf } from '../scan-bench.ts';
import type { ScanHold } from '../../../operator/api/scan-hold.ts';

const quota = 'pods "x" is forbidden: exceeded quota: flt, requested: pods=1, used: pods=0, limited: pods=0';
const pod = (index: number, status: JobPod['status']): JobPod => ({
  metadata: { name: `p-${index}`, uid: `p-${index}`, annotations: { 'batch.kubernetes.io/job-completion-index': String(index) } },
  ...(status && { status }),
});
const unplaced: JobPod['status'] = {
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available: 1 had a taint' }],
};

/** One scan of two shards with its Job, at any time of its life. */
class CheckInput {
  readonly bench = new ScanBench();
  readonly scan = scanOf('s', undefined, { spec: { scan: { activeDeadlineSeconds: 100 } } });
  readonly memory = new ScanMemory(() => this.seconds * 1000);
  readonly holds: (ScanHold | undefined)[] = [];
  readonly job: JobObject = { metadata: { name: 'a1', uid: 'a1' }, status: { active: 0 } };
  /** Seconds since the scan began. */
  seconds = 0;
  pods: readonly JobPod[] = [];
  refusal: string | undefined;
  creating: () => Promise<string> = () => Promise.resolve('a1');
  collecting: (pod: string) => Promise<unknown> = () => Promise.reject(new Error('nothing is collected'));
  stored: StoredLedger;

  constructor(ledger: Ledger = ledgerOf()) {
    this.stored = { ledger, resourceVersion: '1' } as unknown as StoredLedger;
  }

  /** Looks after so many seconds. Returns the states of the shards. */
  async look(seconds: number): Promise<string[]> {
    this.seconds = seconds;
    this.bench.now = Date.parse('2026-01-01T00:00:00Z') + seconds * 1000;
    const deps = { ...this.bench.parts, metrics: { shards: { inc: () => undefined } } } as unknown as ConstructorParameters<
      typeof ScanAttempts
    >[0];
    const attempts = new ScanAttempts(deps, {
      store: { update: (_scan: unknown, stored: StoredLedger) => Promise.resolve(stored) },
      collector: { collect: ({ metadata }: JobPod) => this.collecting(metadata.name) },
      jobs: {
        find: () => Promise.resolve(this.job),
        podsOf: () => this.pods,
        livePodsOf: () => Promise.resolve(this.pods),
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
  it('wait for a place until the deadline, say so, and fail as that', async () => {
    const ground = new CheckInput();
    ground.pods = [pod(0, unplaced), pod(1, unplaced)];
    expect(await ground.look(1)).to.deep.equal(['pending', 'pending']);
    expect(ground.holds.at(-1)).to.deep.equal({ reason: 'Unschedulable', message: '0/1 nodes are available: 1 had a taint' });
    expect(await ground.look(99)).to.deep.equal(['pending', 'pending']);
    expect(await ground.look(102)).to.deep.equal(['error Unschedulable', 'error Unschedulable']);
  });

  it('keep to the deadline when another operator goes on, which has seen nothing of the wait', async () => {
    const ground = new CheckInput();
    ground.pods = [pod(0, unplaced), pod(1, unplaced)];
    await ground.look(1);
    const next = new CheckInput(ground.stored.ledger);
    next.pods = ground.pods;
    expect(await next.look(101)).to.deep.equal(['error Unschedulable', 'error Unschedulable']);
  });

  it('are not held up by one pod without a place while another works', async () => {
    const ground = new CheckInput();
    ground.pods = [pod(0, { phase: 'Running' }), pod(1, unplaced)];
    await ground.look(1);
    expect(ground.holds).to.deep.equal([undefined]);
    // The others were placed: what counts is how long this one has waited, not how long the scan has run.
    expect(await ground.look(100)).to.deep.equal(['pending', 'pending']);
  });

  it('wait until the deadline for a quota that refuses the pods', async () => {
    const ground = new CheckInput();
    ground.refusal = quota;
    await ground.look(0);
    await ground.look(10);
    expect(ground.holds.at(-1)).to.deep.equal({ reason: 'QuotaExceeded', message: quota });
    expect(await ground.look(99)).to.deep.equal(['pending', 'pending']);
    expect(await ground.look(101)).to.deep.equal(['error Rejected', 'error Rejected']);
  });

  it('go on when the quota has room', async () => {
    const ground = new CheckInput();
    ground.refusal = quota;
    await ground.look(0);
    await ground.look(90);
    ground.pods = [pod(0, { phase: 'Running' }), pod(1, { phase: 'Running' })];
    expect(await ground.look(200)).to.deep.equal(['pending', 'pending']);
    expect(ground.holds.at(-1)).to.equal(undefined);
  });

  it('are rejected after a minute by what refuses the pods otherwise, and say so before', async () => {
    const ground = new CheckInput();
    ground.refusal = 'pods "x" is forbidden: violates PodSecurity "restricted:latest"';
    await ground.look(0);
    await ground.look(6);
    expect(ground.holds.at(-1)?.reason).to.equal('FailedCreate');
    expect(await ground.look(61)).to.deep.equal(['error Rejected', 'error Rejected']);
  });

  it('wait until the deadline for a quota that refuses the Job', async () => {
    const fresh = { ...ledgerOf(), jobs: ledgerOf().jobs.map((job) => ({ ...job, created: false })) };
    const ground = new CheckInput(fresh);
    ground.creating = () => Promise.reject(new KubeApiError('jobs.batch "x" is forbidden: exceeded quota: flt', { status: 403 }));
    expect(await ground.look(1)).to.deep.equal(['pending', 'pending']);
    expect(ground.holds.at(-1)?.reason).to.equal('QuotaExceeded');
    ground.creating = () => Promise.resolve('a1');
    await ground.look(90);
    expect(ground.stored.ledger.jobs[0]?.created).to.equal(true);
    const other = new CheckInput(fresh);
    other.creating = () => Promise.reject(new KubeApiError('jobs.batch "x" is forbidden: exceeded quota: flt', { status: 403 }));
    expect(await other.look(101)).to.deep.equal(['error Rejected', 'error Rejected']);
  });

  const done = {
    ...{ scanned: 10, failed: 0, unread: {}, policies: {}, new: emptySeverities(), fixed: emptySeverities() },
    ...{ uncovered: [], rest: [], peakMebibytes: 1, namespaces: [] },
  };

  it('take in what has finished beside a pod whose node does not give out the log, and say what they wait for', async () => {
    const ground = new CheckInput();
    ground.pods = [pod(0, { phase: 'Succeeded' }), pod(1, { phase: 'Succeeded' })];
    ground.collecting = (name) => (name === 'p-0' ? Promise.reject(new LogUnavailableError('no route to host')) : Promise.resolve(done));
    expect(await ground.look(1)).to.deep.equal(['pending', 'done']);
    expect(ground.holds.at(-1)).to.deep.equal({ reason: 'LogUnavailable', message: 'no route to host' });
    ground.collecting = () => Promise.resolve(done);
    expect(await ground.look(2)).to.deep.equal(['done', 'done']);
  });

  it('fail when their results cannot be written for a minute, and are tried again', async () => {
    const ground = new CheckInput();
    ground.pods = [pod(0, { phase: 'Succeeded' })];
    ground.collecting = () => Promise.reject(new KubeApiError('etcdserver: no leader', { status: 500 }));
    expect(await ground.look(1).catch((error: unknown) => (error as Error).message)).to.equal('etcdserver: no leader');
    expect(await ground.look(60).catch((error: unknown) => (error as Error).message)).to.equal('etcdserver: no leader');
    expect(await ground.look(62)).to.deep.equal(['queued WriteFailed', 'pending']);
  });
});
