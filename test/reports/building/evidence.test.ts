import { expect } from 'chai';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { requirementOutcomes, type ControlTally } from '../../../operator/catalogue/frameworks/framework-rows.ts';
import { resolveFramework, type Framework } from '../../../operator/catalogue/frameworks/framework.ts';
import {
  alternativeEvidenceName,
  buildEvidence,
  evidenceName,
  exceptedEvidence,
  statesIn,
} from '../../../operator/reports/building/evidence.ts';

const policy = { name: 'baseline', uid: 'u1' };
function framework(name: string, version: string): Framework {
  const found = resolveFramework(name, version, '1.36');
  if (!found.ok) throw new Error(found.message);
  return found.framework;
}
const tally = (change: Partial<ControlTally>): ControlTally => ({ pass: 0, fail: 0, error: 0, skip: 0, ...change });
const build = (
  tallies: Readonly<Record<string, Partial<ControlTally>>>,
  options: { complete?: boolean; existing?: PolicyReport; seconds?: number } = {},
): PolicyReport | undefined => {
  const cis = framework('cis', '1.12');
  const checks = new Map(Object.entries(tallies).map(([id, change]) => [id, tally(change)]));
  const outcomes = requirementOutcomes(cis, checks, options.complete);
  return buildEvidence({ policy, framework: cis, outcomes, seconds: options.seconds ?? 100, existing: options.existing });
};
const resultOf = (report: PolicyReport | undefined, control: string) =>
  report?.results?.find(
    ({ properties }) => properties?.['controls']?.split(' ').includes(control) && !properties['controls'].includes(' '),
  );

describe('buildEvidence', () => {
  it('has one result for each requirement: passed, failed, or skipped with the reason', () => {
    const report = build({ 'privileged-container': { fail: 2, pass: 5 }, 'host-pid': { pass: 7 } });
    expect(report?.results?.map(({ rule }) => rule)).to.deep.equal(framework('cis', '1.12').requirements.map(({ id }) => id));
    expect(resultOf(report, 'privileged-container')).to.include({ result: 'fail', severity: 'critical' });
    expect(resultOf(report, 'privileged-container')?.message).to.match(/: at least one check failed$/);
    expect(resultOf(report, 'privileged-container')?.properties).to.include({ failed: '2', passed: '5' });
    expect(resultOf(report, 'host-pid')).to.include({ result: 'pass' });
    const skipped = report?.results?.filter(({ result }) => result === 'skip') ?? [];
    expect(skipped.length).to.be.greaterThan(5);
    for (const { message, severity } of skipped) expect([message?.length ?? 0, severity]).to.satisfy(([length]: [number]) => length > 10);
    const { pass = 0, fail = 0, skip = 0 } = report?.summary ?? {};
    expect(pass + fail + skip).to.equal(report?.results?.length);
  });

  it('does not pass a requirement when a target was not evaluated, but fails requirements with failures', () => {
    const report = build({ 'privileged-container': { fail: 1 }, 'host-pid': { pass: 7 } }, { complete: false });
    expect(resultOf(report, 'host-pid')).to.include({ result: 'skip' });
    expect(resultOf(report, 'host-pid')?.message).to.match(/Not every target could be scanned/);
    expect(resultOf(report, 'privileged-container')).to.include({ result: 'fail' });
    // Nothing was found in scope: with targets that were not scanned, that is not known.
    expect(resultOf(report, 'host-ipc')?.message).to.match(/Not every target could be scanned/);
  });

  it('returns undefined when nothing changed, and keeps the timestamp of a verdict', () => {
    const first = build({ 'host-pid': { pass: 7 } });
    expect(build({ 'host-pid': { pass: 7 } }, { existing: first!, seconds: 200 })).to.equal(undefined);
    const second = build({ 'host-pid': { pass: 6, fail: 1 } }, { existing: first!, seconds: 200 });
    expect(resultOf(second, 'host-pid')?.timestamp?.seconds).to.equal(200);
    expect(resultOf(second, 'privileged-container')?.timestamp?.seconds).to.equal(100);
  });

  it('has a readable name, and a valid one for every policy', () => {
    expect(evidenceName('baseline', { name: 'cis', version: '1.12' })).to.equal('vigil-frameworks-baseline-cis-1.12');
    const long = evidenceName('p'.repeat(253), { name: 'cis', version: '1.12' });
    expect(long.length).to.be.at.most(253);
    expect(long).to.match(/-[0-9a-f]{10}$/);
  });
});

describe('the parts of an evidence report', () => {
  const report = build({ 'host-pid': { fail: 1 } });

  it('name its policy as owner and object, and its source', () => {
    expect(report?.metadata).to.deep.equal({
      ...{ name: 'vigil-frameworks-baseline-cis-1.12', annotations: {} },
      labels: {
        ...{ 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/source': 'vigil-frameworks', 'policy.vigil.dev/baseline': 'true' },
      },
      ownerReferences: [{ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name: 'baseline', uid: 'u1' }],
    });
    expect(report?.scope).to.deep.equal({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name: 'baseline', uid: 'u1' });
  });

  it('of a requirement are its title, its state and its controls', () => {
    const cis = framework('cis', '1.12');
    const result = resultOf(report, 'host-pid');
    const title = cis.requirements.find(({ id }) => id === result?.rule)?.title ?? '';
    expect(result).to.deep.include({
      ...{ source: 'vigil-frameworks', policy: 'baseline', category: cis.title, result: 'fail', scored: true },
      ...{ message: `${title}: at least one check failed`, timestamp: { seconds: 100, nanos: 0 } },
    });
    expect(result?.properties).to.deep.include({ state: 'failed', failed: '1', controls: 'host-pid' });
    expect(result?.properties).not.to.have.any.keys('passed', 'errors');
    const manual = report?.results?.find(({ properties }) => properties?.['state'] === 'manual');
    expect(manual).to.include({ result: 'skip', scored: false });
    expect(manual?.properties).not.to.have.any.keys('failed', 'passed');
  });

  it('have the version that was read, and the labels and annotations of other tools', () => {
    const fields = { 'f:metadata': { 'f:labels': { 'f:team': {} }, 'f:annotations': { 'f:note': {} } } };
    const existing: PolicyReport = {
      ...(report as PolicyReport),
      metadata: {
        ...{
          ...report?.metadata,
          name: 'x',
          resourceVersion: '7',
          labels: { ...report?.metadata.labels, team: 'a' },
          annotations: { note: 'b' },
        },
        managedFields: [{ manager: 'kubectl', operation: 'Update', fieldsV1: fields }],
      },
    };
    const next = build({ 'host-pid': { pass: 1 } }, { existing });
    expect(next?.metadata).to.deep.include({ resourceVersion: '7', annotations: { note: 'b' } });
    expect(next?.metadata.labels).to.deep.equal({ ...report?.metadata.labels, team: 'a' });
    // The label of another tool is no change.
    expect(build({ 'host-pid': { fail: 1 } }, { existing })).to.equal(undefined);
  });

  it('are written again if another tool changed any of them', () => {
    const whole = report as PolicyReport;
    for (const changed of [
      { ...whole, metadata: { ...whole.metadata, labels: {} } },
      { ...whole, metadata: { ...whole.metadata, ownerReferences: [] } },
      { ...whole, scope: {} },
      { ...whole, summary: {} },
      { ...whole, results: [] },
    ])
      expect(build({ 'host-pid': { fail: 1 } }, { existing: changed })).to.not.equal(undefined);
    expect(build({ 'host-pid': { fail: 1 } }, { existing: whole })).to.equal(undefined);
  });

  it('have an alternative name with a hash', () => {
    expect(alternativeEvidenceName('baseline', { name: 'cis', version: '1.12' })).to.match(
      /^vigil-frameworks-baseline-cis-1\.12-[0-9a-f]{10}$/,
    );
  });
});

describe('exceptedEvidence', () => {
  const cis = framework('cis', '1.12');
  const counts = (...checks: readonly string[]): ReadonlyMap<string, number> => new Map(checks.map((check) => [check, 2]));
  const first = build({ 'host-pid': { fail: 2 }, 'host-ipc': { pass: 1 }, 'host-network': { fail: 1 } }) as PolicyReport;
  const states = (of: PolicyReport | undefined): unknown =>
    ['host-pid', 'host-ipc', 'host-network'].map((check) => of && resultOf(of, check)?.properties?.['state']);
  const after = (failing: ReadonlyMap<string, number>, excepted: ReadonlyMap<string, number>, of = first): PolicyReport | undefined =>
    exceptedEvidence(of, cis, { failing, excepted });

  it('excepts a requirement whose failures are all covered, and no other', () => {
    const next = after(counts('host-network'), counts('host-pid', 'host-ipc'));
    expect([states(first), states(next)]).to.deep.equal([
      ['failed', 'passed', 'failed'],
      ['excepted', 'passed', 'failed'],
    ]);
    const result = next && resultOf(next, 'host-pid');
    expect(result).to.include({ result: 'skip' });
    expect(result?.message).to.match(/: an exception covers the failures$/);
    expect(result?.properties).not.to.have.property('failed');
    expect(result?.properties?.['resultID']).to.not.equal(resultOf(first, 'host-pid')?.properties?.['resultID']);
    expect([next?.summary?.fail, next?.summary?.skip]).to.deep.equal([(first.summary?.fail ?? 0) - 1, (first.summary?.skip ?? 0) + 1]);
  });

  it('fails a requirement again after its exception ended, or if one failure is not covered', () => {
    const excepted = after(counts('host-network'), counts('host-pid')) as PolicyReport;
    for (const covered of [counts(), counts('host-pid')]) {
      const again = after(counts('host-pid', 'host-network'), covered, excepted);
      expect(states(again)).to.deep.equal(['failed', 'passed', 'failed']);
      expect(again && resultOf(again, 'host-pid')).to.deep.include({ result: 'fail' });
      expect(again && resultOf(again, 'host-pid')?.properties).to.deep.include({ failed: '2' });
    }
  });

  it('returns undefined if nothing changes, and keeps results that the framework does not have', () => {
    expect(after(counts('host-pid', 'host-network'), counts())).to.equal(undefined);
    const { requirements: _, ...rest } = cis;
    expect(exceptedEvidence(first, { ...rest, requirements: [] }, { failing: counts(), excepted: counts('host-pid') })).to.equal(undefined);
  });
});

describe('statesIn', () => {
  it('counts the requirements by state, and no unknown state', () => {
    const of = (state: string): NonNullable<PolicyReport['results']>[number] => ({ policy: 'p', properties: { state } });
    const results = [...['passed', 'passed', 'failed', 'excepted', 'manual', 'notEvaluated', 'toString', 'other'].map(of), { policy: 'p' }];
    expect(statesIn({ metadata: { name: 'r' }, results })).to.deep.equal({ passed: 2, failed: 1, excepted: 1, manual: 1, notEvaluated: 1 });
    expect(statesIn({ metadata: { name: 'r' } })).to.deep.equal({ passed: 0, failed: 0, excepted: 0, manual: 0, notEvaluated: 0 });
  });
});
