import { ownEntry } from '../../api/own-entry.ts';
import type { Coverage, SeverityCounts } from '../../api/kinds/policy-status.ts';
import type { ShardProblem } from '../../api/kinds/scan.ts';
import type { CustomWorkloadCount } from '../../engine/objects/custom-workload-counts.ts';
import { RESPONSES } from '../../jobs/job-attempts.ts';
import type { JobFailure } from '../../jobs/job-failure.ts';
import type { ReportingPolicy } from '../../worker/policy-snapshot.ts';
import type { AttemptInput } from '../../worker/scan-input.ts';
import { policyTargets, shardTargets, splitShard, type Shard, type Slice } from '../../worker/shard.ts';
import { addSeverities, addTallies, emptySeverities, type PolicyTally } from '../../findings/tally.ts';

/** A policy of a scan. */
export interface LedgerPolicy extends ReportingPolicy {
  /** The number of namespaces that its scope excludes. */
  readonly excludedNamespaces: number;
  /** The first names of the excluded namespaces. */
  readonly excludedNames?: readonly string[];
  /** The first entries of its scope that match no namespace. */
  readonly unmatchedNamespaces?: readonly string[];
}

/** A problem that kept something from being scanned, and the affected policies. */
export interface Uncovered {
  readonly message: string;
  readonly policies: readonly string[];
}

/** How the next attempt at a shard differs. */
export interface Retry {
  readonly smaller: boolean;
  readonly memoryFactor: number;
  readonly deadlineFactor: number;
}

/** The state of a shard. `divided`: its parts are shards of their own now. */
export interface LedgerShard {
  readonly state: 'pending' | 'queued' | 'done' | 'error' | 'divided';
  readonly targets: number;
  readonly policies: Readonly<Record<string, number>>;
  /** The number of failed attempts by class. */
  readonly tries: Readonly<Record<string, number>>;
  /** How the next attempt differs, for a queued shard. */
  readonly retry?: Retry;
  /** The slices to scan if no attempt has stored them: those that did not fit into another shard's stream. */
  readonly slices?: readonly Slice[];
  readonly reason?: string;
  readonly message?: string;
}

/** An attempt: its Job, and the shard of each index of the Job. */
export interface LedgerJob {
  readonly name: string;
  readonly shards: readonly number[];
  /** The ConfigMaps with its shards. */
  readonly configMaps: readonly string[];
  readonly memoryFactor: number;
  readonly deadlineFactor: number;
  /** Whether the Job was created. A created Job that does not exist was deleted. */
  readonly created: boolean;
  /** The uid of the created Job. A Job with another uid is not this one. */
  readonly uid?: string;
}

/** The durable state of a scan, in a ConfigMap. After a restart, or with another leader, the scan continues from it. */
export interface Ledger {
  readonly startTime: string;
  /** When every shard was settled. It is set once, so that a repeated end writes the same time. */
  readonly endTime?: string;
  /** The catalogue version of the plan. With another version, the scan is planned again. */
  readonly catalogue: string;
  /** Whether only some namespaces are scanned. Then the totals are not the totals of the policies. */
  readonly partial: boolean;
  readonly policies: readonly LedgerPolicy[];
  /** The ConfigMaps with the scan's input. */
  readonly input: readonly string[];
  readonly shards: readonly LedgerShard[];
  readonly jobs: readonly LedgerJob[];
  /** What could not be scanned. */
  readonly uncovered: readonly Uncovered[];
  readonly excludedNamespaces: number;
  /** The custom kinds with pods. Omitted if there are none. */
  readonly customWorkloads?: readonly CustomWorkloadCount[];
  /** The namespaces that were not evaluated again, because no input of their verdicts has changed. They count in `scanned` and `totals`. */
  readonly carriedOver?: CarriedOverNamespaces;
  readonly scanned: number;
  readonly failed: number;
  /** The number of targets that were not evaluated, by policy. */
  readonly failedByPolicy: Readonly<Record<string, number>>;
  readonly totals: Readonly<Record<string, PolicyTally>>;
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
}

/** Namespaces whose verdicts are carried over from an earlier scan. */
export interface CarriedOverNamespaces {
  readonly targets: number;
  /** The names; the empty name stands for cluster-scoped objects. */
  readonly namespaces: readonly string[];
}

/** The result of a collected shard. */
export interface Collected {
  readonly scanned: number;
  readonly failed: number;
  readonly unread: Readonly<Record<string, number>>;
  readonly policies: Readonly<Record<string, PolicyTally>>;
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
  readonly uncovered: readonly Uncovered[];
  /** The peak memory of the worker, in MiB. */
  readonly peakMebibytes: number;
  /** The slices that did not fit into the stream. */
  readonly rest: readonly Slice[];
}

const once: Retry = { smaller: false, memoryFactor: 1, deadlineFactor: 1 };
/** The most distinct problems that are listed. */
const mostUncovered = 50;

const furtherProblems = 'further problems of this scan are not listed';

/** The distinct problems. Those beyond the limit become one, so that each affected policy keeps a message. */
function distinct(all: readonly Uncovered[]): Uncovered[] {
  const named = all.filter(({ message }) => message !== furtherProblems);
  const listed = [...new Map(named.map((entry) => [JSON.stringify(entry), entry])).values()];
  const further = [...listed.slice(mostUncovered), ...all.filter(({ message }) => message === furtherProblems)];
  const policies = [...new Set(further.flatMap(({ policies: affected }) => affected))];
  return [...listed.slice(0, mostUncovered), ...(further.length === 0 ? [] : [{ message: furtherProblems, policies }])];
}

const entryOf = (shard: Shard, state: LedgerShard['state']): LedgerShard => ({
  state,
  targets: shardTargets(shard),
  policies: policyTargets(shard),
  tries: {},
});

function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [key, count] of Object.entries(b)) sum[key] = (ownEntry(sum, key) ?? 0) + count;
  return sum;
}

function entryAt(ledger: Ledger, shard: number): LedgerShard {
  const entry = ledger.shards[shard];
  if (!entry) throw new Error(`the scan has no shard ${shard}`);
  return entry;
}

/** The ledger at the start of a scan, with the first attempt. `totals`: the tallies of carried-over namespaces, by policy. */
export function newLedger(
  start: Pick<Ledger, 'startTime' | 'catalogue' | 'partial' | 'policies' | 'input' | 'uncovered' | 'excludedNamespaces' | 'carriedOver'> &
    Partial<Pick<Ledger, 'totals' | 'customWorkloads'>>,
  attempt: { readonly name: string; readonly shards: readonly Shard[]; readonly configMaps: readonly string[] },
): Ledger {
  const { name, shards, configMaps } = attempt;
  const job: LedgerJob = {
    name,
    shards: shards.map((_, index) => index),
    configMaps,
    memoryFactor: 1,
    deadlineFactor: 1,
    created: false,
  };
  return {
    ...start,
    shards: shards.map((shard) => entryOf(shard, 'pending')),
    jobs: shards.length === 0 ? [] : [job],
    scanned: start.carriedOver?.targets ?? 0,
    failed: 0,
    failedByPolicy: {},
    totals: start.totals ?? {},
    new: emptySeverities(),
    fixed: emptySeverities(),
  };
}

/** The ledger after a Job was created. */
export function jobCreated(ledger: Ledger, name: string, uid?: string): Ledger {
  const made = { created: true, ...(uid === undefined ? {} : { uid }) };
  return { ...ledger, jobs: ledger.jobs.map((job) => (job.name === name ? { ...job, ...made } : job)) };
}

/** The ledger after a shard's stream was accepted and its reports are written. */
export function shardCollected(ledger: Ledger, shard: number, collected: Collected): Ledger {
  const totals = { ...ledger.totals };
  for (const [policy, tally] of Object.entries(collected.policies)) totals[policy] = addTallies(ownEntry(totals, policy), tally);
  const { reason, message, ...entry } = entryAt(ledger, shard);
  const rest = { slices: collected.rest, pageSize: 0 };
  const left: LedgerShard[] = collected.rest.length === 0 ? [] : [{ ...entryOf(rest, 'queued'), slices: collected.rest, retry: once }];
  return {
    ...ledger,
    shards: [...ledger.shards.with(shard, { ...entry, state: 'done' }), ...left],
    uncovered: distinct([...ledger.uncovered, ...collected.uncovered]),
    scanned: ledger.scanned + collected.scanned,
    failed: ledger.failed + collected.failed,
    failedByPolicy: addCounts(ledger.failedByPolicy, collected.unread),
    totals,
    new: addSeverities(ledger.new, collected.new),
    fixed: addSeverities(ledger.fixed, collected.fixed),
  };
}

/**
 * The ledger after a failed attempt at a shard. The shard is queued again. If no attempt is left, its state is `error` and its targets
 * count as failed.
 */
export function shardFailed(ledger: Ledger, shard: number, failure: JobFailure): Ledger {
  const entry = entryAt(ledger, shard);
  const tries = addCounts(entry.tries, { [failure.class]: 1 });
  const { tries: budget, smaller: divide = false, memoryFactor = 1, deadlineFactor = 1 } = RESPONSES[failure.class];
  const failed = { ...entry, tries, reason: failure.class, message: failure.message.slice(0, 500) };
  if ((tries[failure.class] ?? 0) < budget) {
    const retry: Retry = { smaller: divide, memoryFactor, deadlineFactor };
    return { ...ledger, shards: ledger.shards.with(shard, { ...failed, state: 'queued', retry }) };
  }
  return {
    ...ledger,
    shards: ledger.shards.with(shard, { ...failed, state: 'error' }),
    failed: ledger.failed + entry.targets,
    failedByPolicy: addCounts(ledger.failedByPolicy, entry.policies),
  };
}

/** The shards of a Job without a result yet, with their indexes in the Job. */
export function pendingIn(ledger: Ledger, job: LedgerJob): { readonly shard: number; readonly index: number }[] {
  const latest = ledger.jobs.at(-1) === job;
  return latest
    ? job.shards.map((shard, index) => ({ shard, index })).filter(({ shard }) => entryAt(ledger, shard).state === 'pending')
    : [];
}

/** Whether the current attempt has ended. */
export const attemptEnded = (ledger: Ledger): boolean => ledger.shards.every(({ state }) => state !== 'pending');
/** Whether no shard is left to run. */
export const allSettled = (ledger: Ledger): boolean => ledger.shards.every(({ state }) => state !== 'pending' && state !== 'queued');

/** The queued shards, each with the Job and index that has its definition; undefined if the ledger itself has it. */
export function queuedShards(ledger: Ledger): { readonly shard: number; readonly job: LedgerJob | undefined; readonly index: number }[] {
  return ledger.shards.flatMap(({ state }, shard) => {
    if (state !== 'queued') return [];
    const job = ledger.jobs.findLast(({ shards }) => shards.includes(shard));
    return [{ shard, job, index: job?.shards.indexOf(shard) ?? -1 }];
  });
}

/** The largest factor for memory and deadline. */
const mostFactor = 4;

/**
 * Creates the next attempt for the queued shards, given their definitions. Shards are divided if that helps. Memory and deadline follow the
 * most demanding shard.
 */
export function nextAttempt(
  ledger: Ledger,
  definitions: ReadonlyMap<number, Shard>,
  made: { readonly name: string; readonly configMaps: readonly string[] },
): { readonly ledger: Ledger; readonly input: AttemptInput } {
  const shards = [...ledger.shards];
  const numbers: number[] = [];
  const input: Shard[] = [];
  const last = ledger.jobs.at(-1) ?? once;
  let { memoryFactor, deadlineFactor } = last;
  for (const [number, definition] of definitions) {
    const { retry = once, slices, ...entry } = entryAt(ledger, number);
    memoryFactor = Math.max(memoryFactor, Math.min(last.memoryFactor * retry.memoryFactor, mostFactor));
    deadlineFactor = Math.max(deadlineFactor, Math.min(last.deadlineFactor * retry.deadlineFactor, mostFactor));
    const parts = retry.smaller ? splitShard(definition) : [definition];
    shards[number] = { ...entry, state: parts.length === 1 ? 'pending' : 'divided' };
    if (parts.length === 1) numbers.push(number);
    else for (const part of parts) numbers.push(shards.push({ ...entryOf(part, 'pending'), tries: entry.tries }) - 1);
    input.push(...parts);
  }
  const job: LedgerJob = { ...made, shards: numbers, memoryFactor, deadlineFactor, created: false };
  return { ledger: { ...ledger, shards, jobs: [...ledger.jobs, job] }, input: { shards: input } };
}

/** Settled shards of all shards, such as `2/7`. */
export function progressOf({ shards }: Ledger): string {
  const counted = shards.filter(({ state }) => state !== 'divided');
  return `${counted.filter(({ state }) => state === 'done' || state === 'error').length}/${counted.length}`;
}

const withCustomWorkloads = (counts: Coverage, customWorkloads: Ledger['customWorkloads']): Coverage =>
  customWorkloads === undefined ? counts : { ...counts, customWorkloads: [...customWorkloads] };

/** The coverage in targets. Targets of shards that are not settled only count as in scope. */
export function coverageOf({ shards, scanned, failed, excludedNamespaces, customWorkloads }: Ledger): Coverage {
  const waiting = shards.filter(({ state }) => state === 'pending' || state === 'queued').reduce((sum, { targets }) => sum + targets, 0);
  const counts = { inScope: scanned + failed + waiting, scanned, failed, skipped: 0, excludedNamespaces };
  return withCustomWorkloads(counts, customWorkloads);
}

/** The coverage of one policy at the end of a scan, in targets. */
export function policyCoverage(ledger: Ledger, { name, excludedNamespaces }: LedgerPolicy): Coverage {
  const scanned = ownEntry(ledger.totals, name)?.targets ?? 0;
  const failed = ownEntry(ledger.failedByPolicy, name) ?? 0;
  const counts = { inScope: scanned + failed, scanned, failed, skipped: 0, excludedNamespaces };
  return withCustomWorkloads(counts, ledger.customWorkloads);
}

/** The first failure that kept targets of a policy from being evaluated; undefined if there is none. */
export function policyFailure({ shards }: Ledger, { name }: LedgerPolicy): string | undefined {
  const failed = shards.find(({ state, policies }) => state === 'error' && (ownEntry(policies, name) ?? 0) > 0);
  return failed && [failed.reason ?? 'Unknown', ...(failed.message ? [failed.message] : [])].join(': ');
}

/** The messages about what could not be scanned for one policy. */
export const uncoveredOf = ({ uncovered }: Ledger, { name }: LedgerPolicy): string[] =>
  uncovered.filter(({ policies }) => policies.includes(name)).map(({ message }) => message);

/** The failed shards. */
export function problemsOf({ shards }: Ledger): ShardProblem[] {
  return shards.flatMap(({ state, tries, reason = 'Unknown', message = '' }, shard) => {
    if (state !== 'error') return [];
    return [{ shard, attempts: Object.values(tries).reduce((sum, count) => sum + count, 0), reason, message }];
  });
}
