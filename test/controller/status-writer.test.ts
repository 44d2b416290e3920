import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import { FIELD_MANAGERS } from '../../operator/api/field-managers.ts';
import type { KubeObject, Resource } from '../../operator/api/metadata.ts';
import { leavesTerminalPhase, updateStatus, writeStatus, type StatusWriterDependencies } from '../../operator/controller/status-writer.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';

type Status = Readonly<Record<string, unknown>>;
type Thing = Resource<object, Status>;
const thing = (status: Status, metadata: Partial<KubeObject['metadata']> = {}): Thing => ({
  metadata: { name: 'a', uid: 'u', resourceVersion: '7', ...metadata },
  spec: {},
  status,
});
const failure = (status: number): KubeApiError => new KubeApiError('no', { status });

/** A fake server with one object. Its next responses to writes may be errors. */
class Server implements StatusWriterDependencies {
  readonly applied: { readonly object: KubeObject; readonly manager: string }[] = [];
  readonly errors: string[] = [];
  readonly refused: object[] = [];
  failures: Error[] = [];
  live: Thing | undefined;

  readonly client = {
    apply: <T extends KubeObject>(_: unknown, object: KubeObject, { manager }: { manager: string }): Promise<T> => {
      const error = this.failures.shift();
      if (error) return Promise.reject(error);
      this.applied.push({ object, manager });
      return Promise.resolve(object as T);
    },
    get: <T extends KubeObject>(): Promise<T> => (this.live ? Promise.resolve(this.live as unknown as T) : Promise.reject(failure(404))),
  };
  readonly log = {
    debug: () => undefined,
    error: (_: unknown, message?: string) => void this.errors.push(message ?? ''),
  } as unknown as StatusWriterDependencies['log'];
  readonly metrics = { statusRefusals: { inc: (labels: object) => void this.refused.push(labels) } };
}

const by = <S>(status: S, manager: (typeof FIELD_MANAGERS)[keyof typeof FIELD_MANAGERS] = FIELD_MANAGERS.scans) => ({ status, manager });

describe('the status writer', () => {
  it('writes the status of a namespaced object in its namespace', async () => {
    const server = new Server();
    await writeStatus(server, RESOURCES.exceptions, thing({}, { namespace: 'web' }), by({ matched: 1 }, FIELD_MANAGERS.exceptions));
    expect(server.applied[0]?.object.metadata).to.deep.equal({ name: 'a', namespace: 'web', resourceVersion: '7' });
  });

  const ended = { phase: 'Complete', completionTime: '2026-01-01T00:00:00Z' };
  const moves: readonly (readonly [string, Status | undefined, Status, boolean])[] = [
    ['to run', undefined, { phase: 'Running' }, false],
    ['from Pending to Failed', { phase: 'Pending' }, { phase: 'Failed' }, false],
    ['from Complete to Running', ended, { phase: 'Running' }, true],
    ['from Complete to Failed', ended, { ...ended, phase: 'Failed' }, true],
    ['from Failed to Complete', { ...ended, phase: 'Failed' }, ended, true],
    ['from Refused to Pending', { ...ended, phase: 'Refused' }, { phase: 'Pending' }, true],
    ['from Complete to no phase', ended, {}, true],
    ['to another time of completion', ended, { ...ended, completionTime: '2026-01-01T00:00:09Z' }, true],
    ['to other conditions', ended, { ...ended, conditions: [] }, false],
  ];
  for (const [move, before, after, leaves] of moves)
    it(`${leaves ? 'refuses' : 'allows'} the move ${move}`, async () => {
      expect(leavesTerminalPhase(before, after)).to.equal(leaves);
      const server = new Server();
      expect(await writeStatus(server, RESOURCES.scans, thing(before ?? {}), by(after))).to.equal(true);
      expect([server.applied.length, server.errors.length, server.refused]).to.deep.equal(leaves ? [0, 1, [{ kind: 'Scan' }]] : [1, 0, []]);
    });

  it('writes a status that differs, with the resourceVersion that was read and the given field manager', async () => {
    const server = new Server();
    await writeStatus(server, RESOURCES.schedules, thing({ a: 1 }), by({ a: 1 }, FIELD_MANAGERS.schedules));
    expect(server.applied).to.deep.equal([]);
    await writeStatus(server, RESOURCES.schedules, thing({ a: 1 }), by({ a: 2 }, FIELD_MANAGERS.schedules));
    expect(server.applied).to.deep.equal([
      { object: { metadata: { name: 'a', resourceVersion: '7' }, status: { a: 2 } }, manager: 'vigil-schedules' },
    ]);
  });

  it('writes and compares only the fields of the manager', async () => {
    const server = new Server();
    const policy = thing({ configuration: { old: true }, images: { old: true }, summary: 1 });
    const same = { configuration: { new: true }, images: { new: true }, summary: 1 };
    await writeStatus(server, RESOURCES.policies, policy, by(same, FIELD_MANAGERS.policies));
    expect(server.applied).to.deep.equal([]);
    await writeStatus(server, RESOURCES.policies, policy, by(same, FIELD_MANAGERS.images));
    expect(server.applied.map(({ object }) => (object as Thing).status)).to.deep.equal([{ images: { new: true } }]);
  });

  it('returns false if the object changed or was deleted, and throws every other error', async () => {
    const server = new Server();
    server.failures = [failure(409), failure(404), failure(403)];
    const write = (): Promise<boolean> => writeStatus(server, RESOURCES.scans, thing({}), by({ phase: 'Running' }));
    expect([await write(), await write()]).to.deep.equal([false, false]);
    expect(await write().catch((error: unknown) => error)).to.deep.equal(failure(403));
  });
});

describe('a status update', () => {
  const compute = ({ status }: Thing): Status => ({ count: Number(status?.['count'] ?? 0) + 1 });
  const update = (server: Server, signal?: AbortSignal): Promise<Thing | undefined> =>
    updateStatus<Thing>(server, RESOURCES.scans, thing({ count: 1 }), {
      manager: FIELD_MANAGERS.scans,
      compute: (object) => compute(object),
      signal,
    });

  it('computes the status again from the current object after a conflict', async () => {
    const server = new Server();
    server.failures = [failure(409)];
    server.live = thing({ count: 41 }, { resourceVersion: '8' });
    await update(server);
    expect(server.applied.map(({ object }) => object)).to.deep.equal([
      { metadata: { name: 'a', resourceVersion: '8' }, status: { count: 42 } },
    ]);
  });

  it('does not leave a terminal phase that was written meanwhile', async () => {
    const server = new Server();
    server.failures = [failure(409)];
    server.live = thing({ phase: 'Complete' });
    await update(server);
    expect([server.applied.length, server.refused.length]).to.deep.equal([0, 1]);
  });

  it('returns undefined if the object was deleted, or created again with the same name', async () => {
    const server = new Server();
    server.failures = [failure(409), failure(404), failure(409)];
    expect(await update(server)).to.equal(undefined);
    expect(await update(server)).to.equal(undefined);
    server.live = thing({}, { uid: 'another' });
    expect(await update(server)).to.equal(undefined);
    expect(server.applied).to.deep.equal([]);
  });

  it('gives up after six conflicts, and at once when the signal is aborted', async function () {
    this.timeout(20_000);
    const server = new Server();
    server.live = thing({});
    server.failures = Array.from({ length: 99 }, () => failure(409));
    expect(await update(server).catch((error: unknown) => error)).to.deep.equal(failure(409));
    expect(server.failures.length).to.equal(92);
    expect(await update(server, AbortSignal.abort(new Error('stop'))).catch((error: unknown) => String(error))).to.equal('Error: stop');
    expect(server.failures.length).to.equal(92);
  });

  it('makes growing pauses between conflicts', async function () {
    this.timeout(20_000);
    const server = new Server();
    server.live = thing({});
    server.failures = Array.from({ length: 6 }, () => failure(409));
    const started = performance.now();
    await update(server);
    // Six pauses that double from 50 ms, each less at most a half.
    expect(performance.now() - started).to.be.greaterThan(1500);
    expect(server.applied).to.have.length(1);
  });

  it('ends its pause when the signal is aborted, and reads nothing more', async () => {
    const server = new Server();
    server.failures = [failure(409)];
    let reads = 0;
    server.client.get = (): Promise<never> => Promise.reject(new Error(`read ${(reads += 1)}`));
    const abort = new AbortController();
    const updated = update(server, abort.signal).catch((error: unknown) => (error as Error).name);
    setTimeout(() => abort.abort(), 1);
    expect([await updated, reads]).to.deep.equal(['AbortError', 0]);
  });

  it('throws if the object cannot be read after a conflict', async () => {
    const server = new Server();
    server.failures = [failure(409)];
    server.client.get = (): Promise<never> => Promise.reject(failure(500));
    expect(await update(server).catch((error: unknown) => error)).to.deep.equal(failure(500));
  });
});
