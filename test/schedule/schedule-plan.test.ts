import { expect } from 'chai';
import type { ScanSchedule, ScanScheduleSpec } from '../../operator/api/scan-schedule.ts';
import type { Scan } from '../../operator/api/scan.ts';
import { planSchedule, type SchedulePlan } from '../../operator/schedule/schedule-plan.ts';

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

describe('planning a ScanSchedule', () => {
  it('makes one Scan for the due time, named by it and owned by the schedule', () => {
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

  it('makes nothing twice: not after its time was recorded', () => {
    expect(plan(schedule({}, { lastScheduleTime: '2027-01-05T03:00:00Z' })).create).to.equal(undefined);
  });

  it('makes the same Scan again when it crashed before recording the time', () => {
    expect(plan(schedule(), [scan(nowName, 'Running')]).create?.metadata.name).to.equal(nowName);
  });

  it('skips a run while another still runs, and says so, when it forbids concurrency', () => {
    const { create, events, status } = plan(schedule(), [scan('nightly-1', 'Running')]);
    expect([create, events[0]?.reason, status.lastScheduleTime, status.active]).to.deep.equal([
      undefined,
      'StillRunning',
      '2027-01-05T03:00:00Z',
      [{ name: 'nightly-1' }],
    ]);
  });

  it('replaces the running one when it is told to', () => {
    const { create, remove, status } = plan(schedule({ concurrencyPolicy: 'Replace' }), [scan('nightly-1', 'Running')]);
    expect([create?.metadata.name, names(remove), status.active]).to.deep.equal([nowName, ['nightly-1'], [{ name: nowName }]]);
  });

  it('tells a run that it missed by more than its deadline', () => {
    const { create, events } = plan(schedule({ startingDeadlineSeconds: 10 }));
    expect([create, events[0]?.reason]).to.deep.equal([undefined, 'MissedSchedule']);
  });

  it('runs one missed by less than its deadline, once for a whole outage', () => {
    const { create } = plan(schedule({}, { lastScheduleTime: '2027-01-01T03:00:00Z' }), [], now + 3_600_000);
    expect(create?.metadata.name).to.equal(nowName);
  });

  it('makes nothing and promises nothing while suspended, and keeps its history tidy', () => {
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

  it('keeps failed and finished scans by their own limits, the newest ones', () => {
    const scans = [
      scan('a', 'Failed', '2027-01-03T00:00:00Z'),
      scan('b', 'Failed', '2027-01-01T00:00:00Z'),
      scan('c', 'Complete', '2027-01-02T00:00:00Z'),
    ];
    expect(names(plan(schedule({ failedScansHistoryLimit: 1, successfulScansHistoryLimit: 0 }), scans).remove)).to.have.members(['b', 'c']);
  });

  it('remembers the last success after its scan was tidied away', () => {
    expect(plan(schedule({}, { lastSuccessfulTime: '2027-01-04T03:01:00Z' })).status.lastSuccessfulTime).to.equal('2027-01-04T03:01:00Z');
  });

  for (const [spec, reason, path] of [
    [{ schedule: '0 25 * * *' }, 'InvalidSchedule', /^spec\.schedule: /],
    [{ timeZone: 'Europe/Lisboa' }, 'UnknownTimeZone', /^spec\.timeZone: /],
  ] as const) {
    it(`is stalled, not merely unready, by ${JSON.stringify(spec)}`, () => {
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
});
