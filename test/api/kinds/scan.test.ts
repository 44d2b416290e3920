import { expect } from 'chai';
import type { Condition } from '../../../operator/api/condition.ts';
import { holdOf, scanStateKey } from '../../../operator/api/kinds/scan-hold.ts';
import { isFinished, type Scan, type ScanStatus } from '../../../operator/api/kinds/scan.ts';
import { scanScheduleSpec } from '../../../operator/api/kinds/scan-schedule.ts';

const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: `${reason}: why`,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const scan = (status?: ScanStatus, generation?: number): Scan => ({
  metadata: { name: 's', ...(generation === undefined ? {} : { generation }) },
  spec: {},
  ...(status === undefined ? {} : { status }),
});
const held = condition('Reconciling', 'True', 'QuotaExceeded');

describe('holdOf', () => {
  const rows: readonly [title: string, conditions: Condition[] | undefined, reason: string | undefined][] = [
    ['no conditions', undefined, undefined],
    ['another condition', [condition('Ready', 'True', 'Queued')], undefined],
    ['a Scan that plans', [condition('Reconciling', 'True', 'Planning')], undefined],
    ['a Scan that runs', [condition('Reconciling', 'True', 'Running')], undefined],
    ['a Scan that no longer reconciles', [condition('Reconciling', 'False', 'Queued')], undefined],
    ['a Scan without quota', [condition('Ready', 'False', 'Other'), held], 'QuotaExceeded'],
  ];
  for (const [title, conditions, reason] of rows)
    it(`is ${reason ?? 'undefined'} for ${title}`, () => {
      const hold = holdOf(scan(conditions === undefined ? {} : { conditions }));
      expect(hold).to.deep.equal(reason === undefined ? undefined : { reason, message: `${reason}: why` });
    });

  it('is undefined without a status', () => expect(holdOf(scan())).to.equal(undefined));
});

describe('scanStateKey', () => {
  it('changes with the generation, the phase and the hold, and not with progress', () => {
    expect(scanStateKey(scan())).to.equal('0  ');
    expect(scanStateKey(scan({ phase: 'Running', progress: '1/2' }, 3))).to.equal('3 Running ');
    expect(scanStateKey(scan({ phase: 'Running', progress: '2/2', conditions: [held] }, 3))).to.equal('3 Running QuotaExceeded');
  });
});

describe('isFinished', () => {
  it('is true for the phases Complete and Failed alone', () => {
    const phases = [undefined, 'Pending', 'Planning', 'Running', 'Complete', 'Failed'] as (ScanStatus['phase'] | undefined)[];
    expect(phases.map((phase) => isFinished(scan(phase === undefined ? {} : { phase })))).to.deep.equal([false, false, false, false, true, true]); // prettier-ignore
    expect(isFinished(scan())).to.equal(false);
  });
});

describe('the schema of a schedule', () => {
  const problemOf = (schedule: string): string | undefined => scanScheduleSpec.safeParse({ schedule }).error?.issues[0]?.message;

  it('accepts five fields, names and @every', () => {
    const valid = ['0 3 * * *', ' */5 1-5 1,15 * MON-FRI ', '@hourly', '@midnight', '@every 1h30m', '@every  90s', '0 0 ? * 0'];
    expect(valid.map(problemOf)).to.deep.equal(valid.map(() => undefined));
  });

  it('refuses anything else with the form that it needs', () => {
    const invalid = ['* * * *', '0 0 0 * * *', '@dayly', '@every', 'TZ=UTC 0 3 * * *', '@every 1h x', '@daily @daily', '0 3 * * $'];
    for (const schedule of invalid) expect(problemOf(schedule), schedule).to.match(/^must have five fields .* spec\.timeZone$/);
  });
});
