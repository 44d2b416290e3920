import { expect } from 'chai';
import { ANNOTATIONS } from '../../../operator/api/group.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { changeWithin, readHistory, type ChangeHistory } from '../../../operator/reports/building/change-history.ts';
import { buildReport, withoutPolicies, type EvaluatedPolicy } from '../../../operator/reports/building/report-builder.ts';

const target = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'web', name: 'api', uid: 'u1' };
const evaluated = (name: string, revision = '1'): EvaluatedPolicy => ({ name, revision, passes: 0, listPasses: false, ownerLabels: [] });
const finding = (policy: string, check: string, severity: 'critical' | 'high' | 'info' = 'high') =>
  ({ policy, check, verdict: 'fail', severity, category: 'Vulnerabilities', frameworks: [], message: check, path: '' }) as const;

interface Written {
  readonly seconds: number;
  readonly checks?: readonly string[];
  readonly policies?: readonly string[];
  readonly revision?: string;
  readonly severity?: 'critical' | 'high' | 'info';
}

/** The report as the API server returns it after an update. */
function written(
  existing: PolicyReport | undefined,
  { seconds, checks = [], policies = ['images'], revision = '1', severity = 'high' }: Written,
): PolicyReport {
  const results = policies.flatMap((policy) => checks.map((check) => finding(policy, check, severity)));
  const made = policies.map((policy) => evaluated(policy, revision));
  const report = buildReport({ source: 'vigil-images', target, policies: made, results, seconds, existing });
  if (!report) throw new Error('nothing differs');
  return JSON.parse(JSON.stringify(report)) as PolicyReport;
}

const historyIn = (report: PolicyReport): ChangeHistory => readHistory(report.metadata.annotations?.[ANNOTATIONS.changes]);
const high = (count: number): object => ({ critical: 0, high: count, medium: 0, low: 0 });

describe('the change history of a report', () => {
  const first = written(undefined, { seconds: 100, checks: ['CVE-1'] });
  const second = written(first, { seconds: 200, checks: ['CVE-1', 'CVE-2', 'CVE-3'] });
  const third = written(second, { seconds: 300, checks: ['CVE-3'] });

  it('is empty for a first report', () => expect(first.metadata.annotations).not.to.have.property(ANNOTATIONS.changes));

  it('includes the start of a span and excludes its end', () => {
    const within = (from: number, until: number): object => changeWithin(historyIn(third), 'images', { from, until });
    expect(within(0, 200)).to.deep.equal({ new: high(0), fixed: high(0) });
    expect(within(200, 201)).to.deep.equal({ new: high(2), fixed: high(0) });
    expect(within(201, 301)).to.deep.equal({ new: high(0), fixed: high(2) });
    expect(within(0, 999)).to.deep.equal({ new: high(2), fixed: high(2) });
    expect(changeWithin(historyIn(third), 'other', { from: 0, until: 999 })).to.deep.equal({ new: high(0), fixed: high(0) });
  });

  it('adds the changes of two writes at the same time', () => {
    const again = written(third, { seconds: 300, checks: ['CVE-3', 'CVE-4'] });
    expect(historyIn(again)['images']?.at(-1)).to.deep.equal({ seconds: 300, new: high(1), fixed: high(2) });
  });

  it('is kept by policy, and removed with the policy', () => {
    const both = written(third, { seconds: 400, checks: ['CVE-3'], policies: ['images', 'strict'] });
    const more = written(both, { seconds: 500, checks: ['CVE-3', 'CVE-5'], policies: ['images', 'strict'] });
    expect(Object.entries(historyIn(more)).map(([policy, rows]) => [policy, rows.map(({ seconds }) => seconds)])).to.deep.equal([
      ['images', [200, 300, 500]],
      ['strict', [500]],
    ]);
    expect(Object.keys(historyIn(withoutPolicies(more, ['images']) as PolicyReport))).to.deep.equal(['strict']);
  });

  it('ignores failures of another revision of the policy, and results without a severity', () => {
    expect(historyIn(written(third, { seconds: 400, checks: ['CVE-9'], revision: '2' }))['images']).to.have.length(2);
    expect(historyIn(written(third, { seconds: 400, checks: ['CVE-3', 'CVE-9'], severity: 'info' }))['images']).to.have.length(2);
  });

  it('is limited for many changes and many policies', () => {
    const policies = Array.from({ length: 300 }, (_, index) => `policy-${index}`);
    let report = written(undefined, { seconds: 0, policies });
    for (let round = 1; round <= 30; round++) report = written(report, { seconds: round, policies, checks: [`CVE-${round}`] });
    expect(Buffer.byteLength(report.metadata.annotations?.[ANNOTATIONS.changes] ?? '')).to.be.within(5000, 40_000);
    expect(historyIn(report)['policy-7']?.at(-1)).to.deep.equal({ seconds: 30, new: high(1), fixed: high(1) });
    let single = written(undefined, { seconds: 0 });
    for (let round = 1; round <= 30; round++) single = written(single, { seconds: round, checks: [`CVE-${round}`] });
    expect(historyIn(single)['images']?.map(({ seconds }) => seconds)).to.deep.equal(Array.from({ length: 24 }, (_, index) => index + 7));
  });

  it('is empty for an invalid annotation', () => {
    for (const text of [undefined, '', 'null', '[]', '7', '{"a":7}', '{"a":[1]}', '{"a":[[1,2]]}', '{"a":[[1,0,0,0,0,0,0,0,-1]]}'])
      expect(Object.values(readHistory(text)).flat()).to.deep.equal([]);
  });
});
