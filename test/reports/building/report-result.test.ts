import { expect } from 'chai';
import { reportResult } from '../../../operator/reports/building/report-result.ts';
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

describe('a result of a report', () => {
  const rows: readonly [title: string, change: Partial<Finding>, properties: unknown][] = [
    ['has no properties where there is nothing to say', {}, undefined],
    ['names one path once', { path: 'a', paths: ['a'] }, { path: 'a' }],
    ['names several paths beside the first', { path: 'a', paths: ['a', 'b'] }, { path: 'a', paths: 'a b' }],
    [
      'names the frameworks that ask for it, and none where none does',
      { frameworks: ['cis@1.12', 'nsa@1.2'] },
      { frameworks: 'cis@1.12 nsa@1.2' },
    ],
    ['names pod and fix', { pod: 'web-1', fix: 'do' }, { fix: 'do', pod: 'web-1' }],
    ['lets what is known better win', { path: 'a', properties: { path: 'b', package: 'x' } }, { path: 'b', package: 'x' }],
  ];
  for (const [title, change, expected] of rows) it(title, () => expect(properties(change)).to.deep.equal(expected));
});
