import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import { ReportExceptions, type ReportExceptionsDependencies } from '../../operator/exceptions/report-exceptions.ts';
import { exception, setOf, subject, target } from '../findings/waivers/samples.ts';

const end = Date.parse('2026-06-15T00:00:00Z');

/** Reports in the namespace web, and a clock that a test moves. */
class Fixture {
  now = end - 10_000;
  /** What each look at the reports found, as `web covered`. */
  readonly applied: string[] = [];
  /** The number of reconciles that have ended. */
  reconciled = 0;
  exceptions = [exception({ expiresAt: '2026-06-15T00:00:00Z' })];
  isComplete = true;

  /** A new process. */
  start(): ReportExceptions {
    const process = new ReportExceptions({
      log: pino({ level: 'silent' }),
      observe: () => void (this.reconciled += 1),
      client: { call: () => Promise.resolve({ metadata: {}, items: [] }) },
      clock: () => this.now,
      store: {
        current: () => ({ set: setOf(this.exceptions), now: this.now }),
        namespaces: () => ['web', 'shop'],
        isComplete: this.isComplete,
      },
      apply: ({ namespace, onReport }: { namespace: string; onReport: (report: PolicyReport) => void }) => {
        const decision = setOf(this.exceptions).decide(subject(), target(), this.now);
        this.applied.push(`${namespace} ${decision?.kind ?? 'failure'}`);
        onReport({ metadata: { name: 'r', namespace }, results: [] });
        return Promise.resolve({ written: 0, policies: new Set() });
      },
      onMatches: () => undefined,
      onChanged: () => undefined,
    } as unknown as ReportExceptionsDependencies);
    process.controller.start();
    return process;
  }

  /** Waits until the queue of a process is empty. Returns what was applied meanwhile. */
  async settled(process: ReportExceptions): Promise<readonly string[]> {
    const before = this.reconciled;
    process.controller.queue.add('*clock');
    for (let count = 0; count < 500 && (this.reconciled === before || process.controller.queue.depth > 0); count++) await sleep(10);
    await sleep(30);
    return this.applied.splice(0);
  }
}

describe('exceptions in reports, by the clock', () => {
  it('end in the second of their end, and not a millisecond earlier', async () => {
    const fixture = new Fixture();
    const process = fixture.start();
    expect(await fixture.settled(process)).to.deep.equal(['web excepted']);
    fixture.now = end - 1;
    expect(await fixture.settled(process)).to.deep.equal([]);
    fixture.now = end;
    expect(await fixture.settled(process)).to.deep.equal(['web failure']);
    expect(await fixture.settled(process)).to.deep.equal([]);
    await process.controller.stop();
  });

  it('wait for their end by a timer of their own', async () => {
    const fixture = new Fixture();
    fixture.now = end - 100;
    const process = fixture.start();
    await sleep(30);
    expect(fixture.applied.splice(0)).to.deep.equal(['web excepted']);
    fixture.now = end;
    await sleep(200);
    expect(fixture.applied).to.deep.equal(['web failure']);
    await process.controller.stop();
  });

  it('end if the clock jumps over their end, and cover again if it is set back', async () => {
    const fixture = new Fixture();
    const process = fixture.start();
    await fixture.settled(process);
    fixture.now = end + 86_400_000;
    expect(await fixture.settled(process)).to.deep.equal(['web failure']);
    fixture.now = end - 10_000;
    expect(await fixture.settled(process)).to.deep.equal(['web excepted']);
    fixture.now -= 500;
    expect(await fixture.settled(process)).to.deep.equal([]);
    await process.controller.stop();
  });

  it('end while no operator runs: the next leader applies it at its start', async () => {
    const fixture = new Fixture();
    const first = fixture.start();
    await fixture.settled(first);
    await first.controller.stop();
    fixture.now = end + 1;
    const second = fixture.start();
    expect(await fixture.settled(second)).to.deep.equal(['web failure']);
    await second.controller.stop();
  });

  it('do not change before the new leader knows all exceptions', async () => {
    const fixture = new Fixture();
    fixture.isComplete = false;
    const process = fixture.start();
    expect(await fixture.settled(process)).to.deep.equal([]);
    await process.controller.stop();
  });
});
