import { isExcepted } from '../findings/waivers/apply-waivers.ts';
import type { ManifestError } from '../manifests/manifest.ts';
import {
  coveredTexts,
  type CustomWorkloads,
  exceptionNote,
  isKnown,
  type LocatedResult,
  type Output,
  type OutputStyle,
  placeOf,
  safe,
  resourceName,
  type ScanResult,
  skipCounts,
  type Write,
} from './scan-result.ts';

const codes = { red: 31, yellow: 33, blue: 34, magenta: 35, green: 32, bold: 1, dim: 2 } as const;
type Paint = (text: string, colour: keyof typeof codes) => string;
const painted: Paint = (text, colour) => `\u001b[${codes[colour]}m${text}\u001b[0m`;
const plain: Paint = (text) => text;

const severityColours: Readonly<Record<string, keyof typeof codes>> = {
  critical: 'magenta',
  high: 'red',
  medium: 'yellow',
  low: 'blue',
  info: 'dim',
};
const verdictColours: Readonly<Record<string, keyof typeof codes>> = { pass: 'green', error: 'magenta', skip: 'dim', warn: 'yellow' };

function byObject(results: readonly LocatedResult[]): ReadonlyMap<string, readonly LocatedResult[]> {
  const groups = new Map<string, LocatedResult[]>();
  for (const result of results) {
    const key = `${resourceName(result)} ${result.source?.file ?? ''} ${result.source?.document ?? 0}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [result]);
    else group.push(result);
  }
  return groups;
}

/** Returns why a failure does not count, or undefined for other results. */
function coverOf({ properties }: LocatedResult): 'excepted' | 'known' | undefined {
  if (isExcepted(properties)) return 'excepted';
  return isKnown(properties) ? 'known' : undefined;
}

function label(result: LocatedResult, paint: Paint): string {
  const text = result.verdict === 'fail' ? result.severity : (coverOf(result) ?? result.verdict);
  const colour = result.verdict === 'fail' ? severityColours[result.severity] : verdictColours[result.verdict];
  return paint(text.toUpperCase().padEnd(8), colour ?? 'bold');
}

function writeObject(results: readonly LocatedResult[], write: Write, paint: Paint): void {
  const [first] = results;
  if (first === undefined) return;
  const file = first.source === undefined ? '' : `  ${paint(safe(first.source.file), 'dim')}`;
  write(`${paint(safe(resourceName(first)), 'bold')}${file}\n`);
  const width = Math.max(...results.map(({ check }) => check.length));
  for (const result of results) {
    const policy = result.policy === null ? '' : `${result.policy}: `;
    const line = result.source?.line === undefined ? '' : paint(` (line ${result.source.line})`, 'dim');
    write(
      `  ${label(result, paint)} ${result.check.padEnd(width)}  ${safe(policy + result.message + exceptionNote(result).replace(' (known)', ''))}${line}\n`,
    );
  }
  write('\n');
}

function writeErrors(errors: readonly ManifestError[], write: Write, paint: Paint): void {
  for (const { source, message } of errors) {
    const document = source.document === undefined || source.document === 0 ? '' : ` (document ${source.document})`;
    write(`${paint('UNREADABLE', 'magenta')} ${safe(placeOf(source))}${document}: ${safe(message)}\n`);
  }
  if (errors.length > 0) write('\n');
}

/** Returns `2 patches not evaluated`, or nothing for none. */
const counted = (count: number, [one, many]: readonly [string, string], what: string): readonly string[] =>
  count === 0 ? [] : [`${count} ${count === 1 ? one : many} ${what}`];

function summaryLine({ summary, results, errors, patches = [], unchecked = 0 }: ScanResult, passing: boolean): string {
  const counts = ['critical', 'high', 'medium', 'low', 'info']
    .map((severity) => [severity, results.filter((result) => result.verdict === 'fail' && result.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity}`);
  const skips = skipCounts({ results, summary });
  const failed = `${summary.fail} failed${counts.length > 0 ? ` (${counts.join(', ')})` : ''}`;
  const others = [
    `${summary.pass} passed`,
    ...(summary.error > 0 ? [`${summary.error} errors`] : []),
    ...coveredTexts(skips),
    ...(skips.skipped > 0 ? [`${skips.skipped} skipped${passing ? '' : ' (reasons: --passing)'}`] : []),
    ...counted(unchecked, ['object', 'objects'], 'without checks'),
  ];
  const unread = errors.length > 0 ? [`${errors.length} unreadable`] : [];
  const parts = counted(patches.length, ['patch', 'patches'], 'not evaluated');
  return `${[failed, ...others, ...unread, ...parts].join(', ')}\n`;
}

const customLine = (kinds: readonly CustomWorkloads[]): string => {
  const texts = kinds.map(
    ({ kind, objects, reason }) => `${kind} (${objects} ${reason === undefined ? 'evaluated' : `not evaluated: ${reason}`})`,
  );
  return `custom kinds with pods: ${texts.join(', ')}\n`;
};

/**
 * Prints findings by object, highest severity first. Skipped checks are only counted, unless `passing` is set or an
 * exception or the baseline covers the failure.
 */
export const tableOutput: Output = (scan, write, { colour, passing }: OutputStyle) => {
  const paint = colour ? painted : plain;
  const order = ['critical', 'high', 'medium', 'low', 'info'];
  const rank = (result: LocatedResult): number => (result.verdict === 'fail' ? order.indexOf(result.severity) : 10);
  const listed = passing ? scan.results : scan.results.filter((result) => result.verdict !== 'skip' || coverOf(result) !== undefined);
  for (const results of byObject(listed).values())
    writeObject(
      results.toSorted((a, b) => rank(a) - rank(b)),
      write,
      paint,
    );
  writeErrors(scan.errors, write, paint);
  write(summaryLine(scan, passing));
  if (scan.customWorkloads !== undefined) write(customLine(scan.customWorkloads));
  if (scan.results.some(({ verdict }) => verdict === 'fail')) write(paint('Run vigil explain CHECK for the reason and the fix.\n', 'dim'));
};
