import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { readOperatorConfig } from '../../operator/manager/operator-config.ts';
import { runOperator } from '../../operator/manager/operator.ts';
import { createLogger } from '../../operator/telemetry/logger.ts';
import { ApiDouble, says, type SeenCall } from '../kube/api-double.ts';

interface LeaseObject extends KubeObject {
  readonly spec: { readonly holderIdentity?: string };
}
interface EventObject extends KubeObject {
  readonly involvedObject: object;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

const forbidden = says({ kind: 'Status', code: 403, reason: 'Forbidden', message: 'leases is forbidden' }, 403);
const flags = ['--health-host=127.0.0.1', '--health-port=0', '--worker-image=v:1', '--namespace=audit', '--lease-retry-period=0.1'];

describe('runOperator', function () {
  this.timeout(20_000);
  let server: ApiDouble;
  let lease: LeaseObject;
  let isRefused: boolean;
  const events: EventObject[] = [];
  let abort: AbortController;

  /** Stores a version of the Lease. */
  const store = (next: LeaseObject): void => {
    const resourceVersion = String(Number(lease.metadata.resourceVersion) + 1);
    lease = { ...next, metadata: { ...next.metadata, resourceVersion } };
  };
  const replace = (answer: ServerResponse, sent: LeaseObject): void => {
    if (sent.metadata.resourceVersion !== lease.metadata.resourceVersion) {
      says({ kind: 'Status', code: 409, reason: 'Conflict', message: 'conflict' }, 409)(answer);
      return;
    }
    store(sent);
    says(lease)(answer);
  };

  /** Serves one Lease and accepts Events. Refuses all else, so that no controller starts. */
  const serve = (answer: ServerResponse, { method, url, body }: SeenCall): void => {
    if (url.includes('/events')) {
      events.push(JSON.parse(body) as EventObject);
      says(events.at(-1))(answer);
    } else if (url.includes('/leases') && !isRefused) {
      if (method === 'GET') says(lease)(answer);
      else replace(answer, JSON.parse(body) as LeaseObject);
    } else forbidden(answer);
  };

  /** Starts the operator. Resolves to its health port and identity once it listens; `ended` resolves to the reason of its end. */
  async function start(): Promise<{ port: number; identity: string; ended: ReturnType<typeof runOperator> }> {
    const { credentials } = await server.start();
    const started = Promise.withResolvers<{ port: number; identity: string }>();
    const write = (line: string): void => {
      const entry = JSON.parse(line) as { port?: number; identity: string };
      if (entry.port !== undefined) started.resolve({ port: entry.port, identity: entry.identity });
    };
    const ended = runOperator(readOperatorConfig(flags, {}), createLogger('info', { write }), abort.signal, { credentials });
    return { ...(await started.promise), ended };
  }

  /** Waits for the first Event, for at most ten seconds. */
  async function firstEvent(): Promise<void> {
    for (const end = Date.now() + 10_000; events.length === 0 && Date.now() < end;) await sleep(5);
    expect(events).to.have.length(1);
  }
  const page = async (port: number): Promise<readonly [number, string]> => {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    return [response.status, await response.text()];
  };

  beforeEach(() => {
    server = new ApiDouble();
    server.answers = [serve];
    lease = { metadata: { namespace: 'audit', name: 'vigil-operator', uid: 'u', resourceVersion: '1' }, spec: {} };
    isRefused = false;
    events.length = 0;
    abort = new AbortController();
  });
  afterEach(() => {
    abort.abort();
    server.stop();
  });

  it('records a LeaderElection Event about the Lease when it becomes leader and when it stops', async () => {
    const { identity, ended } = await start();
    await firstEvent();
    expect(events[0]?.involvedObject).to.deep.include({ kind: 'Lease', namespace: 'audit', name: 'vigil-operator', uid: 'u' });
    expect(events[0]?.metadata.namespace).to.equal('audit');
    abort.abort();
    expect(await ended).to.equal('stopped');
    expect(events.map(({ type, reason, message }) => [type, reason, message])).to.deep.equal([
      ['Normal', 'LeaderElection', `${identity} became leader`],
      ['Normal', 'LeaderElection', `${identity} stopped leading`],
    ]);
    expect(lease.spec.holderIdentity).to.equal('');
  });

  it('ends with lost-leadership and records the Event when another process takes the Lease', async () => {
    const { identity, ended } = await start();
    await firstEvent();
    store({ ...lease, spec: { ...lease.spec, holderIdentity: 'other' } });
    expect(await ended).to.equal('lost-leadership');
    expect(events.at(-1)?.message).to.equal(`${identity} stopped leading`);
    expect(lease.spec.holderIdentity).to.equal('other');
  });

  it('is not ready while the API server refuses its Lease, is ready as a candidate, and records no Event', async () => {
    isRefused = true;
    const { port, ended } = await start();
    await server.seen(2);
    expect(await page(port)).to.deep.equal([
      503,
      'lease audit/vigil-operator cannot be acquired: leases is forbidden; run the operator in its own namespace, or set --namespace or VIGIL_NAMESPACE to that namespace\n',
    ]);
    store({ ...lease, spec: { holderIdentity: 'other' } });
    isRefused = false;
    await server.seen(3);
    expect(await page(port)).to.deep.equal([200, 'ok\n']);
    abort.abort();
    expect(await ended).to.equal('stopped');
    expect(events).to.deep.equal([]);
  });
});
