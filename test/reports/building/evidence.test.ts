import { expect } from 'chai';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { requirementOutcomes, type ControlTally } from '../../../operator/catalogue/frameworks/framework-rows.ts';
import { resolveFramework, type Framework } from '../../../operator/catalogue/frameworks/framework.ts';
import { buildEvidence, evidenceName } from '../../../operator/reports/building/evidence.ts';

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
