import type { Coverage, SeverityCounts } from '../../api/security-policy.ts';
import type { ShardProblem } from '../../api/scan.ts';
import { RESPONSES } from '../../jobs/job-attempts.ts';
import type { JobFailure } from '../../jobs/job-failure.ts';
import type { AttemptInput } from '../../worker/scan-input.ts';
import { policyTargets, shardTargets, smaller, type Shard, type Slice } from '../../worker/shard.ts';
import { addSeverities, addTallies, emptySeverities, type PolicyTally } from '../../findings/tally.ts';

/** A policy of a scan, as far as its reports need it. */
export interface LedgerPolicy {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** What it is judged by: see `evaluationRevision`. */
  readonly revision: string;
  readonly listPasses: boolean;
  readonly ownerLabels: readonly string[];
  /** Namespaces that its scope leaves out. */
  readonly excludedNamespaces: number;
  /** The first of their names. */
  readonly excludedNames?: readonly string[];
  /** The first of the entries of its scope that match no namespace. */
  readonly unmatchedNamespaces?: readonly string[];
}

/** Something that could not be looked at, and the policies that would have. */
export interface Uncovered {
  readonly message: string;
  readonly policies: readonly string[];
}

/** What another attempt at a shard should do otherwise. */
export interface Retry {
  readonly smaller: boolean;
  readonly memoryFactor: number;
  readonly deadlineFactor: number;
}

/** Where one shard stands. `divided`: others work on its parts instead. */
export interface LedgerShard {
  readonly state: 'pending' | 'queued' | 'done' | 'error' | 'divided';
  readonly targets: number;
  readonly policies: Readonly<Record<string, number>>;
  /** Attempts that ended so, by class. */
  readonly tries: Readonly<Record<string, number>>;
  /** What a queued one needs next. */
  readonly retry?: Retry;
  /** What is to be read, where no attempt has it yet: what did not fit into another shard's stream. */
  readonly slices?: readonly Slice[];
  readonly reason?: string;
  readonly message?: string;
}

/** One attempt: its Job, and which shard each index of it works on. */
export interface LedgerJob {
  readonly name: string;
  readonly shards: readonly number[];
  /** The ConfigMaps with the definitions of its shards. */
  readonly configMaps: readonly string[];
  readonly memoryFactor: number;
  readonly deadlineFactor: number;
  /** Whether the Job was made: one that was, and is not there, was deleted. */
  readonly created: boolean;
  /** Its uid, once it was made: another of the same name is not it. */
  readonly uid?: string;
}

/** The durable state of a scan: what an operator that comes back, or another, goes on from. Kept in a ConfigMap. */
export interface Ledger {
  readonly startTime: string;
  /** When nothing was left to run or to collect: set once, so that whoever ends the scan says the same. */
  readonly endTime?: string;
  /** The catalogue that it was planned with: another version of Vigil plans it again. */
  readonly catalogue: string;
  /** Only some namespaces were looked at: totals of the policies are not this scan's. */
  readonly partial: boolean;
  readonly policies: readonly LedgerPolicy[];
  /** The ConfigMaps with the scan's input. */
  readonly input: readonly string[];
  readonly shards: readonly LedgerShard[];
  readonly jobs: readonly LedgerJob[];
  /** What could not be looked at. */
  readonly uncovered: readonly Uncovered[];
  readonly excludedNamespaces: number;
  /** What was not evaluated anew, since nothing that its verdicts depend on has changed; counted in `scanned` and `totals`. */
  readonly carriedOver?: CarriedOverNamespaces;
  readonly scanned: number;
  readonly failed: number;
  /** Targets that were not judged, by policy. */
  readonly failedByPolicy: Readonly<Record<string, number>>;
  readonly totals: Readonly<Record<string, PolicyTally>>;
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
}

/** Namespaces whose verdicts of an earlier scan hold. */
export interface CarriedOverNamespaces {
  readonly targets: number;
  /** The empty name stands for what is outside of all namespaces. */
  readonly namespaces: readonly string[];
}

/** What a collected shard adds. */
export interface Collected {
  readonly scanned: number;
  readonly failed: number;
  readonly unread: Readonly<Record<string, number>>;
  readonly policies: Readonly<Record<string, PolicyTally>>;
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
  readonly uncovered: readonly Uncovered[];
  /** The most memory that the worker held, in MiB. */
  readonly peakMebibytes: number;
  /** What did not fit into the stream. */
  readonly rest: readonly Slice[];
}

const once: Retry = { smaller: false, memoryFactor: 1, deadlineFactor: 1 };
/** The most distinct problems that are kept. */
const mostUncovered = 50;

const distinct = (all: readonly Uncovered[]): Uncovered[] => [...new Map(all.map((entry) => [JSON.stringify(entry), entry])).values()];

const entryOf = (shard: Shard, state: LedgerShard['state']): LedgerShard => ({
  state,
  targets: shardTargets(shard),
  policies: policyTargets(shard),
  tries: {},
});

function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

function entryAt(ledger: Ledger, shard: number): LedgerShard {
  const entry = ledger.shards[shard];
  if (!entry) throw new Error(`the scan has no shard ${shard}`);
  return entry;
}

/** A ledger at the start of a scan, with its first attempt. `totals`: the counts of what is carried over, by policy. */
export function newLedger(
  start: Pick<Ledger, 'startTime' | 'catalogue' | 'partial' | 'policies' | 'input' | 'uncovered' | 'excludedNamespaces' | 'carriedOver'> &
    Partial<Pick<Ledger, 'totals'>>,
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

/** The ledger after a Job was made. */
export function jobCreated(ledger: Ledger, name: string, uid?: string): Ledger {
  const made = { created: true, ...(uid === undefined ? {} : { uid }) };
  return { ...ledger, jobs: ledger.jobs.map((job) => (job.name === name ? { ...job, ...made } : job)) };
}

/** The ledger after a shard's stream was accepted and its reports are written. */
export function shardCollected(ledger: Ledger, shard: number, collected: Collected): Ledger {
  const totals = { ...ledger.totals };
  for (const [policy, tally] of Object.entries(collected.policies)) totals[policy] = addTallies(totals[policy], tally);
  const { reason, message, ...entry } = entryAt(ledger, shard);
  const rest = { slices: collected.rest, pageSize: 0 };
  const left: LedgerShard[] = collected.rest.length === 0 ? [] : [{ ...entryOf(rest, 'queued'), slices: collected.rest, retry: once }];
  return {
    ...ledger,
    shards: [...ledger.shards.with(shard, { ...entry, state: 'done' }), ...left],
    uncovered: distinct([...ledger.uncovered, ...collected.uncovered]).slice(0, mostUncovered),
    scanned: ledger.scanned + collected.scanned,
    failed: ledger.failed + collected.failed,
    failedByPolicy: addCounts(ledger.failedByPolicy, collected.unread),
    totals,
    new: addSeverities(ledger.new, collected.new),
    fixed: addSeverities(ledger.fixed, collected.fixed),
  };
}

/** The ledger after an attempt at a shard failed so: another is queued, or past its budget the shard is an error and its targets are failed. */
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

/** The shards of a Job that wait for their result, with their index in it. */
export function pendingIn(ledger: Ledger, job: LedgerJob): { readonly shard: number; readonly index: number }[] {
  const latest = ledger.jobs.at(-1) === job;
  return latest
    ? job.shards.map((shard, index) => ({ shard, index })).filter(({ shard }) => entryAt(ledger, shard).state === 'pending')
    : [];
}

/** Whether the current attempt has come to its end. */
export const attemptEnded = (ledger: Ledger): boolean => ledger.shards.every(({ state }) => state !== 'pending');
/** Whether there is nothing left to try. */
export const allSettled = (ledger: Ledger): boolean => ledger.shards.every(({ state }) => state !== 'pending' && state !== 'queued');

/** The queued shards, each with the Job and index that holds its definition; undefined where the ledger itself has it. */
export function queuedShards(ledger: Ledger): { readonly shard: number; readonly job: LedgerJob | undefined; readonly index: number }[] {
  return ledger.shards.flatMap(({ state }, shard) => {
    if (state !== 'queued') return [];
    const job = ledger.jobs.findLast(({ shards }) => shards.includes(shard));
    return [{ shard, job, index: job?.shards.indexOf(shard) ?? -1 }];
  });
}

/** The most that memory and time grow over the first attempt's. */
const mostFactor = 4;

/** The next attempt over the queued shards, given their definitions: divided where that helps, with what the worst of them needs. */
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
    const parts = retry.smaller ? smaller(definition) : [definition];
    shards[number] = { ...entry, state: parts.length === 1 ? 'pending' : 'divided' };
    if (parts.length === 1) numbers.push(number);
    else for (const part of parts) numbers.push(shards.push({ ...entryOf(part, 'pending'), tries: entry.tries }) - 1);
    input.push(...parts);
  }
  const job: LedgerJob = { ...made, shards: numbers, memoryFactor, deadlineFactor, created: false };
  return { ledger: { ...ledger, shards, jobs: [...ledger.jobs, job] }, input: { shards: input } };
}

/** Shards that are through, of all, such as 2/7. */
export function progressOf({ shards }: Ledger): string {
  const counted = shards.filter(({ state }) => state !== 'divided');
  return `${counted.filter(({ state }) => state === 'done' || state === 'error').length}/${counted.length}`;
}

/** Targets: those of shards that are not through yet count as in scope only. */
export function coverageOf({ shards, scanned, failed, excludedNamespaces }: Ledger): Coverage {
  const waiting = shards.filter(({ state }) => state === 'pending' || state === 'queued').reduce((sum, { targets }) => sum + targets, 0);
  return { inScope: scanned + failed + waiting, scanned, failed, skipped: 0, excludedNamespaces };
}

/** The targets of one policy, at the end of a scan. */
export function policyCoverage(ledger: Ledger, { name, excludedNamespaces }: LedgerPolicy): Coverage {
  const scanned = ledger.totals[name]?.targets ?? 0;
  const failed = ledger.failedByPolicy[name] ?? 0;
  return { inScope: scanned + failed, scanned, failed, skipped: 0, excludedNamespaces };
}

/** Why targets of one policy were not judged, by the first of its shards that failed; undefined if none did. */
export function policyFailure({ shards }: Ledger, { name }: LedgerPolicy): string | undefined {
  const failed = shards.find(({ state, policies }) => state === 'error' && (policies[name] ?? 0) > 0);
  return failed && [failed.reason ?? 'Unknown', ...(failed.message ? [failed.message] : [])].join(': ');
}

/** What could not be looked at, of one policy. */
export const uncoveredOf = ({ uncovered }: Ledger, { name }: LedgerPolicy): string[] =>
  uncovered.filter(({ policies }) => policies.includes(name)).map(({ message }) => message);

/** Shards that did not succeed. */
export function problemsOf({ shards }: Ledger): ShardProblem[] {
  return shards.flatMap(({ state, tries, reason = 'Unknown', message = '' }, shard) => {
    if (state !== 'error') return [];
    return [{ shard, attempts: Object.values(tries).reduce((sum, count) => sum + count, 0), reason, message }];
  });
}
