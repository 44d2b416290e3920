import type { Scan } from '../../api/kinds/scan.ts';
import { lacksPermission, isForbidden, isInvalid } from '../../kube/client/kube-api-error.ts';
import type { ShardCollector } from './shard-collector.ts';
import { isQuota } from '../../jobs/job-events.ts';
import type { JobFailure } from '../../jobs/job-failure.ts';
import { idleState } from '../../jobs/job-idle.ts';
import type { JobPod } from '../../jobs/job-pod.ts';
import { isIdle, JobState, type JobObject, type JobStateOptions } from '../../jobs/job-state.ts';
import type { LedgerStore, StoredLedger } from '../ledger/ledger-store.ts';
import { allSettled, attemptEnded, jobCreated, pendingIn, type Ledger, type LedgerJob } from '../ledger/ledger.ts';
import { attemptDeadline, jobStateOptions, waitedWithoutNode, isStuckCreating } from './attempt-waits.ts';
import type { ScanMemory } from './scan-memory.ts';
import { storeNextAttempt } from './next-attempt.ts';
import type { ScanJobs } from './scan-jobs.ts';
import type { ScanHold } from '../../api/kinds/scan-hold.ts';
import { ShardResults, type ShardResultsDependencies } from './shard-results.ts';

/** The dependencies of {@link ScanAttempts}. */
export interface ScanAttemptsDependencies extends ShardResultsDependencies {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The context of {@link ScanAttempts.advance}. */
export interface AdvanceContext {
  readonly signal: AbortSignal;
  /** What this process remembers of the scan, such as the reports that it has verified. */
  readonly memory: ScanMemory;
  /** Writes the progress of the scan and the reason why it does not progress. */
  readonly reportProgress: (ledger: Ledger, hold: ScanHold | undefined) => Promise<void>;
}

/** The result of {@link ScanAttempts.advance}. */
export interface AdvanceResult {
  readonly stored: StoredLedger;
  /** Whether no shard is left to run or to collect. */
  readonly settled: boolean;
}

/** Runs the Jobs of scans, one attempt after the other, and collects the results of their pods. */
export class ScanAttempts {
  readonly #deps: ScanAttemptsDependencies;
  readonly #store: LedgerStore;
  readonly #results: ShardResults;
  readonly #jobs: ScanJobs;

  constructor(
    deps: ScanAttemptsDependencies,
    parts: { readonly store: LedgerStore; readonly collector: ShardCollector; readonly jobs: ScanJobs },
  ) {
    this.#deps = deps;
    this.#store = parts.store;
    this.#results = new ShardResults(deps, parts.collector);
    this.#jobs = parts.jobs;
  }

  /** Does everything that is possible now. */
  async advance(scan: Scan, stored: StoredLedger, context: AdvanceContext): Promise<AdvanceResult> {
    let current = stored;
    const save = async (ledger: Ledger): Promise<void> => {
      if (ledger === current.ledger) return;
      current = await this.#store.update(identityOf(scan), { ...current, ledger });
    };
    let hold: ScanHold | undefined;
    const job = current.ledger.jobs.at(-1);
    if (job && pendingIn(current.ledger, job).length > 0)
      hold = await this.#advanceJob(scan, () => current.ledger, { ...context, job, save });
    if (attemptEnded(current.ledger) && !allSettled(current.ledger))
      await save(await storeNextAttempt(this.#store, identityOf(scan), current.ledger));
    const last = current.ledger.jobs.at(-1);
    if (last && !last.created) {
      const made = await this.#createJob(scan, current.ledger, { ...context, job: last });
      hold = made.hold ?? hold;
      await save(made.ledger);
    }
    if (!allSettled(current.ledger)) await context.reportProgress(current.ledger, hold);
    return { stored: current, settled: allSettled(current.ledger) };
  }

  /** Collects the results of the current Job. Returns why the Job does not progress. */
  async #advanceJob(
    scan: Scan,
    ledger: () => Ledger,
    context: AdvanceContext & { readonly job: LedgerJob; readonly save: (ledger: Ledger) => Promise<void> },
  ): Promise<ScanHold | undefined> {
    const { job, save, memory } = context;
    if (!job.created) return undefined;
    const found = await this.#jobs.find(job);
    const failAll = async (failure: JobFailure): Promise<void> =>
      save(
        pendingIn(ledger(), lastOf(ledger())).reduce(
          (left, { shard }) => this.#results.failed(scan, left, { shard, ...failure }),
          ledger(),
        ),
      );
    if (!found) {
      await failAll({ class: 'JobGone', message: `Job ${job.name} was deleted` });
      return undefined;
    }
    const pods = this.#jobs.podsOf(found);
    if (pods.some((pod) => isStuckCreating(pod, memory.ages.of)))
      await this.#store.assertStored(identityOf(scan), [...ledger().input, ...job.configMaps]);
    const hold = await this.#collectIndexes(scan, ledger, { ...context, found, pods });
    if (pendingIn(ledger(), lastOf(ledger())).length === 0) return undefined;
    return (await this.#whyIdle(scan, ledger(), { job, found, pods, memory, fail: failAll })) ?? hold;
  }

  /** Collects each index of a Job that has ended. Returns why the others do not progress. */
  async #collectIndexes(
    scan: Scan,
    ledger: () => Ledger,
    context: AdvanceContext & {
      readonly job: LedgerJob;
      readonly found: JobObject;
      readonly pods: readonly JobPod[];
      readonly save: (ledger: Ledger) => Promise<void>;
    },
  ): Promise<ScanHold | undefined> {
    const { job, found, pods, save, memory } = context;
    const pending = pendingIn(ledger(), lastOf(ledger()));
    const limit = attemptDeadline(scan, job);
    // The time that a pod waits for a node includes the time before a restart of the operator.
    const place = waitedWithoutNode(ledger(), pods, this.#deps.clock()) >= limit ? 0 : limit;
    const state = await this.#stateOf(found, pods, { pending, reading: jobStateOptions(memory.ages.of, place) });
    let hold: ScanHold | undefined;
    for (const { shard, index } of pending) {
      const at = state.of(index);
      if (at.kind === 'failed') await save(this.#results.failed(scan, ledger(), { shard, class: at.class, message: at.message }));
      else if (at.kind === 'finished') hold = (await this.#finish(scan, ledger(), { ...context, shard, pod: at.pod })) ?? hold;
      else hold = at.hold ?? hold;
    }
    // If some pods run, the scan progresses although others wait for a node.
    return hold?.reason === 'Unschedulable' && pods.some(({ status }) => status?.phase === 'Running') ? undefined : hold;
  }

  /** Collects an index whose pod has ended. Returns why this is not possible yet. */
  async #finish(
    scan: Scan,
    ledger: Ledger,
    context: AdvanceContext & { readonly shard: number; readonly pod: JobPod; readonly save: (ledger: Ledger) => Promise<void> },
  ): Promise<ScanHold | undefined> {
    const { ledger: next, hold } = await this.#results.collect(scan, ledger, context);
    await context.save(next);
    if (!hold) await context.reportProgress(next, undefined);
    return hold;
  }

  /**
   * The state of a Job. Jobs and Pods are watched separately, and one watch may be behind: before an index counts as failed, the pods are
   * read from the API server.
   */
  async #stateOf(
    job: JobObject,
    pods: readonly JobPod[],
    { pending, reading }: { readonly pending: readonly { readonly index: number }[]; readonly reading: JobStateOptions },
  ): Promise<JobState> {
    const cached = new JobState(job, pods, reading);
    if (!pending.some(({ index }) => cached.of(index).kind === 'failed')) return cached;
    return new JobState(job, await this.#jobs.livePodsOf(job), reading);
  }

  /**
   * Why a Job without an active pod waits; undefined if it has one. If a quota refuses its pods, the Job waits until the deadline, because
   * room may become free. If anything else refuses them for too long, the shards fail as `Rejected`.
   */
  async #whyIdle(
    scan: Scan,
    ledger: Ledger,
    {
      job,
      found,
      pods,
      memory,
      fail,
    }: {
      readonly job: LedgerJob;
      readonly found: JobObject;
      readonly pods: readonly JobPod[];
      readonly memory: ScanMemory;
      readonly fail: (failure: JobFailure) => Promise<void>;
    },
  ): Promise<ScanHold | undefined> {
    const what = `idle/${job.name}`;
    if (!isIdle(found, pods)) {
      memory.stopWaiting(what);
      return undefined;
    }
    const idle = memory.waitedFor(what);
    if (idle < idleTolerance) return undefined;
    const live = await this.#jobs.livePodsOf(found);
    if (!isIdle(found, live)) return { reason: 'WatchBehind', message: 'the Pod cache is behind the API server' };
    const refusal = await this.#jobs.whyNoPod(found, live);
    const waited = waitedWithoutNode(ledger, pods, this.#deps.clock());
    const state = idleState({ job: job.name, refusal, idle, waited }, { quota: attemptDeadline(scan, job) });
    if (state.kind === 'failed') await fail({ class: state.class, message: state.message });
    return state.kind === 'waiting' ? state.hold : undefined;
  }

  /**
   * The ledger after the Job was created or refused. It is unchanged while an earlier Job of this name is being deleted. It is also
   * unchanged while a quota refuses the Job, until the deadline.
   */
  async #createJob(
    scan: Scan,
    ledger: Ledger,
    { job, memory }: AdvanceContext & { readonly job: LedgerJob },
  ): Promise<{ readonly ledger: Ledger; readonly hold?: ScanHold }> {
    try {
      const uid = await this.#jobs.create(scan, ledger, job);
      return { ledger: uid === undefined ? ledger : jobCreated(ledger, job.name, uid) };
    } catch (error) {
      // A missing permission may be granted later: the scan waits, and its status names the permission.
      if (lacksPermission(error) || (!isInvalid(error) && !isForbidden(error))) throw error;
      const message = error instanceof Error ? error.message : String(error);
      const waited = Math.max(memory.waitedFor(`job/${job.name}`), waitedWithoutNode(ledger, [], this.#deps.clock()));
      if (isQuota(message) && waited < attemptDeadline(scan, job)) return { ledger, hold: { reason: 'QuotaExceeded', message } };
      const made = jobCreated(ledger, job.name);
      return { ledger: job.shards.reduce((left, shard) => this.#results.failed(scan, left, { shard, class: 'Rejected', message }), made) };
    }
  }
}

/** Milliseconds that a Job may take to create its pods or the next of them. */
const idleTolerance = 5000;
const identityOf = ({ metadata: { name, uid = '' } }: Scan): { name: string; uid: string } => ({ name, uid });

function lastOf({ jobs }: Ledger): LedgerJob {
  const last = jobs.at(-1);
  if (!last) throw new Error('the scan has no attempt');
  return last;
}
