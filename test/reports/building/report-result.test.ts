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
