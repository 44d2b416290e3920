import { expect } from 'chai';
import fc from 'fast-check';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { FIELD_MANAGERS } from '../../../operator/api/field-managers.ts';
import { contains } from '../../../operator/kube/client/contains.ts';
import { lacksPermission, isNamespaceTerminating, isResponseTooLong, KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { lines } from '../../../operator/kube/lines.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { RateLimit } from '../../../operator/kube/client/rate-limit.ts';
import { FencedError } from '../../../operator/kube/client/write-fence.ts';
import { ApiDouble, breaks, says } from '../api-double.ts';

const map = { metadata: { namespace: 'n', name: 'm', labels: { a: 'b' } } };
const status = (code: number, reason: string, message = reason): object => ({ kind: 'Status', code, reason, message });

async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('succeeded'),
    (error: unknown) => error,
  );
}

describe('the Kubernetes client', () => {
  let server: ApiDouble;
  beforeEach(() => {
    server = new ApiDouble();
  });
  afterEach(() => server.stop());

  it('accepts an existing object after a lost response if it has all fields of the created one', async () => {
    const client = await server.start();
    const there = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...map.metadata, uid: 'u' }, data: {} };
    server.answers = [breaks, says(status(409, 'AlreadyExists'), 409), says(there)];
    expect(await client.create(RESOURCES.configMaps, map)).to.deep.equal({ ...there });
  });

  it('throws the conflict if the existing object of that name differs', async () => {
    const client = await server.start();
    server.answers = [breaks, says(status(409, 'AlreadyExists'), 409), says({ metadata: { ...map.metadata, labels: { a: 'c' } } })];
    expect(await failure(client.create(RESOURCES.configMaps, map))).to.include({ status: 409 });
    server.answers = [says(status(409, 'AlreadyExists'), 409)];
    server.calls.length = 0;
    expect(await failure(client.create(RESOURCES.configMaps, map))).to.include({ status: 409 });
    expect(server.calls).to.have.length(1);
  });

  it('waits for Retry-After, for all verbs and for streams', async () => {
    const client = await server.start();
    const busy = says(status(429, 'TooManyRequests'), 429, { 'retry-after': '1' });
    const began = performance.now();
    server.answers = [busy, says({ metadata: { name: 'm' } })];
    await client.apply(RESOURCES.configMaps, map, { manager: FIELD_MANAGERS.operator });
    server.answers = [busy, says({})];
    (await client.stream({ path: '/log' })).resume();
    expect(performance.now() - began).to.be.greaterThan(1990);
    expect(server.calls.map(({ method }) => method)).to.deep.equal(['PATCH', 'PATCH', 'GET', 'GET']);
  });

  it('throws the message of the server, without method and path', async () => {
    const client = await server.start({ retries: 0 });
    const refused = 'widgets.a.dev is forbidden: User "v" cannot list';
    for (const [answer, said] of [
      [says(status(403, 'Forbidden', refused), 403), refused],
      [says('404 page not found', 404), '"404 page not found"'],
      [says(status(503, 'x', ''), 503), 'the server answered with status 503'],
      [breaks, /^no response from http:\S+: \w/],
    ] as const) {
      server.answers = [answer];
      const error = (await failure(client.call({ path: '/apis/a.dev/v1/widgets', query: { limit: 5 } }))) as KubeApiError;
      expect(error).to.be.instanceOf(KubeApiError);
      expect(error.call).to.equal('GET /apis/a.dev/v1/widgets');
      expect(error.message).to.match(typeof said === 'string' ? new RegExp(`^${RegExp.escape(said)}$`) : said);
    }
  });

  it('reads the credentials again after a 401, once', async () => {
    const client = await server.start();
    const refused = says(status(401, 'Unauthorized'), 401);
    server.answers = [refused, says({ ok: true })];
    expect(await client.call({ path: '/x' })).to.deep.equal({ ok: true });
    server.answers = [refused];
    server.calls.length = 0;
    expect(await failure(client.call({ path: '/x' }))).to.include({ status: 401 });
    expect(server.calls).to.have.length(2);
  });

  it('blocks writes and allows reads while the fence is closed', async () => {
    const state: { why?: string } = {};
    const client = await server.start({ fence: { closed: () => state.why } });
    server.answers = [says({ metadata: { name: 'm' } })];
    await client.apply(RESOURCES.configMaps, map, { manager: FIELD_MANAGERS.operator });
    state.why = 'this process does not lead';
    server.calls.length = 0;
    for (const write of [
      () => client.apply(RESOURCES.configMaps, map, { manager: FIELD_MANAGERS.operator }),
      () => client.create(RESOURCES.configMaps, map),
      () => client.replace(RESOURCES.configMaps, map),
      () => client.delete(RESOURCES.configMaps, map.metadata),
      () => client.patch(RESOURCES.configMaps, map.metadata, {}),
    ])
      expect(await failure(write())).to.be.instanceOf(FencedError);
    await client.get(RESOURCES.configMaps, map.metadata);
    expect(server.calls.map(({ method }) => method)).to.deep.equal(['GET']);
  });

  it('blocks a write whose connection opens only after the fence closed', async () => {
    const state: { why?: string } = {};
    const client = await server.start({ fence: { closed: () => state.why } });
    server.answers = [says({ metadata: { name: 'm' } })];
    await client.credentials.current();
    // The first call waits for a new connection, the second for the check of the idle one.
    for (const wanted of [[], ['GET']]) {
      delete state.why;
      const write = failure(client.apply(RESOURCES.configMaps, map, { manager: FIELD_MANAGERS.operator }));
      // The call is in the pool, and no byte of it has been sent.
      await new Promise((resolve) => process.nextTick(resolve));
      state.why = 'this process was frozen';
      expect(await write).to.be.instanceOf(FencedError);
      expect(server.calls.map(({ method }) => method)).to.deep.equal(wanted);
      await client.get(RESOURCES.configMaps, map.metadata);
    }
  });

  it('lists in smaller pages if a response is too long', async () => {
    const client = await server.start();
    const items = Array.from({ length: 40 }, (_, index) => ({ metadata: { name: `m${index}` }, data: 'x'.repeat(1_000_000) }));
    server.answers = [
      (answer, { url }) => {
        const query = new URL(url, 'http://x').searchParams;
        const from = Number(query.get('continue') ?? 0);
        const to = Math.min(from + Number(query.get('limit')), items.length);
        says({ metadata: { resourceVersion: '1', continue: to < items.length ? String(to) : '' }, items: items.slice(from, to) })(answer);
      },
    ];
    expect(isResponseTooLong(await failure(client.call({ path: '/x?limit=500', maximumBytes: 1000 })))).to.equal(true);
    const found = await listAll(client, RESOURCES.configMaps);
    expect(found.map(({ metadata }) => metadata.name)).to.deep.equal(items.map(({ metadata }) => metadata.name));
  });

  it('distinguishes a missing permission from other refusals', () => {
    const refused = (details?: object, code = 403, reason = 'Forbidden'): KubeApiError =>
      new KubeApiError('refused', { status: code, reason, body: { details } });
    expect(lacksPermission(refused({ group: 'batch', kind: 'jobs' }))).to.equal(true);
    // Quota and Pod Security name the object, a terminating namespace has a cause, and a webhook may send no details.
    expect(lacksPermission(refused({ name: 'a', group: 'batch', kind: 'jobs' }))).to.equal(false);
    expect(lacksPermission(refused({ kind: 'jobs', causes: [{ reason: 'NamespaceTerminating' }] }))).to.equal(false);
    expect(lacksPermission(refused())).to.equal(false);
    expect(lacksPermission(refused({ kind: 'jobs' }, 404, 'NotFound'))).to.equal(false);
  });

  it('detects a terminating or missing namespace by cause and kind, not by the message', () => {
    const refused = (code: number, reason: string, details?: object): KubeApiError =>
      new KubeApiError('namespaces "n" not found, being terminated', { status: code, reason, body: { details } });
    expect(isNamespaceTerminating(refused(403, 'Forbidden', { name: 'a', causes: [{ reason: 'NamespaceTerminating' }] }))).to.equal(true);
    expect(isNamespaceTerminating(refused(404, 'NotFound', { name: 'n', kind: 'namespaces' }))).to.equal(true);
    expect(isNamespaceTerminating(refused(404, 'NotFound', { name: 'a', kind: 'policyreports' }))).to.equal(false);
    expect(isNamespaceTerminating(refused(403, 'Forbidden', { name: 'a' }))).to.equal(false);
    expect(isNamespaceTerminating(new Error('being terminated'))).to.equal(false);
  });
});

describe('a rate limit', () => {
  it('allows a burst at once, and then the average rate', () => {
    let now = 0;
    const limit = new RateLimit({ qps: 10, burst: 3, now: () => now });
    expect([1, 2, 3, 4, 5].map(() => limit.reserve())).to.deep.equal([0, 0, 0, 100, 200]);
    now = 10_000;
    expect([1, 2, 3, 4].map(() => limit.reserve())).to.deep.equal([0, 0, 0, 100]);
  });

  it('never exceeds the burst and the rate in any interval', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 80 }), (gaps) => {
        let now = 0;
        const limit = new RateLimit({ qps: 20, burst: 5, now: () => now });
        const times = gaps.map((gap) => {
          now += gap;
          return now + limit.reserve();
        });
        for (const [first, from] of times.entries())
          for (const [last, to] of times.entries())
            if (last >= first) expect(last - first + 1).to.be.at.most(5 + 1e-6 + ((to - from) * 20) / 1000 + 1);
        expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe('lines', () => {
  async function* pieces(...chunks: readonly string[]): AsyncGenerator<Buffer> {
    await Promise.resolve();
    for (const chunk of chunks) yield Buffer.from(chunk);
  }

  it('are complete for any chunks, without an unfinished last line', async () => {
    expect(await Array.fromAsync(lines(pieces('a', 'b\nc', '\n\nd\nrest')))).to.deep.equal(['ab', 'c', 'd']);
  });

  it('throw an error if a line is too long', async () => {
    const piece = 'x'.repeat(1024 * 1024);
    expect(await failure(Array.fromAsync(lines(pieces(...Array.from({ length: 20 }, () => piece)))))).to.match(/longer than/);
  });
});

describe('contains', () => {
  it('compares two documents field by field', () => {
    expect(contains({ a: 1, b: { c: [1, { d: 2, e: 3 }] } }, { b: { c: [1, { d: 2 }] } })).to.equal(true);
    expect(contains({ a: [1, 2] }, { a: [1] })).to.equal(false);
    expect(contains({ a: null }, { a: {} })).to.equal(false);
    expect(contains({ a: 1 }, { a: 1, b: undefined })).to.equal(true);
  });
});
