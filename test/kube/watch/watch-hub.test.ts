import { expect } from 'chai';
import fc from 'fast-check';
import type { ServerResponse } from 'node:http';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { ListWatch, type ListWatchOptions } from '../../../operator/kube/watch/list-watch.ts';
import { compareVersions } from '../../../operator/kube/watch/resource-version.ts';
import { WatchHub } from '../../../operator/kube/watch/watch-hub.ts';
import { ApiDouble, says, type SeenCall } from '../api-double.ts';

/** A fake API that lists and watches the ConfigMaps of one namespace. */
class Objects {
  readonly server = new ApiDouble();
  readonly watches: { readonly answer: ServerResponse; readonly query: URLSearchParams }[] = [];
  readonly log: { readonly type: string; readonly object: KubeObject; readonly version: number }[] = [];
  readonly #live = new Map<string, KubeObject>();
  /** Older resourceVersions are too old for a watch. */
  oldest = 0;
  version = 10;
  streams = false;
  /** Changes that a streamed list contains after the initial state. */
  meanwhile: readonly (readonly [type: string, name: string])[] = [];
  /** Overrides the response of lists. */
  onList: ((answer: ServerResponse) => boolean) | undefined;

  constructor() {
    this.server.answers = [(answer, call) => this.#answer(answer, call)];
  }

  write(name: string, type = this.#live.has(name) ? 'MODIFIED' : 'ADDED'): void {
    const version = ++this.version;
    const object = { metadata: { namespace: 'n', name, resourceVersion: String(version) }, data: { version } } as KubeObject;
    if (type === 'DELETED') this.#live.delete(name);
    else this.#live.set(name, object);
    const event = { type, object, version };
    this.log.push(event);
    for (const { answer } of this.watches) answer.write(`${JSON.stringify({ type, object })}\n`);
  }

  get lists(): number {
    return this.server.calls.filter(({ url }) => !url.includes('watch=true')).length;
  }

  #answer(answer: ServerResponse, { url }: SeenCall): void {
    const query = new URL(url, 'http://x').searchParams;
    if (query.get('watch') === 'true') {
      this.#watch(answer, query);
      return;
    }
    if (this.onList?.(answer)) return;
    says({ metadata: { resourceVersion: String(this.version) }, items: [...this.#live.values()] })(answer);
  }

  #watch(answer: ServerResponse, query: URLSearchParams): void {
    const say = (type: string, object: unknown): void => void answer.write(`${JSON.stringify({ type, object })}\n`);
    if (query.has('sendInitialEvents')) {
      this.#streamList(answer, say);
      return;
    }
    answer.writeHead(200);
    answer.flushHeaders();
    const from = Number(query.get('resourceVersion'));
    if (from < this.oldest) {
      say('ERROR', { code: 410, message: 'too old', metadata: {} });
      answer.end();
      return;
    }
    for (const { type, object, version } of this.log) if (version > from) say(type, object);
    const watch = { answer, query };
    this.watches.push(watch);
    answer.on('close', () => this.watches.splice(this.watches.indexOf(watch), 1));
  }

  #streamList(answer: ServerResponse, say: (type: string, object: unknown) => void): void {
    if (!this.streams) {
      says({ kind: 'Status', code: 422, reason: 'Invalid', message: 'sendInitialEvents is forbidden' }, 422)(answer);
      return;
    }
    answer.writeHead(200);
    for (const object of this.#live.values()) say('ADDED', object);
    for (const [type, name] of this.meanwhile) say(type, { metadata: { namespace: 'n', name, resourceVersion: String(this.version) } });
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    say('BOOKMARK', { metadata: { name: '', resourceVersion: String(this.version), annotations } });
  }
}

/** A subscriber, and what it received. */
class Listener {
  readonly received: string[] = [];
  readonly errors: unknown[] = [];
  readonly objects: KubeObject[] = [];
  readonly feed: ListWatch<KubeObject>;
  readonly #waiting: (() => void)[] = [];

  constructor(client: KubeClient, options: ListWatchOptions = {}) {
    const receive = (what: string): void => {
      this.received.push(what);
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
    this.feed = new ListWatch<KubeObject>(
      client,
      RESOURCES.configMaps,
      { onError: (error) => this.errors.push(error), ...options },
      {
        begin: () => undefined,
        listed: (object) => receive(`listed ${object.metadata.name}`),
        complete: () => receive('complete'),
        changed: (type, object) => {
          this.objects.push(object);
          receive(`${type} ${object.metadata.name}@${object.metadata.resourceVersion ?? ''}`);
        },
      },
    );
    this.feed.start();
  }

  async until(what: string): Promise<void> {
    while (!this.received.includes(what)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

describe('a watch hub', function () {
  this.timeout(20_000);
  let objects: Objects;
  let client: KubeClient;
  const listeners: Listener[] = [];
  const listen = (options?: ListWatchOptions): Listener => {
    const listener = new Listener(client, options);
    listeners.push(listener);
    return listener;
  };
  const open = async (): Promise<void> => {
    while (objects.watches.length === 0) await objects.server.seen(1);
  };

  beforeEach(async () => {
    objects = new Objects();
    client = await objects.server.start();
  });
  afterEach(async () => {
    await Promise.all(listeners.splice(0).map(({ feed }) => feed.stop()));
    objects.server.stop();
  });

  it('opens one watch for all subscribers of a resource, each with its own initial list', async () => {
    objects.write('a');
    const first = listen();
    await first.until('complete');
    await open();
    const second = listen();
    await second.until('complete');
    objects.write('b');
    await Promise.all([first.until('ADDED b@12'), second.until('ADDED b@12')]);
    expect([first.received, second.received]).to.deep.equal(Array(2).fill(['listed a', 'complete', 'ADDED b@12']));
    expect([objects.lists, objects.watches.length]).to.deep.equal([2, 1]);
  });

  it('delivers every event once to each subscriber, also to those that join during changes', async () => {
    const first = listen();
    await first.until('complete');
    for (let round = 0; round < 15; round++) {
      objects.write(`x${round}`);
      listen();
      objects.write(`y${round}`);
      if (round % 3 === 0) await objects.server.seen(1);
    }
    await Promise.all(listeners.map((listener) => listener.until('complete')));
    objects.write('last');
    await Promise.all(listeners.map((listener) => listener.until(`ADDED last@${objects.version}`)));
    for (const { received } of listeners) {
      const changes = received.slice(received.indexOf('complete') + 1);
      const from = objects.log.length - changes.length;
      expect(changes).to.deep.equal(
        objects.log.slice(from).map(({ type, object, version }) => `${type} ${object.metadata.name}@${version}`),
      );
      expect(received.indexOf('complete')).to.equal(from);
    }
    expect(objects.watches.length).to.equal(1);
  });

  it('delivers events to other subscribers while one lists', async () => {
    const first = listen();
    await first.until('complete');
    await open();
    let held: ServerResponse | undefined;
    objects.onList = (answer) => {
      held = answer;
      return true;
    };
    const second = listen();
    await objects.server.seen(1);
    objects.write('a');
    await first.until('ADDED a@11');
    objects.onList = undefined;
    says({ metadata: { resourceVersion: '10' }, items: [] })(held as ServerResponse);
    await second.until('ADDED a@11');
    expect(first.received).to.deep.equal(['complete', 'ADDED a@11']);
  });

  it('requests only metadata unless a subscriber needs more, and delivers only what each needs', async () => {
    const marks = listen({ metadataOnly: true });
    await marks.until('complete');
    await open();
    const accepts = (): boolean[] =>
      objects.watches.map(({ answer }) => String(answer.req.headers.accept).includes('PartialObjectMetadata'));
    expect(accepts()).to.deep.equal([true]);
    const whole = listen();
    await whole.until('complete');
    objects.write('a');
    await Promise.all([marks.until('ADDED a@11'), whole.until('ADDED a@11')]);
    expect(accepts()).to.deep.equal([false]);
    expect([Object.keys(marks.objects[0] ?? {}), Object.keys(whole.objects[0] ?? {})]).to.deep.equal([['metadata'], ['metadata', 'data']]);
  });

  it('lists again only for subscribers whose resourceVersion is too old', async () => {
    const old = listen();
    await old.until('complete');
    await open();
    await old.feed.stop();
    objects.write('a');
    const current = listen();
    await current.until('complete');
    objects.oldest = 11;
    old.feed.start();
    await old.until('listed a');
    objects.write('b');
    await Promise.all([old.until('ADDED b@12'), current.until('ADDED b@12')]);
    expect(current.received).to.deep.equal(['listed a', 'complete', 'ADDED b@12']);
    expect(old.received).to.deep.equal(['complete', 'listed a', 'complete', 'ADDED b@12']);
  });

  it('resumes a subscriber that stops and starts again, and delivers nothing to a stopped one', async () => {
    const first = listen();
    const second = listen();
    await Promise.all([first.until('complete'), second.until('complete')]);
    await first.feed.stop();
    objects.write('a');
    await second.until('ADDED a@11');
    expect(first.received).to.deep.equal(['complete']);
    first.feed.start();
    await first.until('ADDED a@11');
    expect([first.received, second.received]).to.deep.equal(Array(2).fill(['complete', 'ADDED a@11']));
    expect(objects.lists).to.equal(2);
  });

  it('delivers events to other subscribers while the list of one fails', async () => {
    const first = listen();
    await first.until('complete');
    objects.onList = (answer) => {
      says({ kind: 'Status', code: 403, reason: 'Forbidden', message: 'no' }, 403)(answer);
      return true;
    };
    const second = listen();
    await objects.server.seen(1);
    objects.write('a');
    await first.until('ADDED a@11');
    expect(first.errors).to.deep.equal([]);
    while (second.errors.length === 0) await objects.server.seen(1);
    objects.onList = undefined;
    await second.until('complete');
    expect(String(second.errors[0])).to.include('KubeApiError: no');
  });

  it('opens a separate watch for resourceVersions that cannot be compared', async () => {
    objects.onList = (answer) => {
      says({ metadata: { resourceVersion: `v${objects.lists}` }, items: [] })(answer);
      return true;
    };
    const [first, second] = [listen(), listen()];
    await Promise.all([first.until('complete'), second.until('complete')]);
    while (objects.watches.length < 2) await objects.server.seen(1);
    objects.write('a');
    await Promise.all([first.until('ADDED a@11'), second.until('ADDED a@11')]);
  });

  it('requests random timeouts between five and ten minutes', async () => {
    let next = 0;
    WatchHub.of(client, { random: () => [0, 0.5, 0.999][next++] ?? 0 });
    const seconds: (string | null)[] = [];
    for (const namespace of ['a', 'b', 'c']) {
      await listen({ namespace }).until('complete');
      while (objects.watches.length === seconds.length) await objects.server.seen(1);
      seconds.push(objects.watches.at(-1)?.query.get('timeoutSeconds') ?? null);
    }
    expect(seconds).to.deep.equal(['300', '450', '600']);
  });

  for (const streams of [true, false])
    it(`reads initial lists ${streams ? 'as a stream' : 'in pages if the server does not support streams, and tries streams once'}`, async () => {
      WatchHub.of(client, { streamsLists: true });
      objects.streams = streams;
      objects.write('a');
      const [first] = [listen()];
      await first.until('complete');
      const second = listen();
      await second.until('complete');
      objects.write('b');
      await Promise.all([first.until('ADDED b@12'), second.until('ADDED b@12')]);
      expect([first.received, second.received]).to.deep.equal(Array(2).fill(['listed a', 'complete', 'ADDED b@12']));
      const asked = objects.server.calls.filter(({ url }) => url.includes('sendInitialEvents')).length;
      expect([objects.lists, asked]).to.deep.equal(streams ? [0, 2] : [2, 1]);
    });
});

describe('a streamed initial list', () => {
  it('uses pages once after the stream broke off, then a stream again', async () => {
    const objects = new Objects();
    const client = await objects.server.start();
    WatchHub.of(client, { streamsLists: true });
    objects.write('a');
    const whole = objects.server.answers[0];
    let cuts = 1;
    objects.server.answers = [
      (answer, call) => {
        if (call.url.includes('sendInitialEvents') && cuts-- > 0) {
          answer.writeHead(200);
          answer.end(`${JSON.stringify({ type: 'ADDED', object: { metadata: { namespace: 'n', name: 'a' } } })}\n`);
        } else whole?.(answer, call);
      },
    ];
    objects.streams = true;
    const [first, second] = [new Listener(client), new Listener(client, { namespace: 'n' })];
    try {
      await Promise.all([first.until('complete'), second.until('complete')]);
      expect([...first.errors, ...second.errors].map(String)).to.have.length(1);
      expect(String([...first.errors, ...second.errors][0])).to.include('the stream broke off: it ended early');
      expect(objects.lists).to.equal(1);
      const third = new Listener(client, { namespace: 'm' });
      await third.until('complete');
      await third.feed.stop();
      expect(objects.lists).to.equal(1);
    } finally {
      await Promise.all([first.feed.stop(), second.feed.stop()]);
      objects.server.stop();
    }
  });
});

describe('a streamed list with changes after the initial state', () => {
  const objects = new Objects();
  let client: KubeClient;
  before(async () => {
    client = await objects.server.start();
    WatchHub.of(client, { streamsLists: true });
    objects.streams = true;
    for (const name of ['a', 'b']) objects.write(name);
  });
  after(() => objects.server.stop());
  const names = async (): Promise<string[]> => {
    const selection = { namespace: undefined, labelSelector: undefined, metadataOnly: true };
    const { signal } = new AbortController();
    const found: string[] = [];
    for await (const items of WatchHub.of(client).lists.once(RESOURCES.configMaps, { selection, silence: 5000, signal }))
      found.push(...items.map(({ metadata: { name } }) => name));
    return found;
  };

  it('removes what was deleted, unless it was created again', async () => {
    objects.meanwhile = [
      ['DELETED', 'a'],
      ['DELETED', 'b'],
      ['ADDED', 'b'],
    ];
    const listener = new Listener(client);
    await listener.until('DELETED a@12');
    await listener.feed.stop();
    expect(listener.received).to.deep.equal(['listed a', 'listed b', 'listed b', 'complete', 'DELETED a@12']);
  });

  it('is complete for a caller that does not watch only if nothing changed', async () => {
    objects.meanwhile = [['ADDED', 'c']];
    expect(await names()).to.deep.equal(['a', 'b', 'c']);
    for (const type of ['MODIFIED', 'DELETED']) {
      objects.meanwhile = [[type, 'a']];
      expect(String(await names().catch((error: unknown) => error))).to.equal('ListInterrupted: list configmaps: a changed meanwhile');
    }
  });

  it('is read in pages by a caller that does not watch if the server does not support streams', async () => {
    objects.streams = false;
    expect([await names(), await names()]).to.deep.equal([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(objects.lists).to.equal(2);
  });
});

describe('resource versions', () => {
  it('are compared as numbers of any length, and are not comparable if one is not a number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 30n }), fc.bigInt({ min: 1n, max: 10n ** 30n }), (left, right) => {
        expect(Math.sign(compareVersions(String(left), String(right)) ?? Number.NaN)).to.equal(left < right ? -1 : left > right ? 1 : 0);
      }),
    );
    expect([compareVersions('a', 'b'), compareVersions('', '1'), compareVersions('01', '1'), compareVersions('x', 'x')]).to.deep.equal([
      ...[undefined, undefined, undefined],
      0,
    ]);
  });
});
