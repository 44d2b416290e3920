import { expect } from 'chai';
import type { ScanSchedule } from '../../operator/api/kinds/scan-schedule.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { SecurityPolicyStatus } from '../../operator/api/kinds/policy-status.ts';
import type { PolicyInspection } from '../../operator/engine/policy-inspection.ts';
import type { PolicyProblem } from '../../operator/engine/outcomes/policy-problem.ts';
import { configurationFields, type PolicyFindings } from '../../operator/policies/configuration-part.ts';
import { policyStatus } from '../../operator/policies/policy-status.ts';

const now = Date.parse('2026-01-02T00:00:00Z');
const summary = { pass: 10, fail: 0, warn: 0, error: 0, skip: 0 };
const failing = { critical: 0, high: 0, medium: 0, low: 0 };
const coverage = { inScope: 4, scanned: 4, failed: 0, skipped: 0, excludedNamespaces: 1 };
const whole = { scan: 's', generation: 1, revision: '1-a', time: now, coverage, frameworks: [], uncovered: [] };
const inspection = (problems: readonly PolicyProblem[] = []): PolicyInspection => ({ problems, checks: 1, unserved: [], unmatched: [] });
const policy = (change: Partial<SecurityPolicy> = {}): SecurityPolicy => ({
  metadata: { name: 'p', generation: 1, labels: { team: 'a' } },
  spec: {},
  ...change,
});
const schedule = (spec: Partial<ScanSchedule['spec']> = {}, name = 'nightly'): ScanSchedule => ({
  metadata: { name },
  spec: { schedule: '@daily', ...spec },
});
const found = (findings?: PolicyFindings, of = policy(), schedules = [schedule()], at = now): SecurityPolicyStatus =>
  policyStatus({
    policy: findings ? { ...of, status: { ...of.status, ...configurationFields(of.status, findings) } } : of,
    inspection: inspection(),
    revision: `${of.metadata.generation}-a`,
    schedules,
    scans: [],
    now: at,
  });
const condition = (status: SecurityPolicyStatus, type: string): string => {
  const { status: holds, reason } = status.conditions?.find((entry) => entry.type === type) ?? { status: 'absent', reason: '' };
  return `${holds} ${reason}`;
};

describe('policyStatus', () => {
  it('sets Ready, Fresh, Covered and Compliant to Unknown before the first scan', () => {
    const status = found();
    expect(['Ready', 'Fresh', 'Covered', 'Compliant'].map((type) => condition(status, type))).to.deep.equal([
      'Unknown NotEvaluated',
      'Unknown NeverScanned',
      'Unknown NeverScanned',
      'Unknown NeverScanned',
    ]);
  });

  it('sets Compliant to True only when Fresh and Covered are True and no failure counts', () => {
    expect(condition(found({ summary, failing, whole }), 'Compliant')).to.equal('True Passing');
    const bad = { ...failing, medium: 2 };
    expect(condition(found({ summary, failing: bad, whole }), 'Compliant')).to.equal('False Failing');
    const lenient = policy({ spec: { compliance: { failOn: 'high' } } });
    expect(condition(found({ summary, failing: bad, whole }, lenient), 'Compliant')).to.equal('True Passing');
    const partly = { ...whole, coverage: { ...coverage, scanned: 3, failed: 1 } };
    expect(condition(found({ summary, failing, whole: partly }), 'Compliant')).to.equal('Unknown Incomplete');
    expect(condition(found({ summary, failing: bad, whole: partly }), 'Compliant')).to.equal('False Failing');
    expect(condition(found({ summary: { ...summary, error: 1 }, failing, whole }), 'Compliant')).to.equal('Unknown Incomplete');
    expect(condition(found({ summary, failing, whole: { ...whole, uncovered: ['widgets'] } }), 'Compliant')).to.equal('Unknown Incomplete');
  });

  it('sets Fresh to False after maxAge, and Compliant to Unknown for verdicts of an older generation', () => {
    const scanned = found({ summary, failing, whole });
    const later = found(undefined, policy({ status: scanned }), [schedule()], now + 27 * 3_600_000);
    expect([condition(later, 'Fresh'), condition(later, 'Compliant')]).to.deep.equal(['False Stale', 'Unknown Stale']);
    const changed = found(undefined, policy({ status: scanned, metadata: { name: 'p', generation: 2 } }));
    expect([condition(changed, 'Fresh'), condition(changed, 'Compliant'), changed.evaluatedGeneration]).to.deep.equal([
      'True Scanned',
      'Unknown Stale',
      1,
    ]);
  });

  it('treats verdicts of another revision as stale when the generation is the same', () => {
    const scanned = found({ summary, failing, whole });
    expect(scanned.evaluatedRevision).to.equal('1-a');
    const upgraded = policyStatus({
      policy: policy({ status: scanned }),
      inspection: inspection(),
      revision: '1-b',
      schedules: [schedule()],
      scans: [],
      now,
    });
    const texts = (status: SecurityPolicyStatus): string[] => ['Compliant', 'Reconciling'].map((type) => condition(status, type));
    expect([texts(scanned), texts(upgraded)]).to.deep.equal([
      ['True Passing', 'False Evaluated'],
      ['Unknown Stale', 'True NotEvaluated'],
    ]);
  });

  it('keeps the last verdicts of a policy that becomes invalid', () => {
    const scanned = found({ summary, failing, whole });
    const problems = [
      { policy: 'p', path: 'spec.rules[0].validations[0].expression', reason: 'InvalidRule' as const, message: 'no', line: 2, column: 3 },
    ];
    const broken = policyStatus({
      policy: policy({ status: scanned, metadata: { name: 'p', generation: 2 } }),
      inspection: inspection(problems),
      revision: '2-a',
      schedules: [],
      scans: [],
      now,
    });
    expect([condition(broken, 'Ready'), condition(broken, 'Stalled'), broken.evaluatedGeneration, broken.summary]).to.deep.equal([
      'False InvalidRule',
      'True InvalidRule',
      1,
      summary,
    ]);
    expect(broken.conditions?.find(({ type }) => type === 'Ready')?.message).to.equal('spec.rules[0].validations[0].expression: 2:3: no');
  });

  it('does not renew lastScanTime after a scan that evaluated nothing, or after a scan of some namespaces', () => {
    const before = found({ summary, failing, whole });
    const nothing = { ...whole, generation: 2, time: now + 1000, coverage: { ...coverage, scanned: 0, failed: 4 } };
    const failed = found({ summary, failing, whole: nothing }, policy({ status: before }));
    expect([failed.lastScanTime, failed.evaluatedGeneration, condition(failed, 'Covered')]).to.deep.equal([
      '2026-01-02T00:00:00Z',
      1,
      'False Incomplete',
    ]);
    const part = found({ summary: { ...summary, pass: 11 }, failing }, policy({ status: before }));
    expect([part.summary?.pass, part.coverage, part.lastScan]).to.deep.equal([11, coverage, 's']);
  });

  it('renews lastScanTime after a scan that found nothing in scope', () => {
    const before = found({ summary, failing, whole });
    const empty = { ...whole, time: now + 1000, coverage: { ...coverage, inScope: 0, scanned: 0 } };
    expect(found({ summary, failing, whole: empty }, policy({ status: before })).lastScanTime).to.equal('2026-01-02T00:00:01Z');
  });

  it('reports less than 100% when something was not evaluated', () => {
    const almost = { ...whole, coverage: { ...coverage, inScope: 1000, scanned: 999, failed: 1 } };
    expect(found({ summary, failing, whole: almost }).coveragePercent).to.equal('99%');
    expect(found({ summary, failing, whole }).coveragePercent).to.equal('100%');
  });

  it('sets Scheduled to False when no ScanSchedule selects the policy, or all of them are suspended', () => {
    const scheduled = (schedules: ScanSchedule[]): string => condition(found(undefined, policy(), schedules), 'Scheduled');
    expect(scheduled([])).to.equal('False NoSchedule');
    expect(scheduled([schedule({ policySelector: { matchLabels: { team: 'b' } } })])).to.equal('False NoSchedule');
    expect(scheduled([schedule({ suspend: true })])).to.equal('False NotRunning');
    expect(scheduled([schedule({ policySelector: { matchLabels: { team: 'a' } } })])).to.equal('True Scheduled');
  });

  it('names the ScanSchedules that select the policy but are suspended or stalled', () => {
    const conditioned = (type: 'Ready' | 'Stalled', status: 'True' | 'False', name: string): ScanSchedule => ({
      ...schedule({}, name),
      status: { conditions: [{ type, status, reason: 'InvalidSchedule', message: '', lastTransitionTime: '' }] },
    });
    const scheduled = (...schedules: ScanSchedule[]): string | undefined =>
      found(undefined, policy(), schedules).conditions?.find(({ type }) => type === 'Scheduled')?.message;
    expect(scheduled(conditioned('Stalled', 'True', 'b'), schedule({ suspend: true }, 'a'))).to.equal(
      'every ScanSchedule that selects this policy is suspended or stalled: b, a',
    );
    expect(scheduled(conditioned('Stalled', 'False', 'd'), conditioned('Ready', 'True', 'c'))).to.equal('ScanSchedule c, d');
  });

  it('lists at most 20 entries that were not evaluated, those that the server does not serve first', () => {
    const uncovered = Array.from({ length: 19 }, (_, index) => `kind ${String(index)}`);
    const of = (unserved: readonly string[]): readonly string[] | undefined =>
      policyStatus({
        policy: policy({ status: configurationFields(undefined, { summary, failing, whole: { ...whole, uncovered } }) }),
        inspection: { ...inspection(), unserved },
        ...{ revision: '1-a', schedules: [], scans: [], now },
      }).uncovered;
    expect(of(['x', 'y'])).to.deep.equal(['x', 'y', ...uncovered.slice(0, 18)]);
    expect(of([])).to.deep.equal(uncovered);
    expect(found({ summary, failing, whole }).uncovered).to.equal(undefined);
  });

  it('counts the selected admission policies, and names at most 20 of their problems', () => {
    const selected = { rules: [{}, {}], policies: 3, bindings: 4, problems: ['x'.repeat(2000)], idle: ['policy a has no binding'] };
    const statusOf = (change: object): SecurityPolicyStatus['admissionPolicies'] =>
      policyStatus({
        policy: policy(),
        inspection: inspection(),
        selected: { ...selected, ...change } as never,
        ...{ revision: '1-a', schedules: [], scans: [], now },
      }).admissionPolicies;
    const counted = { selected: 3, bindings: 4, rules: 2 };
    expect(statusOf({})).to.deep.equal({ ...counted, problems: ['x'.repeat(1024), 'policy a has no binding'] });
    expect(statusOf({ problems: [], idle: [] })).to.deep.equal(counted);
    const many = Array.from({ length: 21 }, (_, index) => String(index));
    expect(statusOf({ problems: [], idle: many })?.problems).to.deep.equal(many.slice(0, 20));
    expect(found()).not.to.have.property('admissionPolicies');
  });

  it('names the ScanSchedule of the policy, not the default one', () => {
    const scheduled = (schedules: ScanSchedule[]): string | undefined =>
      found(undefined, policy(), schedules).conditions?.find(({ type }) => type === 'Scheduled')?.message;
    const byDefault = schedule({}, 'default');
    expect(scheduled([byDefault, schedule()])).to.equal('ScanSchedule nightly');
    expect(scheduled([byDefault])).to.equal('ScanSchedule default');
    expect(scheduled([byDefault, schedule({ suspend: true })])).to.equal('ScanSchedule default');
    expect(scheduled([byDefault, { metadata: { name: 'changes' }, spec: { onChange: {} } }])).to.equal('ScanSchedule changes, default');
  });
});
