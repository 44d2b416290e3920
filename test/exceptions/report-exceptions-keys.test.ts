import { expect } from 'chai';
import pino from 'pino';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import { ReportExceptions, type ReportExceptionsDependencies } from '../../operator/exceptions/report-exceptions.ts';
import { WorkQueue } from '../../operator/controller/work-queue.ts';
import type { WaiverInputs } from '../../operator/findings/waivers/waiver-set.ts';
import type { ExceptionObject } from '../../operator/findings/waivers/waiver.ts';
import { takeKeys } from '../controller/queued-keys.ts';
import { ControllerRunner, type ReconcileOutcome } from '../controller/reconcile-once.ts';
import { clusterException, exception, now, setOf } from '../findings/waivers/samples.ts';
import { built, finding, target } from '../reports/building/report-samples.ts';

const ends = (milliseconds: number): { expiresAt: string } => ({ expiresAt: new Date(now + milliseconds).toISOString() });

/** A report in a namespace, or about a cluster-scoped object, with an exception. */
function reportIn(namespace: string | undefined): PolicyReport {
  const { namespace: _, ...object } = target;
  const place = namespace === undefined ? object : { ...object, namespace };
  return built({ target: place, results: [finding('run-as-non-root')], waivers: { set: setOf([clusterException()]), now } });
}

/** One reconcile at a time: what it queues is recorded, and not done. */
class Fixture {
  now = now;
  exceptions: readonly ExceptionObject[] = [];
  /** Exceptions that were applied to the reports, in force or not. */
  inReports: readonly ExceptionObject[] = [];
  bounds: WaiverInputs['bounds'] = new Map();
  isComplete = true;
  written = 0;
  changed: readonly string[] = [];
  /** The namespaces of reports whose metadata name an exception. */
  excepted: readonly (string | undefined)[] = [];
  readonly applied: string[] = [];
  readonly matched: (readonly string[])[] = [];
  readonly policies: string[] = [];
  readonly lines: string[] = [];
  readonly added: string[] = [];
  readonly delayed: string[] = [];
  readonly subject: ReportExceptions;
  #runner: ControllerRunner | undefined;

  constructor() {
    const isComplete = (): boolean => this.isComplete;
    const log = pino({ level: 'info' }, { write: (line: string) => void this.lines.push(line) });
    this.subject = new ReportExceptions({
      log,
      observe: undefined,
      client: {
        call: ({ path }: { path: string }) => {
          const isCluster = path.includes('/clusterpolicyreports');
          const places = this.excepted.filter((namespace) => (namespace === undefined) === isCluster);
          const items = places.map((namespace) => reportIn(namespace));
          return Promise.resolve({ metadata: {}, items });
        },
      },
      clock: () => this.now,
      store: {
        current: () => ({ set: setOf(this.exceptions, undefined, { bounds: this.bounds }), now: this.now }),
        namespaces: () => ['web', 'shop'],
        get isComplete() {
          return isComplete();
        },
      },
      apply: (request: Parameters<ReportExceptionsDependencies['apply']>[0]) => {
        this.applied.push(`${request.resource.resource} ${request.namespace ?? ''}`);
        if (this.inReports.length > 0) request.onReport(this.report());
        return Promise.resolve({ written: this.written, policies: new Set(this.changed) });
      },
      onMatches: (ids: ReadonlySet<string>) => void this.matched.push([...ids].toSorted()),
      onChanged: (policies: ReadonlySet<string>) => void this.policies.push(...policies),
    } as unknown as ReportExceptionsDependencies);
  }

  /** A report about an object in the namespace shop with the exceptions that were applied. */
  report(): PolicyReport {
    const set = setOf(this.inReports, undefined, { bounds: this.bounds });
    return built({ target, results: [finding('run-as-non-root')], waivers: { set, now } });
  }

  async reconcile(key: string): Promise<ReconcileOutcome> {
    const { queue } = this.subject.controller;
    if (!this.#runner) {
      await takeKeys(queue);
      this.#runner = new ControllerRunner(this.subject.controller);
    }
    let isFirst = true;
    queue.add = (each) => {
      if (!isFirst) this.added.push(each);
      else WorkQueue.prototype.add.call(queue, each);
      isFirst = false;
    };
    return this.#runner.reconcile(key);
  }

  /** Records what is queued with a delay, for calls without a reconcile. */
  watchDelays(): void {
    this.subject.controller.queue.addAfter = (key, milliseconds) => void this.delayed.push(`${key} ${milliseconds}`);
  }
}
const inShop = (spec: Parameters<typeof exception>[0] = {}) => exception(spec, { namespace: 'shop' });

describe('the keys of exceptions in reports', () => {
  let fixture: Fixture;
  beforeEach(() => (fixture = new Fixture()));
  afterEach(() => fixture.subject.controller.stop());

  it('are first those of the start and of the clock', async () => {
    expect(await takeKeys(fixture.subject.controller.queue)).to.deep.equal(['*start', '*clock']);
    expect(fixture.subject.controller.name).to.equal('report-exceptions');
  });

  const starts: readonly (readonly [what: string, given: Partial<Fixture>, keys: readonly string[]])[] = [
    ['the namespace of an exception', { exceptions: [exception()] }, ['web']],
    ['all for an exception of the cluster', { exceptions: [clusterException()] }, ['*', 'web', 'shop']],
    ['those whose reports have an exception', { excepted: ['blue', undefined] }, ['blue', '*']],
    ['each once', { exceptions: [inShop(), exception()], excepted: ['shop'] }, ['shop', 'web']],
    ['none without an exception', {}, []],
  ];
  for (const [what, given, keys] of starts)
    it(`after a start are ${what}`, async () => {
      Object.assign(fixture, given);
      expect(await fixture.reconcile('*start')).to.deep.equal({ requeueAfter: undefined, failed: false });
      expect(fixture.added).to.deep.equal(keys);
      // Without a key, nothing else would say that all reports were read.
      expect(fixture.matched).to.deep.equal(keys.length === 0 ? [[]] : []);
    });

  it('are those of the status of every exception when the last key after the start was applied', async () => {
    fixture.exceptions = [exception(), inShop()];
    expect(fixture.subject.matchesOf('web/legacy')).to.equal(undefined);
    await fixture.reconcile('*start');
    await fixture.reconcile('web');
    expect(fixture.subject.matchesOf('web/legacy')).to.equal(undefined);
    await fixture.reconcile('shop');
    expect(fixture.subject.matchesOf('web/legacy')).to.deep.equal([]);
    await fixture.reconcile('shop');
    expect(fixture.matched).to.deep.equal([['web/legacy'], ['shop/legacy', 'web/legacy'], ['shop/legacy']]);
  });

  it('wait until all exceptions are known, except that of the clock', async () => {
    fixture.isComplete = false;
    expect(await fixture.reconcile('*start')).to.include({ requeueAfter: 5000 });
    expect(await fixture.reconcile('web')).to.include({ requeueAfter: 5000 });
    expect(await fixture.reconcile('*clock')).to.include({ requeueAfter: 30_000 });
    expect(fixture.applied).to.deep.equal([]);
  });

  it('apply exceptions to the reports of a namespace, and to those about cluster-scoped objects', async () => {
    Object.assign(fixture, { written: 2, changed: ['baseline'] });
    await fixture.reconcile('web');
    await fixture.reconcile('*');
    expect(fixture.applied).to.deep.equal([`${RESOURCES.reports.resource} web`, `${RESOURCES.clusterReports.resource} `]);
    expect(fixture.policies).to.deep.equal(['baseline', 'baseline']);
    expect(fixture.lines).to.have.length(2);
  });

  it('say nothing if no report changed', async () => {
    await fixture.reconcile('web');
    expect([fixture.policies, fixture.lines]).to.deep.equal([[], []]);
  });

  it('count the findings by exception, and forget those that are gone', async () => {
    Object.assign(fixture, { exceptions: [], inReports: [inShop()] });
    await fixture.reconcile('*start');
    await fixture.reconcile('shop');
    const found = fixture.subject.matchesOf('shop/legacy');
    expect(found?.map((each) => Object.fromEntries(each))).to.deep.equal([{ baseline: { matched: 1, refused: 0 } }]);
    expect(fixture.subject.matchesOf('other')).to.deep.equal([]);
    fixture.inReports = [];
    await fixture.reconcile('shop');
    expect(fixture.subject.matchesOf('shop/legacy')).to.deep.equal([]);
    await fixture.reconcile('shop');
    // The exception has lost its finding: its status changes once more.
    expect(fixture.matched).to.deep.equal([[], ['shop/legacy'], ['shop/legacy'], []]);
  });

  const enqueued: readonly (readonly [what: string, namespace: string | undefined, given: Partial<Fixture>, keys: readonly string[]])[] = [
    ['only its own for an exception of a namespace', 'web', {}, ['web 200']],
    ['none for one of the cluster if nothing has an exception', undefined, {}, []],
    ['all for one of the cluster', undefined, { exceptions: [clusterException()] }, ['* 200', 'web 200', 'shop 200']],
    [
      'all if a policy allows exceptions in objects',
      undefined,
      { bounds: new Map([['p', { inline: 'Allow' }]]) },
      ['* 200', 'web 200', 'shop 200'],
    ],
  ];
  for (const [what, namespace, given, keys] of enqueued)
    it(`after a change are ${what}`, () => {
      Object.assign(fixture, given);
      fixture.watchDelays();
      fixture.subject.enqueue(namespace);
      expect(fixture.delayed).to.deep.equal(keys);
    });

  it('after a change are also those whose findings still have an exception, each once', async () => {
    fixture.inReports = [inShop()];
    await fixture.reconcile('shop');
    await fixture.reconcile('gone');
    fixture.watchDelays();
    fixture.subject.enqueue(undefined);
    expect(fixture.delayed).to.deep.equal(['* 200', 'web 200', 'shop 200', 'gone 200']);
  });

  it('of reports that changed wait for more changes', () => {
    fixture.watchDelays();
    fixture.subject.recount('web');
    fixture.subject.recount(undefined);
    expect(fixture.delayed).to.deep.equal(['web 2000', '* 2000']);
  });

  const minute = 60_000;
  const dues: readonly (readonly [what: string, exceptions: readonly ExceptionObject[], due: number])[] = [
    ['the end of an exception of the namespace', [inShop(ends(minute))], minute],
    ['the end of an exception of the cluster', [clusterException(ends(2 * minute))], 2 * minute],
    ['the earliest of several ends', [inShop(ends(3 * minute)), clusterException(ends(2 * minute)), inShop(ends(-1))], 2 * minute],
    ['10 minutes, if no exception ends earlier', [inShop(), exception(ends(minute))], 10 * minute],
  ];
  for (const [what, exceptions, due] of dues)
    it(`are applied again after ${what}`, async () => {
      fixture.exceptions = exceptions;
      await fixture.reconcile('shop');
      expect(fixture.added.splice(0)).to.deep.equal(['*clock']);
      fixture.now = now + due - 1;
      expect(await fixture.reconcile('*clock')).to.deep.equal({ requeueAfter: 1, failed: false });
      expect(fixture.added).to.deep.equal([]);
      fixture.now = now + due;
      expect(await fixture.reconcile('*clock')).to.deep.equal({ requeueAfter: 30_000, failed: false });
      expect(fixture.added).to.deep.equal(['shop']);
    });

  it('are applied again at the end of an exception that only a report knows', async () => {
    fixture.inReports = [inShop(ends(minute))];
    await fixture.reconcile('shop');
    fixture.now = now + minute - 5;
    expect(await fixture.reconcile('*clock')).to.include({ requeueAfter: 5 });
  });

  it('are not applied again without an exception', async () => {
    fixture.exceptions = [inShop(ends(minute))];
    await fixture.reconcile('shop');
    fixture.exceptions = [];
    await fixture.reconcile('shop');
    fixture.added.length = 0;
    fixture.now = now + 60 * minute;
    expect(await fixture.reconcile('*clock')).to.include({ requeueAfter: 30_000 });
    expect(fixture.added).to.deep.equal([]);
  });

  it('are all applied again after the clock was set back', async () => {
    fixture.exceptions = [inShop()];
    await fixture.reconcile('shop');
    await fixture.reconcile('*clock');
    fixture.added.length = 0;
    fixture.now = now - 2000;
    await fixture.reconcile('*clock');
    expect(fixture.added).to.deep.equal(['shop']);
  });
});
