import { expect } from 'chai';
import pino from 'pino';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import { Controller, type ControllerOptions } from '../../operator/controller/controller.ts';
import { watches, watchesFor, watchesOwned } from '../../operator/controller/watched-resource.ts';

describe('a controller', () => {
  it('yields to the event loop between reconciles that never wait, so that the lease is renewed', async () => {
    const keys = 2000;
    let [done, doneAtTimer] = [0, -1];
    const ended = Promise.withResolvers<unknown>();
    const controller = new Controller({
      name: 'busy',
      log: pino({ level: 'silent' }),
      workers: 2,
      reconcile: () => {
        if (++done === keys) ended.resolve(undefined);
        return Promise.resolve({});
      },
    });
    for (let key = 0; key < keys; key++) controller.queue.add(`key-${key}`);
    setTimeout(() => (doneAtTimer = done), 1);
    controller.start();
    await ended.promise;
    await controller.stop();
    expect(doneAtTimer).to.be.within(0, keys - 1);
  });

  /** Runs a controller with one key until its reconcile has ended this many times. Returns the outcomes and the lines of its log. */
  async function run(options: Partial<ControllerOptions>, times = 1): Promise<{ readonly outcomes: object[]; readonly lines: string[] }> {
    const [outcomes, lines]: [object[], string[]] = [[], []];
    const ended = Promise.withResolvers<undefined>();
    const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
    const controller = new Controller({
      ...{ name: 'test', log, queue: { baseDelay: 1, random: () => 0 }, reconcile: () => Promise.resolve({}) },
      observe: ({ controller: name, result }) => {
        outcomes.push({ name, result });
        if (outcomes.length === times) ended.resolve(undefined);
      },
      ...options,
    });
    controller.queue.add('a');
    controller.start();
    controller.start();
    await ended.promise;
    await controller.stop();
    return { outcomes, lines };
  }

  it('reconciles a key again after the requested pause', async () => {
    const calls: string[] = [];
    const reconcile: ControllerOptions['reconcile'] = (key) => Promise.resolve(calls.push(key) < 3 ? { requeueAfter: 1 } : {});
    const { outcomes } = await run({ reconcile }, 3);
    expect([calls, outcomes]).to.deep.equal([
      ['a', 'a', 'a'],
      [
        { name: 'test', result: 'requeue' },
        { name: 'test', result: 'requeue' },
        { name: 'test', result: 'success' },
      ],
    ]);
  });

  it('retries a key that failed with growing pauses, and logs each failure with its key', async () => {
    let calls = 0;
    const reconcile = (): Promise<object> => (++calls < 3 ? Promise.reject(new Error('no')) : Promise.resolve({}));
    const { outcomes, lines } = await run({ reconcile }, 3);
    expect(outcomes.map((outcome) => (outcome as { result: string }).result)).to.deep.equal(['error', 'error', 'success']);
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged.map(({ msg, key, controller, retryInMilliseconds }) => [msg, key, controller, retryInMilliseconds])).to.deep.equal([
      ['reconcile failed', 'a', 'test', 1],
      ['reconcile failed', 'a', 'test', 2],
    ]);
  });

  it('logs an error of the metrics, and goes on', async () => {
    const ended = Promise.withResolvers<undefined>();
    const lines: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
    let calls = 0;
    const observe = (): void => {
      if (++calls === 2) ended.resolve(undefined);
      throw new Error('broken');
    };
    const controller = new Controller({ name: 'test', log, observe, reconcile: () => Promise.resolve({}) });
    for (const key of ['a', 'b']) controller.queue.add(key);
    controller.start();
    await ended.promise;
    await controller.stop();
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).to.deep.equal(Array(2).fill('reconcile metrics failed'));
  });

  it('aborts a running reconcile when it is stopped, and does not retry it', async () => {
    const started = Promise.withResolvers<undefined>();
    const outcomes: object[] = [];
    const controller = new Controller({
      name: 'test',
      log: pino({ level: 'silent' }),
      observe: (outcome) => void outcomes.push(outcome),
      reconcile: (_key, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
          started.resolve(undefined);
        }),
    });
    controller.queue.add('a');
    controller.start();
    await started.promise;
    await controller.stop();
    expect(outcomes).to.deep.equal([]);
  });

  it('waits for the running reconcile when it is stopped, and takes no key any more', async () => {
    const [started, ended] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const calls: string[] = [];
    const controller = new Controller({
      name: 'test',
      log: pino({ level: 'silent' }),
      reconcile: async (key) => {
        calls.push(key);
        started.resolve(undefined);
        await ended.promise;
        calls.push(`${key} ended`);
        return {};
      },
    });
    for (const key of ['a', 'b']) controller.queue.add(key);
    controller.start();
    await started.promise;
    const stopped = controller.stop().then(() => calls.push('stopped'));
    ended.resolve(undefined);
    await stopped;
    controller.queue.add('c');
    expect([calls, await controller.queue.take()]).to.deep.equal([['a', 'a ended', 'stopped'], undefined]);
  });

  it('measures each reconcile, and the time that its key waited, in seconds', async () => {
    const measured = Promise.withResolvers<{ readonly seconds: number; readonly waited: number }>();
    const pause = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 50));
    const controller = new Controller({
      ...{ name: 'test', log: pino({ level: 'silent' }), observe: measured.resolve },
      reconcile: async () => {
        await pause();
        return {};
      },
    });
    controller.queue.add('a');
    await pause();
    controller.start();
    const { seconds, waited } = await measured.promise;
    await controller.stop();
    expect(seconds).to.be.within(0.04, 20);
    expect(waited).to.be.within(0.04, 20);
  });

  it('queues the keys of a changed object by its watches', () => {
    const added = (watched: ControllerOptions['watches'], object: object, resource = RESOURCES.jobs): string[] => {
      const controller = new Controller({
        ...{ name: 'test', log: pino({ level: 'silent' }), reconcile: () => Promise.resolve({}) },
        ...(watched ? { watches: watched } : {}),
      });
      const keys: string[] = [];
      controller.queue.add = (key): void => void keys.push(key);
      controller.changed(resource, object as never, 'MODIFIED');
      return keys;
    };
    const ownerReferences = [
      { kind: 'Scan', name: 's' },
      { kind: 'Other', name: 'o' },
    ];
    const job = { metadata: { name: 'j', ownerReferences } };
    expect(added(undefined, job)).to.deep.equal([]);
    expect(added([watchesFor(RESOURCES.jobs)], job)).to.deep.equal(['j']);
    expect(added([watchesFor(RESOURCES.jobs)], job, RESOURCES.pods)).to.deep.equal([]);
    expect(added([watchesFor(RESOURCES.jobs, () => false)], job)).to.deep.equal([]);
    expect(added([watchesOwned(RESOURCES.jobs, 'Scan'), watches(RESOURCES.jobs, () => ['x'])], job)).to.deep.equal(['s', 'x']);
    expect(added([watchesOwned(RESOURCES.jobs, 'Scan')], { metadata: { name: 'j' } })).to.deep.equal([]);
    expect(added([watchesOwned(RESOURCES.jobs, 'Scan', (_object, type) => type === 'DELETED')], job)).to.deep.equal([]);
  });
});
