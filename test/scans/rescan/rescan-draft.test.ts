import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { ListedObjects } from '../../../operator/findings/namespace-marks.ts';
import { emptySeverities, emptySummary, type PolicyTally } from '../../../operator/findings/tally.ts';
import { RescanDraft } from '../../../operator/scans/rescan/rescan-draft.ts';
import { isUnchanged, type NamespaceState, type RescanEntry } from '../../../operator/scans/rescan/rescan-index.ts';
import type { NamespaceRecord } from '../../../operator/stream/stream-record.ts';

const tally = (targets: number, error = 0): PolicyTally => ({
  targets,
  summary: { ...emptySummary(), pass: targets, error },
  failing: emptySeverities(),
  checks: {},
});
const planned: NamespaceState = { mark: 'm', targets: 3, policies: { p: 3, q: 2 } };
const listed = new ListedObjects();
listed.add(RESOURCES.pods, { name: 'a', namespace: 'blue', uid: 'a', resourceVersion: '1' });
const pods = { kind: 'pods', place: 'blue' };
const record = (more: Partial<NamespaceRecord> = {}): NamespaceRecord => ({
  type: 'namespace',
  namespace: 'blue',
  scanned: 3,
  policies: { p: tally(3), q: tally(2) },
  reads: [['pods', 'blue', listed.of(pods) ?? '']],
  ...more,
});

/** The index entry of a namespace after a scan with these records, one per shard. */
function known(
  records: readonly NamespaceRecord[],
  plan = planned,
  reports: { digestOf: () => string | undefined } = { digestOf: () => 'r' },
): RescanEntry | undefined {
  const draft = new RescanDraft({ planned: new Map([['blue', plan]]), carriedOver: new Set(), listed, partial: false });
  for (const [shard, each] of records.entries()) draft.collected(shard, [each]);
  return draft.next(new Map([['blue', { mark: 'old', reports: 'old', scanned: 1, policies: {} }]]), reports).get('blue');
}

describe('the index entry of a namespace after a scan', () => {
  it('has its mark, its reports and its tallies', () => {
    expect(known([record()])).to.deep.equal({ mark: 'm', reports: 'r', scanned: 3, policies: { p: tally(3), q: tally(2) } });
  });

  it('is collected from all shards of the namespace', () => {
    const parts = [record({ scanned: 2, policies: { p: tally(2), q: tally(2) } }), record({ scanned: 1, policies: { p: tally(1) } })];
    expect(known(parts)).to.deep.equal({ mark: 'm', reports: 'r', scanned: 3, policies: { p: tally(3), q: tally(2) } });
  });

  const nothing: readonly [what: string, entry: RescanEntry | undefined][] = [
    ['no shard was collected', known([])],
    ['a shard of it is missing', known([record({ scanned: 2, policies: { p: tally(2), q: tally(2) } })])],
    ['a policy has evaluated fewer targets than planned', known([record({ policies: { p: tally(3), q: tally(1) } })])],
    ['more targets were evaluated than planned', known([record({ scanned: 4, policies: { p: tally(4), q: tally(2) } })])],
    ['a verdict is an error', known([record({ policies: { p: tally(3, 1), q: tally(2) } })])],
    ['a worker has read another context', known([record({ reads: [['pods', 'blue', 'other']] })])],
    ['a worker could not read something', known([record({ reads: [['pods', 'blue', '']] })])],
    ['it has no mark', known([record()], { ...planned, mark: undefined })],
    ['its reports have no digest', known([record()], planned, { digestOf: () => undefined })],
  ];
  for (const [what, entry] of nothing)
    it(`is missing if ${what}`, () => {
      expect(entry).to.equal(undefined);
    });

  it('has the latest results of a shard', () => {
    const draft = new RescanDraft({ planned: new Map([['blue', planned]]), carriedOver: new Set(), listed, partial: false });
    draft.collected(0, [record()]);
    draft.collected(0, [record({ policies: { p: tally(3, 1), q: tally(2) } })]);
    expect(draft.next(new Map(), { digestOf: () => 'r' }).size).to.equal(0);
  });
});

describe('a namespace is unchanged', () => {
  const entry: RescanEntry = { mark: 'm', reports: 'r', scanned: 3, policies: { p: tally(3), q: tally(2) } };
  const cases: readonly [what: string, holds: boolean, now: NamespaceState, reports: string | undefined][] = [
    ['if its mark, reports and targets are the same', true, planned, 'r'],
    ['not with another mark', false, { ...planned, mark: 'n' }, 'r'],
    ['not without a mark', false, { ...planned, mark: undefined }, 'r'],
    ['not with other reports', false, planned, 's'],
    ['not without a digest of its reports', false, planned, undefined],
    ['not with more targets', false, { ...planned, targets: 4 }, 'r'],
    ['not with fewer targets of one policy', false, { ...planned, policies: { p: 3, q: 1 } }, 'r'],
    ['not with targets of another policy', false, { ...planned, policies: { p: 3, q: 2, s: 1 } }, 'r'],
  ];
  for (const [what, holds, now, reports] of cases)
    it(what, () => {
      expect(isUnchanged(entry, now, reports)).to.equal(holds);
    });

  it('not without an entry', () => {
    expect(isUnchanged(undefined, planned, 'r')).to.equal(false);
  });
});
