import { controlById } from '../catalogue/controls/catalogue.ts';
import { isExcepted } from '../findings/waivers/apply-waivers.ts';
import type { Severity } from '../findings/finding.ts';
import type { Source } from '../manifests/manifest.ts';
import { exceptionNote, INLINE, isKnown, type LocatedResult, type Output, resourceName, type ScanResult } from './scan-result.ts';

const levels: Readonly<Record<Severity, string>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' };
/** Scores for GitHub code scanning, from 0 to 10. */
const scores: Readonly<Record<Severity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '3.0', info: '0.5' };
const kinds: Readonly<Record<string, string>> = { pass: 'pass', skip: 'notApplicable' };

function ruleOf(result: LocatedResult): Record<string, unknown> {
  const control = controlById(result.check);
  const text = control?.title ?? result.check;
  return {
    id: result.check,
    name: result.check,
    shortDescription: { text },
    fullDescription: { text: control === undefined ? result.message : `${control.title}. ${control.why}` },
    help: { text: control?.fix ?? result.message },
    defaultConfiguration: { level: levels[control?.severity ?? result.severity] },
    properties: { 'security-severity': scores[control?.severity ?? result.severity], tags: ['security', 'kubernetes'] },
  };
}

/** Returns the URI of a file: a relative one for a relative path, and `file:` for an absolute path. */
function uriOf(file: string): string {
  const path = file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
  if (path.startsWith('/')) return `file://${path}`;
  return file === '-' ? 'stdin' : path;
}

function physicalLocation(source: Source): Record<string, unknown> {
  return { artifactLocation: { uri: uriOf(source.file) }, region: { startLine: Math.max(1, source.line ?? 1) } };
}

function locationOf(result: LocatedResult): Record<string, unknown> {
  const { source, resource } = result;
  const { apiVersion, kind, namespace, name } = resource;
  const logical = {
    fullyQualifiedName: [apiVersion, kind, namespace, name].filter((part) => part !== undefined).join('/'),
    kind: 'object',
  };
  if (source === undefined) return { logicalLocations: [logical] };
  return { physicalLocation: physicalLocation(source), logicalLocations: [logical] };
}

/**
 * An excepted result is a suppressed one (SARIF 2.1.0, 3.35): in the source for an annotation of the object, elsewhere otherwise. A known
 * one is in the baseline (3.27.24).
 */
function suppressionsOf(result: LocatedResult): Record<string, unknown> {
  if (isKnown(result.properties)) return { baselineState: 'unchanged' };
  if (!isExcepted(result.properties)) return {};
  const kind = result.properties?.['exception'] === INLINE ? 'inSource' : 'external';
  return { suppressions: [{ kind, status: 'accepted', justification: exceptionNote(result).replace(/^ \(|\)$/g, '') }] };
}

function sarifResult(result: LocatedResult, index: number): Record<string, unknown> {
  const kind = kinds[result.verdict];
  return {
    ruleId: result.check,
    ruleIndex: index,
    ...(kind === undefined ? {} : { kind }),
    level: kind === undefined ? levels[result.severity] : 'none',
    message: { text: `${resourceName(result)}: ${result.message}${exceptionNote(result)}` },
    ...suppressionsOf(result),
    locations: [locationOf(result)],
    partialFingerprints: {
      'vigil/v1': [result.policy ?? '', result.check, result.resource.apiVersion, resourceName(result), result.path ?? ''].join('|'),
    },
  };
}

interface Notification {
  readonly message: string;
  readonly location: Record<string, unknown>;
}

function notificationsOf({ results, errors }: ScanResult): readonly Record<string, unknown>[] {
  const notEvaluated = results
    .filter(({ verdict }) => verdict === 'error')
    .map((result): Notification => ({
      message: `${resourceName(result)}: ${result.check}: ${result.message}`,
      location: locationOf(result),
    }));
  const unread = errors.map(({ source, message }): Notification => ({ message, location: { physicalLocation: physicalLocation(source) } }));
  return [...unread, ...notEvaluated].map(({ message, location }) => ({
    level: 'error',
    message: { text: message },
    locations: [location],
  }));
}

/**
 * Prints SARIF 2.1.0 for GitHub code scanning. GitHub shows every result as an alert, so only failures and warnings are listed, unless
 * `passing` is set. Errors are notifications of the run.
 */
export const sarifOutput: Output = (scan, write, { passing }) => {
  const results = scan.results.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn' || (passing && verdict !== 'error'));
  const notifications = notificationsOf(scan);
  const rules = new Map<string, { index: number; rule: Record<string, unknown> }>();
  for (const result of results) if (!rules.has(result.check)) rules.set(result.check, { index: rules.size, rule: ruleOf(result) });
  const run = {
    tool: {
      driver: { name: 'Vigil', informationUri: 'https://vigil.dev', rules: [...rules.values()].map(({ rule }) => rule) },
    },
    invocations: [
      {
        executionSuccessful: notifications.length === 0,
        toolExecutionNotifications: notifications,
      },
    ],
    results: results.map((result) => sarifResult(result, rules.get(result.check)?.index ?? 0)),
  };
  write(`${JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }, null, 1)}\n`);
};
