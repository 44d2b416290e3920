import { expect } from 'chai';
import type { ScanSchedule, ScanScheduleSpec } from '../../operator/api/kinds/scan-schedule.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { leftToOtherSchedules, schedulesScanning } from '../../operator/schedules/default-schedule.ts';
import { planSchedule, type SchedulePlan } from '../../operator/schedules/schedule-plan.ts';

const schedule = (name: string, spec: Partial<ScanScheduleSpec> = {}): ScanSchedule => ({
  metadata: { name, uid: name, generation: 1, creationTimestamp: '2027-01-01T00:00:00Z' },
  spec: { schedule: '0 3 * * *', ...spec },
});
const policy = (name: string, team: string): SecurityPolicy => ({ metadata: { name, labels: { team } }, spec: {} });
const policies = [policy('web', 'a'), policy('data', 'a'), policy('edge', 'b')];
const ofTeam = (team: string): Partial<ScanScheduleSpec> => ({ policySelector: { matchLabels: { team } } });

const own = schedule('default');
const plan = (others: readonly ScanSchedule[], object = own): SchedulePlan =>
  planSchedule({
    schedule: object,
    scans: [],
    now: Date.parse('2027-01-05T03:00:30Z'),
    clusterIdentity: 'c',
    left: leftToOtherSchedules(object, [own, ...others], policies),
  });
const readyOf = ({ status }: SchedulePlan): unknown => status.conditions?.find(({ type }) => type === 'Ready');

describe('the default schedule', () => {
  it('scans everything when it is the only schedule', () => {
    const { create } = plan([]);
    expect(create?.spec).to.deep.equal({});
  });

  it('creates no Scans when other schedules scan every policy, and reports it', () => {
    const found = plan([schedule('nightly', ofTeam('a')), schedule('edges', ofTeam('b'))]);
    expect([found.create, found.requeueAfter, found.status.nextScheduleTime, found.status.lastScheduleTime]).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(readyOf(found)).to.deep.include({
      status: 'True',
      reason: 'StandsDown',
      message: 'no Scans are created: every SecurityPolicy is scanned by ScanSchedule edges, nightly',
    });
  });

  it('scans the other policies by name, and reports which schedules scan the rest', () => {
    const found = plan([schedule('nightly', ofTeam('a'))]);
    expect(found.create?.spec).to.deep.equal({ policies: ['edge'] });
    expect(readyOf(found)).to.deep.include({
      reason: 'Scheduled',
      message: 'SecurityPolicies scanned by ScanSchedule nightly are left out',
    });
  });

  it('ignores schedules that create no Scans: suspended, stalled, without times, being deleted, or with other policies', () => {
    const stalled = { type: 'Stalled', status: 'True', reason: 'InvalidSchedule', message: '', lastTransitionTime: '' } as const;
    const idle: readonly ScanSchedule[] = [
      schedule('a', { suspend: true }),
      { ...schedule('b'), status: { conditions: [stalled] } },
      { metadata: { name: 'c' }, spec: { onChange: {} } },
      { ...schedule('d'), metadata: { name: 'd', deletionTimestamp: '2027-01-05T00:00:00Z' } },
      schedule('e', ofTeam('c')),
    ];
    expect(plan(idle).create?.spec).to.deep.equal({});
  });

  it('is the only schedule that leaves policies out: two others may scan the same policy', () => {
    expect(leftToOtherSchedules(schedule('nightly'), [own, schedule('nightly'), schedule('hourly')], policies)).to.equal(undefined);
  });

  it('leaves out policies that are being deleted or not selected', () => {
    const going: SecurityPolicy = { ...policy('old', 'b'), metadata: { name: 'old', deletionTimestamp: '2027-01-05T00:00:00Z' } };
    const narrow = schedule('default', ofTeam('b'));
    expect(leftToOtherSchedules(narrow, [schedule('nightly', ofTeam('a'))], [...policies, going])).to.equal(undefined);
    expect(leftToOtherSchedules(own, [schedule('nightly', ofTeam('a'))], [...policies, going])).to.deep.equal({
      schedules: ['nightly'],
      policies: ['edge'],
    });
  });

  it('does not scan a policy that another schedule scans, unless that one creates no Scans', () => {
    const condition = (type: 'Ready' | 'Stalled', status: 'True' | 'False'): ScanSchedule => ({
      ...schedule('nightly'),
      status: { conditions: [{ type, status, reason: 'Scheduled', message: '', lastTransitionTime: '' }] },
    });
    const scanning = (...others: readonly ScanSchedule[]): string[] =>
      schedulesScanning([own, ...others]).map(({ metadata }) => metadata.name);
    expect(scanning()).to.deep.equal(['default']);
    expect(scanning(schedule('hourly'), schedule('nightly'))).to.deep.equal(['hourly', 'nightly']);
    expect(scanning(schedule('nightly', { suspend: true }))).to.deep.equal(['default', 'nightly']);
    expect(scanning(condition('Stalled', 'True'))).to.deep.equal(['default', 'nightly']);
    expect(scanning(condition('Stalled', 'False'))).to.deep.equal(['nightly']);
    expect(scanning(condition('Ready', 'True'))).to.deep.equal(['nightly']);
  });
});
