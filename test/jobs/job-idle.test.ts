import { expect } from 'chai';
import { isQuota, refusalIn, type JobEvent } from '../../operator/jobs/job-events.ts';
import { idleState } from '../../operator/jobs/job-idle.ts';

const quota = 'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0';
const podSecurity = 'pods "x" is forbidden: violates PodSecurity "restricted:latest"';
const at = (second: number): string => `2026-01-01T00:00:0${second}Z`;
const event = (reason: string, message: string, second: number): JobEvent => ({
  metadata: { name: 'e' },
  reason,
  message,
  lastTimestamp: at(second),
});
const podOf = (second: number): { metadata: { name: string; creationTimestamp: string } } => ({
  metadata: { name: 'p', creationTimestamp: at(second) },
});

describe('the refusal of pods', () => {
  it('is the message of the latest FailedCreate Event', () => {
    const events = [event('FailedCreate', quota, 1), event('FailedCreate', podSecurity, 2), event('SuccessfulDelete', 'x', 3)];
    expect(refusalIn(events, [])).to.equal(podSecurity);
    expect(refusalIn(events.slice(2), [])).to.equal(undefined);
  });

  it('ignores Events before the creation of the latest pod', () => {
    expect(refusalIn([event('FailedCreate', quota, 1)], [podOf(2)])).to.equal(undefined);
    expect(refusalIn([event('FailedCreate', quota, 3)], [podOf(2)])).to.equal(quota);
  });

  it('is recognised as a quota', () => {
    expect([quota, podSecurity].map(isQuota)).to.deep.equal([true, false]);
  });
});

describe('an idle Job', () => {
  const state = (refusal: string | undefined, seconds: number, waited = 0): string => {
    const found = idleState({ job: 'j', refusal, idle: seconds * 1000, waited: waited * 1000 }, { quota: 100_000 });
    if (found.kind === 'failed') return found.class;
    return found.kind === 'waiting' ? (found.hold?.reason ?? 'waiting') : found.kind;
  };
  for (const [what, got, wanted] of [
    ['waits at first', state(undefined, 59), 'waiting'],
    ['is held as NoPod after a minute without an Event', state(undefined, 61), 'NoPod'],
    ['is held by a quota', state(quota, 99), 'QuotaExceeded'],
    ['fails when the quota had no room until the limit', state(quota, 100), 'Rejected'],
    ['includes earlier waiting time for a quota', state(quota, 10, 100), 'Rejected'],
    ['is held by another refusal', state(podSecurity, 59), 'FailedCreate'],
    ['fails when its pods were refused for a minute', state(podSecurity, 60), 'Rejected'],
    ['does not include earlier waiting time for other refusals', state(podSecurity, 10, 100), 'FailedCreate'],
  ] as const)
    it(what, () => expect(got).to.equal(wanted));
});
