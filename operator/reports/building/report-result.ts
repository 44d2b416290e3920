import type { ReportResult } from '../../api/policy-report.ts';
import type { Finding } from '../../findings/finding.ts';
import { resultFingerprint } from '../identity/result-identity.ts';
import { printable } from '../identity/printable.ts';

/** The longest message and property that a report carries, in characters; what is longer ends in an ellipsis. */
const longest = { message: 1000, property: 500 } as const;

/** Cut before it is mended: what is cut may end in half a character. */
const shown = (text: string, limit: number): string => printable(text.length <= limit ? text : `${text.slice(0, limit - 1)}…`);

/** As many whole words as fit, with an ellipsis for the rest; undefined for none. */
export function wholeWords(words: readonly string[], limit: number = longest.property): string | undefined {
  if (words.length === 0) return undefined;
  const text = words.join(' ');
  if (text.length <= limit) return text;
  let length = 2;
  const end = words.findIndex((word) => (length += word.length + 1) > limit);
  return [...words.slice(0, end), '…'].join(' ').trimStart();
}

/** A verdict as a report lists it. `seconds` is when it first appeared. */
export function reportResult(source: string, finding: Finding, seconds: number): ReportResult {
  const paths = finding.paths ?? [];
  const properties: Record<string, string | undefined> = {
    path: finding.path,
    paths: paths.length > 1 ? wholeWords(paths) : undefined,
    fix: finding.fix,
    frameworks: wholeWords(finding.frameworks),
    pod: finding.pod,
    ...finding.properties,
  };
  const given = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, shown(value, longest.property)] as const],
  );
  return {
    source,
    policy: finding.policy ?? '',
    rule: shown(finding.check, longest.property),
    category: finding.category,
    severity: finding.severity,
    result: finding.verdict,
    scored: true,
    message: shown(finding.message, longest.message),
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

/** By policy, then rule, then place. Locale plays no part. */
export function byRule(a: ReportResult, b: ReportResult): number {
  const key = (result: ReportResult): string =>
    [resultFingerprint(result), ...['pod', 'installed', 'line', 'platform'].map((name) => result.properties?.[name])].join('\0');
  const [left, right] = [key(a), key(b)];
  return left < right ? -1 : Number(left > right);
}
