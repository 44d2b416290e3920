import { expect } from 'chai';
import type { Scan, ScanStatus } from '../../operator/api/scan.ts';
import { scanStatus, type ScanStage } from '../../operator/scans/status/scan-status.ts';
import { collect, ledgerOf, scanOf } from '../scans/scan-bench.ts';
import { StatusWay } from './status-way.ts';

const running: ScanStage = { stage: 'running', ledger: collect(ledgerOf(), 0) };
const ended: ScanStage = { stage: 'ended', ledger: collect(collect(ledgerOf(), 0), 1), images: undefined };
const at = (stage: ScanStage, second = 0): ScanStatus => scanStatus(scanOf(), stage, Date.parse('2026-01-01T00:01:00Z') + second * 1000);

/** What is wrong with these statuses of one Scan, a second apart. */
function wayOf(...statuses: readonly ScanStatus[]): readonly string[] {
  const way = new StatusWay();
  for (const [second, status] of statuses.entries()) way.see({ kind: 'Scan', object: scanOf('s', status), at: second * 1000 });
  return way.problems;
}

function policyWayOf(...statuses: readonly object[]): readonly string[] {
  const way = new StatusWay();
  for (const status of statuses)
    way.see({ kind: 'SecurityPolicy', object: { metadata: { name: 'p', uid: 'p' }, spec: {}, status }, at: 0 });
  return way.problems;
}

const failing = (critical: number): object => ({ failing: { critical, high: 0, medium: 0, low: 0 } });

describe('the way of a status', () => {
  it('of a Scan from its plan to its end is right', () => {
    const planning = at({ stage: 'planning', startTime: ledgerOf().startTime });
    expect(wayOf(planning, at({ stage: 'running', ledger: ledgerOf() }), at(running), at(ended), at(ended))).to.deep.equal([]);
  });

  for (const [what, statuses, problem] of [
    [
      'leaves a terminal phase',
      [at(ended), { ...at(ended), phase: 'Running' as const }],
      'left its terminal phase: phase Complete became Running',
    ],
    [
      'moves the time of its end',
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
      'goes back',
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
    [
      'says Complete by its phase alone',
      [at(running), { ...at(running), phase: 'Complete' as const }],
      'its phase and its conditions differ',
    ],
  ] as const)
    it(`of a Scan is wrong where it ${what}`, () => expect(wayOf(...statuses)).to.deep.equal([`Scan/s: ${problem}`]));

  it('of a Scan is wrong where it is written too often, told once', () => {
    const many = Array.from({ length: 200 }, (_, index) => ({ ...at(running), jobs: [`j-${index}`] }));
    const way = new StatusWay();
    for (const status of many) way.see({ kind: 'Scan', object: scanOf('s', status), at: 0 });
    expect(way.problems).to.deep.equal(['Scan/s: more than 30 status writes']);
  });

  it('begins anew with another object of the same name', () => {
    const way = new StatusWay();
    const other: Scan = { ...scanOf('s', at(running)), metadata: { name: 's', uid: 'another' } };
    way.see({ kind: 'Scan', object: scanOf('s', at(ended)), at: 0 });
    way.see({ kind: 'Scan', object: other, at: 0 });
    expect(way.problems).to.deep.equal([]);
  });

  for (const [what, statuses, problem] of [
    [
      'moves LAST SCAN by a Scan that ended before',
      [
        { lastScan: 's', lastScanTime: 'a1' },
        { lastScan: 's', lastScanTime: 'a2' },
      ],
      'Scan s moved lastScanTime again: a1 became a2',
    ],
    [
      'has LAST SCAN go back',
      [
        { lastScan: 't', lastScanTime: 'a2' },
        { lastScan: 's', lastScanTime: 'a1' },
      ],
      'lastScanTime went back: a2 became a1',
    ],
    ['counts down and up', [failing(5), failing(3), failing(5)], 'critical went down and up again, to 5'],
  ] as const)
    it(`of a policy is wrong where it ${what}`, () => expect(policyWayOf(...statuses)).to.deep.equal([`SecurityPolicy/p: ${problem}`]));

  it('of a policy is right where one Scan after the other tells it', () => {
    expect(
      policyWayOf({}, { lastScan: 's', lastScanTime: 'a1', ...failing(5) }, { lastScan: 't', lastScanTime: 'a2', ...failing(6) }),
    ).to.deep.equal([]);
  });
});
