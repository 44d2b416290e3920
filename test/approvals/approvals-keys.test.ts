import { expect } from 'chai';
import pino from 'pino';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { ImageApproval, ImageApprovalStatus } from '../../operator/api/kinds/image-approval.ts';
import { Approvals, type ApprovalsDependencies } from '../../operator/approvals/approvals.ts';
import { ApprovalStore } from '../../operator/approvals/approval-store.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { takeKeys } from '../controller/queued-keys.ts';
import { ControllerRunner, type ReconcileOutcome } from '../controller/reconcile-once.ts';

const end = Date.parse('2027-02-28T00:00:00Z');
const day = 86_400_000;
const digest = `sha256:${'a'.repeat(64)}`;
const approval = (change: Partial<ImageApproval['spec']> = {}, metadata: object = {}): ImageApproval => ({
  metadata: { name: 'web', ...metadata },
  spec: { images: [{ repository: 'nginx', digest }], reference: 'x', expiresAt: '2027-02-28T00:00:00Z', ...change },
});

/** One reconcile at a time, with an API server that has one pod of the image nginx. */
class Fixture {
  now = end - 10 * day;
  approvals: readonly ImageApproval[] = [approval()];
  conflict = false;
  readonly listed: string[] = [];
  readonly written: (ImageApprovalStatus & { manager: string })[] = [];
  readonly events: string[] = [];
  readonly subject: Approvals;

  constructor() {
    const list = (): readonly ImageApproval[] => this.approvals;
    const get = (name: string): ImageApproval | undefined => this.approvals.find(({ metadata }) => metadata.name === name);
    this.subject = new Approvals({
      log: pino({ level: 'silent' }),
      observe: undefined,
      metrics: { statusRefusals: { inc: () => undefined } },
      client: {
        call: ({ path }: { path: string }) => {
          this.listed.push(path);
          const pod = { metadata: { name: 'p', namespace: 'shop' }, spec: { containers: [{ image: `nginx@${digest}` }] } };
          return Promise.resolve({ metadata: {}, items: path.endsWith('/pods') ? [pod] : [] });
        },
        apply: (_: unknown, { status }: { status: ImageApprovalStatus }, { manager }: { manager: string }) => {
          if (this.conflict) return Promise.reject(new KubeApiError('changed', { status: 409 }));
          this.written.push({ ...status, manager });
          return Promise.resolve({});
        },
      },
      store: new ApprovalStore({ approvals: { list, get }, isComplete: () => true }),
      events: {
        record: (...[, , { type, reason }]: [unknown, unknown, { type: string; reason: string }]) =>
          void this.events.push(`${type} ${reason}`),
      },
      clock: () => this.now,
      onEnded: () => undefined,
    } as unknown as ApprovalsDependencies);
  }

  async reconcile(key: string): Promise<ReconcileOutcome> {
    await takeKeys(this.subject.controller.queue);
    const runner = new ControllerRunner(this.subject.controller);
    const outcome = await runner.reconcile(key);
    await runner.stop();
    return outcome;
  }
}

describe('the keys of ImageApprovals', () => {
  let fixture: Fixture;
  beforeEach(() => (fixture = new Fixture()));
  afterEach(() => fixture.subject.controller.stop());

  it('are first those of the pods and of the clock', async () => {
    expect(fixture.subject.controller.name).to.equal('image-approvals');
    expect(await takeKeys(fixture.subject.controller.queue)).to.deep.equal(['*pods', '*clock']);
  });

  for (const [type, delayed] of [
    ['ADDED', ['*pods 5000']],
    ['MODIFIED', []],
    ['DELETED', []],
  ] as const)
    it(`of an approval that is ${type} are its name and the clock`, async () => {
      const { controller } = fixture.subject;
      await takeKeys(controller.queue);
      const found: string[] = [];
      controller.queue.addAfter = (key, milliseconds) => void found.push(`${key} ${milliseconds}`);
      controller.changed(RESOURCES.imageApprovals, approval(), type);
      expect([await takeKeys(controller.queue), found]).to.deep.equal([['*clock', 'web'], delayed]);
    });

  it('read the pods every 5 minutes, and not without an approval', async () => {
    expect(await fixture.reconcile('*pods')).to.deep.equal({ requeueAfter: 300_000, failed: false });
    expect(fixture.listed).to.include('/api/v1/pods');
    const other = new Fixture();
    other.approvals = [];
    expect(await other.reconcile('*pods')).to.deep.equal({ requeueAfter: undefined, failed: false });
    expect(other.listed).to.deep.equal([]);
  });

  for (const [what, now, approvals, requeueAfter] of [
    ['its end', end - 1000, [approval()], 1000],
    ['30 seconds at most', end - day, [approval()], 30_000],
    ['30 seconds after an end: the clock may be set back', end, [approval()], 30_000],
    ['nothing without an end', end, [{ ...approval(), spec: { images: [{ repository: 'nginx', digest }], reference: 'x' } }], undefined],
    ['nothing without an approval', end, [], undefined],
  ] as const)
    it(`of the clock waits for ${what}`, async () => {
      Object.assign(fixture, { now, approvals });
      expect(await fixture.reconcile('*clock')).to.deep.equal({ requeueAfter, failed: false });
    });

  it('of an approval waits for the next change of its status', async () => {
    expect(await fixture.reconcile('web')).to.deep.equal({ requeueAfter: 3 * day, failed: false });
    expect(fixture.written.map(({ manager }) => manager)).to.deep.equal(['vigil-approvals']);
    expect(fixture.events).to.deep.equal([]);
  });

  it('come back soon, without an Event, if the approval changed since it was read', async () => {
    Object.assign(fixture, { conflict: true, now: end });
    expect(await fixture.reconcile('web')).to.deep.equal({ requeueAfter: 1000, failed: false });
    expect(fixture.events).to.deep.equal([]);
  });

  it('write nothing for an approval that is gone or being deleted', async () => {
    fixture.approvals = [approval({}, { deletionTimestamp: '2027-01-01T00:00:00Z' })];
    expect(await fixture.reconcile('web')).to.deep.equal({ requeueAfter: undefined, failed: false });
    const other = new Fixture();
    expect(await other.reconcile('gone')).to.deep.equal({ requeueAfter: undefined, failed: false });
    expect([fixture.written, other.written]).to.deep.equal([[], []]);
  });

  it('record an Event for an approval with a problem', async () => {
    fixture.approvals = [approval({ images: [{ repository: 'nginx:1', digest }] })];
    await fixture.reconcile('web');
    expect(fixture.events).to.deep.equal(['Warning ApprovalInvalid']);
  });
});
