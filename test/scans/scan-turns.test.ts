import { expect } from 'chai';
import fc from 'fast-check';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import { triggerOf, turnOrder, waitReason, type Trigger } from '../../operator/scans/scan-turns.ts';
import { scanOf } from './scan-bench.ts';

const marks: Readonly<Record<Trigger | 'change', Partial<Scan['metadata']>>> = {
  person: {},
  generation: { annotations: { 'vigil.dev/generations': 'x' }, labels: { 'app.kubernetes.io/managed-by': 'vigil' } },
  schedule: { labels: { 'vigil.dev/schedule': 'nightly' } },
  change: { labels: { 'vigil.dev/trigger': 'change' } },
};
const made = (trigger: keyof typeof marks, minute: number, name = `${trigger}-${minute}`): Scan =>
  scanOf(name, undefined, { ...marks[trigger], creationTimestamp: new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString() });
const names = (scans: readonly Scan[]): string[] => scans.map(({ metadata }) => metadata.name);

describe('the order of Scans', () => {
  it('knows the cause of a Scan', () => {
    expect((['person', 'generation', 'schedule', 'change'] as const).map((trigger) => triggerOf(made(trigger, 0)))).to.deep.equal([
      'person',
      'generation',
      'schedule',
      'schedule',
    ]);
  });

  it('is by cause (user, generation, schedule), then by age', () => {
    const waiting = [made('schedule', 0), made('generation', 3), made('person', 5), made('generation', 2), made('person', 4)];
    expect(names(turnOrder({ waiting, running: [] }))).to.deep.equal([
      'person-4',
      'generation-2',
      'schedule-0',
      'person-5',
      'generation-3',
    ]);
  });

  it('gives each cause its share, with any number of others', () => {
    const people = Array.from({ length: 50 }, (_, index) => made('person', index));
    const running = people.slice(0, 3);
    const order = turnOrder({ waiting: [...people.slice(3), made('schedule', 60), made('generation', 60)], running });
    expect(names(order.slice(0, 2))).to.deep.equal(['generation-60', 'schedule-60']);
  });

  it('starts every Scan eventually with a limit of one: a later Scan overtakes by its lead at most', () => {
    const people = Array.from({ length: 60 }, (_, index) => made('person', index));
    const order = [made('schedule', 10), ...people];
    const waiting = turnOrder({ waiting: order, running: [] });
    expect(names(waiting)[0]).to.equal('person-0');
    const late = [made('schedule', 0), made('person', 31)];
    expect(names(turnOrder({ waiting: late, running: [] }))[0]).to.equal('schedule-0');
    expect(names(turnOrder({ waiting: [made('schedule', 0), made('person', 29)], running: [] }))[0]).to.equal('person-29');
  });

  it('starts as many Scans as the limit allows, and reports why the others wait', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('person', 'generation', 'schedule'), { maxLength: 30 }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (kinds, busy, limit) => {
          const waiting = kinds.map((kind, index) => made(kind, index, `w-${index}`));
          const running = Array.from({ length: busy }, (_, index) => made('person', index, `r-${index}`));
          const begin = waiting.filter((scan) => !waitReason(scan, { waiting, running, limit }));
          expect(begin.length).to.equal(Math.min(waiting.length, Math.max(limit - busy, 0)));
        },
      ),
    );
    const hold = waitReason(made('person', 1), { waiting: [made('person', 1)], running: [made('person', 0)], limit: 1 });
    expect(hold).to.deep.equal({
      reason: 'Queued',
      message: 'waits for one of 1 running Scans to end: at most 1 Scans run at once (--max-concurrent-scans)',
    });
  });
});
