import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { Scan } from '../api/scan.ts';
import { isConflict, isForbidden, isInvalid, isNotFound } from '../kube/kube-api-error.ts';
import { listPages } from '../kube/list.ts';
import type { ShardCollector } from '../publish/shard-collector.ts';
import type { FailureClass, WorkerPod } from '../scan/attempt.ts';
import { isUnborn, JobState, type ScanJob } from '../scan/job-state.ts';
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
import { scanJob } from '../scan/scan-job.ts';
import type { AttemptInput } from '../scan/scan-input.ts';
import type { Shard } from '../scan/shard.ts';
import type { World } from './world.ts';

/** What advancing a scan needs besides it. */
export interface AdvanceContext {
  readonly signal: AbortSignal;
  /** Gathers the reports that were seen to. */
  readonly seen: Set<string>;
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
  /** When a log could not be read for the first time, by pod uid, in milliseconds since the epoch. */
  readonly #unreadable = new Map<string, number>();

  constructor(world: World, store: LedgerStore, collector: ShardCollector) {
    this.#world = world;
    this.#store = store;
    this.#collector = collector;
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

  /** Removes the Jobs of an ended scan. Those whose shards failed stay for a day, for people to look at their pods. */
  async tidy(ledger: Ledger): Promise<void> {
    for (const { name, shards } of ledger.jobs) {
      const failed = shards.some((shard) => ledger.shards[shard]?.state === 'error');
      const job = this.#world.jobs.get(name, this.#world.namespace);
      if (!job) continue;
      const running = (job.status?.active ?? 0) > 0;
      if (failed && !running) continue;
      await this.#world.client.delete(RESOURCES.jobs, { namespace: this.#world.namespace, name }, { uid: job.metadata.uid });
    }
  }

  /** Takes in what the current Job's pods came to. Returns what holds the Job up, for people. */
  async #work(
    scan: Scan,
    ledger: () => Ledger,
    context: AdvanceContext & { readonly job: LedgerJob; readonly save: (ledger: Ledger) => Promise<void> },
  ): Promise<string> {
    const { job, save } = context;
    if (!job.created) return '';
    const found = await this.#jobOf(job);
    const failAll = async (failure: { class: FailureClass; message: string }): Promise<void> =>
      save(pendingIn(ledger(), lastOf(ledger())).reduce((left, { shard }) => this.#failed(scan, left, { shard, ...failure }), ledger()));
    if (!found) {
      await failAll({ class: 'JobGone', message: `Job ${job.name} was deleted` });
      return '';
    }
    const now = this.#world.clock();
    const pods = this.#podsOf(job);
    if (isUnborn(found, pods, now)) {
      await failAll({ class: 'Rejected', message: await this.#whyUnborn(found) });
      return '';
    }
    const state = new JobState(found, pods, now);
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
    return note;
  }

  /** The ledger after a finished pod's results were taken, or could not be. */
  async #collect(
    scan: Scan,
    ledger: Ledger,
    { shard, pod, seen }: AdvanceContext & { readonly shard: number; readonly pod: WorkerPod },
  ): Promise<Ledger> {
    const { name, namespace = '', uid = '' } = pod.metadata;
    const collected = {
      id: scanHash(scan.metadata.uid ?? ''),
      seconds: Math.floor(Date.parse(ledger.startTime) / 1000),
      policies: ledger.policies,
      isAlive: (policy: LedgerPolicy) => isCurrent(this.#world, policy),
      onReport: (key: string) => seen.add(key),
    };
    try {
      const result = await this.#collector.collect({ namespace, name }, collected);
      this.#unreadable.delete(uid);
      if ('class' in result) return this.#failed(scan, ledger, { shard, ...result });
      this.#world.metrics.shards.add(1, { outcome: 'Succeeded' });
      const { scanned, failed, peakMebibytes } = result;
      this.#world.log.info({ scan: scan.metadata.name, shard, scanned, failed, peakMebibytes }, 'a shard is in');
      return shardCollected(ledger, shard, result);
    } catch (error) {
      const since = this.#unreadable.get(uid) ?? this.#world.clock();
      this.#unreadable.set(uid, since);
      if (!isServerFailure(error) || this.#world.clock() - since < logPatience) throw error;
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

  /** The ledger after the Job was made; the Job may have been made before, by an operator that died. */
  async #createJob(scan: Scan, ledger: Ledger, job: LedgerJob): Promise<Ledger> {
    const { image, imagePullPolicy, imagePullSecrets, serviceAccount } = await this.#world.worker();
    const manifest = scanJob({
      scan: identityOf(scan),
      namespace: this.#world.namespace,
      attempt: ledger.jobs.indexOf(job) + 1,
      shards: job.shards.length,
      image,
      imagePullPolicy,
      imagePullSecrets,
      serviceAccount,
      configMaps: [...ledger.input, ...job.configMaps],
      template: scan.spec.scan ?? {},
      memoryFactor: job.memoryFactor,
      deadlineFactor: job.deadlineFactor,
    });
    try {
      await this.#world.client.create(RESOURCES.jobs, manifest);
    } catch (error) {
      if (!isConflict(error)) {
        if (!isInvalid(error) && !isForbidden(error)) throw error;
        const message = error instanceof Error ? error.message : String(error);
        return job.shards.reduce(
          (left, shard) => this.#failed(scan, left, { shard, class: 'Rejected', message }),
          jobCreated(ledger, job.name),
        );
      }
    }
    return jobCreated(ledger, job.name);
  }

  /** The Job as it is: the server is asked when the cache does not have it (yet). */
  async #jobOf({ name }: LedgerJob): Promise<ScanJob | undefined> {
    const { namespace, jobs, client } = this.#world;
    const known = jobs.get(name, namespace);
    if (known) return known;
    try {
      return await client.get<ScanJob>(RESOURCES.jobs, { namespace, name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #podsOf({ name }: LedgerJob): WorkerPod[] {
    return this.#world.pods.list().filter(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-name'] === name);
  }

  /** What a Job's events say of why it has no pod. */
  async #whyUnborn({ metadata }: ScanJob): Promise<string> {
    const { namespace, client } = this.#world;
    const fieldSelector = `involvedObject.uid=${metadata.uid ?? ''}`;
    const said: string[] = [];
    for await (const { items } of listPages<KubeObject & { readonly reason?: string; readonly message?: string }>(
      client,
      RESOURCES.events,
      {
        namespace,
        fieldSelector,
      },
    ))
      said.push(...items.filter(({ reason }) => reason === 'FailedCreate').map(({ message }) => message ?? ''));
    return said.at(-1) ?? `Job ${metadata.name} has no pod, and no event says why`;
  }
}

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

/**
 * Whether what a scan found for a policy is worth writing: the policy is there, and no newer generation of it is about to be
 * scanned. One whose newer generation does not compile keeps getting the verdicts of the last good one.
 */
export function isCurrent(world: World, { name, uid, generation }: LedgerPolicy): boolean {
  const policy = world.policies.get(name);
  if (policy?.metadata.uid !== uid || policy.metadata.deletionTimestamp !== undefined) return false;
  if (policy.metadata.generation === generation) return true;
  const { observedGeneration, conditions = [] } = policy.status ?? {};
  return (
    observedGeneration === policy.metadata.generation && conditions.some(({ type, status }) => type === 'Stalled' && status === 'True')
  );
}
