import { expect } from 'chai';
import fc from 'fast-check';
import { ANNOTATIONS } from '../../../operator/api/group.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { readLedger, writeLedger } from '../../../operator/reports/identity/policy-ledger.ts';
import {
  buildReport,
  MAXIMUM_REPORT,
  withoutPolicies,
  type EvaluatedPolicy,
  type ReportInput,
} from '../../../operator/reports/building/report-builder.ts';
import { recordedChange, reportChange } from '../../../operator/reports/building/report-change.ts';
import { policyLabel, reportName } from '../../../operator/reports/identity/report-name.ts';
import type { Finding } from '../../../operator/findings/finding.ts';

const policy = (name = 'baseline', change: Partial<EvaluatedPolicy> = {}): EvaluatedPolicy => ({
  name,
  revision: '1-a',
  passes: 5,
  listPasses: false,
  ownerLabels: [],
  ...change,
});
const finding = (check: string, change: Partial<Finding> = {}): Finding => ({
  policy: 'baseline',
  check,
  verdict: 'fail',
  severity: 'high',
  category: 'Pod Security',
  frameworks: ['pss-baseline@1.36'],
  message: `${check} fails`,
  path: 'spec.hostPID',
  ...change,
});
const target = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'web',
  name: 'api',
  uid: 'u1',
  resourceVersion: '100',
  labels: { team: 'a', other: 'b' },
};
const input = (change: Partial<ReportInput> = {}): ReportInput => ({
  source: 'vigil',
  target,
  policies: [policy()],
  results: [finding('host-pid'), finding('host-ipc', { severity: 'medium' })],
  seconds: 1000,
  scan: 'scan-1',
  existing: undefined,
  ...change,
});

/** The report as the API server returns it. */
function stored(report: PolicyReport | undefined, resourceVersion = '7'): PolicyReport {
  if (!report) throw new Error('no report was built');
  return {
    ...(JSON.parse(JSON.stringify(report)) as PolicyReport),
    metadata: { ...report.metadata, uid: 'r1', resourceVersion, generation: 1 },
  };
}
const rules = (report: PolicyReport | undefined): (string | undefined)[] => (report?.results ?? []).map(({ rule }) => rule);

describe('buildReport', () => {
  it('returns all results about one object in order, with a matching summary', () => {
    const report = stored(buildReport(input({ policies: [policy('baseline', { ownerLabels: ['team', 'absent'] })] })));
    expect(report.metadata).to.deep.include({
      name: 'vigil-deployment-api',
      namespace: 'web',
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'api', uid: 'u1' }],
    });
    expect(report.metadata.labels).to.deep.equal({
      team: 'a',
      'app.kubernetes.io/managed-by': 'vigil',
      'vigil.dev/source': 'vigil',
      [policyLabel('baseline')]: 'true',
    });
    expect(report.scope).to.deep.equal({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'web', name: 'api', uid: 'u1' });
    expect(report.summary).to.deep.equal({ pass: 5, fail: 2, warn: 0, error: 0, skip: 0 });
    expect(rules(report)).to.deep.equal(['host-pid', 'host-ipc']);
    const [{ properties, ...worst } = {}] = report.results ?? [];
    expect(worst).to.deep.include({ severity: 'high', result: 'fail', timestamp: { seconds: 1000, nanos: 0 } });
    expect(properties).to.include({ path: 'spec.hostPID', frameworks: 'pss-baseline@1.36' });
    expect(properties?.['resultID']).to.match(/^[0-9a-f]{20}$/);
  });

  it('returns undefined when no result changed, at any time and for any resourceVersion of the object', () => {
    const existing = stored(buildReport(input()));
    expect(buildReport(input({ existing, seconds: 9999, target: { ...target, resourceVersion: '500' } }))).to.equal(undefined);
  });

  it('keeps the timestamp of earlier results and sets it for new ones only', () => {
    const existing = stored(buildReport(input()));
    const report = buildReport(input({ existing, seconds: 2000, results: [finding('host-pid'), finding('host-network')] }));
    expect(report?.results?.map(({ rule, timestamp }) => [rule, timestamp?.seconds])).to.deep.equal([
      ['host-network', 2000],
      ['host-pid', 1000],
    ]);
    expect(report?.metadata.resourceVersion).to.equal('7');
  });

  it('keeps the timestamp of a failure that moves to another pod', () => {
    const of = (pod: string): Finding => finding('host-pid', { pod });
    const dated = (report: PolicyReport): unknown =>
      report.results?.map(({ properties, timestamp }) => [properties?.['pod'], timestamp?.seconds]);
    const first = stored(buildReport(input({ results: [of('a')] })));
    const both = stored(buildReport(input({ existing: first, seconds: 2000, results: [of('a'), of('b')] })));
    const next = stored(buildReport(input({ existing: both, seconds: 3000, results: [of('c')] })));
    expect([dated(both), dated(next)]).to.deep.equal([
      [
        ['a', 1000],
        ['b', 1000],
      ],
      [['c', 1000]],
    ]);
    expect(buildReport(input({ existing: next, seconds: 4000, results: [of('c')] }))).to.equal(undefined);
  });

  it('keeps the results of policies that were not evaluated now', () => {
    const existing = stored(buildReport(input()));
    const report = stored(
      buildReport(
        input({
          existing,
          policies: [policy('other', { revision: '3-a', passes: 2 })],
          results: [finding('team-label', { policy: 'other' })],
        }),
      ),
    );
    expect(report.results?.map(({ policy: name, rule }) => `${name}/${rule ?? ''}`)).to.deep.equal([
      'baseline/host-pid',
      'other/team-label',
      'baseline/host-ipc',
    ]);
    expect(report.summary).to.deep.equal({ pass: 7, fail: 3, warn: 0, error: 0, skip: 0 });
    expect(withoutPolicies(report, ['other'])?.results).to.deep.equal(existing.results);
    expect(withoutPolicies(report, ['other'])?.summary).to.deep.equal(existing.summary);
  });

  it('keeps results that carryOver returns, with their timestamps and in the counts', () => {
    const existing = stored(buildReport(input()));
    const stays: ReportInput['carryOver'] = (result) => (result.rule === 'host-pid' ? { ...result, message: 'as before' } : undefined);
    const report = stored(buildReport(input({ existing, results: [finding('host-network')], seconds: 2000, carryOver: stays })));
    expect(report.results?.map(({ rule, message, timestamp }) => [rule, message, timestamp?.seconds])).to.deep.equal([
      ['host-network', 'host-network fails', 2000],
      ['host-pid', 'as before', 1000],
    ]);
    expect(report.summary).to.deep.equal({ pass: 5, fail: 2, warn: 0, error: 0, skip: 0 });
    expect(Object.values(readLedger(report.metadata.annotations?.[ANNOTATIONS.policies]))[0]?.failing.high).to.equal(2);
    expect(buildReport(input({ existing, results: [], carryOver: (result) => result }))).to.equal(undefined);
  });

  it('does not change a policy with carried-over results if some of its results were omitted', () => {
    const many = Array.from({ length: 3000 }, (_, index) => finding(`rule-${index}`, { message: 'm'.repeat(900) }));
    const existing = stored(buildReport(input({ results: many })));
    expect(buildReport(input({ existing, results: [finding('host-pid')], carryOver: (result) => result }))).to.equal(undefined);
    const other = { policies: [policy(), policy('other')], results: [finding('host-pid'), finding('host-ipc', { policy: 'other' })] };
    const report = stored(buildReport(input({ existing, ...other, carryOver: (result) => result })));
    expect(report.summary?.fail).to.equal(3001);
  });

  it('is removed with its last policy', () => {
    expect(withoutPolicies(stored(buildReport(input())), ['baseline'])).to.equal(undefined);
  });

  it('does not replace a verdict with one from an older resourceVersion, unless the policy changed', () => {
    const existing = stored(buildReport(input()));
    const older = { existing, target: { ...target, resourceVersion: '99' }, results: [] };
    expect(buildReport(input(older))).to.equal(undefined);
    expect(buildReport(input({ ...older, policies: [policy('baseline', { revision: '2-a' })] }))?.results).to.deep.equal([]);
    expect(buildReport(input({ ...older, target: { ...target, uid: 'u2', resourceVersion: '99' } }))?.results).to.deep.equal([]);
  });

  it('places the report about a Namespace in that Namespace', () => {
    const report = buildReport(input({ target: { apiVersion: 'v1', kind: 'Namespace', name: 'web', uid: 'n1' } }));
    expect([report?.metadata.name, report?.metadata.namespace, report?.scope?.namespace]).to.deep.equal([
      'vigil-namespace-web',
      'web',
      'web',
    ]);
  });

  it('limits the size of a report, keeps the most severe results, and counts the omitted ones', () => {
    const many = Array.from({ length: 3000 }, (_, index) =>
      finding(`rule-${index}`, { severity: index % 3 === 0 ? 'critical' : 'low', message: 'm'.repeat(900) }),
    );
    const report = stored(buildReport(input({ results: many })));
    expect(Buffer.byteLength(JSON.stringify(report))).to.be.at.most(MAXIMUM_REPORT);
    expect(report.summary?.fail).to.equal(3000);
    const notice = report.results?.at(-1);
    expect(notice?.rule).to.equal('truncated');
    expect(report.results!.length - 1 + Number(notice?.properties?.['truncated'])).to.equal(3000);
    const kept = report.results!.slice(0, -1).map(({ severity }) => severity);
    expect(kept.filter((severity) => severity === 'critical')).to.have.length(kept.includes('low') ? 1000 : kept.length);
    expect(buildReport(input({ results: many, existing: report }))).to.equal(undefined);
  });

  it('has one notice for all policies, without the omitted results of a removed policy', () => {
    const many = (of: string): Finding[] =>
      Array.from({ length: 1500 }, (_, index) => finding(`rule-${index}`, { policy: of, message: 'm'.repeat(900) }));
    const first = stored(buildReport(input({ results: many('baseline') })));
    const other = { policies: [policy('other')], results: many('other') };
    const both = stored(buildReport(input({ ...other, existing: first })));
    const told = ({ results = [] }: PolicyReport): unknown =>
      results.filter(({ rule }) => rule === 'truncated').map(({ properties }) => ({ truncated: properties?.['truncated'] }));
    const listed = ({ results = [] }: PolicyReport, of?: string): number =>
      results.filter(({ policy: name, rule }) => rule !== 'truncated' && (of === undefined || of === name)).length;
    expect(told(first)).to.deep.equal([{ truncated: String(1500 - listed(first)) }]);
    expect(told(both)).to.deep.equal([{ truncated: String(3000 - listed(both)) }]);
    expect(Buffer.byteLength(JSON.stringify(both))).to.be.at.most(MAXIMUM_REPORT);
    const rest = withoutPolicies(both, ['other'])!;
    expect(told(rest)).to.deep.equal([{ truncated: String(1500 - listed(both, 'baseline')) }]);
    const whole = stored(buildReport(input({ existing: both, results: [finding('host-pid')] })));
    expect(told(withoutPolicies(whole, ['other'])!)).to.deep.equal([]);
  });

  it('replaces control characters and lone surrogates in messages', () => {
    const report = buildReport(input({ results: [finding('host-pid', { message: 'a\u0000b\u001b[31mc\ud800' })] }));
    expect(report?.results?.[0]?.message).to.equal('a b [31mc\ufffd');
  });

  it('does not split a character', () => {
    const report = buildReport(input({ results: [finding('host-pid', { message: `${'x'.repeat(998)}\u{1f512}${'y'.repeat(9)}` })] }));
    expect(report?.results?.[0]?.message).to.equal(`${'x'.repeat(998)}\ufffd…`);
  });

  it('replaces control characters of 7 and 8 bits and direction marks in rules and properties', () => {
    const odd = 'a\u001b[2J\u009b1;1H\u202eb';
    const report = buildReport(input({ results: [finding(odd, { properties: { package: odd } })] }));
    const [{ rule, properties } = {}] = report?.results ?? [];
    expect([rule, properties?.['package']]).to.deep.equal(Array.from({ length: 2 }, () => 'a [2J 1;1H b'));
  });
});

describe('reportChange', () => {
  const before = stored(buildReport(input()));
  const after = (results: readonly Finding[], revision = '1-a'): PolicyReport =>
    stored(buildReport(input({ existing: before, results, policies: [policy('baseline', { revision })] })));

  it('counts new and fixed failures by severity', () => {
    expect(reportChange(before, after([finding('host-pid'), finding('host-network', { severity: 'critical' })]))).to.deep.equal({
      new: { critical: 1, high: 0, medium: 0, low: 0 },
      fixed: { critical: 0, high: 0, medium: 1, low: 0 },
    });
  });

  it('counts nothing for different revisions of a policy, or without one of the reports', () => {
    const nothing = { new: { critical: 0, high: 0, medium: 0, low: 0 }, fixed: { critical: 0, high: 0, medium: 0, low: 0 } };
    expect(reportChange(before, after([finding('host-network')], '2-a'))).to.deep.equal(nothing);
    expect(reportChange(undefined, before)).to.deep.equal(nothing);
    expect(reportChange(before, undefined)).to.deep.equal(nothing);
  });
});

describe('reportName', () => {
  const name = (object: Partial<Parameters<typeof reportName>[1]>): string =>
    reportName('vigil', { apiVersion: 'v1', kind: 'Pod', namespace: 'web', name: 'a', ...object });

  it('contains kind and name if they are valid', () => {
    expect(name({})).to.equal('vigil-pod-a');
    expect(name({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'view' })).to.equal('vigil-clusterrole-view');
  });

  it('is unique for invalid names, kinds of several API groups, and long names', () => {
    const role = (text: string): string => name({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: text });
    expect(role('system:node')).to.match(/^vigil-clusterrole-system-node-[0-9a-f]{10}$/);
    expect(new Set([role('a:b'), role('a-b'), role('A-b'), role('a.b')]).size).to.equal(4);
    expect(name({ apiVersion: 'a.io/v1', kind: 'Widget' })).not.to.equal(name({ apiVersion: 'b.io/v1', kind: 'Widget' }));
    expect(name({ apiVersion: 'a.io/v1', kind: 'Widget' })).to.equal(name({ apiVersion: 'a.io/v2', kind: 'Widget' }));
    expect(name({ name: 'a'.repeat(253) })).to.have.length.at.most(253);
  });

  it('is always a valid name', () => {
    expect(name({ name: '..0 ', kind: 'A' })).to.match(/^vigil-a---0-[0-9a-f]{10}$/);
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 260 }), fc.stringMatching(/^[A-Za-z]{1,30}$/), (text, kind) => {
        const found = name({ name: text, kind });
        expect(found).to.match(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
        expect(found.length).to.be.at.most(253);
      }),
    );
  });
});

describe('readLedger', () => {
  it('returns the written ledger, and an empty one for an invalid text', () => {
    const ledger = {
      b: {
        revision: '2-a',
        summary: { pass: 1, fail: 2, warn: 3, error: 4, skip: 5 },
        failing: { critical: 6, high: 7, medium: 8, low: 9 },
      },
    };
    expect(readLedger(writeLedger(ledger))).to.deep.equal(ledger);
    const old = readLedger('{"b":[2,1,2,3,4,5,6,7,8,9]}');
    expect(old).to.deep.equal({ b: { ...ledger.b, revision: '2' } }, 'written by a version of Vigil that knew generations only');
    for (const text of [undefined, '', 'null', '[]', '{"a":[1]}', '{"a":"x"}', '{"a":[1,2,3,4,5,6,7,8,9,-1]}'])
      expect(readLedger(text)).to.deep.equal({});
    expect(ANNOTATIONS.policies).to.equal('vigil.dev/policies');
  });
});

describe('recordedChange', () => {
  it('returns the same counts for a repetition of the scan, and none for another scan', () => {
    const first = stored(buildReport(input()));
    const second = stored(
      buildReport(input({ scan: 'scan-2', results: [finding('host-pid'), finding('privileged-container')], existing: first })),
    );
    expect(recordedChange(second, 'scan-2')).to.deep.equal({
      new: { critical: 0, high: 1, medium: 0, low: 0 },
      fixed: { critical: 0, high: 0, medium: 1, low: 0 },
    });
    expect(recordedChange(second, 'scan-3').new.high).to.equal(0);
    expect(
      buildReport(input({ scan: 'scan-2', results: [finding('host-pid'), finding('privileged-container')], existing: second })),
    ).to.equal(undefined);
  });
});
