import { expect } from 'chai';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { ConfigurationStatus } from '../../operator/api/kinds/policy-status.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import type { PolicyInspection } from '../../operator/engine/policy-inspection.ts';
import { policyStatus } from '../../operator/policies/policy-status.ts';

const now = Date.parse('2026-01-02T00:00:00Z');
const none = { critical: 0, high: 0, medium: 0, low: 0 };
const nothing = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
const evaluated = (change: Partial<ConfigurationStatus> = {}): ConfigurationStatus => ({
  evaluatedGeneration: 2,
  evaluatedRevision: '2-a',
  lastScan: 's',
  lastScanTime: '2026-01-01T23:00:00Z',
  summary: { ...nothing, pass: 4 },
  failing: none,
  coverage: { inScope: 2, scanned: 2, failed: 0, skipped: 0, excludedNamespaces: 0 },
  ...change,
});
const targets = (inScope: number, scanned: number, failed = inScope - scanned): ConfigurationStatus['coverage'] => ({
  ...{ inScope, scanned, failed, skipped: 0, excludedNamespaces: 0 },
});
const scan = (change: Partial<NonNullable<Scan['status']>>): Scan => ({
  metadata: { name: 'p-g2', uid: 's', creationTimestamp: '2026-01-01T23:30:00Z' },
  spec: { policies: ['p'] },
  status: change,
});
const because = (reason: string, message: string) => ({
  ...{ type: 'Ready', status: 'False' as const, reason, message, lastTransitionTime: '2026-01-01T23:30:00Z' },
});
const held = { ...because('Unschedulable', 'no node fits'), type: 'Reconciling', status: 'True' as const };

interface Known {
  readonly spec?: SecurityPolicySpec;
  readonly configuration?: ConfigurationStatus;
  readonly inspection?: Partial<PolicyInspection>;
  readonly scans?: readonly Scan[];
}
function conditionsOf({ spec = {}, configuration, inspection, scans = [] }: Known): Record<string, string> {
  const policy: SecurityPolicy = {
    metadata: { name: 'p', uid: 'u', generation: 2, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec,
    ...(configuration ? { status: { configuration } } : {}),
  };
  const status = policyStatus({
    policy,
    inspection: { problems: [], checks: 1, unserved: [], unmatched: [], ...inspection },
    revision: '2-a',
    schedules: [],
    scans,
    now,
  });
  const entries = (status.conditions ?? []).map(({ type, status: holds, reason, message }) => [type, `${holds} ${reason}: ${message}`]);
  return { ...Object.fromEntries(entries), coverage: status.coveragePercent ?? '' } as Record<string, string>;
}

const typo = "spec.rules[0]: this cluster does not serve deploymnets in API group apps (did you mean 'deployments'?)";
const zero = evaluated({ summary: nothing, coverage: targets(0, 0) });
const table: Readonly<Record<string, readonly [Known, Readonly<Record<string, string>>]>> = {
  'a policy that passes': [
    { configuration: evaluated() },
    {
      Ready: 'True Evaluated: generation 2 was evaluated',
      Reconciling: 'False Evaluated: generation 2 was evaluated',
      Stalled: 'False Accepted: the policy can be evaluated',
      Covered: 'True AllScanned: 2 of 2 targets were scanned',
      Compliant: 'True Passing: 4 checks pass',
      Fresh: 'True Scanned: the last verdicts are from 2026-01-01T23:00:00Z, within spec.maxAge (26h)',
      coverage: '100%',
    },
  ],
  'a policy without checks': [
    { configuration: zero, inspection: { checks: 0 } },
    {
      Covered:
        'Unknown NoChecks: the policy has no checks that a scan evaluates: set spec.frameworks, spec.controls, spec.rules, spec.images or spec.admissionPolicies',
      Compliant:
        'Unknown NoChecks: the policy has no checks that a scan evaluates: set spec.frameworks, spec.controls, spec.rules, spec.images or spec.admissionPolicies',
      coverage: '0%',
    },
  ],
  'a policy that only watches for anomalies': [
    { spec: { anomalies: {} }, configuration: zero, inspection: { checks: 0 } },
    {
      Ready: 'True Evaluated: generation 2 was evaluated',
      Covered:
        'Unknown OnlyAnomalies: the policy has no checks that a scan evaluates, so nothing can be compliant; it watches for anomalies, as the condition Observing says',
      Compliant:
        'Unknown OnlyAnomalies: the policy has no checks that a scan evaluates, so nothing can be compliant; it watches for anomalies, as the condition Observing says',
      coverage: '',
    },
  ],
  'a policy whose selected admission policies were not read': [
    { spec: { admissionPolicies: { selector: {} } }, configuration: zero, inspection: { checks: 0 } },
    {
      Covered:
        'Unknown NoChecks: the policy has no checks that a scan evaluates: the ValidatingAdmissionPolicies that it selects were not read yet',
    },
  ],
  'a policy that selects no admission policy, and watches for anomalies': [
    {
      spec: { anomalies: {}, admissionPolicies: { selector: {} } },
      configuration: zero,
      inspection: { checks: 0, unmatched: ['spec.admissionPolicies.selector: matches none'] },
    },
    {
      Covered: 'Unknown NoChecks: the policy has no checks that a scan evaluates: spec.admissionPolicies.selector: matches none',
      coverage: '0%',
    },
  ],
  'rules of which more than 20 match nothing': [
    { configuration: evaluated({ unevaluatedRules: Array.from({ length: 22 }, (_, index) => `r${String(index)}`) }) },
    {
      Covered: `True RulesNotEvaluated: 2 of 2 targets were scanned; ${Array.from({ length: 20 }, (_, index) => `r${String(index)}`).join('; ')}`,
    },
  ],
  'failures below spec.compliance.failOn': [
    {
      spec: { compliance: { failOn: 'high' } },
      configuration: evaluated({ summary: { ...nothing, pass: 4, fail: 2 }, failing: { ...none, medium: 2 } }),
    },
    { Compliant: 'True Passing: 4 checks pass, 2 fail with a severity below spec.compliance.failOn' },
  ],
  'a scope that matches no namespace': [
    { spec: { scope: { namespaces: { include: ['shpo'] } } }, configuration: zero },
    {
      Covered:
        'Unknown NothingInScope: nothing is in scope: the checks apply to no object in the namespaces of spec.scope.namespaces.include: shpo',
      Compliant:
        'Unknown NothingInScope: nothing is in scope: the checks apply to no object in the namespaces of spec.scope.namespaces.include: shpo',
      coverage: '0%',
    },
  ],
  'a scope of which one entry matches no namespace': [
    {
      spec: { scope: { namespaces: { include: ['shop', 'shpo', 'we*'] } } },
      configuration: evaluated({ unmatchedNamespaces: ['shpo', 'we*'] }),
    },
    {
      Covered: 'True UnmatchedNamespaces: 2 of 2 targets were scanned; spec.scope.namespaces.include: no namespace matches shpo, we*',
      Compliant: 'True Passing: 4 checks pass',
      coverage: '100%',
    },
  ],
  'a rule that evaluates nothing beside checks that pass': [
    { configuration: evaluated({ unevaluatedRules: ['rule r matches none of the objects of its kinds (see its objectSelector)'] }) },
    {
      Covered:
        'True RulesNotEvaluated: 2 of 2 targets were scanned; rule r matches none of the objects of its kinds (see its objectSelector)',
      Compliant: 'True Passing: 4 checks pass',
    },
  ],
  'a rule that evaluates nothing and no other check': [
    {
      configuration: evaluated({ summary: nothing, unevaluatedRules: ['rule r matches none of the objects of its kinds'] }),
    },
    {
      Covered: 'True RulesNotEvaluated: 2 of 2 targets were scanned; rule r matches none of the objects of its kinds',
      Compliant:
        'Unknown NothingEvaluated: no check was evaluated: none is about an object in scope; rule r matches none of the objects of its kinds',
    },
  ],
  'a mistyped group, a rule and a namespace that match nothing': [
    {
      configuration: evaluated({ unevaluatedRules: ['rule r is silent'], unmatchedNamespaces: ['shpo'] }),
      inspection: { unmatched: ['apiGroups[1]: appz'] },
    },
    {
      Covered:
        'True RulesNotEvaluated: 2 of 2 targets were scanned; rule r is silent; apiGroups[1]: appz; spec.scope.namespaces.include: no namespace matches shpo',
    },
  ],
  'a mistyped group beside a served one': [
    { configuration: evaluated(), inspection: { unmatched: ['apiGroups[1]: appz'] } },
    { Covered: 'True UnmatchedEntries: 2 of 2 targets were scanned; apiGroups[1]: appz', coverage: '100%' },
  ],
  'a cluster without an object that the checks are about': [
    { configuration: zero },
    { Compliant: 'Unknown NothingInScope: nothing is in scope: the checks apply to no object in the cluster' },
  ],
  'a rule about a resource that is not served': [
    { configuration: zero, inspection: { unserved: [typo] } },
    { Covered: `False NotServed: ${typo}`, Compliant: `Unknown Incomplete: ${typo}`, coverage: '0%' },
  ],
  'a rule about a resource that is not served beside checks that pass': [
    { configuration: evaluated(), inspection: { unserved: [typo] } },
    { Covered: `False NotServed: ${typo}`, Compliant: `Unknown Incomplete: ${typo}`, coverage: '99%' },
  ],
  'a rule about a resource that is not served beside a failure': [
    { configuration: evaluated({ failing: { ...none, high: 1 } }), inspection: { unserved: [typo] } },
    { Covered: `False NotServed: ${typo}`, Compliant: 'False Failing: failing: 1 high' },
  ],
  'a rule about a resource that is not served before any scan': [
    { inspection: { unserved: [typo] } },
    { Covered: `False NotServed: ${typo}`, Compliant: 'Unknown NeverScanned: no scan has evaluated this policy yet', coverage: '' },
  ],
  'a scope of labels that matches no object': [
    { spec: { scope: { objectSelector: { matchLabels: { team: 'a' } } } }, configuration: zero },
    { Compliant: 'Unknown NothingInScope: nothing is in scope: the checks apply to no object that matches spec.scope' },
  ],
  'many namespaces of which none matches': [
    {
      spec: { scope: { namespaces: { include: Array.from({ length: 12 }, (_, index) => `n${String(index)}`) } } },
      configuration: zero,
    },
    {
      Compliant:
        'Unknown NothingInScope: nothing is in scope: the checks apply to no object in the namespaces of spec.scope.namespaces.include: n0, n1, n2, n3, n4, n5, n6, n7, n8, n9',
    },
  ],
  'two rules about resources that are not served': [
    { configuration: zero, inspection: { unserved: ['first', 'second'] } },
    { Covered: 'False NotServed: first; second', Compliant: 'Unknown Incomplete: first; second' },
  ],
  'verdicts older than maxAge': [
    { spec: { maxAge: '30m' }, configuration: evaluated() },
    {
      Fresh: 'False Stale: the last verdicts are from 2026-01-01T23:00:00Z, older than spec.maxAge (30m)',
      Compliant: 'Unknown Stale: the verdicts are too old: the last verdicts are from 2026-01-01T23:00:00Z, older than spec.maxAge (30m)',
    },
  ],
  'verdicts exactly as old as maxAge': [
    { spec: { maxAge: '1h' }, configuration: evaluated() },
    { Compliant: 'True Passing: 4 checks pass' },
  ],
  'checks that could not be evaluated': [
    { configuration: evaluated({ summary: { ...nothing, pass: 4, error: 2 } }) },
    { Compliant: 'Unknown Incomplete: 2 checks could not be evaluated' },
  ],
  'failures of several severities, the most severe first': [
    { configuration: evaluated({ failing: { critical: 1, high: 0, medium: 2, low: 3 } }) },
    { Compliant: 'False Failing: failing: 1 critical, 2 medium, 3 low' },
  ],
  'a policy without checks but with a problem': [
    {
      configuration: evaluated(),
      inspection: { checks: 0, problems: [{ policy: 'p', path: 'spec', reason: 'InvalidRule', message: 'no', line: 1 }] },
    },
    { Ready: 'False InvalidRule: spec: no', Covered: 'True AllScanned: 2 of 2 targets were scanned' },
  ],
  'a policy of an earlier revision of the controls': [
    { configuration: evaluated({ evaluatedRevision: '2-z' }) },
    {
      Ready:
        'Unknown NotEvaluated: the controls, the frameworks, the selected admission policies or the Kubernetes version changed after the last scan of this generation; Vigil scans the policy again',
      Compliant:
        'Unknown Stale: the controls, the frameworks, the selected admission policies or the Kubernetes version changed after the last scan of this generation; Vigil scans the policy again',
    },
  ],
  'targets of which none came to a verdict': [
    { configuration: evaluated({ summary: { ...nothing, skip: 3 } }) },
    {
      Covered: 'True AllScanned: 2 of 2 targets were scanned',
      Compliant: 'Unknown NothingEvaluated: no check was evaluated: 3 checks were skipped, with a reason in the report',
    },
  ],
  'warnings alone': [{ configuration: evaluated({ summary: { ...nothing, warn: 1 } }) }, { Compliant: 'True Passing: 0 checks pass' }],
  'what may not be listed': [
    { configuration: evaluated({ uncovered: ['cannot list widgets'] }) },
    { Covered: 'False Incomplete: cannot list widgets', Compliant: 'Unknown Incomplete: cannot list widgets', coverage: '99%' },
  ],
  'targets that could not be scanned': [
    { configuration: evaluated({ coverage: targets(5, 3), failure: 'DeadlineExceeded: the pod ran for 300 s' }) },
    {
      Covered: 'False Incomplete: 2 of 5 targets could not be scanned by Scan s: DeadlineExceeded: the pod ran for 300 s',
      Compliant: 'Unknown Incomplete: 2 of 5 targets could not be scanned by Scan s: DeadlineExceeded: the pod ran for 300 s',
      coverage: '60%',
    },
  ],
  'a new policy': [
    {},
    {
      Ready: 'Unknown NotEvaluated: generation 2 has not been evaluated yet',
      Reconciling: 'True NotEvaluated: generation 2 has not been evaluated yet',
      Compliant: 'Unknown NeverScanned: no scan has evaluated this policy yet',
    },
  ],
  'a policy whose first scan runs': [
    { scans: [scan({ phase: 'Running' })] },
    {
      Reconciling: 'True NotEvaluated: generation 2 has not been evaluated yet: Scan p-g2 is Running',
      Compliant: 'Unknown NeverScanned: no scan has evaluated this policy yet: Scan p-g2 is Running',
    },
  ],
  'a policy whose first scan cannot go on': [
    { scans: [scan({ phase: 'Running', conditions: [held] })] },
    { Ready: 'Unknown NotEvaluated: generation 2 has not been evaluated yet: Scan p-g2 is Running: Unschedulable: no node fits' },
  ],
  'a policy whose first scan was refused': [
    { scans: [scan({ phase: 'Failed', completionTime: '2026-01-01T23:40:00Z', conditions: [because('TooManyPolicies', 'too many')] })] },
    {
      Ready: 'Unknown NotEvaluated: generation 2 has not been evaluated yet: Scan p-g2 failed: TooManyPolicies: too many',
      Compliant: 'Unknown ScanFailed: no scan has evaluated this policy yet: Scan p-g2 failed: TooManyPolicies: too many',
    },
  ],
  'a policy whose only scan judged nothing': [
    {
      configuration: { lastScan: 's', summary: nothing, failing: none, coverage: targets(5, 0), failure: 'NodeLost: the node is gone' },
    },
    {
      Ready: 'Unknown NotEvaluated: generation 2 has not been evaluated yet',
      Fresh:
        'Unknown ScanFailed: no scan has evaluated this policy yet: 5 of 5 targets could not be scanned by Scan s: NodeLost: the node is gone',
      Covered: 'False Incomplete: 5 of 5 targets could not be scanned by Scan s: NodeLost: the node is gone',
      coverage: '0%',
    },
  ],
  'a newer generation': [
    { configuration: evaluated({ evaluatedGeneration: 1 }), scans: [scan({ phase: 'Pending' })] },
    {
      Ready: 'Unknown NotEvaluated: generation 2 has not been evaluated yet: Scan p-g2 is Pending',
      Compliant: 'Unknown Stale: the verdicts are for generation 1; generation 2 has not been evaluated yet: Scan p-g2 is Pending',
    },
  ],
  'a policy that cannot be evaluated': [
    {
      configuration: evaluated({ evaluatedGeneration: 1 }),
      inspection: { problems: [{ policy: 'p', path: 'spec.rules[0]', reason: 'InvalidRule', message: 'no' }], checks: 0 },
    },
    {
      Ready: 'False InvalidRule: spec.rules[0]: no',
      Reconciling: 'False InvalidRule: the policy is not evaluated until its problems are fixed',
      Stalled: 'True InvalidRule: spec.rules[0]: no',
      Compliant: 'Unknown Stale: the verdicts are for generation 1; generation 2 has not been evaluated yet',
    },
  ],
};

describe('policyStatus conditions', () => {
  it('names what to do when no ScanSchedule selects the policy', () => {
    expect(conditionsOf({ configuration: evaluated() })).to.include({
      Scheduled:
        'False NoSchedule: no ScanSchedule selects this policy: create one whose spec.policySelector matches its labels, or one without spec.policySelector',
    });
  });

  for (const [name, [known, expected]] of Object.entries(table))
    it(`reports ${name}`, () => expect(conditionsOf(known)).to.include(expected));

  it('never sets Compliant to True, or coverage to 100%, when nothing was evaluated or Covered is not True', () => {
    for (const [name, [known]] of Object.entries(table)) {
      const { Covered = '', Compliant = '', coverage } = conditionsOf(known);
      if (!Covered.startsWith('True'))
        expect([name, Compliant.startsWith('True'), coverage === '100%']).to.deep.equal([name, false, false]);
    }
  });

  it('sets a message on every condition that is True', () => {
    for (const [, [known]] of Object.entries(table))
      for (const text of Object.values(conditionsOf(known))) if (text.startsWith('True ')) expect(text).to.match(/^True \w+: ./);
  });
});
