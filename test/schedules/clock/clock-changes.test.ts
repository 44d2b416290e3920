import { expect } from 'chai';
import { parseCron } from '../../../operator/schedules/clock/cron.ts';
import { fieldsOf, MINUTE, watched, WallClock, type ClockChange, type Times } from './clock-changes.ts';

const hour = 60 * MINUTE;
const everything = process.env['VIGIL_TEST_ALL'] !== undefined;
/** Zones with clock changes of every kind. The other zones are sampled, unless all are requested. */
const telling = [
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Antarctica/Casey',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Asia/Gaza',
  'Europe/Lisbon',
  'America/New_York',
  'Africa/Cairo',
  'Asia/Beirut',
];
const zones = Intl.supportedValuesOf('timeZone').filter((zone, index) => everything || telling.includes(zone) || index % 41 === 0);

/** Schedules that a clock change may affect: at its edges, within it, and around it. */
function schedulesAround(clock: WallClock, { at, shift }: ClockChange): Times[] {
  // The wall-clock times that the clock skips or repeats.
  const [start, end] = shift > 0 ? [clock.read(at) - shift, clock.read(at)] : [clock.read(at), clock.read(at) - shift];
  const edges = [start - MINUTE, start, start + Math.abs(shift) / 2, end - MINUTE, end, end + hour].map((wall) => new Date(wall));
  const [first, middle] = [edges[1] as Date, edges[2] as Date];
  return [
    ...edges.map((edge): Times => ({ minutes: [edge.getUTCMinutes()], hours: [edge.getUTCHours()] })),
    {
      minutes: [middle.getUTCMinutes()],
      hours: [middle.getUTCHours()],
      date: { month: middle.getUTCMonth() + 1, day: middle.getUTCDate() },
    },
    { minutes: [0, 10, 20, 30, 40, 50], hours: [first.getUTCHours(), (first.getUTCHours() + 1) % 24] },
    { minutes: [middle.getUTCMinutes()], hours: undefined },
    { minutes: [0, 20, 40], hours: undefined },
  ];
}

describe('due times, compared with reading the clock every minute', function () {
  this.timeout(everything ? 3_600_000 : 60_000);

  it('are the same around every clock change of 2020 to 2040', () => {
    let changes = 0;
    let runs = 0;
    // Only the behaviour of a clock around a change matters, and it is the same in many zones.
    const checked = new Set<string>();
    for (const zone of zones) {
      const clock = new WallClock(zone);
      for (const change of clock.changes(Date.UTC(2020, 0, 1), Date.UTC(2041, 0, 1))) {
        if (!everything && changes++ % 11 !== 0 && !(zone === 'Australia/Lord_Howe')) continue;
        const alike = [change.at, change.shift, clock.read(change.at) - change.at].join();
        if (checked.has(alike)) continue;
        checked.add(alike);
        const window = { from: change.at - 27 * hour, until: change.at + 27 * hour };
        for (const times of schedulesAround(clock, change)) {
          const expected = watched(times, clock, window);
          const what = `${fieldsOf(times)} in ${zone} around ${new Date(change.at).toISOString()}`;
          const cron = parseCron(fieldsOf(times), zone);
          expect(following(cron.next.bind(cron), window), what).to.deep.equal(expected);
          expect(preceding(cron.previous.bind(cron), window), `${what}, backwards`).to.deep.equal(expected);
          runs += expected.length;
        }
      }
    }
    expect(runs).to.be.greaterThan(1000);
  });

  it('never end', () => {
    for (const zone of zones) {
      const cron = parseCron('15 2 * * *', zone);
      let time: number | undefined = Date.UTC(2026, 0, 1);
      for (let i = 0; i < 800 && time !== undefined; i++) {
        const next = cron.next(time);
        expect(next !== undefined && next - time <= 27 * hour, `${zone} after ${new Date(time).toISOString()}`).to.equal(true);
        time = next;
      }
    }
  });
});

interface Window {
  readonly from: number;
  readonly until: number;
}

function following(next: (after: number) => number | undefined, { from, until }: Window): number[] {
  const found: number[] = [];
  for (let at = next(from); at !== undefined && at <= until; at = next(at)) found.push(at);
  return found;
}

function preceding(previous: (before: number) => number | undefined, { from, until }: Window): number[] {
  const found: number[] = [];
  for (let at = previous(until); at !== undefined && at > from; at = previous(at - 1)) found.push(at);
  return found.toReversed();
}
