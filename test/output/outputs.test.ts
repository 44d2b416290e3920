import { Ajv } from 'ajv';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { SaxesParser } from 'saxes';
import { parseAllDocuments } from 'yaml';
import { githubOutput } from '../../operator/output/github-output.ts';
import { jsonOutput } from '../../operator/output/json-output.ts';
import { junitOutput } from '../../operator/output/junit-output.ts';
import { policyReportOutput } from '../../operator/output/policy-report-output.ts';
import { sarifOutput } from '../../operator/output/sarif-output.ts';
import type { LocatedResult, Output, ScanResult } from '../../operator/output/scan-result.ts';
import { tableOutput } from '../../operator/output/table-output.ts';

const awkward = 'a: 100% <b>, "c" & \'d\'\r\n]]> \u0007\u001b[31m \ud800 é';
const result = (fields: Partial<LocatedResult>): LocatedResult => ({
  verdict: 'fail',
  policy: null,
  check: 'host-pid',
  severity: 'high',
  category: 'Pod Security Standards, baseline',
  frameworks: ['pss-baseline@1.36'],
  resource: { apiVersion: 'v1', kind: 'Pod', namespace: 'web', name: 'a' },
  source: { file: 'dir/a b,c:d%.yaml', document: 1, line: 9 },
  path: 'spec.hostPID',
  message: 'hostPID is true',
  fix: 'Remove hostPID.',
  ...fields,
});
const scan: ScanResult = {
  results: [
    result({}),
    result({ message: awkward, check: 'privileged-container', severity: 'critical', paths: ['a', 'b'] }),
    result({ verdict: 'error', message: `cannot be judged: ${awkward}` }),
    result({ verdict: 'skip', check: 'trusted-registries', severity: 'low' }),
    result({ verdict: 'pass', check: 'host-ipc' }),
    result({ check: 'my-rule', policy: 'mine', severity: 'info', resource: { apiVersion: 'v1', kind: 'Namespace', name: 'web' } }),
    { ...result({ check: 'admission-policy-present' }), source: undefined } as unknown as LocatedResult,
  ],
  summary: { pass: 1, fail: 4, warn: 0, error: 1, skip: 1 },
  errors: [
    { source: { file: '/abs/b.yaml', document: 2, line: 4 }, message: awkward },
    { source: { file: '-' }, message: 'no manifest found' },
  ],
};
const nothing: ScanResult = { results: [], summary: { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 }, errors: [] };

function printed(output: Output, what: ScanResult, style = { colour: false, passing: false }): string {
  const pieces: string[] = [];
  output(what, (text) => void pieces.push(text), style);
  return pieces.join('');
}

interface SarifRun {
  readonly results: readonly { ruleId: string; ruleIndex: number; level: string; locations: readonly { physicalLocation: object }[] }[];
  readonly tool: { readonly driver: { readonly rules: readonly { id: string; properties: Record<string, unknown> }[] } };
  readonly invocations: readonly { executionSuccessful: boolean; toolExecutionNotifications: readonly unknown[] }[];
}

function runOf(document: unknown): { readonly run: SarifRun; readonly results: SarifRun['results'] } {
  const [run] = (document as { readonly runs: readonly SarifRun[] }).runs;
  if (run === undefined) throw new Error('no run');
  return { run, results: run.results };
}

describe('SARIF', () => {
  const path = createRequire(import.meta.url)
    .resolve('@microsoft/jest-sarif/package.json')
    .replace('package.json', 'lib/schemas/sarif-2.1.0-rtm.5.json');
  const document = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const schema = Object.fromEntries(Object.entries(document).filter(([key]) => key !== '$schema' && key !== 'id'));
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  ajv.addFormat('uri', (text: string) => URL.canParse(text));
  ajv.addFormat('uri-reference', (text: string) => /^[\w./%:~!$&'()*+,;=@#?-]*$/.test(text) && URL.canParse(text, 'http://x/'));
  ajv.addFormat('date-time', true);
  const validate = ajv.compile(schema);
  const valid = (text: string): unknown => {
    const document: unknown = JSON.parse(text);
    expect(validate(document) ? [] : validate.errors).to.deep.equal([]);
    return document;
  };

  it('is valid against the schema of 2.1.0 for all characters in names and messages', () => {
    for (const what of [scan, nothing]) for (const passing of [false, true]) valid(printed(sarifOutput, what, { colour: false, passing }));
  });

  it('is refused by the schema when a level is not valid', () => {
    const document = JSON.parse(printed(sarifOutput, scan)) as { runs: { results: { level: string }[] }[] };
    document.runs[0]!.results[0]!.level = 'fatal';
    expect(validate(document)).to.equal(false);
  });

  it('lists only failures, with rule, location and score, and has a notification for each error', () => {
    const { run, results } = runOf(valid(printed(sarifOutput, scan)));
    expect(results.map(({ ruleId, level }) => [ruleId, level])).to.deep.equal([
      ['host-pid', 'error'],
      ['privileged-container', 'error'],
      ['my-rule', 'note'],
      ['admission-policy-present', 'error'],
    ]);
    const { rules } = run.tool.driver;
    for (const { ruleId, ruleIndex } of results) expect(rules[ruleIndex]?.id).to.equal(ruleId);
    expect(results[0]?.locations[0]?.physicalLocation).to.deep.equal({
      artifactLocation: { uri: 'dir/a%20b%2Cc%3Ad%25.yaml' },
      region: { startLine: 9 },
    });
    expect(rules[1]?.properties['security-severity']).to.equal('9.5');
    const [invocation] = run.invocations;
    expect(invocation).to.include({ executionSuccessful: false });
    expect(invocation?.toolExecutionNotifications).to.have.length(3);
  });
});

/** Returns the number of elements by name, and the attributes of the suites, of an XML document. Throws if it is not well-formed. */
function elementsOf(xml: string): { readonly counts: ReadonlyMap<string, number>; readonly suites: readonly Record<string, string>[] } {
  const counts = new Map<string, number>();
  const suites: Record<string, string>[] = [];
  const parser = new SaxesParser();
  parser.on('error', (failure) => {
    throw failure;
  });
  parser.on('opentag', ({ name, attributes }) => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (name.startsWith('testsuite')) suites.push(attributes);
  });
  parser.write(xml).close();
  return { counts, suites };
}

describe('JUnit', () => {
  it('is well-formed XML with correct counts', () => {
    for (const what of [scan, nothing]) {
      const { counts, suites } = elementsOf(printed(junitOutput, what, { colour: false, passing: true }));
      const [all = {}, ...parts] = suites;
      const sum = (field: string): number => parts.reduce((total, suite) => total + Number(suite[field]), 0);
      const elements = { tests: 'testcase', failures: 'failure', errors: 'error', skipped: 'skipped' };
      for (const [field, element] of Object.entries(elements)) {
        expect(sum(field), field).to.equal(Number(all[field]));
        expect(counts.get(element) ?? 0, element).to.equal(Number(all[field]));
      }
    }
  });
});

describe('GitHub annotations', () => {
  it('escape characters that end a property or the line', () => {
    const lines = printed(githubOutput, scan).trimEnd().split('\n');
    expect(lines[0]).to.equal(
      '::error file=dir/a b%2Cc%3Ad%25.yaml,line=9,title=host-pid (high)::Pod web/a: hostPID is true. Remove hostPID.',
    );
    expect(lines[1]).to.include('a: 100%25 <b>').and.to.include('%0D%0A');
    expect(lines).to.have.length(4 + 1 + 2 + 1);
    for (const line of lines.slice(0, -1)) expect(line).to.match(/^::(error|warning|notice) [^\r\n]*::[^\r\n]*$/);
  });

  it('map severities to error, warning and notice', () => {
    const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
    const text = printed(githubOutput, { ...nothing, results: severities.map((severity) => result({ severity })) });
    expect([...text.matchAll(/^::(\w+)/gm)].map(([, command]) => command)).to.deep.equal(['error', 'error', 'warning', 'notice', 'notice']);
  });
});

describe('JSON', () => {
  it('is one document with all fields in the documented order', () => {
    const document = JSON.parse(printed(jsonOutput, scan)) as { results: object[]; errors: object[] };
    expect(Object.keys(document)).to.deep.equal(['apiVersion', 'kind', 'results', 'summary', 'errors']);
    expect(document.results[0]).to.deep.equal({ ...result({}) });
    expect(Object.keys(document.results[1] ?? {})).to.deep.equal([
      'verdict', 'policy', 'check', 'severity', 'category', 'frameworks', 'resource', 'source', 'path', 'paths', 'message', 'fix',
    ]); // prettier-ignore
    expect(document.errors).to.deep.equal(JSON.parse(JSON.stringify(scan.errors)));
  });
});

describe('PolicyReports', () => {
  it('are valid YAML, one for each object, with correct summaries', () => {
    const documents = parseAllDocuments(printed(policyReportOutput, scan)).map(
      (document) => document.toJS() as { kind: string; summary: Record<string, number>; results: { result: string }[] },
    );
    expect(documents.map(({ kind }) => kind)).to.deep.equal(['PolicyReport', 'PolicyReport']);
    expect(documents[0]?.summary).to.deep.equal({ pass: 1, fail: 3, warn: 0, error: 1, skip: 1 });
    expect(documents[0]?.results.some(({ result: verdict }) => verdict === 'pass')).to.equal(false);
  });
});

describe('the table', () => {
  it('replaces control characters, and has colours only when they are enabled', () => {
    expect(printed(tableOutput, scan)).not.to.match(/[\u0000-\u0009\u000b-\u001f]/);
    expect(printed(tableOutput, scan, { colour: true, passing: false })).to.include('\u001b[31mHIGH');
  });

  it('counts skipped checks, and lists them with --passing', () => {
    expect(printed(tableOutput, scan)).not.to.include('trusted-registries');
    expect(printed(tableOutput, scan)).to.include('1 skipped (reasons: --passing)');
    expect(printed(tableOutput, scan, { colour: false, passing: true })).to.include('SKIP     trusted-registries');
  });
});
