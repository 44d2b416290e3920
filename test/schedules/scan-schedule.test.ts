import { expect } from 'chai';
import { pino } from 'pino';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { ConditionUpdate } from '../../operator/api/condition.ts';
import type { ScanSchedule, ScanScheduleSpec } from '../../operator/api/kinds/scan-schedule.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { EventText } from '../../operator/controller/event-recorder.ts';
import { REQUEUE_SOON } from '../../operator/controller/status-writer.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { reconcileOnce } from '../controller/reconcile-once.ts';
import { scanScheduleController, scanScheduleWatches, type ScanScheduleDependencies } from '../../operator/schedules/scan-schedule.ts';

const now = Date.parse('2027-01-05T03:00:30Z');
const nowName = `nightly-${Date.parse('2027-01-05T03:00:00Z') / 60_000}`;
const hours = (count: number): number => count * 3_600_000;

const schedule = (name = 'nightly', spec: Partial<ScanScheduleSpec> = {}): ScanSchedule => ({
  metadata: { name, uid: `u-${name}`, generation: 1, creationTimestamp: '2027-01-01T00:00:00Z', resourceVersion: '7' },
  spec: { schedule: '0 3 * * *', ...spec },
});
const scan = (name: string, owner: string, labels: Readonly<Record<string, string>> = {}): Scan => ({
  metadata: {
    name,
    uid: `u-${name}`,
    labels,
    ownerReferences: [{ apiVersion: 'vigil.dev/v1alpha1', kind: 'ScanSchedule', name: owner, uid: `u-${owner}`, controller: true }],
  },
  spec: {},
});

/** An API server with these objects, and a ScanSchedule controller that reads them. */
class ScheduleBench {
  readonly calls: unknown[] = [];
  readonly recorded: EventText[] = [];
  readonly statuses: ScanSchedule['status'][] = [];
  readonly refusals = new Map<'create' | 'apply', number>();
  readonly #schedules: readonly ScanSchedule[];
  readonly #scans: readonly Scan[];

  constructor(schedules: readonly ScanSchedule[], scans: readonly Scan[] = []) {
    this.#schedules = schedules;
    this.#scans = scans;
  }

  /** Reconciles the schedule of this name. Returns the milliseconds until it is requeued. */
  async reconcile(name: string): Promise<number | undefined> {
    const { requeueAfter } = await reconcileOnce(scanScheduleController(this.#dependencies()), name);
    return requeueAfter;
  }

  #refuse(verb: 'create' | 'apply'): void {
    const status = this.refusals.get(verb);
    if (status !== undefined) throw new KubeApiError(`${verb} refused`, { status });
  }

  #dependencies(): ScanScheduleDependencies {
    const { calls } = this;
    const client = {
      create: async (_resource: unknown, { metadata }: Scan): Promise<void> => {
        await Promise.resolve();
        calls.push(['create', metadata.name]);
        this.#refuse('create');
      },
      get: async (_resource: unknown, { name }: { name?: string }): Promise<Scan> => {
        await Promise.resolve();
        const found = this.#scans.find(({ metadata }) => metadata.name === name);
        if (!found) throw new KubeApiError('not found', { status: 404 });
        return found;
      },
      delete: async (_resource: unknown, { name }: { name: string }, { uid }: { uid: string }): Promise<void> => {
        await Promise.resolve();
        calls.push(['delete', name, uid]);
      },
      apply: async (resource: unknown, { metadata, status }: ScanSchedule): Promise<void> => {
        await Promise.resolve();
        calls.push(['status', metadata.name]);
        expect(resource).to.equal(RESOURCES.schedules);
        this.#refuse('apply');
        this.statuses.push(status);
      },
    };
    const watching: ConditionUpdate = { type: 'Watching', status: 'True', reason: 'Watching', message: 'all kinds' };
    return {
      client: client as unknown as ScanScheduleDependencies['client'],
      events: { record: (_resource, _object, text): void => void this.recorded.push(text) },
      clock: () => now,
      clusterIdentity: 'c',
      schedules: {
        get: (name: string) => this.#schedules.find(({ metadata }) => metadata.name === name),
        list: () => this.#schedules,
      },
      scans: { list: () => this.#scans },
      policies: { list: (): SecurityPolicy[] => [{ metadata: { name: 'web' }, spec: {} }] },
      watching: () => watching,
      log: pino({ level: 'silent' }),
      observe: undefined,
      metrics: { statusRefusals: { inc: () => undefined } },
    };
  }
}

describe('the ScanSchedule controller', () => {
  it('creates the Scan that is due, then writes the status, and requeues at the next due time', async () => {
    const bench = new ScheduleBench([schedule()]);
    expect(await bench.reconcile('nightly')).to.equal(hours(24) - 30_000);
    expect(bench.calls).to.deep.equal([
      ['create', nowName],
      ['status', 'nightly'],
    ]);
    expect(bench.statuses[0]?.lastScheduleTime).to.equal('2027-01-05T03:00:00Z');
    expect(bench.recorded).to.deep.equal([{ type: 'Normal', reason: 'ScanCreated', message: `created Scan ${nowName}` }]);
  });

  it('does not requeue a schedule without a next due time', async () => {
    const bench = new ScheduleBench([schedule('nightly', { suspend: true })]);
    expect([await bench.reconcile('nightly'), bench.calls]).to.deep.equal([undefined, [['status', 'nightly']]]);
  });

  it('does nothing for a schedule that is deleted or being deleted', async () => {
    const going = schedule();
    const bench = new ScheduleBench([{ ...going, metadata: { ...going.metadata, deletionTimestamp: '2027-01-05T00:00:00Z' } }]);
    await bench.reconcile('nightly');
    await bench.reconcile('another');
    expect(bench.calls).to.deep.equal([]);
  });

  it('replaces only Scans that the schedule owns, by their uid', async () => {
    const scans = [scan('nightly-1', 'nightly'), scan('hourly-1', 'hourly'), { metadata: { name: 'by-hand' }, spec: {} }];
    const bench = new ScheduleBench([schedule('nightly', { concurrencyPolicy: 'Replace' })], scans);
    await bench.reconcile('nightly');
    expect(bench.calls.filter((call) => (call as string[])[0] === 'delete')).to.deep.equal([['delete', 'nightly-1', 'u-nightly-1']]);
  });

  it('accepts its own Scan of the due time that exists after a crash', async () => {
    const bench = new ScheduleBench([schedule()], [scan(nowName, 'nightly', { 'vigil.dev/schedule': 'nightly' })]);
    bench.refusals.set('create', 409);
    await bench.reconcile('nightly');
    expect([bench.statuses[0]?.lastScheduleTime, bench.recorded]).to.deep.equal(['2027-01-05T03:00:00Z', []]);
  });

  it('records the run as missed, with a Warning, when the name belongs to a Scan of someone else', async () => {
    const bench = new ScheduleBench([schedule()], [{ metadata: { name: nowName }, spec: {} }]);
    bench.refusals.set('create', 409);
    await bench.reconcile('nightly');
    expect([bench.statuses[0]?.lastScheduleTime, bench.statuses[0]?.lastMissedTime]).to.deep.equal([undefined, '2027-01-05T03:00:00Z']);
    expect(bench.recorded).to.deep.equal([
      {
        type: 'Warning',
        reason: 'NameTaken',
        message: `the Scan that is due now cannot be created: Scan ${nowName} exists and is not owned by this ScanSchedule; delete it`,
      },
    ]);
  });

  it('writes no status when the API server fails to create the Scan', async () => {
    const bench = new ScheduleBench([schedule()]);
    bench.refusals.set('create', 500);
    await bench.reconcile('nightly');
    expect(bench.calls).to.deep.equal([['create', nowName]]);
  });

  it('requeues soon when the schedule changed since it was read', async () => {
    const bench = new ScheduleBench([schedule()]);
    bench.refusals.set('apply', 409);
    expect(await bench.reconcile('nightly')).to.equal(REQUEUE_SOON);
  });

  it('records the Events of the plan', async () => {
    const bench = new ScheduleBench([schedule('nightly', { schedule: 'never' })]);
    await bench.reconcile('nightly');
    expect(bench.recorded.map(({ type, reason }) => `${type} ${reason}`)).to.deep.equal(['Warning InvalidSchedule']);
  });

  it('writes the Watching condition of a schedule with onChange', async () => {
    const bench = new ScheduleBench([schedule('nightly', { onChange: {} })]);
    await bench.reconcile('nightly');
    expect(bench.statuses[0]?.conditions?.find(({ type }) => type === 'Watching')).to.deep.include({
      status: 'True',
      message: 'all kinds',
    });
  });

  it('leaves policies of other schedules out of the default schedule', async () => {
    const bench = new ScheduleBench([schedule('default'), schedule('nightly')]);
    expect(await bench.reconcile('default')).to.equal(undefined);
    expect(bench.statuses[0]?.conditions?.find(({ type }) => type === 'Ready')?.reason).to.equal('StandsDown');
  });

  it('reconciles a schedule and the default one after a change, the default one after a change of a policy, and the owner of a Scan', () => {
    const keysOf = (resource: (typeof RESOURCES)[keyof typeof RESOURCES], object: ScanSchedule | Scan | SecurityPolicy): string[] =>
      scanScheduleWatches()
        .filter((watched) => watched.resource === resource)
        .flatMap((watched) => watched.keys(object, 'ADDED'));
    expect(keysOf(RESOURCES.schedules, schedule())).to.have.members(['nightly', 'default']);
    expect(keysOf(RESOURCES.policies, { metadata: { name: 'web' }, spec: {} })).to.deep.equal(['default']);
    expect(keysOf(RESOURCES.scans, scan('nightly-1', 'nightly'))).to.deep.equal(['nightly']);
  });
});
