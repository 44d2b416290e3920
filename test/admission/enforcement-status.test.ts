import { expect } from 'chai';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { AdmissionPolicy } from '../../operator/admission/objects/admission-policy.ts';
import type { EnforcementObjects } from '../../operator/admission/objects/enforcement-objects.ts';
import { enforcementStatus, failedStatus } from '../../operator/admission/enforcement-status.ts';
import type { SyncResult } from '../../operator/admission/enforcement-sync.ts';
import { enforcementConditions } from '../../operator/policies/enforcement-condition.ts';

const now = Date.parse('2026-11-29T12:00:00Z');
const policy = (status?: object, creationTimestamp = '2026-11-29T12:00:00Z'): AdmissionPolicy =>
  ({ metadata: { name: 'vigil-a', generation: 2, creationTimestamp }, ...(status ? { status } : {}) }) as unknown as AdmissionPolicy;
const synced = (more: Partial<SyncResult> = {}): SyncResult => ({
  policies: [policy({ observedGeneration: 2 })],
  writes: [],
  refused: [],
  ...more,
});
const made: EnforcementObjects = {
  policies: [],
  bindings: [],
  waives: false,
  approves: false,
  enforced: ['host-pid'],
  notEnforced: [],
  problems: [],
  unmatched: [],
};
const statusOf = (one: Partial<SyncResult> = {}, objects: Partial<EnforcementObjects> = {}): ReturnType<typeof enforcementStatus> =>
  enforcementStatus({ generation: 3, now }, { ...made, ...objects }, synced(one));
const enforced = { observedGeneration: 3, policies: 1, inForce: 1, enforcedChecks: 1 };

describe('status.enforcement', () => {
  it('counts admission policies and checks', () => expect(statusOf()).to.deep.equal(enforced));

  it('does not count a new admission policy as in force before the API server has checked it', () => {
    expect(statusOf({ policies: [policy()] }).inForce).to.equal(0);
    expect(statusOf({ policies: [policy({ observedGeneration: 1 })] }).inForce).to.equal(0);
    expect(statusOf({ policies: [policy(undefined, '2026-11-29T11:59:00Z')] }).inForce, 'that Kubernetes never checks').to.equal(1);
  });

  it('has the reason of the most severe problem, and all problems', () => {
    const warned = policy({
      observedGeneration: 2,
      typeChecking: { expressionWarnings: [{ fieldRef: 'spec.x', warning: 'no\n such field' }] },
    });
    expect(statusOf({ policies: [warned] })).to.deep.include({
      reason: 'TypeWarnings',
      problems: ['ValidatingAdmissionPolicy vigil-a: spec.x: no such field'],
    });
    expect(statusOf({ policies: [warned] }, { problems: ['entry'] })).to.include({ reason: 'InvalidEntry' });
    expect(statusOf({ policies: [warned], refused: ['no'] }, { problems: ['entry'] })).to.deep.include({
      reason: 'Refused',
      problems: ['no', 'entry', 'ValidatingAdmissionPolicy vigil-a: spec.x: no such field'],
    });
  });

  it('keeps the counts if nothing could be written', () => {
    expect(failedStatus(enforced, 4, { reason: 'MissingRights', problems: ['no'] })).to.deep.equal({
      ...enforced,
      observedGeneration: 4,
      reason: 'MissingRights',
      problems: ['no'],
    });
  });
});

describe('the condition Enforced', () => {
  const conditionOf = (enforcement: object | undefined, spec: object = { enforcement: [{ actions: ['Deny'] }] }): unknown =>
    enforcementConditions({
      metadata: { name: 'p', generation: 3 },
      spec,
      ...(enforcement ? { status: { enforcement } } : {}),
    } as SecurityPolicy)
      .map(({ status, reason, message }) => `${status} ${reason}: ${message}`)
      .join();
  const cases: readonly (readonly [string, object | undefined, string])[] = [
    ['before the first write', undefined, 'Unknown Pending: generation 3 is not enforced yet'],
    ['of an earlier generation', { ...enforced, observedGeneration: 2 }, 'Unknown Pending: generation 3 is not enforced yet'],
    [
      'while policies are not in force',
      { ...enforced, inForce: 0 },
      'Unknown Pending: 0 of 1 admission policies are accepted by the API server',
    ],
    ['with a problem', { ...enforced, reason: 'MissingRights', problems: ['apply x'] }, 'False MissingRights: apply x'],
    ['of all checks', enforced, 'True Enforced: 1 check is enforced by 1 admission policy'],
    [
      'of several checks',
      { ...enforced, policies: 2, inForce: 2, enforcedChecks: 3 },
      'True Enforced: 3 checks are enforced by 2 admission policies',
    ],
    [
      'of an entry whose namespaces do not exist',
      { ...enforced, unmatchedEntries: ['spec.enforcement[0].namespaces'] },
      'True EnforcedInPart: 1 check is enforced by 1 admission policy; no namespace matches spec.enforcement[0].namespaces',
    ],
    [
      'of some checks',
      { ...enforced, notEnforced: [{ check: 'a', reason: 'b' }] },
      'True EnforcedInPart: 1 check is enforced by 1 admission policy; not enforced: a (b)',
    ],
  ];
  for (const [title, part, expected] of cases) it(title, () => expect(conditionOf(part)).to.equal(expected));

  it('is absent without spec.enforcement', () => {
    expect(conditionOf(undefined, {})).to.equal('');
    expect(conditionOf(enforced, { enforcement: [] })).to.equal('');
  });
});
