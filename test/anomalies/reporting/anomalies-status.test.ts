import { expect } from 'chai';
import type { AnomaliesStatus } from '../../../operator/api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import type { DetectorStatus } from '../../../operator/anomalies/anomaly-detector.ts';
import { anomaliesStatus, isWorthWriting } from '../../../operator/anomalies/reporting/anomalies-status.ts';
import { observingConditions } from '../../../operator/policies/observing-condition.ts';

const NOW = Date.UTC(2026, 2, 1);
const DAY = 86_400_000;
const policy: SecurityPolicy = {
  metadata: { name: 'web', generation: 3 },
  spec: { anomalies: { detections: [{ name: 'exec-into-pod', exclude: true }] } },
};
const learned = { learning: false, progress: 1, since: NOW - 9 * DAY, until: NOW - 2 * DAY };
const detector = (changes: Partial<DetectorStatus> = {}): DetectorStatus => ({
  learning: [
    { input: 'watch', ...learned },
    { input: 'audit', ...learned },
  ],
  open: 0,
  openBySeverity: { critical: 0, high: 0, medium: 0, low: 0, info: 0 },
  baselineKeys: 12,
  forgottenKeys: 0,
  eventsPerSecond: 3.4,
  droppedFindings: 0,
  blind: [],
  problems: [],
  ...changes,
});
const statusOf = (changes: Partial<DetectorStatus> = {}, problems: readonly string[] = [], now = NOW): AnomaliesStatus =>
  anomaliesStatus({ policy, detector: detector(changes), totals: undefined, dropped: 0, problems, now });
const observing = (anomalies: AnomaliesStatus | undefined): string => {
  const [condition] = observingConditions({ ...policy, ...(anomalies ? { status: { anomalies } } : {}) });
  return `${condition?.status ?? ''} ${condition?.reason ?? ''}: ${condition?.message ?? ''}`;
};

describe('the anomalies part of a status', () => {
  it('has no learning after it is over', () => {
    expect(statusOf()).to.deep.include({ evaluatedGeneration: 3, open: 0, baselineKeys: 12, eventsPerSecond: 3, dropped: 0 });
    expect(statusOf()).not.to.have.any.keys('learning', 'blind', 'problems');
    expect(observing(statusOf())).to.equal('True Observing: all detections of the policy see what they need');
  });

  it('shows the input that has most to learn, and never 100% while it learns', () => {
    const learning = [
      { input: 'watch' as const, learning: true, progress: 0.999, since: NOW - 7 * DAY, until: NOW - 1 },
      { input: 'audit' as const, ...learned },
    ];
    expect(statusOf({ learning }).learning).to.deep.equal({ since: '2026-02-22T00:00:00Z', progress: '99%' });
    const audit = { input: 'audit' as const, learning: true, progress: 0.25, since: NOW - DAY, until: NOW + 3 * DAY };
    const part = statusOf({ learning: [...learning, audit] });
    expect(part.learning).to.deep.equal({ since: '2026-02-28T00:00:00Z', until: '2026-03-04T00:00:00Z', progress: '25%' });
    expect(observing(part)).to.equal('True Learning: learning what is normal until 2026-03-04T00:00:00Z: 25%');
  });

  it('names the detections of the policy that see nothing', () => {
    const blind = [
      { detection: 'exec-into-pod', needs: 'audit events' as const },
      { detection: 'secret-read', needs: 'audit events' as const },
      { detection: 'impersonation', needs: 'audit events' as const },
    ];
    const part = statusOf({ blind });
    expect(part.blind?.map(({ detection }) => detection)).to.deep.equal(['secret-read', 'impersonation']);
    expect(observing(part)).to.equal(
      'False DetectionsBlind: 2 detections need audit events: secret-read, impersonation; docs/audit-setup.md tells how to send audit events',
    );
  });

  it('names what is wrong', () => {
    const part = statusOf({ problems: ['keys-0 cannot be read'] }, ['changes of pods are not seen: forbidden']);
    expect(part.problems).to.deep.equal(['changes of pods are not seen: forbidden', 'keys-0 cannot be read']);
    expect(observing(part)).to.equal('False Degraded: changes of pods are not seen: forbidden; keys-0 cannot be read');
  });

  it('is unknown before the start, and absent for a policy that does not ask', () => {
    expect(observing(undefined)).to.equal('Unknown Pending: the detections have not started yet');
    expect(observingConditions({ ...policy, spec: {} })).to.deep.equal([]);
  });
});

describe('isWorthWriting', () => {
  const before = statusOf();
  const later = (minutes: number, changes: Partial<DetectorStatus> = {}): AnomaliesStatus => statusOf(changes, [], NOW + minutes * 60_000);
  const cases: readonly (readonly [title: string, AnomaliesStatus | undefined, AnomaliesStatus, boolean])[] = [
    ['the first', undefined, before, true],
    ['an equal one', before, later(1), false],
    ['another number of keys', before, later(10, { baselineKeys: 13 }), false],
    ['another rate at once', before, later(1, { eventsPerSecond: 90 }), false],
    ['another rate after five minutes', before, later(6, { eventsPerSecond: 90 }), true],
    ['a similar rate after five minutes', before, later(6, { eventsPerSecond: 4 }), false],
    ['an equal one after half an hour', before, later(31), true],
    ['a problem', before, later(0, { problems: ['x'] }), true],
    ['a loss', before, { ...later(0), dropped: 1 }, true],
    ['a further loss at once', { ...before, dropped: 1 }, { ...later(1), dropped: 2 }, false],
    ['a further loss after five minutes', { ...before, dropped: 1 }, { ...later(6), dropped: 2 }, true],
    ['a clock that jumped back', before, later(-5), true],
  ];
  for (const [title, one, other, expected] of cases)
    it(`${expected ? 'writes' : 'does not write'} ${title}`, () => expect(isWorthWriting(one, other)).to.equal(expected));
});
