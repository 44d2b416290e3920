import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import type { KubeRequest } from '../../../operator/kube/client/kube-request.ts';
import { InitialLists } from '../../../operator/kube/watch/initial-list.ts';
import { ListWatch } from '../../../operator/kube/watch/list-watch.ts';
import { pauseAfter, WatchStream, type Subscriber, type WatchClient } from '../../../operator/kube/watch/watch-stream.ts';

/** Watches that a test answers. */
class Watches {
  readonly calls: KubeRequest[] = [];
  readonly open: PassThrough[] = [];
  /** Thrown by the next watches. */
  readonly failures: Error[] = [];

  readonly client = {
    stream: (call: KubeRequest) => {
      this.calls.push(call);
      const failure = this.failures.shift();
      if (failure) return Promise.reject(failure);
      const body = new PassThrough();
      call.signal?.addEventListener('abort', () => body.destroy(new Error('aborted')), { once: true });
      this.open.push(body);
      return Promise.resolve(body);
    },
  } as unknown as WatchClient;

  send(type: string, object: object): void {
    this.open.at(-1)?.write(`${JSON.stringify({ type, object })}\n`);
  }

  pod(version: string, type = 'MODIFIED'): void {
    this.send(type, { metadata: { name: 'p', resourceVersion: version }, spec: { x: 1 } });
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 300 && !holds(); turn++) await sleep(5);
  expect(holds()).to.equal(true);
}

interface Seen extends Subscriber {
  readonly events: string[];
}
function subscriber(version: string, more: Partial<Subscriber> = {}): Seen {
  const events: string[] = [];
  return {
    events,
    ...{ version, metadataOnly: true, silence: 60_000 },
    changed: (type: string, object: KubeObject) =>
      void events.push(`${type} ${object.metadata.resourceVersion ?? ''}${'spec' in object ? ' whole' : ''}`),
    steady: () => void events.push('steady'),
    failed: (error: Error) => void events.push(`failed: ${error.message}`),
    expired: (error: Error | undefined) => void events.push(`expired: ${error?.message ?? ''}`),
    ...more,
  };
}

describe('a watch', () => {
  let watches: Watches;
  let stream: WatchStream;
  const joined: Seen[] = [];
  const join = async (seen: Seen): Promise<Seen> => {
    const { length } = watches.open;
    stream.subscribe(seen);
    joined.push(seen);
    if (length === 0) await until(() => watches.open.length === 1);
    return seen;
  };
  beforeEach(() => {
    watches = new Watches();
    joined.length = 0;
    stream = new WatchStream(watches.client, RESOURCES.pods, { namespace: 'n', labelSelector: 'l', random: () => 0.5 });
  });
  afterEach(() => Promise.all(joined.map((seen) => stream.unsubscribe(seen))));

  it('requests bookmarks and metadata from the resourceVersion of its subscriber, without a timeout or retries', async () => {
    await join(subscriber('5'));
    const { signal: _, ...call } = watches.calls[0] ?? { path: '' };
    expect(call).to.deep.equal({
      path: '/api/v1/namespaces/n/pods',
      query: { watch: true, allowWatchBookmarks: true, resourceVersion: '5', timeoutSeconds: 450, labelSelector: 'l' },
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
      ...{ timeout: 0, retries: 0 },
    });
  });

  it('delivers changes, and only moves on with bookmarks', async () => {
    const seen = await join(subscriber('5'));
    watches.pod('6', 'ADDED');
    watches.send('BOOKMARK', { metadata: { resourceVersion: '9' } });
    watches.pod('10', 'DELETED');
    await until(() => seen.events.length === 2);
    expect([seen.events, seen.version]).to.deep.equal([['ADDED 6', 'DELETED 10'], '10']);
  });

  it('is opened again for a subscriber that is behind it, and gives each only what it has not received', async () => {
    const first = await join(subscriber('5'));
    watches.pod('8');
    await until(() => first.events.length === 1);
    const second = await join(subscriber('6'));
    await until(() => watches.open.length === 2);
    expect(watches.calls[1]?.query).to.include({ resourceVersion: '6' });
    watches.pod('7');
    watches.pod('8');
    watches.pod('9');
    await until(() => second.events.length === 3);
    expect([first.events, second.events]).to.deep.equal([
      ['MODIFIED 8', 'MODIFIED 9'],
      ['MODIFIED 7', 'MODIFIED 8', 'MODIFIED 9'],
    ]);
  });

  it('is not opened again for a subscriber that is not behind it', async () => {
    await join(subscriber('5'));
    const ahead = await join(subscriber('7'));
    watches.pod('6');
    watches.pod('7');
    watches.pod('8');
    await until(() => ahead.events.length === 1);
    expect([ahead.events, watches.open.length]).to.deep.equal([['MODIFIED 8'], 1]);
  });

  it('requests whole objects when a subscriber needs them, and gives the others metadata', async () => {
    const slim = await join(subscriber('5'));
    const whole = await join(subscriber('5', { metadataOnly: false }));
    await until(() => watches.open.length === 2);
    expect(watches.calls[1]).not.to.have.property('accept');
    watches.pod('6');
    await until(() => whole.events.length === 1);
    expect([slim.events, whole.events]).to.deep.equal([['MODIFIED 6'], ['MODIFIED 6 whole']]);
  });

  it('reports a silent connection, and continues where it was', async () => {
    const seen = await join(subscriber('5', { silence: 40 }));
    watches.pod('6');
    await until(() => watches.open.length === 2);
    expect(seen.events).to.deep.equal(['MODIFIED 6', 'failed: watch pods: no data for 0.04 s']);
    expect(watches.calls[1]?.query).to.include({ resourceVersion: '6' });
  });

  it('reports a connection that broke, and continues', async () => {
    const seen = await join(subscriber('5'));
    watches.open[0]?.destroy(new Error('reset'));
    await until(() => watches.open.length === 2);
    expect(seen.events).to.deep.equal(['failed: watch pods: the connection was closed']);
  });

  it('continues at once, and says nothing, when the server ends it for the first time', async () => {
    const seen = await join(subscriber('5'));
    watches.open[0]?.end();
    await until(() => watches.open.length === 2);
    expect(seen.events).to.deep.equal([]);
  });

  it('reports an error that may pass, and continues', async () => {
    watches.failures.push(new KubeApiError('busy', { status: 503, retryAfterSeconds: 0.01 }));
    const seen = await join(subscriber('5'));
    expect(seen.events).to.deep.equal(['failed: busy']);
    watches.send('ERROR', { code: 500, message: 'etcd' });
    await until(() => watches.open.length === 2);
    expect(seen.events).to.deep.equal(['failed: busy', 'failed: watch pods: etcd']);
  });

  it('gives up its subscribers with an error that cannot pass', async () => {
    watches.failures.push(new KubeApiError('forbidden', { status: 403 }));
    const seen = subscriber('5');
    stream.subscribe(seen);
    await until(() => seen.events.length === 1);
    expect(seen.events).to.deep.equal(['expired: forbidden']);
    await sleep(20);
    expect(watches.calls).to.have.length(1);
  });

  it('needs a new list only for subscribers whose resourceVersion is too old', async () => {
    const old = await join(subscriber('5'));
    const young = await join(subscriber('9'));
    watches.send('ERROR', { code: 410, message: 'too old' });
    await until(() => watches.open.length === 2);
    expect([old.events, young.events]).to.deep.equal([['expired: '], []]);
    expect(watches.calls[1]?.query).to.include({ resourceVersion: '9' });
    watches.failures.push(new KubeApiError('too old', { status: 410 }));
    watches.open[1]?.end();
    await until(() => young.events.length === 1);
    expect(young.events).to.deep.equal(['expired: ']);
  });

  it('says that it is steady after a second, and ends with its last subscriber', async () => {
    const seen = await join(subscriber('5'));
    const other = await join(subscriber('5'));
    await until(() => seen.events.includes('steady'));
    await stream.unsubscribe(other);
    expect(watches.open[0]?.destroyed).to.equal(false);
    await stream.unsubscribe(seen);
    expect([watches.open[0]?.destroyed, watches.open.length, seen.events]).to.deep.equal([true, 1, ['steady']]);
  });

  it('is shared by resourceVersions that can be compared', async () => {
    expect(stream.accepts('x')).to.equal(true);
    await join(subscriber('5'));
    expect([stream.accepts('6'), stream.accepts('x')]).to.deep.equal([true, false]);
  });
});

describe('the pause after a failed watch', () => {
  it('is what the server asks for, up to a minute, and else doubles up to half a minute', () => {
    const error = (retryAfterSeconds?: number): Error => new KubeApiError('x', { status: 503, retryAfterSeconds });
    expect([pauseAfter(1, error(7)), pauseAfter(1, error(100))]).to.deep.equal([7000, 60_000]);
    for (const [failures, most] of [
      [1, 500],
      [2, 1000],
      [3, 2000],
      [20, 30_000],
    ] as const)
      for (const failure of [undefined, error(), new Error('x')]) expect(pauseAfter(failures, failure)).to.be.within(most / 2, most);
  });
});

describe('a list that is read once', () => {
  const options = {
    selection: { namespace: undefined, labelSelector: undefined, metadataOnly: true },
    silence: 1000,
    signal: new AbortController().signal,
  };
  async function batches(count: number): Promise<number[]> {
    const watches = new Watches();
    const sizes: number[] = [];
    const reading = (async () => {
      for await (const items of new InitialLists(watches.client, { streams: true }).once(RESOURCES.pods, options)) sizes.push(items.length);
    })();
    await until(() => watches.open.length === 1);
    for (let index = 0; index < count; index++) watches.send('ADDED', { metadata: { name: `p${index}` } });
    watches.send('BOOKMARK', { metadata: { resourceVersion: '5', annotations: { 'k8s.io/initial-events-end': 'true' } } });
    await reading;
    return sizes;
  }

  it('comes in batches of 250 objects', async () => {
    expect([await batches(600), await batches(250), await batches(0)]).to.deep.equal([[250, 250, 100], [250], []]);
  });

  it('fails with what the server says during the list', async () => {
    const watches = new Watches();
    const reading = (async () => {
      for await (const items of new InitialLists(watches.client, { streams: true }).once(RESOURCES.pods, options))
        expect(items).to.deep.equal([]);
    })();
    await until(() => watches.open.length === 1);
    watches.send('ADDED', { metadata: { name: 'p' } });
    watches.send('ERROR', { code: 500, message: 'etcd' });
    const error: unknown = await reading.catch((thrown: unknown) => thrown);
    expect([(error as KubeApiError).status, (error as Error).message]).to.deep.equal([500, 'list pods: etcd']);
  });
});

describe('a list and watch', () => {
  it('can be stopped before it was started', async () => {
    const sink = { begin: () => undefined, listed: () => undefined, complete: () => undefined, changed: () => undefined };
    await new ListWatch(new Watches().client, RESOURCES.pods, {}, sink).stop();
  });
});
