import { controlById } from '../controls/catalogue.ts';
import type { Severity } from '../engine/verdict.ts';
import { type LocatedResult, type Output, resourceName } from './scan-result.ts';

const levels: Readonly<Record<Severity, string>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' };
/** GitHub's scale of 0 to 10. */
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

function locationOf(result: LocatedResult): Record<string, unknown> {
  const { source, resource } = result;
  const { apiVersion, kind, namespace, name } = resource;
  const logical = {
    fullyQualifiedName: [apiVersion, kind, namespace, name].filter((part) => part !== undefined).join('/'),
    kind: 'object',
  };
  if (source === undefined) return { logicalLocations: [logical] };
  const uri = encodeURI(source.file.replaceAll('\\', '/')).replaceAll('#', '%23').replaceAll('?', '%3F');
  return {
    physicalLocation: { artifactLocation: { uri }, region: { startLine: Math.max(1, source.line ?? 1) } },
    logicalLocations: [logical],
  };
}

function sarifResult(result: LocatedResult, index: number): Record<string, unknown> {
  const kind = kinds[result.verdict];
  return {
    ruleId: result.check,
    ruleIndex: index,
    ...(kind === undefined ? {} : { kind }),
    level: kind === undefined ? levels[result.severity] : 'none',
    message: { text: `${resourceName(result)}: ${result.message}` },
    locations: [locationOf(result)],
    partialFingerprints: {
      'vigil/v1': [result.policy ?? '', result.check, result.resource.apiVersion, resourceName(result), result.path ?? ''].join('|'),
    },
  };
}

/** SARIF 2.1.0, as GitHub's code scanning takes it. */
export const sarifOutput: Output = ({ results, errors }, write) => {
  const rules = new Map<string, { index: number; rule: Record<string, unknown> }>();
  for (const result of results) if (!rules.has(result.check)) rules.set(result.check, { index: rules.size, rule: ruleOf(result) });
  const run = {
    tool: {
      driver: { name: 'Vigil', informationUri: 'https://vigil.dev', rules: [...rules.values()].map(({ rule }) => rule) },
    },
    invocations: [
      {
        executionSuccessful: errors.length === 0,
        toolExecutionNotifications: errors.map(({ source, message }) => ({
          level: 'error',
          message: { text: message },
          locations: [{ physicalLocation: { artifactLocation: { uri: encodeURI(source.file) }, region: { startLine: source.line ?? 1 } } }],
        })),
      },
    ],
    results: results.map((result) => sarifResult(result, rules.get(result.check)?.index ?? 0)),
  };
  write(`${JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }, null, 1)}\n`);
};
