import type { ReportResult } from '../api/policy-report.ts';
import type { RecordResult } from '../stream/stream-record.ts';
import { printable } from './printable.ts';

/** The longest message and property that a report carries, in characters; what is longer ends in an ellipsis. */
const longest = { message: 1000, property: 500 } as const;

/** Cut before it is mended: what is cut may end in half a character. */
const shown = (text: string, limit: number): string => printable(text.length <= limit ? text : `${text.slice(0, limit - 1)}…`);

/** The properties that say what a finding is about, where a rule has several in one report. */
export const placeProperties = ['pod', 'container', 'package', 'installed', 'file', 'line'] as const;

/** What tells one result of a report from another: two of one identity are the same finding with the same verdict. */
export const identityOf = ({ policy, rule, result, properties }: ReportResult, pod = properties?.['pod']): string =>
  [policy, rule, result, pod].join('\0');

/** A verdict as a report lists it. `seconds` is when it first appeared. */
export function reportResult(source: string, record: RecordResult, seconds: number): ReportResult {
  const paths = record.paths ?? [];
  const properties: Record<string, string | undefined> = {
    path: record.path,
    paths: paths.length > 1 ? paths.join(' ') : undefined,
    fix: record.fix,
    controls: record.frameworks.length > 0 ? record.frameworks.join(' ') : undefined,
    pod: record.pod,
    ...record.properties,
  };
  const given = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, shown(value, longest.property)] as const],
  );
  return {
    source,
    policy: record.policy,
    rule: shown(record.check, longest.property),
    category: record.category,
    severity: record.severity,
    result: record.verdict,
    scored: true,
    message: shown(record.message, longest.message),
    timestamp: { seconds, nanos: 0 },
    ...(given.length > 0 ? { properties: Object.fromEntries(given) } : {}),
  };
}

const order: readonly string[] = ['critical', 'high', 'medium', 'low', 'info'];
const verdicts: readonly string[] = ['fail', 'error', 'warn', 'skip', 'pass'];

/** Worst first: what a bounded report keeps. */
export function bySeverity(a: ReportResult, b: ReportResult): number {
  return (
    verdicts.indexOf(a.result ?? 'pass') - verdicts.indexOf(b.result ?? 'pass') ||
    order.indexOf(a.severity ?? '') - order.indexOf(b.severity ?? '') ||
    byRule(a, b)
  );
}

/** By policy, then rule: the order in a report. Locale plays no part. */
export function byRule(a: ReportResult, b: ReportResult): number {
  const [left, right] = [identityOf(a), identityOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
