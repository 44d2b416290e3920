import { expect } from 'chai';
import type { ReportResult } from '../../../operator/api/kinds/policy-report.ts';
import { byRule, bySeverity, reportResult, wholeWords } from '../../../operator/reports/building/report-result.ts';
import type { Finding } from '../../../operator/findings/finding.ts';

const record = (change: Partial<Finding> = {}): Finding => ({
  policy: 'p',
  check: 'host-pid',
  verdict: 'fail',
  severity: 'high',
  category: 'c',
  frameworks: [],
  message: 'm',
  ...change,
});
const properties = (change: Partial<Finding>): unknown => reportResult('vigil', record(change), 1).properties;

describe('reportResult', () => {
  const rows: readonly [title: string, change: Partial<Finding>, properties: unknown][] = [
    ['has no properties without additional information', {}, undefined],
    ['names one path once', { path: 'a', paths: ['a'] }, { path: 'a' }],
    ['names several paths beside the first', { path: 'a', paths: ['a', 'b'] }, { path: 'a', paths: 'a b' }],
    [
      'names the frameworks that require the check, and none if no framework does',
      { frameworks: ['cis@1.12', 'nsa@1.2'] },
      { frameworks: 'cis@1.12 nsa@1.2' },
    ],
    ['has the pod and the fix', { pod: 'web-1', fix: 'do' }, { fix: 'do', pod: 'web-1' }],
    ['prefers the properties of the finding', { path: 'a', properties: { path: 'b', package: 'x' } }, { path: 'b', package: 'x' }],
  ];
  for (const [title, change, expected] of rows) it(title, () => expect(properties(change)).to.deep.equal(expected));
});

describe('the texts of a result', () => {
  const properties = (change: Partial<Finding>): Readonly<Record<string, string>> =>
    reportResult('vigil', record(change), 1).properties as Readonly<Record<string, string>>;

  it('are the finding, its source and its time', () => {
    expect(reportResult('vigil', record(), 5)).to.deep.equal({
      ...{ source: 'vigil', policy: 'p', rule: 'host-pid', category: 'c', severity: 'high', result: 'fail', scored: true, message: 'm' },
      timestamp: { seconds: 5, nanos: 0 },
    });
    expect(reportResult('vigil', { ...record(), policy: null }, 5).policy).to.equal('');
  });

  it('are cut after 1000 characters in a message and 500 in a property, with an ellipsis', () => {
    const message = (length: number): string => reportResult('vigil', record({ message: 'x'.repeat(length) }), 1).message ?? '';
    expect(message(1000)).to.equal('x'.repeat(1000));
    expect(message(1001)).to.equal(`${'x'.repeat(999)}…`);
    expect(properties({ fix: 'x'.repeat(500) })['fix']).to.equal('x'.repeat(500));
    expect(properties({ fix: 'x'.repeat(501) })['fix']).to.equal(`${'x'.repeat(499)}…`);
    expect(reportResult('vigil', record({ check: 'x'.repeat(501) }), 1).rule).to.have.length(500);
  });

  it('name the containers of the finding, unless they are those of another workload', () => {
    expect(properties({ containers: ['a', 'b'] })).to.deep.equal({ containers: 'a b' });
    expect(reportResult('vigil', record({ containers: ['a'], elsewhere: true }), 1)).not.to.have.property('properties');
  });

  for (const [words, limit, text] of [
    [[], 10, undefined],
    [['ab', 'cd'], 5, 'ab cd'],
    [['ab', 'cd', 'e'], 6, 'ab …'],
    [['ab', 'cd', 'efg'], 8, 'ab cd …'],
    [['abcdefgh', 'x'], 5, '…'],
  ] as const)
    it(`show of ${JSON.stringify(words)} in ${limit} characters: ${text ?? 'nothing'}`, () =>
      expect(wholeWords(words, limit)).to.equal(text));
});

describe('the order of results', () => {
  const of = (change: object): ReportResult => ({ policy: 'p', rule: 'r', result: 'fail', severity: 'high', ...change });
  const sorted = (results: readonly ReportResult[], by: typeof byRule): number[] =>
    results
      .toReversed()
      .toSorted(by)
      .map((result) => results.indexOf(result));

  it('is by verdict, then by severity, then by rule', () => {
    const results = [
      of({ severity: 'critical', rule: 'z' }),
      of({ severity: 'high', rule: 'a' }),
      of({ severity: 'high', rule: 'b' }),
      of({ severity: 'medium' }),
      of({ severity: 'low' }),
      of({ severity: 'info' }),
      ...['error', 'warn', 'skip', 'pass'].map((result) => of({ result, severity: 'critical' })),
    ];
    expect(sorted(results, bySeverity)).to.deep.equal(results.map((_, index) => index));
  });

  it('has results without a verdict last, and without a severity first in their verdict', () => {
    const results = [of({ severity: undefined }), of({ severity: 'critical' }), of({ result: 'skip' }), of({ result: undefined })];
    expect(sorted(results, bySeverity)).to.deep.equal([0, 1, 2, 3]);
  });

  for (const property of ['pod', 'installed', 'line', 'platform'])
    it(`of one rule is by ${property}`, () => {
      const results = ['a', 'b', 'c'].map((value) => of({ properties: { [property]: value } }));
      expect(sorted(results, byRule)).to.deep.equal([0, 1, 2]);
      expect(byRule(of({}), of({}))).to.equal(0);
    });
});
