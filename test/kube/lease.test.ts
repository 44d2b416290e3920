import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { Lease, type LeaseOptions, type Moment } from '../../operator/kube/lease.ts';
import { ApiDouble, breaks, says, type SeenCall } from './api-double.ts';

interface LeaseObject extends KubeObject {
  spec: Record<string, unknown>;
}

const status = (code: number, reason: string, details: object = {}): ReturnType<typeof says> =>
  says({ kind: 'Status', code, reason, message: reason, details }, code);

describe('a lease', () => {
  let server: ApiDouble;
  let now: Moment;
  let stored: LeaseObject;
  const errors: unknown[] = [];

  /** Stores one Lease, as the API server does. */
  const store = (answer: ServerResponse, { method, body }: SeenCall): void => {
    if (method === 'GET') {
      says(stored)(answer);
      return;
    }
    const sent = JSON.parse(body) as LeaseObject;
    if (sent.metadata.resourceVersion !== stored.metadata.resourceVersion) {
      status(409, 'Conflict')(answer);
      return;
    }
    stored = { ...sent, metadata: { ...sent.metadata, resourceVersion: String(Number(stored.metadata.resourceVersion) + 1) } };
    says(stored)(answer);
  };
  const pass = (milliseconds: number): void => void (now = { steady: now.steady + milliseconds, wall: now.wall + milliseconds });
  const leaseOf = async (identity: string, options: Partial<LeaseOptions> = {}): Promise<Lease> => {
    const client = await server.start({ retries: 0 });
    return new Lease(client, {
      ...{ namespace: 'n', name: 'l', identity, duration: 11, renewDeadline: 8, retryPeriod: 0.01 },
      onError: (error) => errors.push(error),
      clock: () => now,
      ...options,
    });
  };

  beforeEach(() => {
    errors.length = 0;
    now = { steady: 5000, wall: Date.parse('2026-01-01T00:00:00Z') };
    stored = { metadata: { namespace: 'n', name: 'l', resourceVersion: '1' }, spec: {} };
    server = new ApiDouble();
    server.answers = [store];
  });
  afterEach(() => server.stop());

  it('is acquired if it has no holder, and closes the fence if it is not renewed in time', async () => {
    const lease = await leaseOf('a');
    expect(lease.closed()).to.equal('this process does not lead');
    await lease.acquire(new AbortController().signal);
    expect(stored.spec).to.deep.equal({
      ...{ holderIdentity: 'a', leaseDurationSeconds: 11, leaseTransitions: 1 },
      ...{ renewTime: '2026-01-01T00:00:00.000000Z', acquireTime: '2026-01-01T00:00:00.000000Z' },
    });
    pass(7999);
    expect(lease.closed()).to.equal(undefined);
    pass(1);
    expect(lease.closed()).to.equal('this process has not renewed its lease for 8 s');
  });

  it('expires by the clock that advanced more', async () => {
    const lease = await leaseOf('a');
    await lease.acquire(new AbortController().signal);
    now = { ...now, wall: now.wall + 8000 };
    expect(lease.closed()).to.include('has not renewed');
  });

  it('of another holder expires a duration after its last renewal was observed, whatever the clock of the holder', async () => {
    stored.spec = { holderIdentity: 'b', leaseDurationSeconds: 3, renewTime: '1999-01-01T00:00:00.000000Z' };
    const lease = await leaseOf('a');
    const acquired = lease.acquire(new AbortController().signal);
    await server.seen(4);
    expect(stored.spec).to.include({ holderIdentity: 'b' });
    pass(2999);
    stored.spec = { ...stored.spec, renewTime: '1999-01-01T00:00:02.000000Z' };
    await server.seen(2);
    pass(3000);
    await server.seen(2);
    expect(stored.spec).to.include({ holderIdentity: 'b' });
    pass(1);
    await acquired;
    expect(stored.spec).to.include({ holderIdentity: 'a', leaseTransitions: 1 });
  });

  it('is acquired when the lease of another holder expires, not at the next attempt', async () => {
    stored.spec = { holderIdentity: 'b', leaseDurationSeconds: 0.05, renewTime: 'x' };
    const lease = await leaseOf('a', { retryPeriod: 3600, clock: () => ({ steady: performance.now(), wall: Date.now() }) });
    await lease.acquire(new AbortController().signal);
    expect(stored.spec).to.include({ holderIdentity: 'a' });
  });

  it('keeps labels, annotations and other fields', async () => {
    stored = { ...stored, metadata: { ...stored.metadata, labels: { team: 'x' }, annotations: { note: 'y' } } };
    stored.spec = { strategy: 'OldestEmulationVersion', holderIdentity: '' };
    const lease = await leaseOf('a');
    await lease.acquire(new AbortController().signal);
    await lease.release();
    expect(stored.metadata).to.deep.include({ labels: { team: 'x' }, annotations: { note: 'y' } });
    expect(stored.spec).to.include({ strategy: 'OldestEmulationVersion', holderIdentity: '', leaseDurationSeconds: 1 });
    expect(lease.closed()).to.equal('this process does not lead');
  });

  it('is not released by a process that does not hold it', async () => {
    const lease = await leaseOf('a');
    await lease.acquire(new AbortController().signal);
    stored.spec = { holderIdentity: 'b', leaseDurationSeconds: 11, renewTime: 'x' };
    await lease.release();
    expect(stored.spec).to.include({ holderIdentity: 'b' });
  });

  it('is lost when another process holds it', async () => {
    const lease = await leaseOf('a');
    await lease.acquire(new AbortController().signal);
    const held = lease.hold(new AbortController().signal);
    await server.seen(2);
    stored.spec = { holderIdentity: 'b', leaseDurationSeconds: 11, renewTime: 'x' };
    await held;
    expect(stored.spec).to.include({ holderIdentity: 'b' });
  });

  it('is held until the renew deadline while the server does not answer, and is lost then', async () => {
    const lease = await leaseOf('a');
    await lease.acquire(new AbortController().signal);
    server.answers = [breaks];
    let lost = false;
    const held = lease.hold(new AbortController().signal).then(() => (lost = true));
    await server.seen(3);
    expect([lost, lease.closed()]).to.deep.equal([false, undefined]);
    pass(8000);
    await held;
    expect(errors).to.have.length(1);
  });

  it('that another process acquires first is no failure, and is tried again', async () => {
    const lease = await leaseOf('a');
    let conflicts = 0;
    server.answers = [(answer, call) => (call.method === 'PUT' && conflicts++ < 2 ? status(409, 'Conflict')(answer) : store(answer, call))];
    await lease.acquire(new AbortController().signal);
    expect([conflicts, errors, lease.closed()]).to.deep.equal([3, [], undefined]);
  });

  it('that this process held before is renewed at once, with its time and transitions', async () => {
    stored.spec = {
      ...{ holderIdentity: 'a', leaseDurationSeconds: 11, leaseTransitions: 4 },
      ...{ acquireTime: '2025-12-31T23:00:00.000000Z', renewTime: '2026-01-01T00:00:00.000000Z' },
    };
    const lease = await leaseOf('a');
    await lease.acquire(new AbortController().signal);
    expect(stored.spec).to.include({ holderIdentity: 'a', leaseTransitions: 4, acquireTime: '2025-12-31T23:00:00.000000Z' });
    expect(server.calls).to.have.length(2);
    await lease.release();
    expect([stored.spec['holderIdentity'], stored.spec['leaseDurationSeconds'], lease.closed()]).to.deep.equal([
      ...['', 1, 'this process does not lead'],
    ]);
  });

  it('reports why it cannot be acquired and how to fix it, until it can', async () => {
    const lease = await leaseOf('a');
    server.answers = [status(403, 'Forbidden', { kind: 'leases' })];
    const acquired = lease.acquire(new AbortController().signal);
    await server.seen(5);
    expect(lease.refusal).to.match(/^lease n\/l cannot be acquired: Forbidden; .* set --namespace or VIGIL_NAMESPACE to that namespace$/);
    // The same failure is reported once.
    expect(errors).to.have.length(1);
    server.answers = [store];
    await acquired;
    expect(lease.refusal).to.equal(undefined);
  });

  it('cannot be acquired in a missing namespace; a server error is temporary', async () => {
    const lease = await leaseOf('a');
    const stop = new AbortController();
    server.answers = [
      (answer, { method }) =>
        method === 'GET' ? status(404, 'NotFound', { kind: 'leases' })(answer) : status(404, 'NotFound', { kind: 'namespaces' })(answer),
    ];
    const acquired = lease.acquire(stop.signal).catch(() => 'stopped');
    await server.seen(4);
    expect(lease.refusal).to.include('lease n/l cannot be acquired');
    server.answers = [status(500, 'InternalError')];
    await server.seen(3);
    expect(lease.refusal).to.equal(undefined);
    stop.abort();
    expect(await acquired).to.equal('stopped');
  });
});
