import { expect } from 'chai';
import {
  allSettled,
  attemptEnded,
  coverageOf,
  jobCreated,
  newLedger,
  nextAttempt,
  pendingIn,
  policyCoverage,
  policyFailure,
  problemsOf,
  progressOf,
  queuedShards,
  shardCollected,
  shardFailed,
  uncoveredOf,
  type Collected,
  type Ledger,
  type LedgerPolicy,
} from '../../../operator/scans/ledger/ledger.ts';
import type { JobFailure } from '../../../operator/jobs/job-failure.ts';
import type { Shard } from '../../../operator/worker/shard.ts';
import { emptySeverities, emptySummary } from '../../../operator/findings/tally.ts';

const policy: LedgerPolicy = {
  name: 'p',
  uid: 'u',
  generation: 1,
  revision: '1-a',
  listPasses: false,
  ownerLabels: [],
  excludedNamespaces: 2,
};
const shard = (...namespaces: readonly string[]): Shard => ({
  slices: namespaces.map((namespace) => ({ resource: 0, namespace, targets: 10, policies: { p: 10 } })),
  pageSize: 500,
});
const shards = [shard('a', 'b'), shard('c'), shard('d')];
const fresh = (): Ledger =>
  jobCreated(
    newLedger(
      {
        startTime: '2026-01-01T00:00:00Z',
        catalogue: 'c',
        partial: false,
        policies: [policy],
        input: ['in'],
        uncovered: [],
        excludedNamespaces: 2,
      },
      { name: 'a1', shards, configMaps: ['m1'] },
    ),
    'a1',
  );
const collected = (scanned: number, change: Partial<Collected> = {}): Collected => ({
  scanned,
  failed: 0,
  unread: {},
  policies: { p: { summary: { ...emptySummary(), pass: scanned }, failing: emptySeverities(), targets: scanned, checks: {} } },
  new: emptySeverities(),
  fixed: emptySeverities(),
  uncovered: [],
  rest: [],
  peakMebibytes: 1,
  ...change,
});
/** The invariant: scanned, failed and waiting targets add up to the targets in scope. */
const sum = (ledger: Ledger): number => {
  const { inScope, scanned, failed, skipped } = coverageOf(ledger);
  if (allSettled(ledger)) expect(scanned + failed + skipped).to.equal(inScope);
  return inScope;
};

describe('the ledger of a scan', () => {
  it('counts shards and targets until all shards are collected', () => {
    let ledger = fresh();
    expect([progressOf(ledger), sum(ledger), attemptEnded(ledger)]).to.deep.equal(['0/3', 40, false]);
    for (const [index, count] of [20, 10, 10].entries()) ledger = shardCollected(ledger, index, collected(count));
    expect([progressOf(ledger), sum(ledger), allSettled(ledger)]).to.deep.equal(['3/3', 40, true]);
    expect(policyCoverage(ledger, policy)).to.deep.equal({ inScope: 40, scanned: 40, failed: 0, skipped: 0, excludedNamespaces: 2 });
    expect(ledger.totals['p']?.summary.pass).to.equal(40);
  });

  it('queues a failed shard again, and after the last attempt counts its targets as failed, with the reason', () => {
    let ledger = fresh();
    ledger = shardFailed(ledger, 1, { class: 'LogLost', message: 'gone' });
    expect(queuedShards(ledger)).to.deep.equal([{ shard: 1, job: ledger.jobs[0], index: 1 }]);
    const definitions = new Map([[1, shards[1]!]]);
    ledger = nextAttempt(ledger, definitions, { name: 'a2', configMaps: ['m2'] }).ledger;
    expect(pendingIn(ledger, ledger.jobs[1]!)).to.deep.equal([{ shard: 1, index: 0 }]);
    ledger = shardFailed(ledger, 1, { class: 'LogLost', message: 'gone again' });
    expect(problemsOf(ledger)).to.deep.equal([{ shard: 1, attempts: 2, reason: 'LogLost', message: 'gone again' }]);
    expect(coverageOf(ledger)).to.include({ failed: 10, inScope: 40 });
    expect(ledger.failedByPolicy).to.deep.equal({ p: 10 });
  });

  it('divides a shard that ran out of memory, with more memory, and loses none of it', () => {
    let ledger = shardFailed(fresh(), 0, { class: 'OutOfMemory', message: '' });
    const { ledger: next, input } = nextAttempt(ledger, new Map([[0, shards[0]!]]), { name: 'a2', configMaps: ['m2'] });
    ledger = next;
    expect(input.shards.flatMap(({ slices }) => slices.map(({ namespace }) => namespace))).to.deep.equal(['a', 'b']);
    expect(ledger.jobs[1]).to.deep.include({ shards: [3, 4], memoryFactor: 2 });
    expect([ledger.shards[0]?.state, sum(ledger), progressOf(ledger)]).to.deep.equal(['divided', 40, '0/4']);
    // The parts keep the number of attempts: an object that never fits becomes an error, not a loop.
    let attempts = 2;
    while (!allSettled(ledger) && attempts < 40) {
      for (const { shard: number } of pendingIn(ledger, ledger.jobs.at(-1)!))
        ledger = shardFailed(ledger, number, { class: 'OutOfMemory', message: 'x' });
      for (const number of [1, 2]) if (ledger.shards[number]?.state === 'pending') ledger = shardCollected(ledger, number, collected(10));
      if (allSettled(ledger)) break;
      const definitions = new Map(queuedShards(ledger).map(({ shard: number }) => [number, shard(`n${number}`)]));
      ledger = nextAttempt(ledger, definitions, { name: `a${++attempts}`, configMaps: [] }).ledger;
    }
    expect([allSettled(ledger), ledger.jobs.at(-1)?.memoryFactor]).to.deep.equal([true, 4]);
    expect(sum(ledger)).to.equal(40);
    expect(coverageOf(ledger).failed).to.equal(20);
  });

  it('queues slices that did not fit into a stream as a new shard', () => {
    const rest = [{ resource: 0, namespace: 'b', after: 'x', targets: 10, policies: { p: 10 } }];
    const ledger = shardCollected(fresh(), 0, collected(10, { rest }));
    expect([progressOf(ledger), queuedShards(ledger).map(({ shard: number }) => number), sum(ledger)]).to.deep.equal(['1/4', [3], 40]);
    expect(ledger.shards[3]?.slices).to.deep.equal(rest);
  });

  it('lists for each policy what could not be scanned, once', () => {
    const uncovered = [{ message: 'no widgets', policies: ['p'] }];
    const other = [{ message: 'no gadgets', policies: ['q'] }];
    const ledger = shardCollected(
      shardCollected(fresh(), 0, collected(20, { uncovered })),
      1,
      collected(10, { uncovered: [...uncovered, ...other] }),
    );
    expect(uncoveredOf(ledger, policy)).to.deep.equal(['no widgets']);
  });

  it('is settled at once when nothing is in scope', () => {
    const ledger = newLedger(
      { startTime: '', catalogue: 'c', partial: false, policies: [], input: [], uncovered: [], excludedNamespaces: 0 },
      { name: 'a1', shards: [], configMaps: [] },
    );
    expect([allSettled(ledger), progressOf(ledger), ledger.jobs]).to.deep.equal([true, '0/0', []]);
  });

  it('keeps a message for each policy when more problems are found than are listed', () => {
    const problems = (from: number, to: number, policies: readonly string[]): Collected['uncovered'] =>
      Array.from({ length: to - from }, (_, index) => ({ message: `problem ${from + index}`, policies }));
    const further = 'further problems of this scan are not listed';
    const listed = (ledger: Ledger, ...names: readonly string[]): unknown[] =>
      names.map((name) => uncoveredOf(ledger, { ...policy, name }).length);
    const full = shardCollected(fresh(), 0, collected(20, { uncovered: problems(0, 50, ['p']) }));
    expect([listed(full, 'p', 'q'), full.uncovered.length]).to.deep.equal([[50, 0], 50]);
    const more = shardCollected(full, 1, collected(10, { uncovered: problems(50, 53, ['q']) }));
    expect(more.uncovered.slice(50)).to.deep.equal([{ message: further, policies: ['q'] }]);
    const last = shardCollected(more, 2, collected(10, { uncovered: [...problems(0, 3, ['p']), ...problems(60, 61, ['r', 'p'])] }));
    expect(last.uncovered.slice(50)).to.deep.equal([{ message: further, policies: ['r', 'p', 'q'] }]);
    expect(listed(last, 'p', 'q', 'r', 's')).to.deep.equal([51, 1, 1, 0]);
  });

  it('adds up the findings, the unread targets and the failures of its shards', () => {
    const high = { ...emptySeverities(), high: 1 };
    const change = { failed: 2, unread: { p: 2 }, new: high, fixed: { ...emptySeverities(), low: 3 } };
    const ledger = shardCollected(shardCollected(fresh(), 0, collected(18, change)), 1, collected(8, change));
    expect(ledger).to.deep.include({ scanned: 26, failed: 4, failedByPolicy: { p: 4 } });
    expect([ledger.new.high, ledger.fixed.low]).to.deep.equal([2, 6]);
    expect(policyCoverage(ledger, policy)).to.deep.include({ inScope: 30, scanned: 26, failed: 4 });
    expect(policyCoverage(ledger, { ...policy, name: 'q' })).to.deep.include({ inScope: 0, scanned: 0, failed: 0 });
  });

  it('names the first failure of the shards that have targets of a policy', () => {
    const failed = (message: string): Ledger => shardFailed(fresh(), 1, { class: 'Permanent', message });
    expect([policyFailure(fresh(), policy), policyFailure(failed('broken'), policy), policyFailure(failed(''), policy)]).to.deep.equal([
      undefined,
      'Permanent: broken',
      'Permanent',
    ]);
    expect(policyFailure(failed('broken'), { ...policy, name: 'q' })).to.equal(undefined);
    // A shard that is tried again has not failed yet.
    expect(policyFailure(shardFailed(fresh(), 1, { class: 'LogLost', message: '' }), policy)).to.equal(undefined);
    expect(problemsOf(failed('x'.repeat(600)))[0]?.message).to.have.length(500);
  });

  it('forgets the reason of a failed attempt when the next one is collected', () => {
    const failed = shardFailed(fresh(), 1, { class: 'LogLost', message: 'gone' });
    expect(failed.shards[1]).to.deep.include({ state: 'queued', reason: 'LogLost', message: 'gone' });
    const { ledger } = nextAttempt(failed, new Map([[1, shards[1]!]]), { name: 'a2', configMaps: [] });
    expect(ledger.shards[1]).not.to.have.property('retry');
    expect(shardCollected(ledger, 1, collected(10)).shards[1]).to.deep.equal({
      ...{ state: 'done', targets: 10, policies: { p: 10 }, tries: { LogLost: 1 } },
    });
  });

  it('gives the next attempt the memory and time of its most demanding shard, up to four times as much', () => {
    const factors = (...failures: readonly (readonly [JobFailure['class'], number])[]): unknown[] => {
      let ledger = fresh();
      const found: unknown[] = [];
      for (const [cause, number] of failures) {
        ledger = shardFailed(ledger, number, { class: cause, message: '' });
        const definitions = new Map(queuedShards(ledger).map(({ shard: each }) => [each, shard('x')]));
        ledger = nextAttempt(ledger, definitions, { name: `a${found.length + 2}`, configMaps: [] }).ledger;
        const { memoryFactor, deadlineFactor } = ledger.jobs.at(-1)!;
        found.push([memoryFactor, deadlineFactor]);
      }
      return found;
    };
    expect(factors(['LogLost', 0])).to.deep.equal([[1, 1]]);
    expect(factors(['DeadlineExceeded', 0], ['OutOfMemory', 0], ['OutOfMemory', 0], ['OutOfMemory', 0])).to.deep.equal([
      ...[
        [1, 2],
        [2, 2],
        [4, 2],
        [4, 2],
      ],
    ]);
  });

  it('has no result of a Job that is not the latest', () => {
    const before = fresh();
    const failed = shardFailed(before, 0, { class: 'LogLost', message: '' });
    const { ledger } = nextAttempt(failed, new Map([[0, shards[0]!]]), { name: 'a2', configMaps: [] });
    expect([pendingIn(ledger, ledger.jobs[0]!), pendingIn(ledger, ledger.jobs[1]!)]).to.deep.equal([[], [{ shard: 0, index: 0 }]]);
    const made = jobCreated(ledger, 'a2', 'u2');
    expect(made.jobs.map(({ name, created, uid }) => [name, created, uid])).to.deep.equal([
      ['a1', true, undefined],
      ['a2', true, 'u2'],
    ]);
    expect(() => shardFailed(ledger, 9, { class: 'LogLost', message: '' })).to.throw('the scan has no shard 9');
  });

  it('begins with the targets that are carried over', () => {
    const tally = { summary: { ...emptySummary(), pass: 4 }, failing: emptySeverities(), targets: 4, checks: {} };
    const start = { startTime: '', catalogue: 'c', partial: false, policies: [policy], input: [], uncovered: [], excludedNamespaces: 0 };
    const ledger = newLedger(
      { ...start, totals: { p: tally }, carriedOver: { targets: 4, namespaces: ['z'] } },
      { name: 'a1', shards, configMaps: ['m'] },
    );
    expect(ledger.jobs).to.deep.equal([
      { name: 'a1', shards: [0, 1, 2], configMaps: ['m'], memoryFactor: 1, deadlineFactor: 1, created: false },
    ]);
    expect(coverageOf(ledger)).to.deep.include({ inScope: 44, scanned: 4 }).and.not.to.have.property('customWorkloads');
    const customWorkloads = [{ kind: 'Rollout.argoproj.io', objects: 1, evaluated: true }];
    expect(coverageOf({ ...ledger, customWorkloads })).to.deep.include({ inScope: 44, customWorkloads });
    expect(coverageOf(shardCollected(ledger, 1, collected(10)))).to.deep.include({ inScope: 44, scanned: 14 });
    expect(shardCollected(ledger, 1, collected(10)).totals['p']?.targets).to.equal(14);
  });
});
