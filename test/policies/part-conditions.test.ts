import { expect } from 'chai';
import type { EnforcementStatus } from '../../operator/api/kinds/policy-enforcement.ts';
import type { AnomaliesStatus } from '../../operator/api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { enforcementConditions } from '../../operator/policies/enforcement-condition.ts';
import { observedAnomalies, observingConditions } from '../../operator/policies/observing-condition.ts';

const policy = (spec: object, status: object = {}): SecurityPolicy => ({ metadata: { name: 'p', generation: 3 }, spec, status });

describe('the condition Observing', () => {
  const text = (part: object | undefined, spec: object = { anomalies: {} }): string[] =>
    observingConditions(policy(spec, { anomalies: part })).map(
      ({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`,
    );
  const audit = (count: number): NonNullable<AnomaliesStatus['blind']> =>
    Array.from({ length: count }, (_, index) => ({ detection: `d${index}`, needs: 'audit events' }));
  const hint = '; docs/audit-setup.md tells how to send audit events';

  const rows: readonly [what: string, part: object | undefined, expected: string][] = [
    ['nothing was observed', undefined, 'Unknown Pending: the detections have not started yet'],
    ['all see what they need', {}, 'True Observing: all detections of the policy see what they need'],
    ['none is blind', { blind: [], problems: [] }, 'True Observing: all detections of the policy see what they need'],
    ['it learns', { learning: { progress: '3 of 7 days' } }, 'True Learning: learning what is normal: 3 of 7 days'],
    [
      'it learns until a time',
      { learning: { progress: '3 of 7 days', until: '2026-01-08T00:00:00Z' } },
      'True Learning: learning what is normal until 2026-01-08T00:00:00Z: 3 of 7 days',
    ],
    ['there are problems', { problems: ['a', 'b'], learning: { progress: 'x' } }, 'False Degraded: a; b'],
    ['one detection is blind', { blind: audit(1) }, `False DetectionsBlind: 1 detection needs audit events: d0${hint}`],
    ['five are blind', { blind: audit(5) }, `False DetectionsBlind: 5 detections need audit events: d0, d1, d2, d3, d4${hint}`],
    ['six are blind', { blind: audit(6) }, `False DetectionsBlind: 6 detections need audit events: d0, d1, d2, d3, d4, …${hint}`],
    [
      'they need several things, and there is a problem',
      { problems: ['late'], blind: [...audit(1), { detection: 'x', needs: 'watches' }] },
      `False DetectionsBlind: late; 1 detection needs audit events: d0; 1 detection needs watches: x${hint}`,
    ],
  ];
  for (const [what, part, expected] of rows) it(`if ${what}`, () => expect(text(part)).to.deep.equal([`Observing ${expected}`]));

  it('has at most 2048 characters', () => {
    const [condition] = observingConditions(policy({ anomalies: {} }, { anomalies: { problems: ['x'.repeat(3000)] } }));
    expect(condition?.message).to.have.length(2048);
  });

  it('does not exist if the policy does not ask for anomalies', () => expect(text({}, {})).to.deep.equal([]));

  it('comes with the part of the status only if the policy asks for it', () => {
    const part = { problems: [] };
    expect([
      observedAnomalies(policy({ anomalies: {} }, { anomalies: part })),
      observedAnomalies(policy({}, { anomalies: part })),
      observedAnomalies(policy({ anomalies: {} })),
    ]).to.deep.equal([part, undefined, undefined]);
  });
});

describe('the condition Enforced', () => {
  const text = (part: Partial<EnforcementStatus> | undefined, spec: object = { enforcement: [{}] }): string[] =>
    enforcementConditions(
      policy(spec, { enforcement: part && { observedGeneration: 3, inForce: 1, policies: 1, enforcedChecks: 2, ...part } }),
    ).map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`);
  const not = (count: number): { check: string; reason: string }[] =>
    Array.from({ length: count }, (_, index) => ({ check: `c${index}`, reason: 'r' }));

  const rows: readonly [what: string, part: object | undefined, expected: string][] = [
    ['it is not there yet', undefined, 'Unknown Pending: generation 3 is not enforced yet'],
    ['it is of another generation', { observedGeneration: 2 }, 'Unknown Pending: generation 3 is not enforced yet'],
    ['it is in force', {}, 'True Enforced: 2 checks are enforced by 1 admission policy'],
    ['one check is in force', { enforcedChecks: 1, policies: 2, inForce: 2 }, 'True Enforced: 1 check is enforced by 2 admission policies'],
    ['it is in force in part', { inForce: 0 }, 'Unknown Pending: 0 of 1 admission policies are accepted by the API server'],
    ['it failed', { reason: 'Refused', problems: ['a', 'b'] }, 'False Refused: a; b'],
    ['it failed without a problem', { reason: 'Refused' }, 'False Refused: '],
    [
      'checks are not enforced',
      { notEnforced: not(5) },
      'True EnforcedInPart: 2 checks are enforced by 1 admission policy; not enforced: c0 (r), c1 (r), c2 (r), c3 (r), c4 (r)',
    ],
    [
      'many checks are not enforced',
      { notEnforced: not(7) },
      'True EnforcedInPart: 2 checks are enforced by 1 admission policy; not enforced: c0 (r), c1 (r), c2 (r), c3 (r), c4 (r) and 2 more in status.enforcement.notEnforced',
    ],
    [
      'no namespace matches',
      { unmatchedEntries: ['a', 'b'] },
      'True EnforcedInPart: 2 checks are enforced by 1 admission policy; no namespace matches a, b',
    ],
    [
      'both',
      { unmatchedEntries: ['a'], notEnforced: not(1) },
      'True EnforcedInPart: 2 checks are enforced by 1 admission policy; no namespace matches a; not enforced: c0 (r)',
    ],
  ];
  for (const [what, part, expected] of rows) it(`if ${what}`, () => expect(text(part)).to.deep.equal([`Enforced ${expected}`]));

  it('does not exist if the policy enforces nothing', () => {
    expect([text({}, {}), text({}, { enforcement: [] })]).to.deep.equal([[], []]);
  });
});
