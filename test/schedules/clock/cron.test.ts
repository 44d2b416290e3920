import { expect } from 'chai';
import { CronError, parseCron } from '../../../operator/schedules/clock/cron.ts';
import { dueTimes } from '../../../operator/schedules/clock/due-time.ts';
import { jitterMilliseconds } from '../../../operator/schedules/clock/jitter.ts';

const at = (text: string): number => Date.parse(text);
const times = (schedule: string, zone: string, from: string, count: number): string[] => {
  const cron = parseCron(schedule, zone);
  let time = at(from);
  return Array.from({ length: count }, () => new Date((time = cron.next(time) ?? Number.NaN)).toISOString().slice(0, 16));
};

describe('cron schedules', () => {
  it('run a skipped time once, at the end of the gap', () => {
    expect(times('30 1 * * *', 'Europe/Lisbon', '2027-03-27T12:00:00Z', 2)).to.deep.equal(['2027-03-28T01:00', '2027-03-29T00:30']);
    expect(times('0,30 1,2 * * *', 'Europe/Lisbon', '2027-03-27T12:00:00Z', 3)).to.deep.equal([
      '2027-03-28T01:00',
      '2027-03-28T01:30',
      '2027-03-29T00:00',
    ]);
  });

  it('run a repeated time once', () => {
    expect(times('30 1 * * *', 'Europe/Lisbon', '2027-10-30T12:00:00Z', 2)).to.deep.equal(['2027-10-31T00:30', '2027-11-01T01:30']);
  });

  it('keep their interval through both clock changes when they name no hour', () => {
    expect(times('*/30 * * * *', 'Europe/Lisbon', '2027-10-30T23:45:00Z', 5)).to.deep.equal(
      ['00:00', '00:30', '01:00', '01:30', '02:00'].map((time) => `2027-10-31T${time}`),
    );
    expect(times('*/30 * * * *', 'Europe/Lisbon', '2027-03-28T00:15:00Z', 3)).to.deep.equal(
      ['00:30', '01:00', '01:30'].map((time) => `2027-03-28T${time}`),
    );
  });

  it('find the last due time, including the given time', () => {
    const cron = parseCron('30 1 * * *', 'Europe/Lisbon');
    expect(cron.previous(at('2027-03-28T01:00:00Z'))).to.equal(at('2027-03-28T01:00:00Z'));
    expect(cron.previous(at('2027-03-28T00:59:59Z'))).to.equal(at('2027-03-27T01:30:00Z'));
  });

  it('accept macros and names', () => {
    expect(times('@daily', 'UTC', '2027-01-01T00:00:00Z', 1)).to.deep.equal(['2027-01-02T00:00']);
    expect(times('0 0 ? * MON-FRI', 'UTC', '2027-01-01T12:00:00Z', 1)).to.deep.equal(['2027-01-04T00:00']);
  });

  for (const [macro, fields] of [
    ['@yearly', '0 0 1 1 *'],
    ['@annually', '0 0 1 1 *'],
    ['@monthly', '0 0 1 * *'],
    ['@weekly', '0 0 * * 0'],
    ['@midnight', '0 0 * * *'],
    ['@hourly', '0 * * * *'],
  ] as const)
    it(`run ${macro} at the times of ${fields}`, () => {
      expect(times(macro, 'UTC', '2027-01-01T12:00:00Z', 3)).to.deep.equal(times(fields, 'UTC', '2027-01-01T12:00:00Z', 3));
    });

  it('run in the 30-minute gap and the repeated 30 minutes of Lord Howe once, and go on', () => {
    expect(times('15 2 4 4 *', 'Australia/Lord_Howe', '2027-01-01T00:00:00Z', 2)).to.deep.equal(['2027-04-03T15:45', '2028-04-03T15:45']);
    // The clock is set back from 2:00 to 1:30 on 4 April 2027, and forward from 2:00 to 2:30 on 3 October.
    expect(times('45 1 * * *', 'Australia/Lord_Howe', '2027-04-02T16:00:00Z', 2)).to.deep.equal(['2027-04-03T14:45', '2027-04-04T15:15']);
    expect(times('15 2 * * *', 'Australia/Lord_Howe', '2027-10-01T16:00:00Z', 2)).to.deep.equal(['2027-10-02T15:30', '2027-10-03T15:15']);
  });

  it('run an hourly time skipped by a half-hour gap at the end of the gap, and not after a gap of an hour', () => {
    expect(times('15 * * * *', 'Australia/Lord_Howe', '2027-10-02T14:00:00Z', 4)).to.deep.equal(
      ['14:45', '15:30', '16:15', '17:15'].map((time) => `2027-10-02T${time}`),
    );
    expect(times('45 * * * *', 'Europe/Lisbon', '2027-03-28T00:00:00Z', 3)).to.deep.equal(
      ['00:45', '01:45', '02:45'].map((time) => `2027-03-28T${time}`),
    );
  });

  it('accept an interval, which counts from its anchor through clock changes', () => {
    const anchor = at('2027-03-28T00:10:00Z');
    const cron = parseCron('@every 1h30m', 'Europe/Lisbon', anchor);
    expect([cron.next(anchor), cron.next(anchor - 1), cron.next(at('2027-03-28T01:40:00Z'))]).to.deep.equal(
      ['01:40', '01:40', '03:10'].map((time) => at(`2027-03-28T${time}:00Z`)),
    );
    expect([cron.previous(anchor), cron.previous(at('2027-03-28T03:09:59Z'))]).to.deep.equal([undefined, at('2027-03-28T01:40:00Z')]);
    expect(parseCron('@every 90.5s', 'UTC', 0).next(0)).to.equal(90_000);
  });

  it('match a day by either day field, and by both when one of them is any day, as CronJob does', () => {
    const from = '2027-01-01T12:00:00Z';
    expect(times('0 0 13 * 1', 'UTC', from, 4)).to.deep.equal(['04', '11', '13', '18'].map((day) => `2027-01-${day}T00:00`));
    expect(times('0 0 */1 * 1', 'UTC', from, 3)).to.deep.equal(['04', '11', '18'].map((day) => `2027-01-${day}T00:00`));
    expect(times('0 0 */10 * 1', 'UTC', from, 4)).to.deep.equal(['04', '11', '18', '21'].map((day) => `2027-01-${day}T00:00`));
    expect(times('0 0 13 * *,2', 'UTC', from, 1)).to.deep.equal(['2027-01-13T00:00']);
  });

  const messages: readonly (readonly [string, string, RegExp])[] = [
    ['0 0 1 * * *', 'UTC', /must have five fields, .* and has 6 \(there is no field for seconds\)$/],
    ['0 0 * *', 'UTC', /must have five fields, .* and has 4$/],
    ['0 0 * * 7', 'UTC', /Sunday is 0, not 7$/],
    ['0 0 * * 1-7', 'UTC', /Sunday is 0, not 7$/],
    ['0 0 * * 01-07', 'UTC', /Sunday is 0, not 7$/],
    ['TZ=Europe/Lisbon 0 3 * * *', 'UTC', /use spec\.timeZone$/],
    ['@every 30s', 'UTC', /a duration of a minute or more, such as @every 1h30m$/],
    ['@every day', 'UTC', /a duration of a minute or more/],
    ['@every', 'UTC', /a duration of a minute or more/],
    ['@often', 'UTC', /use one of @yearly, .*, or @every 1h30m$/],
    ['@daily', 'Local', /"Local" is not one zone: name it: use an IANA name such as Europe\/Lisbon$/],
    ['@daily', '+01:00', /is no known time zone/],
    ['@daily', '../Lisbon', /is no known time zone/],
    ['@daily', '', /is no known time zone/],
  ];
  for (const [schedule, zone, message] of messages) {
    it(`explain how to fix ${JSON.stringify(schedule)} in ${JSON.stringify(zone)}`, () => {
      expect(() => parseCron(schedule, zone)).to.throw(CronError, message);
    });
  }

  const bad: readonly (readonly [string, string, 'schedule' | 'timeZone'])[] = [
    ['every day', 'UTC', 'schedule'],
    ['60 * * * *', 'UTC', 'schedule'],
    ['@often', 'UTC', 'schedule'],
    ['0 0 L * *', 'UTC', 'schedule'],
    ['0 0 * * 1#2', 'UTC', 'schedule'],
    ['* * * * * *', 'UTC', 'schedule'],
    ['0 0 30 2 *', 'UTC', 'schedule'],
    ['@daily', 'Europe/Lisboa', 'timeZone'],
  ];
  for (const [schedule, zone, field] of bad) {
    it(`refuse ${JSON.stringify(schedule)} in ${zone}, naming the field`, () => {
      expect(() => parseCron(schedule, zone))
        .to.throw(CronError)
        .with.property('field', field);
    });
  }
});

describe('due times', () => {
  const cron = parseCron('0 3 * * *');
  const base = {
    cron,
    now: at('2027-01-05T04:00:00Z'),
    last: undefined,
    created: at('2027-01-01T00:00:00Z'),
    startingDeadlineSeconds: undefined,
    jitter: 0,
  };
  const due = at('2027-01-05T03:00:00Z');

  const cases: readonly (readonly [
    string,
    Partial<typeof base> | { last: number } | { startingDeadlineSeconds: number },
    number | undefined,
    number | undefined,
  ])[] = [
    ['only the latest of several missed ones is due', {}, due, undefined],
    ['one that ran is not due again', { last: due }, undefined, undefined],
    ['one from before the schedule was made is not due', { created: at('2027-01-05T03:30:00Z') }, undefined, undefined],
    ['one past its starting deadline is missed', { startingDeadlineSeconds: 600 }, undefined, due],
    ['one within its starting deadline is due', { startingDeadlineSeconds: 3600 }, due, undefined],
    ['is delayed by jitter', { jitter: 3_700_000 }, at('2027-01-04T03:00:00Z'), undefined],
  ];
  for (const [what, change, expected, missed] of cases) {
    it(what, () => {
      const found = dueTimes({ ...base, ...change });
      expect([found.due, found.missed]).to.deep.equal([expected, missed]);
    });
  }

  it('differ by cluster, always by the same jitter', () => {
    const delays = Array.from({ length: 40 }, (_, index) => jitterMilliseconds(`cluster-${index}`, 'nightly', 300));
    expect(new Set(delays.map((delay) => Math.floor(delay / 1000))).size).to.be.greaterThan(30);
    expect(Math.max(...delays)).to.be.below(300_000);
    expect(jitterMilliseconds('cluster-7', 'nightly', 300)).to.equal(delays[7]);
  });
});
