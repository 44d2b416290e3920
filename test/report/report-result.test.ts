import { expect } from 'chai';
import { reportResult } from '../../operator/report/report-result.ts';
import type { RecordResult } from '../../operator/stream/stream-record.ts';

const record = (change: Partial<RecordResult> = {}): RecordResult => ({
  policy: 'p',
  check: 'host-pid',
  verdict: 'fail',
  severity: 'high',
  category: 'c',
  frameworks: [],
  message: 'm',
  ...change,
});
const properties = (change: Partial<RecordResult>): unknown => reportResult('vigil', record(change), 1).properties;

describe('a result of a report', () => {
  const rows: readonly [title: string, change: Partial<RecordResult>, properties: unknown][] = [
    ['has no properties where there is nothing to say', {}, undefined],
    ['names one path once', { path: 'a', paths: ['a'] }, { path: 'a' }],
    ['names several paths beside the first', { path: 'a', paths: ['a', 'b'] }, { path: 'a', paths: 'a b' }],
    [
      'names the frameworks that ask for it, and none where none does',
      { frameworks: ['cis@1.12', 'nsa@1.2'] },
      { controls: 'cis@1.12 nsa@1.2' },
    ],
    ['names pod and fix', { pod: 'web-1', fix: 'do' }, { fix: 'do', pod: 'web-1' }],
    ['lets what is known better win', { path: 'a', properties: { path: 'b', package: 'x' } }, { path: 'b', package: 'x' }],
  ];
  for (const [title, change, expected] of rows) it(title, () => expect(properties(change)).to.deep.equal(expected));
});
