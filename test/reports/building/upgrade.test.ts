import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import type { Finding } from '../../../operator/findings/finding.ts';
import { buildReport, withoutPolicies, type ReportInput } from '../../../operator/reports/building/report-builder.ts';
import { recordedChange, newFailures } from '../../../operator/reports/building/report-change.ts';
import { ownershipOf } from '../../../operator/reports/identity/report-ownership.ts';
import { evaluated, finding, ids, input, stored } from './report-samples.ts';

const legacyManager = {
  manager: 'vigil',
  operation: 'Apply',
  fieldsV1: { 'f:metadata': { 'f:labels': { 'f:app.kubernetes.io/managed-by': {} }, 'f:annotations': { 'f:vigil.dev/policies': {} } } },
} as const;
/** Written by the report builder of commit aff73eb, before results had identities and reports digests. */
const fixture = JSON.parse(readFileSync(new URL('fixtures/aff73eb.json', import.meta.url), 'utf8')) as Readonly<
  Record<'configuration' | 'images', PolicyReport>
>;
const legacy = (which: 'configuration' | 'images'): PolicyReport => stored(fixture[which], [legacyManager]);
const nothing = { new: { critical: 0, high: 0, medium: 0, low: 0 }, fixed: { critical: 0, high: 0, medium: 0, low: 0 } };
const again = (existing: PolicyReport, change: Partial<ReportInput>): PolicyReport => {
  const report = buildReport(input({ existing, seconds: 9000, scan: 'new-scan', ...change }));
  expect(newFailures(existing, report)).to.deep.equal([]);
  expect(recordedChange(report, 'new-scan')).to.deep.equal(nothing);
  return stored(report);
};

describe('a report of Vigil before 0.2, without identities and digests', () => {
  it('is updated by an evaluation of one policy, with its timestamps, without lost, duplicate or new results', () => {
    const existing = legacy('configuration');
    expect(ownershipOf(existing)).to.equal('ours');
    const found = [finding('host-pid'), finding('host-ipc', { severity: 'medium' })];
    const report = again(existing, { policies: [evaluated('baseline', { revision: '3-a' })], results: found });
    expect(report.results?.map(({ policy, rule, timestamp }) => [policy, rule, timestamp?.seconds])).to.deep.equal([
      ['baseline', 'host-pid', 1000],
      ['labels', 'team-label', 1000],
      ['baseline', 'host-ipc', 1000],
    ]);
    expect(report.summary).to.deep.equal({ pass: 7, fail: 3, warn: 0, error: 0, skip: 0 });
    expect(new Set(ids(report)).size).to.equal(3);
    expect(Object.keys(report.metadata.labels ?? {}).filter((key) => key.startsWith('policy.'))).to.have.members([
      'policy.vigil.dev/baseline',
      'policy.vigil.dev/labels',
    ]);
    expect(ownershipOf(report)).to.equal('ours');
    expect(buildReport(input({ existing: report, policies: [evaluated('baseline', { revision: '3-a' })], results: found }))).to.equal(
      undefined,
    );
  });

  it('has two results for two containers with the same image', () => {
    const cve = (container: string): Finding =>
      finding('CVE-2026-1', { policy: 'images', severity: 'critical', properties: { container, package: 'openssl', installed: '3.0.1' } });
    const existing = legacy('images');
    const policies = [evaluated('images', { revision: '2-a', passes: 0 })];
    const report = again(existing, { source: 'vigil-images', policies, results: [cve('main'), cve('sidecar')] });
    expect(report.results?.map(({ timestamp }) => timestamp?.seconds)).to.deep.equal([2000, 2000]);
    expect(new Set(ids(report)).size).to.equal(2);
  });

  it('removes a withdrawn policy with its old label, and keeps the other', () => {
    const rest = withoutPolicies(legacy('configuration'), ['baseline']);
    expect(rest?.results?.map(({ policy }) => policy)).to.deep.equal(['labels']);
    expect(withoutPolicies(legacy('configuration'), ['baseline', 'labels'])).to.equal(undefined);
  });
});
