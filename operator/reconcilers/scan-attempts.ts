import { RESOURCES } from '../api/api-resource.ts';
import type { Scan } from '../api/scan.ts';
import { isDenied, isForbidden, isInvalid } from '../kube/kube-api-error.ts';
import type { SeenReports } from '../publish/seen-reports.ts';
import type { CollectedScan, ShardCollector } from '../publish/shard-collector.ts';
import { Ages } from '../scan/ages.ts';
import type { FailureClass, WorkerPod } from '../scan/attempt.ts';
import { isIdle, JobState, type ScanJob } from '../scan/job-state.ts';
import type { LedgerStore, StoredLedger } from '../scan/ledger-store.ts';
import {
  allSettled,
  attemptEnded,
  jobCreated,
  nextAttempt,
  pendingIn,
  queuedShards,
  shardCollected,
  shardFailed,
  type Ledger,
  type LedgerJob,
  type LedgerPolicy,
} from '../scan/ledger.ts';
import { jobName, scanHash } from '../scan/names.ts';
import { PAGE_SIZE } from '../scan/plan.ts';
import type { AttemptInput } from '../scan/scan-input.ts';
import type { Shard } from '../scan/shard.ts';
import { isCurrent } from './policy-presence.ts';
import type { ScanJobs } from './scan-jobs.ts';
import type { World } from './world.ts';

/** What advancing a scan needs besides it. */
export interface AdvanceContext {
  readonly signal: AbortSignal;
  /** Gathers the reports that were seen to. */
  readonly seen: SeenReports;
  /** Tells how the scan stands. */
  readonly tell: (ledger: Ledger, message: string) => Promise<void>;
}

/** A scan after it was advanced as far as it goes now. */
export interface Advanced {
  readonly stored: StoredLedger;
  /** Nothing is left to run or to collect. */
  readonly settled: boolean;
}

/** Runs the Jobs of scans, one attempt after the other, and takes in what their pods found. */
export class Attempts {
  readonly #world: World;
  readonly #store: LedgerStore;
  readonly #collector: ShardCollector;
  readonly #jobs: ScanJobs;
  readonly #ages = new Ages();
  /** For how long Jobs have had nothing at work. */
  readonly #idle = new Ages();
  /** When a log could not be read for the first time, by pod uid, in milliseconds that only grow. */
  readonly #unreadable = new Map<string, number>();

  constructor(world: World, parts: { readonly store: LedgerStore; readonly collector: ShardCollector; readonly jobs: ScanJobs }) {
    this.#world = world;
    this.#store = parts.store;
    this.#collector = parts.collector;
    this.#jobs = parts.jobs;
  }

  /** Does all that can be done now. */
  async advance(scan: Scan, stored: StoredLedger, context: AdvanceContext): Promise<Advanced> {
    let current = stored;
    const save = async (ledger: Ledger): Promise<void> => {
      if (ledger === current.ledger) return;
      current = await this.#store.update(identityOf(scan), { ledger, resourceVersion: current.resourceVersion });
    };
    let note = '';
    const job = current.ledger.jobs.at(-1);
    if (job && pendingIn(current.ledger, job).length > 0) note = await this.#work(scan, () => current.ledger, { ...context, job, save });
    if (attemptEnded(current.ledger) && !allSettled(current.ledger)) await save(await this.#another(scan, current.ledger));
    const last = current.ledger.jobs.at(-1);
    if (last && !last.created) await save(await this.#createJob(scan, current.ledger, last));
    if (!allSettled(current.ledger)) await context.tell(current.ledger, note);
    return { stored: current, settled: allSettled(current.ledger) };
  }

  /** Takes in what the current Job's pods came to. Returns what holds the Job up, for people. */
  async #work(
    scan: Scan,
    ledger: () => Ledger,
    context: AdvanceContext & { readonly job: LedgerJob; readonly save: (ledger: Ledger) => Promise<void> },
  ): Promise<string> {
    const { job, save } = context;
    if (!job.created) return '';
    const found = await this.#jobs.find(job);
    const failAll = async (failure: { class: FailureClass; message: string }): Promise<void> =>
      save(pendingIn(ledger(), lastOf(ledger())).reduce((left, { shard }) => this.#failed(scan, left, { shard, ...failure }), ledger()));
    if (!found) {
      await failAll({ class: 'JobGone', message: `Job ${job.name} was deleted` });
      return '';
    }
    const pods = this.#jobs.podsOf(found);
    if (pods.some((pod) => this.#waitsLong(pod))) await this.#store.assertKept(identityOf(scan), [...ledger().input, ...job.configMaps]);
    const state = await this.#stateOf(found, pods, pendingIn(ledger(), lastOf(ledger())));
    let note = '';
    for (const { shard, index } of pendingIn(ledger(), lastOf(ledger()))) {
      const at = state.of(index);
      if (at.kind === 'failed') await save(this.#failed(scan, ledger(), { shard, class: at.class, message: at.message }));
      else if (at.kind === 'finished') {
        const next = await this.#collect(scan, ledger(), { ...context, shard, pod: at.pod });
        await save(next);
        await context.tell(next, note);
      } else if (at.note !== undefined) note = at.note;
    }
    if (pendingIn(ledger(), lastOf(ledger())).length === 0) return note;
    return (await this.#whyIdle(found, pods, failAll)) ?? note;
  }

  /** How a Job stands. Its pods are watched apart from it: before one counts as failed, the server is asked, since the other watch may be behind. */
  async #stateOf(job: ScanJob, pods: readonly WorkerPod[], pending: readonly { readonly index: number }[]): Promise<JobState> {
    const cached = new JobState(job, pods, this.#ages.of);
    if (!pending.some(({ index }) => cached.of(index).kind === 'failed')) return cached;
    return new JobState(job, await this.#jobs.livePodsOf(job), this.#ages.of);
  }

  /** What a Job with nothing at work waits for; undefined for one at work. Where its pods are refused for too long, they fail as that. */
  async #whyIdle(
    job: ScanJob,
    pods: readonly WorkerPod[],
    fail: (failure: { class: FailureClass; message: string }) => Promise<void>,
  ): Promise<string | undefined> {
    if (!isIdle(job, pods)) {
      this.#idle.forget(job);
      return undefined;
    }
    const idle = this.#idle.of(job);
    if (idle < usualIdleness) return undefined;
    const live = await this.#jobs.livePodsOf(job);
    if (!isIdle(job, live)) return 'the watch of pods is behind';
    const refusal = await this.#jobs.whyNoPod(job, live);
    if (refusal === undefined) return idle < birthPatience ? undefined : `Job ${job.metadata.name} has no pod yet, and no event says why`;
    if (idle < birthPatience) return `FailedCreate: ${refusal}`;
    await fail({ class: 'Rejected', message: refusal });
    return '';
  }

  /** Whether a pod has been on its way to its container for longer than that takes: what it mounts may be gone. */
  #waitsLong(pod: WorkerPod): boolean {
    const { phase, containerStatuses = [] } = pod.status ?? {};
    const creating = phase === 'Pending' && containerStatuses.some(({ state }) => state?.waiting?.reason === 'ContainerCreating');
    return creating && this.#ages.of(pod) > mountPatience;
  }

  /** The ledger after a finished pod's results were taken, or could not be. */
  async #collect(
    scan: Scan,
    ledger: Ledger,
    { shard, pod, seen, signal }: AdvanceContext & { readonly shard: number; readonly pod: WorkerPod },
  ): Promise<Ledger> {
    const { name, namespace = '', uid = '' } = pod.metadata;
    try {
      const result = await this.#collector.collect({ namespace, name }, collectedScan(this.#world, { scan, ledger, shard, seen, signal }));
      this.#unreadable.delete(uid);
      if ('class' in result) return this.#failed(scan, ledger, { shard, ...result });
      seen.collected(shard);
      this.#world.metrics.shards.add(1, { outcome: 'Succeeded' });
      const { scanned, failed, peakMebibytes } = result;
      this.#world.log.info({ scan: scan.metadata.name, shard, scanned, failed, peakMebibytes }, 'a shard is in');
      return shardCollected(ledger, shard, result);
    } catch (error) {
      const since = this.#unreadable.get(uid) ?? performance.now();
      this.#unreadable.set(uid, since);
      if (!isServerFailure(error) || performance.now() - since < logPatience) throw error;
      this.#unreadable.delete(uid);
      return this.#failed(scan, ledger, { shard, class: 'LogLost', message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** The ledger after an attempt at a shard failed; the Scan's Events say so. */
  #failed(
    scan: Scan,
    ledger: Ledger,
    { shard, ...failure }: { readonly shard: number; readonly class: FailureClass; readonly message: string },
  ): Ledger {
    this.#world.metrics.shards.add(1, { outcome: failure.class });
    this.#world.log.warn(
      { scan: scan.metadata.name, shard, class: failure.class, message: failure.message },
      'an attempt at a shard failed',
    );
    const next = shardFailed(ledger, shard, failure);
    const follows = next.shards[shard]?.state === 'error' ? 'it is given up' : 'it is tried again';
    const message = `shard ${shard}: ${failure.message === '' ? failure.class : failure.message}; ${follows}`;
    this.#world.events.record(RESOURCES.scans, scan, { type: 'Warning', reason: failure.class, message });
    return next;
  }

  /** The ledger with another attempt over what is queued. */
  async #another(scan: Scan, ledger: Ledger): Promise<Ledger> {
    const definitions = new Map<number, Shard>();
    const documents = new Map<LedgerJob, AttemptInput>();
    for (const { shard, job, index } of queuedShards(ledger)) {
      const own = ledger.shards[shard]?.slices;
      if (own) definitions.set(shard, { slices: own, pageSize: PAGE_SIZE });
      if (own || !job) continue;
      const document = documents.get(job) ?? ((await this.#store.document(job.configMaps)) as AttemptInput);
      documents.set(job, document);
      const definition = document.shards[index];
      if (!definition) throw new Error(`Job ${job.name} has no shard at index ${index}`);
      definitions.set(shard, definition);
    }
    const name = jobName(scan.metadata.uid ?? '', ledger.jobs.length + 1);
    const { input } = nextAttempt(ledger, definitions, { name, configMaps: [] });
    const configMaps = await this.#store.keep(identityOf(scan), 'shards', input);
    return nextAttempt(ledger, definitions, { name, configMaps }).ledger;
  }

  /** The ledger after the Job was made, or was refused; as it is while another Job of that name has to go first. */
  async #createJob(scan: Scan, ledger: Ledger, job: LedgerJob): Promise<Ledger> {
    try {
      const uid = await this.#jobs.create(scan, ledger, job);
      return uid === undefined ? ledger : jobCreated(ledger, job.name, uid);
    } catch (error) {
      // A right that is missing may be given again: the scan is held up, and says what it lacks.
      if (isDenied(error) || (!isInvalid(error) && !isForbidden(error))) throw error;
      const message = error instanceof Error ? error.message : String(error);
      return job.shards.reduce(
        (left, shard) => this.#failed(scan, left, { shard, class: 'Rejected', message }),
        jobCreated(ledger, job.name),
      );
    }
  }
}

/** What the collector is told of a scan. */
export function collectedScan(
  world: World,
  { scan, ledger, shard, seen, signal }: Pick<AdvanceContext, 'seen' | 'signal'> & { scan: Scan; ledger: Ledger; shard: number },
): CollectedScan {
  return {
    id: scanHash(scan.metadata.uid ?? ''),
    seconds: Math.floor(Date.parse(ledger.startTime) / 1000),
    policies: ledger.policies,
    isAlive: (policy: LedgerPolicy) => isCurrent(world, policy),
    onReport: (key, version) => seen.saw(key, shard, version),
    signal,
  };
}

/** How long it may take until a Job has its pods, or the next of them, in milliseconds. */
const usualIdleness = 5000;
/** How long a Job's pods may be refused, in milliseconds: the Job tries again meanwhile. */
const birthPatience = 60_000;
/** How long a pod may be about to start before what it mounts is looked for, in milliseconds. */
const mountPatience = 10_000;
/** How long a log that the server cannot get at now may come back, in milliseconds. */
const logPatience = 60_000;

const isServerFailure = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (error as { status?: unknown }).status === 500;

const identityOf = ({ metadata: { name, uid = '' } }: Scan): { name: string; uid: string } => ({ name, uid });

function lastOf({ jobs }: Ledger): LedgerJob {
  const last = jobs.at(-1);
  if (!last) throw new Error('the scan has no attempt');
  return last;
}
