import { expect } from 'chai';
import type { ScanSchedule, ScanScheduleSpec } from '../../operator/api/kinds/scan-schedule.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import { planSchedule, type SchedulePlan } from '../../operator/schedules/schedule-plan.ts';

const now = Date.parse('2027-01-05T03:00:30Z');
const nowName = `nightly-${Date.parse('2027-01-05T03:00:00Z') / 60_000}`;

const schedule = (spec: Partial<ScanScheduleSpec> = {}, status: ScanSchedule['status'] = {}): ScanSchedule => ({
  metadata: { name: 'nightly', uid: 'u1', generation: 4, creationTimestamp: '2027-01-01T00:00:00Z' },
  spec: { schedule: '0 3 * * *', ...spec },
  status,
});
const scan = (name: string, phase: 'Running' | 'Complete' | 'Failed', completionTime?: string): Scan => ({
  metadata: { name },
  spec: {},
  status: { phase, ...(completionTime === undefined ? {} : { completionTime }) },
});
const plan = (object: ScanSchedule, scans: readonly Scan[] = [], at = now): SchedulePlan =>
  planSchedule({ schedule: object, scans, now: at, clusterIdentity: 'c' });
const names = (scans: readonly Scan[]): string[] => scans.map(({ metadata }) => metadata.name);

describe('the plan of a ScanSchedule', () => {
  it('creates one Scan for the due time, named by it and owned by the schedule', () => {
    const { create, status, requeueAfter } = plan(schedule({ policySelector: { matchLabels: { team: 'a' } } }));
    expect(create?.metadata).to.deep.include({
      name: nowName,
      ownerReferences: [{ apiVersion: 'vigil.dev/v1alpha1', kind: 'ScanSchedule', name: 'nightly', uid: 'u1', controller: true }],
    });
    expect(create?.spec).to.deep.equal({ policySelector: { matchLabels: { team: 'a' } } });
    expect(status).to.deep.include({
      observedGeneration: 4,
      active: [{ name: nowName }],
      lastScheduleTime: '2027-01-05T03:00:00Z',
      nextScheduleTime: '2027-01-06T03:00:00Z',
    });
    expect(requeueAfter).to.equal(Date.parse('2027-01-06T03:00:00Z') - now);
  });

  it('labels the Scan with its schedule, and gives it the options of spec.scan', () => {
    const { create } = plan(schedule({ scan: { parallelism: 2 } }));
    expect([create?.metadata.labels, create?.spec]).to.deep.equal([
      { 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/schedule': 'nightly' },
      { scan: { parallelism: 2 } },
    ]);
  });

  it('creates no second Scan after the time was recorded', () => {
    expect(plan(schedule({}, { lastScheduleTime: '2027-01-05T03:00:00Z' })).create).to.equal(undefined);
  });

  it('creates the same Scan again after a crash before the time was recorded', () => {
    expect(plan(schedule(), [scan(nowName, 'Running')]).create?.metadata.name).to.equal(nowName);
  });

  it('starts a Scan while another runs by default, as a CronJob does', () => {
    for (const spec of [{}, { concurrencyPolicy: 'Allow' }] as const) {
      const { create, remove, status } = plan(schedule(spec), [scan('nightly-1', 'Running')]);
      expect([create?.metadata.name, remove, status.active]).to.deep.equal([nowName, [], [{ name: 'nightly-1' }, { name: nowName }]]);
    }
  });

  describe('with concurrencyPolicy Forbid', () => {
    const forbid = { concurrencyPolicy: 'Forbid' } as const;
    const before = { lastScheduleTime: '2027-01-04T03:00:00Z' };

    it('waits while another Scan runs, with one Event', () => {
      const { create, events, status, requeueAfter } = plan(schedule(forbid, before), [scan('nightly-1', 'Running')]);
      expect([create, status.lastScheduleTime, status.lastMissedTime, status.active]).to.deep.equal([
        undefined,
        '2027-01-04T03:00:00Z',
        undefined,
        [{ name: 'nightly-1' }],
      ]);
      const message = 'the scan due at 2027-01-05T03:00:00Z waits: nightly-1 still runs';
      expect(events).to.deep.equal([{ type: 'Normal', reason: 'StillRunning', message }]);
      expect(status.conditions?.find(({ type }) => type === 'Ready')).to.deep.include({ status: 'True', reason: 'Waiting', message });
      expect(requeueAfter).to.equal(Date.parse('2027-01-06T03:00:00Z') - now);
      expect(plan(schedule(forbid, status), [scan('nightly-1', 'Running')]).events).to.deep.equal([]);
    });

    it('starts the waiting Scan when the other ends, with the name of its due time', () => {
      const waiting = plan(schedule(forbid, before), [scan('nightly-1', 'Running')]).status;
      const ended = [scan('nightly-1', 'Failed', '2027-01-05T09:00:00Z')];
      const { create, status } = plan(schedule(forbid, waiting), ended, Date.parse('2027-01-05T09:00:00Z'));
      expect([create?.metadata.name, status.lastScheduleTime]).to.deep.equal([nowName, '2027-01-05T03:00:00Z']);
      expect(status.conditions?.find(({ type }) => type === 'Ready')).to.deep.include({
        reason: 'Scheduled',
        message: 'the schedule is valid',
      });
    });

    it('starts it only within its starting deadline, and requeues after the deadline', () => {
      const spec = { ...forbid, startingDeadlineSeconds: 600 };
      const waiting = plan(schedule(spec, before), [scan('nightly-1', 'Running')]);
      expect(waiting.requeueAfter).to.equal(570_000);
      const inTime = plan(schedule(spec, waiting.status), [], Date.parse('2027-01-05T03:10:00Z'));
      expect(inTime.create?.metadata.name).to.equal(nowName);
      const late = plan(schedule(spec, waiting.status), [], Date.parse('2027-01-05T03:10:01Z'));
      expect([late.create, late.events[0]?.reason, late.status.lastMissedTime]).to.deep.equal([
        undefined,
        'MissedSchedule',
        '2027-01-05T03:00:00Z',
      ]);
    });

    it('does not wait for its own Scan of the same time', () => {
      expect(plan(schedule(forbid), [scan(nowName, 'Running')]).create?.metadata.name).to.equal(nowName);
    });
  });

  it('replaces the running Scan with concurrencyPolicy Replace', () => {
    const { create, remove, status } = plan(schedule({ concurrencyPolicy: 'Replace' }), [scan('nightly-1', 'Running')]);
    expect([create?.metadata.name, names(remove), status.active]).to.deep.equal([nowName, ['nightly-1'], [{ name: nowName }]]);
  });

  it('reports a run past its starting deadline once, and does not record it as scheduled', () => {
    const spec = { startingDeadlineSeconds: 10 };
    const { create, events, status } = plan(schedule(spec));
    expect([create, events[0]?.reason, status.lastScheduleTime, status.lastMissedTime]).to.deep.equal([
      undefined,
      'MissedSchedule',
      undefined,
      '2027-01-05T03:00:00Z',
    ]);
    const again = plan(schedule(spec, status), [], now + 60_000);
    expect([again.create, again.events, again.status.lastMissedTime]).to.deep.equal([undefined, [], '2027-01-05T03:00:00Z']);
  });

  it('records a run as missed when the name of its Scan is taken', () => {
    const { statusIfTaken } = plan(schedule({}, { lastScheduleTime: '2027-01-04T03:00:00Z' }));
    expect(statusIfTaken).to.deep.include({
      lastScheduleTime: '2027-01-04T03:00:00Z',
      lastMissedTime: '2027-01-05T03:00:00Z',
      nextScheduleTime: '2027-01-06T03:00:00Z',
      active: [],
    });
  });

  it('counts an interval from the last run, or from its creation before the first', () => {
    const spec = { schedule: '@every 7h' };
    const made = plan(schedule(spec), [], Date.parse('2027-01-01T06:59:59Z'));
    expect([made.create, made.status.nextScheduleTime]).to.deep.equal([undefined, '2027-01-01T07:00:00Z']);
    const later = plan(schedule(spec, { lastScheduleTime: '2027-01-04T20:30:00Z' }), [], Date.parse('2027-01-05T03:31:00Z'));
    expect([later.status.lastScheduleTime, later.status.nextScheduleTime]).to.deep.equal(['2027-01-05T03:30:00Z', '2027-01-05T10:30:00Z']);
  });

  it('runs once after an outage, if the latest due time is within its deadline', () => {
    const { create } = plan(schedule({}, { lastScheduleTime: '2027-01-01T03:00:00Z' }), [], now + 3_600_000);
    expect(create?.metadata.name).to.equal(nowName);
  });

  it('creates nothing and has no next time while suspended, but limits its history', () => {
    const old = [1, 2, 3, 4, 5].map((day) => scan(`nightly-${day}`, 'Complete', `2027-01-0${day}T03:01:00Z`));
    const { create, remove, status, requeueAfter } = plan(schedule({ suspend: true }), old);
    expect([create, names(remove), status.nextScheduleTime, requeueAfter]).to.deep.equal([
      undefined,
      ['nightly-1', 'nightly-2'],
      undefined,
      undefined,
    ]);
    expect(status.conditions?.find(({ type }) => type === 'Ready')).to.deep.include({ status: 'True', reason: 'Suspended' });
  });

  it('keeps the newest complete and failed Scans within their limits', () => {
    const scans = [
      scan('a', 'Failed', '2027-01-03T00:00:00Z'),
      scan('b', 'Failed', '2027-01-01T00:00:00Z'),
      scan('c', 'Complete', '2027-01-02T00:00:00Z'),
    ];
    expect(names(plan(schedule({ failedScansHistoryLimit: 1, successfulScansHistoryLimit: 0 }), scans).remove)).to.have.members(['b', 'c']);
  });

  it('keeps three complete and one failed Scan by default, as a CronJob does', () => {
    const ended = (phase: 'Complete' | 'Failed'): Scan[] =>
      [1, 2, 3, 4, 5].map((day) => scan(`${phase}-${String(day)}`, phase, `2027-01-0${String(day)}T03:01:00Z`));
    const { remove } = plan(schedule({ suspend: true }), [...ended('Failed'), ...ended('Complete')]);
    expect(names(remove)).to.deep.equal(['Complete-1', 'Complete-2', 'Failed-1', 'Failed-2', 'Failed-3', 'Failed-4']);
  });

  it('keeps the time of the last success after its Scan was deleted', () => {
    expect(plan(schedule({}, { lastSuccessfulTime: '2027-01-04T03:01:00Z' })).status.lastSuccessfulTime).to.equal('2027-01-04T03:01:00Z');
  });

  for (const [spec, reason, path] of [
    [{ schedule: '0 25 * * *' }, 'InvalidSchedule', /^spec\.schedule: /],
    [{ timeZone: 'Europe/Lisboa' }, 'UnknownTimeZone', /^spec\.timeZone: /],
  ] as const) {
    it(`is Stalled, not only not Ready, by ${JSON.stringify(spec)}`, () => {
      const { status, create, events } = plan(schedule(spec));
      const of = (type: string): unknown => status.conditions?.find((condition) => condition.type === type);
      expect(of('Ready')).to.deep.include({ status: 'False', reason, observedGeneration: 4 });
      expect(of('Stalled')).to.deep.include({ status: 'True', reason });
      expect((of('Stalled') as { message: string }).message).to.match(path);
      expect([create, events[0]?.type]).to.deep.equal([undefined, 'Warning']);
    });
  }

  it('moves the transition time of a condition only when its status changes', () => {
    const first = plan(schedule()).status;
    const second = plan(schedule({}, first), [], now + 60_000).status;
    expect(second.conditions).to.deep.equal(first.conditions);
    const third = plan(schedule({ timeZone: 'No/Where' }, first), [], now + 60_000).status;
    expect(third.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)).to.deep.equal([
      '2027-01-05T03:01:30Z',
      '2027-01-05T03:00:30Z',
      '2027-01-05T03:01:30Z',
    ]);
  });

  it('is Ready with nothing due when it only has onChange, and has the Watching condition', () => {
    const { schedule: _, ...spec } = schedule({ onChange: {} }).spec;
    const following: ScanSchedule = { ...schedule(), spec };
    const told = { type: 'Watching', status: 'True', reason: 'Watching', message: 'all kinds' } as const;
    const planned = (object: ScanSchedule, watching?: typeof told): SchedulePlan =>
      planSchedule({ schedule: object, scans: [], now, clusterIdentity: 'c', ...(watching ? { watching } : {}) });
    const { create, requeueAfter, status } = planned(following, told);
    expect([create, requeueAfter, status.nextScheduleTime]).to.deep.equal([undefined, undefined, undefined]);
    const of = (found: SchedulePlan, type: string): unknown => found.status.conditions?.find((condition) => condition.type === type);
    expect(of(planned(following, told), 'Ready')).to.deep.include({
      status: 'True',
      reason: 'Scheduled',
      message: 'the schedule is valid',
    });
    expect(of(planned(following, told), 'Stalled')).to.deep.include({ status: 'False', reason: 'Scheduled', message: '' });
    expect(of(planned(following, told), 'Watching')).to.deep.include(told);
    expect(of(planned(following), 'Watching')).to.equal(undefined);
    expect(of(planned(schedule(), told), 'Watching')).to.equal(undefined);
    const suspended = planned({ ...following, spec: { ...spec, suspend: true } }, told);
    expect(of(suspended, 'Watching')).to.deep.include({ status: 'False', reason: 'Suspended' });
  });

  it('keeps its Scans while it is Stalled, with the error in an Event', () => {
    const { remove, events, status } = plan(schedule({ schedule: '0 25 * * *' }, { lastScheduleTime: '2027-01-04T03:00:00Z' }));
    expect([remove, status.lastScheduleTime, status.nextScheduleTime]).to.deep.equal([[], '2027-01-04T03:00:00Z', undefined]);
    expect(events[0]?.message).to.match(/^spec\.schedule: "0 25 \* \* \*" is not a cron expression: /);
  });

  it('names the due time that was missed, and the one that waits, also after another message', () => {
    expect(plan(schedule({ startingDeadlineSeconds: 10 })).events[0]?.message).to.equal(
      'the scan due at 2027-01-05T03:00:00Z is skipped: it was missed by more than startingDeadlineSeconds',
    );
    const before = plan(schedule({ suspend: true })).status;
    expect(plan(schedule({ concurrencyPolicy: 'Forbid' }, before), [scan('nightly-1', 'Running')]).events).to.have.length(1);
  });
});
