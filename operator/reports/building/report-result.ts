import type { ReportResult } from '../../api/kinds/policy-report.ts';
import type { Finding } from '../../findings/finding.ts';
import { resultFingerprint } from '../identity/result-identity.ts';
import { printable } from '../identity/printable.ts';

/** The maximum length of messages and properties in a report, in characters. A longer text is cut and ends in an ellipsis. */
const longest = { message: 1000, property: 500, containers: 8000 } as const;

/** Exceptions need the names of all containers. Their list is longer than that of other properties: about 125 names of the longest kind. */
const limitOf = (property: string): number => (property === 'containers' ? longest.containers : longest.property);

/** Cuts a text first and replaces invalid characters then, because the cut can split a surrogate pair. */
const shown = (text: string, limit: number): string => printable(text.length <= limit ? text : `${text.slice(0, limit - 1)}…`);

/** Joins the words that fit, with an ellipsis for the others. Returns undefined if there are no words. */
export function wholeWords(words: readonly string[], limit: number = longest.property): string | undefined {
  if (words.length === 0) return undefined;
  const text = words.join(' ');
  if (text.length <= limit) return text;
  let length = 2;
  const end = words.findIndex((word) => (length += word.length + 1) > limit);
  return [...words.slice(0, end), '…'].join(' ').trimStart();
}

/** Converts a finding into a result of a report. `seconds` is the time at which the verdict first appeared, since the epoch. */
export function reportResult(source: string, finding: Finding, seconds: number): ReportResult {
  const paths = finding.paths ?? [];
  const properties: Record<string, string | undefined> = {
    path: finding.path,
    paths: paths.length > 1 ? wholeWords(paths) : undefined,
    fix: finding.fix,
    frameworks: wholeWords(finding.frameworks),
    pod: finding.pod,
    containers: finding.elsewhere === true ? undefined : wholeWords(finding.containers ?? [], longest.containers),
    ...finding.properties,
  };
  const defined = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, shown(value, limitOf(key))] as const],
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
    ...(defined.length > 0 ? { properties: Object.fromEntries(defined) } : {}),
  };
}

const order: readonly string[] = ['critical', 'high', 'medium', 'low', 'info'];
const verdicts: readonly string[] = ['fail', 'error', 'warn', 'skip', 'pass'];

/** Compares results for sorting: the most severe first. A report that is too large keeps these. */
export function bySeverity(a: ReportResult, b: ReportResult): number {
  return (
    verdicts.indexOf(a.result ?? 'pass') - verdicts.indexOf(b.result ?? 'pass') ||
    order.indexOf(a.severity ?? '') - order.indexOf(b.severity ?? '') ||
    byRule(a, b)
  );
}

/** Compares results for sorting by policy, rule and location, independently of the locale. */
export function byRule(a: ReportResult, b: ReportResult): number {
  const key = (result: ReportResult): string =>
    [resultFingerprint(result), ...['pod', 'installed', 'line', 'platform'].map((name) => result.properties?.[name])].join('\0');
  const [left, right] = [key(a), key(b)];
  return left < right ? -1 : Number(left > right);
}
