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

  it('says what did not fit into the parameters, and the sizes', () => {
    const content = { body: {}, bytes: 7, digests: 3, problems: ['left out'] };
    const of = (objects: Partial<EnforcementObjects>): ReturnType<typeof enforcementStatus> =>
      enforcementStatus({ generation: 3, now }, { ...made, ...objects }, synced(), content);
    expect(of({ approves: true })).to.deep.include({
      reason: 'LimitReached',
      problems: ['left out'],
      parametersBytes: 7,
      approvedDigests: 3,
    });
    expect(of({ approves: false })).to.not.have.property('approvedDigests');
    expect(of({ problems: ['entry'] })).to.deep.include({ reason: 'InvalidEntry', problems: ['entry', 'left out'] });
  });

  it('is bounded: 20 problems of 1,000 characters, 20 entries and 256 checks', () => {
    const texts = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index} ${'x'.repeat(2000)}`);
    const notEnforced = Array.from({ length: 300 }, (_, index) => ({ check: `c${index}`, reason: 'r' }));
    const status = statusOf({ refused: texts(30) }, { notEnforced, unmatched: texts(30) });
    expect([status.problems?.length, status.problems?.[19]?.length, status.problems?.[19]?.slice(0, 3)]).to.deep.equal([20, 1000, '19 ']);
    expect([status.unmatchedEntries?.length, status.notEnforced?.length, status.notEnforced?.[255]?.check]).to.deep.equal([
      20,
      256,
      'c255',
    ]);
    const failed = failedStatus(undefined, 4, { reason: 'InvalidPolicy', problems: texts(30) });
    expect([failed.problems?.length, failed.problems?.[0]?.length]).to.deep.equal([20, 1000]);
    const { problems: _problems, ...counts } = failed;
    expect(counts).to.deep.equal({ observedGeneration: 4, policies: 0, inForce: 0, enforcedChecks: 0, reason: 'InvalidPolicy' });
  });

  it('counts a policy whose types were never checked as in force after ten seconds', () => {
    const made = (seconds: string): AdmissionPolicy => policy(undefined, `2026-11-29T11:59:${seconds}Z`);
    expect(statusOf({ policies: [made('50')] }).inForce).to.equal(0);
    expect(statusOf({ policies: [made('49')] }).inForce).to.equal(1);
  });

  it('keeps the counts if nothing could be written', () => {
    const notEnforced = [{ check: 'a', reason: 'b' }];
    expect(failedStatus({ ...enforced, notEnforced }, 4, { reason: 'MissingRights', problems: [] }).notEnforced).to.equal(notEnforced);
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
