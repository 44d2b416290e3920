import { expect } from 'chai';
import type { Scan, ScanStatus } from '../../operator/api/kinds/scan.ts';
import { scanStatus, type ScanStage } from '../../operator/scans/status/scan-status.ts';
import { collect, ledgerOf, scanOf } from '../scans/scan-bench.ts';
import { StatusHistory } from './status-history.ts';

const running: ScanStage = { stage: 'running', ledger: collect(ledgerOf(), 0) };
const ended: ScanStage = { stage: 'ended', ledger: collect(collect(ledgerOf(), 0), 1), images: undefined };
const at = (stage: ScanStage, second = 0): ScanStatus => scanStatus(scanOf(), stage, Date.parse('2026-01-01T00:01:00Z') + second * 1000);

/** The problems of a series of statuses of one Scan, a second apart. */
function scanProblemsOf(...statuses: readonly ScanStatus[]): readonly string[] {
  const history = new StatusHistory();
  for (const [second, status] of statuses.entries()) history.see({ kind: 'Scan', object: scanOf('s', status), at: second * 1000 });
  return history.problems;
}

function policyProblemsOf(...statuses: readonly object[]): readonly string[] {
  const history = new StatusHistory();
  for (const status of statuses)
    history.see({ kind: 'SecurityPolicy', object: { metadata: { name: 'p', uid: 'p' }, spec: {}, status }, at: 0 });
  return history.problems;
}

const failing = (critical: number): object => ({ failing: { critical, high: 0, medium: 0, low: 0 } });

describe('the history of a status', () => {
  it('has no problem for a Scan from its plan to its end', () => {
    const planning = at({ stage: 'planning', startTime: ledgerOf().startTime });
    expect(scanProblemsOf(planning, at({ stage: 'running', ledger: ledgerOf() }), at(running), at(ended), at(ended))).to.deep.equal([]);
  });

  for (const [what, statuses, problem] of [
    [
      'leaves a terminal phase',
      [at(ended), { ...at(ended), phase: 'Running' as const }],
      'left its terminal phase: phase Complete became Running',
    ],
    [
      'changes its completionTime',
      [at(ended), at(ended, 30)],
      'after its end completionTime 2026-01-01T00:01:00Z became 2026-01-01T00:01:30Z',
    ],
    [
      'changes after its end',
      [at(ended), { ...at(ended), new: { critical: 9, high: 0, medium: 0, low: 0 } }],
      'its status changed after its end',
    ],
    [
      'begins twice',
      [at(running), { ...at(running), startTime: '2026-01-01T00:00:59Z' }],
      'startTime 2026-01-01T00:00:00Z became 2026-01-01T00:00:59Z',
    ],
    [
      'goes back in progress',
      [
        { ...at(running), progress: '2/3' },
        { ...at(running), progress: '1/3' },
      ],
      'went back: progress 2/3 became 1/3',
    ],
    [
      'counts down',
      [at(running), { ...at(running), coverage: { ...at(running).coverage!, scanned: 4 } }],
      'scanned went down from 10 to 4',
    ],
    ['is Complete only by its phase', [at(running), { ...at(running), phase: 'Complete' as const }], 'its phase and its conditions differ'],
  ] as const)
    it(`has a problem when a Scan ${what}`, () => expect(scanProblemsOf(...statuses)).to.deep.equal([`Scan/s: ${problem}`]));

  it('has one problem when a Scan is written too often', () => {
    const many = Array.from({ length: 200 }, (_, index) => ({ ...at(running), jobs: [`j-${index}`] }));
    const history = new StatusHistory();
    for (const status of many) history.see({ kind: 'Scan', object: scanOf('s', status), at: 0 });
    expect(history.problems).to.deep.equal(['Scan/s: more than 30 status writes']);
  });

  it('starts again with another object of the same name', () => {
    const history = new StatusHistory();
    const other: Scan = { ...scanOf('s', at(running)), metadata: { name: 's', uid: 'another' } };
    history.see({ kind: 'Scan', object: scanOf('s', at(ended)), at: 0 });
    history.see({ kind: 'Scan', object: other, at: 0 });
    expect(history.problems).to.deep.equal([]);
  });

  for (const [what, statuses, problem] of [
    [
      'changes LAST SCAN by a Scan that ended before',
      [
        { lastScan: 's', lastScanTime: 'a1' },
        { lastScan: 's', lastScanTime: 'a2' },
      ],
      'Scan s moved lastScanTime again: a1 became a2',
    ],
    [
      'sets LAST SCAN back',
      [
        { lastScan: 't', lastScanTime: 'a2' },
        { lastScan: 's', lastScanTime: 'a1' },
      ],
      'lastScanTime went back: a2 became a1',
    ],
    ['counts down and up', [failing(5), failing(3), failing(5)], 'critical went down and up again, to 5'],
  ] as const)
    it(`has a problem when a policy ${what}`, () => expect(policyProblemsOf(...statuses)).to.deep.equal([`SecurityPolicy/p: ${problem}`]));

  it('has no problem when one Scan after the other updates a policy', () => {
    expect(
      policyProblemsOf({}, { lastScan: 's', lastScanTime: 'a1', ...failing(5) }, { lastScan: 't', lastScanTime: 'a2', ...failing(6) }),
    ).to.deep.equal([]);
  });
});
