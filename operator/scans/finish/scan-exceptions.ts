import { isFinished, type Scan, type ScanExceptions } from '../../api/kinds/scan.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import type { Lister } from '../../kube/watch/lister.ts';
import type { Span } from '../../reports/building/change-history.ts';
import type { CountedExceptions, ExceptionChanges } from '../../reports/sweeping/exception-changes.ts';
import type { LedgerPolicy } from '../ledger/ledger.ts';

/** The dependencies of {@link exceptionSpans}. */
export interface ScanExceptionsDependencies {
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
  readonly scans: Pick<Lister<Scan>, 'list'>;
}

const secondsOf = (time: string | undefined): number => Math.floor(Date.parse(time ?? '') / 1000);

/**
 * Returns the time span for which a scan counts the changes of exceptions, for each policy: from the start of the last Scan of all namespaces to the
 * start of this one. What this scan itself changes is dated with its start: the next Scan counts it. A policy that no Scan has evaluated has no
 * span.
 */
export function exceptionSpans(
  { policies, scans }: ScanExceptionsDependencies,
  scan: Scan,
  { startTime, policies: evaluated }: { readonly startTime: string; readonly policies: readonly Pick<LedgerPolicy, 'name'>[] },
): ReadonlyMap<string, Span> {
  const until = secondsOf(startTime);
  const others = scans.list().filter((other) => other.metadata.uid !== scan.metadata.uid && other.spec.namespaces === undefined);
  const earlier = others.filter((other) => isFinished(other) && secondsOf(other.status?.startTime) < until);
  const spans = new Map<string, Span>();
  for (const { name } of evaluated) {
    const starts = earlier
      .filter(({ status }) => status?.policies?.some((policy) => policy.name === name))
      .map(({ status }) => secondsOf(status?.startTime));
    const from = starts.length > 0 ? Math.max(...starts) : secondsOf(policies.get(name)?.status?.lastScanTime);
    if (from < until) spans.set(name, { from, until });
  }
  return spans;
}

/** Returns the counts of the changes of exceptions. Empty if no policy has an earlier Scan. Pure. */
export function scanExceptions(changes: ExceptionChanges, counted: CountedExceptions): ScanExceptions {
  if (counted.spans.size === 0) return {};
  const { new: excepted, fixed: unexcepted } = changes.within(counted);
  return { excepted, unexcepted };
}
