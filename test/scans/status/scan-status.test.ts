import { expect } from 'chai';
import fc from 'fast-check';
import type { ScanStatus } from '../../../operator/api/kinds/scan.ts';
import { scanStatus, type ScanStage } from '../../../operator/scans/status/scan-status.ts';
import { isWorthWriting, writeScanStatus, type ScanStatusWriting } from '../../../operator/scans/status/scan-status-writer.ts';
import { collect, giveUp, ledgerOf, ScanBench, scanOf } from '../scan-bench.ts';
import { holdOf } from '../../../operator/api/kinds/scan-hold.ts';

const now = Date.parse('2026-01-01T00:01:00Z');
const hold = { reason: 'Unschedulable', message: '0/1 nodes are available' };
const stages: readonly ScanStage[] = [
  { stage: 'queued', hold: { reason: 'Queued', message: 'waits' } },
  { stage: 'planning', startTime: '2026-01-01T00:00:00Z' },
  { stage: 'refused', reason: 'PolicyNotFound', message: 'no SecurityPolicy p' },
  { stage: 'stopped', ledger: collect(ledgerOf(), 0), reason: 'DeadlineExceeded', message: 'could not be finished' },
  { stage: 'running', ledger: ledgerOf(), hold },
  { stage: 'running', ledger: collect(ledgerOf(), 0) },
  { stage: 'ended', ledger: giveUp(collect(ledgerOf(), 0), 1), images: undefined },
  { stage: 'ended', ledger: collect(collect(ledgerOf(), 0), 1), images: undefined },
];
const after = (status: ScanStatus | undefined, stage: ScanStage, at = now): ScanStatus => scanStatus(scanOf('s', status), stage, at);

describe('the status of a Scan', () => {
  it('does not change after a terminal phase, at any later stage', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stages.length - 1 })), (order) => {
        let status: ScanStatus | undefined;
        for (const [index, which] of order.entries()) {
          const next = after(status, stages[which]!, now + index * 1000);
          if (status?.phase === 'Complete' || status?.phase === 'Failed') expect(next).to.deep.equal(status);
          status = next;
        }
      }),
    );
  });

  it('has exactly one of Complete and Failed at its end, and neither before', () => {
    for (const stage of stages) {
      const { phase, conditions = [] } = after(undefined, stage);
      const holding = conditions.filter(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
      expect(holding.map(({ type }) => type)).to.deep.equal(phase === 'Complete' || phase === 'Failed' ? [phase] : []);
    }
  });

  it('has a message in every condition that is True', () => {
    const conditions = stages.flatMap((stage) => after(undefined, stage).conditions ?? []);
    const silent = conditions.filter(({ status, message }) => status === 'True' && message === '');
    expect(silent.map(({ type, reason }) => `${type} ${reason}`)).to.deep.equal([]);
  });

  it('has the end time of its ledger', () => {
    const ledger = { ...collect(collect(ledgerOf(), 0), 1), endTime: '2026-01-01T00:00:30Z' };
    expect(after(undefined, { stage: 'ended', ledger, images: undefined }).completionTime).to.equal('2026-01-01T00:00:30Z');
  });

  it('keeps its counts while it is planned again', () => {
    const before = after(undefined, { stage: 'running', ledger: collect(ledgerOf(), 0) });
    const planning = after(before, { stage: 'planning', startTime: '2026-01-01T00:05:00Z' });
    const running = after(planning, { stage: 'running', ledger: ledgerOf() });
    for (const status of [planning, running]) {
      expect(status).to.include({ phase: 'Running', progress: '1/2', startTime: '2026-01-01T00:00:00Z' });
      expect(status.coverage).to.deep.equal(before.coverage);
    }
  });

  it('has the reason of a hold in its conditions', () => {
    const holds = stages.map((stage) => holdOf({ status: after(undefined, stage) })?.reason);
    expect(holds).to.deep.equal(['Queued', undefined, undefined, undefined, 'Unschedulable', undefined, undefined, undefined]);
  });
});

describe('whether a status of a Scan is worth a write', () => {
  const running = (done: number, all: number, message = '', reason = 'Running'): ScanStatus => ({
    ...after(undefined, { stage: 'running', ledger: ledgerOf(), hold: { reason, message } }),
    progress: `${done}/${all}`,
  });
  for (const [what, before, next, since, wanted] of [
    ['the first', undefined, running(0, 2), 0, true],
    ['the same', running(1, 2), running(1, 2), 99_000, false],
    ['one shard more of a few', running(1, 7), running(2, 7), 0, true],
    ['one shard more of very many', running(1, 100), running(2, 100), 99_000, false],
    ['a twentieth more', running(1, 100), running(6, 100), 0, true],
    ['another reason', running(1, 2), running(1, 2, '', 'Unschedulable'), 0, true],
    ['another message of the same reason, soon', running(1, 2, 'a'), running(1, 2, 'b'), 1000, false],
    ['another message of the same reason, later', running(1, 2, 'a'), running(1, 2, 'b'), 31_000, true],
    ['shards that were divided, soon', running(1, 2), running(1, 4), 1000, false],
  ] as const)
    it(`is ${wanted ? '' : 'not '}${what}`, () => expect(isWorthWriting(before, next, since)).to.equal(wanted));

  it('is written a bounded number of times for any number of shards', () => {
    let [before, writes] = [running(0, 5000), 0];
    for (let done = 1; done <= 5000; done++) {
      const next = running(done, 5000);
      if (!isWorthWriting(before, next, 0)) continue;
      [before, writes] = [next, writes + 1];
    }
    expect(writes).to.equal(20);
  });
});

describe('writing the status of a Scan', () => {
  const end: ScanStage = { stage: 'ended', ledger: collect(collect(ledgerOf(), 0), 1), images: undefined };
  const failure: ScanStage = { stage: 'ended', ledger: giveUp(collect(ledgerOf(), 0), 1), images: undefined };
  const write = (bench: ScanBench, stage: ScanStage): Promise<string | undefined> =>
    writeScanStatus(bench.parts as ScanStatusWriting, scanOf(), stage, {});

  it('returns the final phase', async () => {
    const bench = new ScanBench(scanOf());
    expect(await write(bench, { stage: 'running', ledger: ledgerOf() })).to.equal(undefined);
    bench.catchUp();
    expect(await write(bench, end)).to.equal('Complete');
    expect(bench.written.map(({ phase }) => phase)).to.deep.equal(['Running', 'Complete']);
  });

  it('overwrites a change that the watch has not delivered, but not an end', async () => {
    const bench = new ScanBench(scanOf());
    bench.live.set('s', scanOf('s', undefined, { resourceVersion: '7' }));
    expect(await write(bench, { stage: 'running', ledger: ledgerOf() })).to.equal(undefined);
    expect(bench.written).to.have.length(1);
    expect(await write(bench, end)).to.equal('Complete');
    expect(await write(bench, failure)).to.equal(undefined);
    expect(bench.written.at(-1)?.phase).to.equal('Complete');
  });

  it('writes nothing for a deleted Scan, or for another one of its name', async () => {
    const bench = new ScanBench(scanOf());
    bench.live.set('s', scanOf('s', undefined, { uid: 'another', resourceVersion: '7' }));
    expect(await write(bench, end)).to.equal(undefined);
    bench.live.clear();
    expect(await write(bench, end)).to.equal(undefined);
    expect(bench.written).to.deep.equal([]);
  });
});
