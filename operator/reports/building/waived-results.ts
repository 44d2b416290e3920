import type { ReportResult } from '../../api/kinds/policy-report.ts';
import { subjectOf, withDecision, withoutWaiver } from '../../findings/waivers/apply-waivers.ts';
import type { WaiverTarget } from '../../findings/waivers/waiver.ts';
import type { WaiverSet } from '../../findings/waivers/waiver-set.ts';
import type { SeverityCounts } from '../../api/kinds/policy-status.ts';
import type { ExceptionCounts, PolicyEntry } from '../identity/policy-ledger.ts';
import { countResults } from '../identity/prior-report.ts';

/** The exceptions, and the time at which they apply, in milliseconds since the epoch. */
export interface AppliedWaivers {
  readonly set: WaiverSet;
  readonly now: number;
}

/**
 * Applies the exceptions in force to results of a report. Exceptions that were applied earlier are removed first: the results contain
 * everything that is needed. Returns a result that does not change as it is. Pure.
 */
export function waivedResults(
  results: readonly ReportResult[],
  target: WaiverTarget,
  { set, now }: AppliedWaivers,
): readonly ReportResult[] {
  return results.map((result) => {
    const { result: verdict = 'pass', properties = {} } = result;
    const own = withoutWaiver({ verdict, properties });
    const decision = own.verdict === 'fail' ? set.decide(subjectOfResult(result), target, now) : undefined;
    const after = withDecision(own, decision);
    if (after.properties === properties) return result;
    const { properties: _before, ...rest } = result;
    return { ...rest, result: after.verdict, ...(Object.keys(after.properties).length > 0 ? { properties: after.properties } : {}) };
  });
}

function subjectOfResult({ policy, rule = '', severity = 'info', properties = {} }: ReportResult): ReturnType<typeof subjectOf> {
  const { containers } = properties as Readonly<Record<string, string | undefined>>;
  const names = containers?.split(' ');
  return subjectOf({ policy, check: rule, severity, properties, ...(names ? { containers: names, elsewhere: names.includes('…') } : {}) });
}

/** Returns the counts of a policy after its listed results changed. Results that are not listed keep their counts. */
export function recountedEntry(entry: PolicyEntry, before: readonly ReportResult[], after: readonly ReportResult[]): PolicyEntry {
  const about = { revision: entry.revision, passes: 0 };
  const [was, is] = [countResults(before, about), countResults(after, about)];
  const moved = <T extends object>(counts: T, from: T, to: T): T =>
    Object.fromEntries(
      Object.entries(counts).map(([key, count]) => [key, Number(count) - Number(from[key as keyof T]) + Number(to[key as keyof T])]),
    ) as T;
  const { excepted: _excepted, exceptions: _exceptions, ...rest } = entry;
  const exceptions = movedCounts(entry.exceptions, was.exceptions, is.exceptions);
  const excepted = moved(entry.excepted ?? noFailures, was.excepted ?? noFailures, is.excepted ?? noFailures);
  return {
    ...rest,
    summary: moved(entry.summary, was.summary, is.summary),
    failing: moved(entry.failing, was.failing, is.failing),
    ...(exceptions ? { excepted, exceptions } : {}),
  };
}

const noFailures: SeverityCounts = { critical: 0, high: 0, medium: 0, low: 0 };

/** Moves the counts of each exception by the difference of two counts. Undefined if no exception selects a finding then. */
function movedCounts(counts: ExceptionCounts = {}, from: ExceptionCounts = {}, to: ExceptionCounts = {}): ExceptionCounts | undefined {
  const at = (each: ExceptionCounts, id: string): readonly [number, number] => (Object.hasOwn(each, id) ? (each[id] ?? nothing) : nothing);
  const rows = [...new Set([...Object.keys(counts), ...Object.keys(to)])].map((id) => {
    const [now, before, after] = [at(counts, id), at(from, id), at(to, id)];
    return [id, [Math.max(0, now[0] - before[0] + after[0]), Math.max(0, now[1] - before[1] + after[1])] as const] as const;
  });
  const left = rows.filter(([, [matched, refused]]) => matched + refused > 0);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

const nothing = [0, 0] as const;
