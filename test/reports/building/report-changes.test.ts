import { expect } from 'chai';
import { buildReport, comparedPolicies, type ReportInput } from '../../../operator/reports/building/report-builder.ts';
import { recordedChange, newFailures } from '../../../operator/reports/building/report-change.ts';
import { built, evaluated, finding, ids, input, stored, target } from './report-samples.ts';

const counted = (report: ReturnType<typeof buildReport>, scan = 'scan-2'): readonly [number, number] => {
  const { new: came, fixed } = recordedChange(report, scan);
  return [came.high, fixed.high];
};
const told = (change: Partial<ReportInput>): readonly (string | undefined)[] => {
  const now = input(change);
  return newFailures(now.existing, buildReport(now), comparedPolicies(now)).map(({ rule }) => rule);
};
const error = finding('netpol', { verdict: 'error', message: 'cannot be judged: NetworkPolicy.networking.k8s.io may not be listed' });

describe('new failures', () => {
  const made = { target: { ...target, created: '2026-11-29T12:00:00Z' } };
  const at = (time: string): number => Date.parse(time) / 1000;

  it('include every failure of a workload that was created after the policy had evaluated all targets', () => {
    const policies = [evaluated('baseline', { evaluatedSince: at('2026-11-29T11:00:00Z') })];
    expect(told({ ...made, policies })).to.deep.equal(['host-ipc', 'host-pid']);
    expect(counted(buildReport(input({ ...made, policies, scan: 'scan-2' })))).to.deep.equal([2, 0]);
  });

  it('do not include an older workload whose report is missing, or a first evaluation', () => {
    expect(told({ ...made, policies: [evaluated('baseline', { evaluatedSince: at('2026-11-29T13:00:00Z') })] })).to.deep.equal([]);
    expect(told({ ...made, policies: [evaluated()] })).to.deep.equal([]);
    expect(told({ policies: [evaluated('baseline', { evaluatedSince: 5 })] })).to.deep.equal([]);
  });
});

describe('a changed policy', () => {
  it('does not write a report with the same content', () => {
    expect(buildReport(input({ existing: built(), policies: [evaluated('baseline', { revision: '2-a' })], scan: 'scan-2' }))).to.equal(
      undefined,
    );
  });

  it('has no new or fixed failures itself, and does not hide later ones in an unchanged report', () => {
    const change = { existing: built(), results: [finding('host-pid'), finding('host-network')], scan: 'scan-2' };
    expect(counted(buildReport(input({ ...change, policies: [evaluated('baseline', { revision: '2-a' })] })))).to.deep.equal([0, 0]);
    const policies = [evaluated('baseline', { revision: '2-a', evaluatedSince: 900 })];
    expect(counted(buildReport(input({ ...change, policies })))).to.deep.equal([1, 1]);
    expect(told({ ...change, policies })).to.deep.equal(['host-network']);
  });
});

describe('a check that can no longer be evaluated', () => {
  const before = built({ results: [finding('netpol'), finding('host-pid')] });
  const lost = stored(buildReport(input({ existing: before, results: [error, finding('host-pid')], seconds: 2000, scan: 'scan-2' })));

  it('keeps the earlier failure as stale beside the error, with its timestamp and identity, and is not fixed', () => {
    expect(
      lost.results?.map(({ rule, result, timestamp, properties }) => [rule, result, timestamp?.seconds, properties?.['stale']]),
    ).to.deep.equal([
      ['host-pid', 'fail', 1000, undefined],
      ['netpol', 'fail', 1000, 'true'],
      ['netpol', 'error', 2000, undefined],
    ]);
    expect(ids(lost)).to.include.members(ids(before));
    expect(lost.summary).to.include({ fail: 2, error: 1 });
    expect(counted(lost)).to.deep.equal([0, 0]);
  });

  it('keeps the stale failure after repeated errors', () => {
    const again = { existing: lost, results: [error, finding('host-pid')], seconds: 3000, scan: 'scan-3' };
    expect(buildReport(input(again))).to.equal(undefined);
  });

  it('is not new when it is evaluated again and fails, and is fixed when it passes', () => {
    const back = input({ existing: lost, results: [finding('netpol'), finding('host-pid')], seconds: 3000, scan: 'scan-3' });
    const report = buildReport(back);
    expect(report?.results).to.deep.equal(before.results);
    expect(newFailures(lost, report)).to.deep.equal([]);
    const passed = buildReport(input({ existing: lost, results: [finding('host-pid')], seconds: 3000, scan: 'scan-3' }));
    expect([passed?.summary?.error, counted(passed, 'scan-3')]).to.deep.equal([0, [0, 1]]);
  });
});

describe('wholeWords', () => {
  it('ends before a path that does not fit', () => {
    const paths = Array.from({ length: 40 }, (_, index) => `spec.template.spec.containers[${index}].securityContext`);
    const report = buildReport(input({ results: [finding('privileged', { path: paths[0]!, paths })] }));
    const listed = report?.results?.[0]?.properties?.['paths'] ?? '';
    expect(listed.length).to.be.within(400, 500);
    expect(listed.split(' ').at(-1)).to.equal('…');
    expect(paths.slice(0, 8)).to.deep.equal(listed.split(' ').slice(0, 8));
    for (const path of listed.split(' ').slice(0, -1)) expect(paths).to.include(path);
  });
});

describe('results', () => {
  it('are sorted by severity, the most severe first', () => {
    const results = [
      finding('a', { verdict: 'skip' }),
      finding('b', { severity: 'low' }),
      finding('c', { verdict: 'error', severity: 'critical' }),
      finding('d', { severity: 'critical' }),
    ];
    expect(buildReport(input({ results }))?.results?.map(({ rule }) => rule)).to.deep.equal(['d', 'b', 'c', 'a']);
  });
});
