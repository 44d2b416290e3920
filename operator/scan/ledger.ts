import type { Coverage, SeverityCounts } from '../api/security-policy.ts';
import type { ShardProblem } from '../api/scan.ts';
import { responses, type AttemptResponse } from './attempt.ts';
import { addSeverities, addTallies, emptySeverities, type PolicyTally } from './tally.ts';

/** A policy of a scan, as far as its reports need it. */
export interface LedgerPolicy {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly listPasses: boolean;
  readonly ownerLabels: readonly string[];
}

/** Where one shard stands. `tries`: attempts that ended so, by class. */
export interface LedgerShard {
  readonly state: 'pending' | 'done' | 'error';
  readonly targets: number;
  readonly tries: Readonly<Record<string, number>>;
  readonly reason?: string;
  readonly message?: string;
}

/** One attempt: its Job, and which shard each index of it works on. */
export interface LedgerJob {
  readonly name: string;
  readonly attempt: number;
  readonly shards: readonly number[];
  readonly memoryFactor: number;
  readonly deadlineFactor: number;
}

/** The durable state of a scan: what an operator that comes back, or another, goes on from. Kept in a ConfigMap. */
export interface Ledger {
  readonly startTime: string;
  readonly policies: readonly LedgerPolicy[];
  readonly shards: readonly LedgerShard[];
  readonly jobs: readonly LedgerJob[];
  /** Resources that could not be listed while planning, with what is missing. */
  readonly unlisted: readonly string[];
  readonly excludedNamespaces: number;
  readonly scanned: number;
  readonly failed: number;
  readonly totals: Readonly<Record<string, PolicyTally>>;
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
}

/** What a collected shard adds. */
export interface Collected {
  readonly scanned: number;
  readonly failed: number;
  readonly policies: Readonly<Record<string, PolicyTally>>;
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
}

const replaced = (ledger: Ledger, shard: number, entry: LedgerShard): Ledger => ({ ...ledger, shards: ledger.shards.with(shard, entry) });
const pendingShard: LedgerShard = { state: 'pending', targets: 0, tries: {} };

/** The ledger after a shard's stream was accepted and its reports are written. */
export function shardCollected(ledger: Ledger, shard: number, collected: Collected): Ledger {
  const totals = { ...ledger.totals };
  for (const [policy, tally] of Object.entries(collected.policies)) totals[policy] = addTallies(totals[policy], tally);
  const added = {
    scanned: ledger.scanned + collected.scanned,
    failed: ledger.failed + collected.failed,
    new: addSeverities(ledger.new, collected.new),
    fixed: addSeverities(ledger.fixed, collected.fixed),
    totals,
  };
  return replaced({ ...ledger, ...added }, shard, { ...(ledger.shards[shard] ?? pendingShard), state: 'done' });
}

/** What follows a failed attempt at a shard: another try, as `retry` says, or none. */
export interface Failure {
  readonly ledger: Ledger;
  readonly retry: AttemptResponse | undefined;
}

/** The ledger after an attempt at a shard failed so. Past its budget the shard is an error, and its targets are failed. */
export function shardFailed(
  ledger: Ledger,
  shard: number,
  failure: { readonly class: keyof typeof responses; readonly message: string },
): Failure {
  const entry = ledger.shards[shard] ?? pendingShard;
  const tries = { ...entry.tries, [failure.class]: (entry.tries[failure.class] ?? 0) + 1 };
  const response = responses[failure.class];
  const told = { ...entry, tries, reason: failure.class, message: failure.message.slice(0, 500) };
  if ((tries[failure.class] ?? 0) < response.tries) return { ledger: replaced(ledger, shard, told), retry: response };
  const after = { ...ledger, failed: ledger.failed + entry.targets };
  return { ledger: replaced(after, shard, { ...told, state: 'error' }), retry: undefined };
}

/** Shards that are done, of all, such as 2/7. */
export function progressOf({ shards }: Ledger): string {
  return `${shards.filter(({ state }) => state !== 'pending').length}/${shards.length}`;
}

/** Targets: those of shards that are not through yet count as in scope only. */
export function coverageOf({ shards, scanned, failed, excludedNamespaces }: Ledger): Coverage {
  const waiting = shards.filter(({ state }) => state === 'pending').reduce((sum, { targets }) => sum + targets, 0);
  return { inScope: scanned + failed + waiting, scanned, failed, skipped: 0, excludedNamespaces };
}

/** Shards that did not succeed. */
export function problemsOf({ shards }: Ledger): ShardProblem[] {
  return shards.flatMap(({ state, tries, reason = 'Unknown', message = '' }, shard) => {
    if (state !== 'error') return [];
    return [{ shard, attempts: Object.values(tries).reduce((sum, count) => sum + count, 0), reason, message }];
  });
}

/** A ledger at the start of a scan. */
export function newLedger(
  start: Pick<Ledger, 'startTime' | 'policies' | 'unlisted' | 'excludedNamespaces'>,
  targets: readonly number[],
): Ledger {
  return {
    ...start,
    shards: targets.map((count) => ({ state: 'pending', targets: count, tries: {} })),
    jobs: [],
    scanned: 0,
    failed: 0,
    totals: {},
    new: emptySeverities(),
    fixed: emptySeverities(),
  };
}
