import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { ImageApproval, ImageApprovalStatus } from '../../operator/api/kinds/image-approval.ts';
import { Approvals, type ApprovalsDependencies } from '../../operator/approvals/approvals.ts';
import { ApprovalStore } from '../../operator/approvals/approval-store.ts';

const end = Date.parse('2027-02-28T00:00:00Z');

/** The controller with a clock that a test moves, and an API server that keeps the applied status. */
class Fixture {
  now = end - 10_000;
  ended = 0;
  /** The number of reconciles that have ended. */
  reconciled = 0;
  readonly events: string[] = [];
  approval: { metadata: KubeObject['metadata']; spec: ImageApproval['spec']; status?: ImageApprovalStatus } = {
    metadata: { name: 'web', uid: 'u', generation: 1, resourceVersion: '1' },
    spec: { images: [{ repository: 'nginx', digest: `sha256:${'a'.repeat(64)}` }], reference: 'x', expiresAt: '2027-02-28T00:00:00Z' },
  };
  readonly store = new ApprovalStore({
    approvals: { list: () => [this.approval], get: () => this.approval },
    isComplete: () => true,
  });

  /** A new process. */
  start(): Approvals {
    return new Approvals({
      log: pino({ level: 'silent' }),
      observe: () => {
        this.reconciled += 1;
      },
      metrics: { statusRefusals: { inc: () => undefined } },
      client: {
        call: () => Promise.resolve({ metadata: {}, items: [] }),
        apply: (_: unknown, { status }: { status: ImageApprovalStatus }) => {
          this.approval = { ...this.approval, status };
          return Promise.resolve(this.approval);
        },
      },
      store: this.store,
      events: { record: (_resource: unknown, _object: unknown, { reason }: { reason: string }) => void this.events.push(reason) },
      clock: () => this.now,
      onEnded: () => {
        this.ended += 1;
      },
    } as unknown as ApprovalsDependencies);
  }
}

/** Adds keys, and waits until they are reconciled and the status or the count of ends could have changed. */
async function settle(fixture: Fixture, approvals: Approvals, ...keys: readonly string[]): Promise<void> {
  const { queue } = approvals.controller;
  const wanted = fixture.reconciled + new Set(keys).size;
  approvals.controller.start();
  for (const key of keys) queue.add(key);
  for (let count = 0; count < 500 && (fixture.reconciled < wanted || queue.depth > 0); count++) await sleep(10);
  await sleep(50);
}

describe('the controller of ImageApprovals', () => {
  it('reports the end of an approval once, with its Event, and admission leaves it out from that millisecond on', async () => {
    const fixture = new Fixture();
    const approvals = fixture.start();
    await settle(fixture, approvals, 'web');
    expect(fixture.events).to.deep.equal(['ApprovalExpiring']);
    expect(fixture.ended).to.equal(0);
    expect(fixture.store.inForce(end - 1)).to.deep.include({ until: end });
    expect(fixture.store.inForce(end).images.size).to.equal(0);
    expect(fixture.store.ended(end - 1)).to.deep.equal([]);
    expect(fixture.store.ended(end)).to.deep.equal(['u']);
    fixture.now = end;
    await settle(fixture, approvals, '*clock');
    expect(fixture.ended).to.equal(1);
    await settle(fixture, approvals, '*clock');
    expect(fixture.ended).to.equal(1);
    await approvals.controller.stop();
  });

  it('reports an approval that ended while no operator ran', async () => {
    const fixture = new Fixture();
    const before = fixture.start();
    await settle(fixture, before, 'web');
    await before.controller.stop();
    fixture.now = end + 1;
    const after = fixture.start();
    await settle(fixture, after, 'web');
    expect(fixture.ended).to.equal(1);
    expect(fixture.events).to.deep.equal(['ApprovalExpiring', 'ApprovalExpired']);
    await settle(fixture, after, 'web');
    expect(fixture.ended).to.equal(1);
    await after.controller.stop();
  });

  it('follows a clock that jumps forward and is set back', async () => {
    const fixture = new Fixture();
    const approvals = fixture.start();
    await settle(fixture, approvals, 'web', '*clock');
    fixture.now = end + 86_400_000;
    await settle(fixture, approvals, '*clock', 'web');
    expect([fixture.ended, fixture.events]).to.deep.equal([2, ['ApprovalExpiring', 'ApprovalExpired']]);
    fixture.now = end - 10_000;
    await settle(fixture, approvals, '*clock');
    const active = fixture.approval.status?.conditions?.find(({ type }) => type === 'Active');
    expect([active?.status, active?.reason]).to.deep.equal(['True', 'EndsWithinADay']);
    await settle(fixture, approvals, '*clock');
    expect(fixture.ended).to.equal(3);
    await approvals.controller.stop();
  });

  it('does not give approvals to admission before all of them are known', () => {
    const store = new ApprovalStore({ approvals: { list: () => [], get: () => undefined }, isComplete: () => false });
    expect(() => store.inForce(0)).to.throw('not listed yet');
  });
});
