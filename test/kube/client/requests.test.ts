import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { FIELD_MANAGERS } from '../../../operator/api/field-managers.ts';
import {
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNamespaceTerminating,
  isNotFound,
  isResponseTooLong,
  isRetryable,
  isTooLarge,
  isUnauthorized,
  KubeApiError,
  lacksPermission,
  mayHaveSucceeded,
} from '../../../operator/kube/client/kube-api-error.ts';
import type { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { messageOf } from '../../../operator/kube/client/kube-request.ts';
import { resourcePath } from '../../../operator/kube/client/resource-path.ts';
import { listAll, listPages } from '../../../operator/kube/list.ts';
import { ApiDouble, breaks, says } from '../api-double.ts';

const failureOf = (call: Promise<unknown>): Promise<KubeApiError> =>
  call.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error as KubeApiError,
  );

describe('the requests of the client', () => {
  let server: ApiDouble;
  let client: KubeClient;
  beforeEach(async () => {
    server = new ApiDouble();
    client = await server.start();
    server.answers = [says({ metadata: { name: 'm', namespace: 'n' } })];
  });
  afterEach(() => server.stop());

  const map = { metadata: { namespace: 'n', name: 'm' } };
  const typed = { ...map, apiVersion: 'v1', kind: 'ConfigMap' };
  const place = '/api/v1/namespaces/n/configmaps';
  const maps = RESOURCES.configMaps;
  for (const [what, send, method, url, body] of [
    ['get', () => client.get(maps, { namespace: 'n', name: 'm' }), 'GET', `${place}/m`, undefined],
    ['get of a cluster-scoped object', () => client.get(RESOURCES.namespaces, { name: 'n' }), 'GET', '/api/v1/namespaces/n', undefined],
    ['create', () => client.create(maps, map), 'POST', `${place}?fieldManager=${FIELD_MANAGERS.operator}`, typed],
    [
      'create as another manager, as a dry run',
      () => client.create(maps, map, { manager: FIELD_MANAGERS.reports, dryRun: 'All' }),
      ...['POST', `${place}?fieldManager=${FIELD_MANAGERS.reports}&dryRun=All`, typed],
    ],
    ['replace', () => client.replace(maps, map), 'PUT', `${place}/m?fieldManager=${FIELD_MANAGERS.operator}`, typed],
    [
      'replace as another manager',
      () => client.replace(maps, map, { manager: FIELD_MANAGERS.reports }),
      ...['PUT', `${place}/m?fieldManager=${FIELD_MANAGERS.reports}`, typed],
    ],
    [
      'patch',
      () => client.patch(maps, map.metadata, { data: {} }),
      'PATCH',
      `${place}/m?fieldManager=${FIELD_MANAGERS.operator}`,
      { data: {} },
    ],
    [
      'apply',
      () => client.apply(maps, map, { manager: FIELD_MANAGERS.scans }),
      ...['PATCH', `${place}/m?fieldManager=${FIELD_MANAGERS.scans}&force=true`, typed],
    ],
    [
      'apply of a status',
      () => client.apply(maps, map, { manager: FIELD_MANAGERS.scans, sub: 'status' }),
      ...['PATCH', `${place}/m/status?fieldManager=${FIELD_MANAGERS.scans}&force=true`, typed],
    ],
    [
      'delete',
      () => client.delete(maps, map.metadata, { uid: 'u', resourceVersion: '1' }),
      ...['DELETE', `${place}/m`, { propagationPolicy: 'Background', preconditions: { uid: 'u', resourceVersion: '1' } }],
    ],
    [
      'delete of any version',
      () => client.delete(maps, map.metadata),
      'DELETE',
      `${place}/m`,
      { propagationPolicy: 'Background', preconditions: {} },
    ],
  ] as readonly (readonly [string, () => Promise<unknown>, string, string, unknown])[])
    it(`are right for ${what}`, async () => {
      await send();
      expect(
        server.calls.map((call) => [call.method, call.url, call.body === '' ? undefined : (JSON.parse(call.body) as unknown)]),
      ).to.deep.equal([[method, url, body]]);
    });

  it('have the content type of their body, and the format that they accept', async () => {
    const types: unknown[] = [];
    server.answers = [
      (answer) => {
        const { accept, 'content-type': type, authorization } = answer.req.headers;
        types.push([accept, type, authorization]);
        says({ metadata: { name: 'm' } })(answer);
      },
    ];
    await client.get(maps, map.metadata);
    await client.create(maps, map);
    await client.patch(maps, map.metadata, {});
    await client.apply(maps, map, { manager: FIELD_MANAGERS.scans });
    await client.call({ path: '/version', accept: 'text/x' });
    const json = 'application/json';
    expect(types).to.deep.equal([
      [json, undefined, 'Bearer t'],
      [json, json, 'Bearer t'],
      [json, 'application/merge-patch+json', 'Bearer t'],
      [json, 'application/apply-patch+yaml', 'Bearer t'],
      ['text/x', undefined, 'Bearer t'],
    ]);
  });

  it('leave out what is undefined in a query, and escape names', async () => {
    await client.call({ path: '/x', query: { a: undefined, b: 'c d&e', f: 0, g: false } });
    expect(server.calls[0]?.url).to.match(/^\/x\?b=c(\+|%20)d%26e&f=0&g=false$/);
    expect(resourcePath(RESOURCES.policies, { name: 'a/b' })).to.equal('/apis/vigil.dev/v1alpha1/securitypolicies/a%2Fb');
    expect(resourcePath(maps, { namespace: 'a b' })).to.equal('/api/v1/namespaces/a%20b/configmaps');
    expect(resourcePath(RESOURCES.pods, { namespace: 'n', name: 'p', sub: 'log' })).to.equal('/api/v1/namespaces/n/pods/p/log');
  });

  it('delete successfully what does not exist, and fail for another version', async () => {
    server.answers = [says({ message: 'gone' }, 404)];
    await client.delete(maps, map.metadata);
    server.answers = [says({ message: 'changed' }, 409)];
    expect((await failureOf(client.delete(maps, map.metadata))).status).to.equal(409);
  });
});

describe('a call that fails', () => {
  let server: ApiDouble;
  beforeEach(() => void (server = new ApiDouble()));
  afterEach(() => server.stop());
  const soon = { 'retry-after': '0.01' };

  for (const [what, options, call, attempts] of [
    ['three times', {}, {}, 4],
    ['as often as the client is told', { retries: 1 }, {}, 2],
    ['as often as the call is told', { retries: 1 }, { retries: 2 }, 3],
    ['never', { retries: 5 }, { retries: 0 }, 1],
  ] as const)
    it(`is repeated ${what}`, async () => {
      const client = await server.start(options);
      server.answers = [says({ message: 'busy' }, 503, soon)];
      const errors: unknown[] = [];
      const error = await failureOf(client.call({ path: '/x', ...call, onRetry: (each) => errors.push(each) }));
      expect([error.status, error.message, server.calls.length, errors.length]).to.deep.equal([503, 'busy', attempts, attempts - 1]);
    });

  it('is not repeated if a repetition cannot succeed, or its caller has stopped', async () => {
    const client = await server.start();
    server.answers = [says({ message: 'no' }, 403, soon)];
    await failureOf(client.call({ path: '/x' }));
    expect(server.calls).to.have.length(1);
    const stop = new AbortController();
    server.answers = [
      (answer) => {
        stop.abort(new Error('stopped'));
        says({}, 503, soon)(answer);
      },
    ];
    await failureOf(client.call({ path: '/x', signal: stop.signal }));
    expect(server.calls).to.have.length(2);
  });

  it('tells the observer its method, its status and its seconds', async () => {
    const seen: unknown[] = [];
    const client = await server.start({ retries: 0, observe: ({ method, status, seconds }) => seen.push([method, status, seconds >= 0]) });
    server.answers = [says({}), says({}, 404), breaks];
    await client.call({ path: '/x' });
    await failureOf(client.call({ path: '/x', method: 'POST', body: {} }));
    await failureOf(client.call({ path: '/x' }));
    expect(seen).to.deep.equal([
      ['GET', 200, true],
      ['POST', 404, true],
      ['GET', 0, true],
    ]);
  });

  it('names the server if there is no response, and the call for logs', async () => {
    const client = await server.start({ retries: 0 });
    server.answers = [breaks];
    const error = await failureOf(client.call({ path: '/x', method: 'PUT', body: {} }));
    expect([error.status, error.call]).to.deep.equal([0, 'PUT /x']);
    expect(error.message).to.match(/^no response from http:\/\/127\.0\.0\.1:[0-9]+: ./);
  });

  it('says what is wrong with the response', async () => {
    const client = await server.start({ retries: 0 });
    const errorOf = async (status: number, text: string, headers: object = {}, call: object = {}): Promise<KubeApiError> => {
      server.answers = [
        (answer) => {
          answer.writeHead(status, { 'content-type': 'text/plain', ...headers });
          answer.end(text);
        },
      ];
      return failureOf(client.call({ path: '/x', ...call }));
    };
    expect((await errorOf(200, 'no JSON', { 'content-type': 'application/json' })).message).to.equal('the response is not JSON');
    expect((await errorOf(500, '')).message).to.equal('the server answered with status 500');
    expect((await errorOf(502, ` ${'x'.repeat(600)}`)).message).to.equal('x'.repeat(499));
    expect((await errorOf(502, '{"message": 7}')).message).to.equal('{"message": 7}');
    const long = await errorOf(200, '"12345"', {}, { maximumBytes: 6 });
    expect([long.message, isResponseTooLong(long), long.status]).to.deep.equal(['the response is longer than 6 bytes', true, 0]);
    const asked = await errorOf(429, '{"message":"slow","reason":"TooManyRequests"}', { 'retry-after': '7' });
    expect([asked.message, asked.reason, asked.retryAfterSeconds, asked.body]).to.deep.equal([
      ...['slow', 'TooManyRequests', 7],
      { message: 'slow', reason: 'TooManyRequests' },
    ]);
    expect((await errorOf(429, '{}', { 'retry-after': 'later' })).retryAfterSeconds).to.equal(undefined);
    expect((await errorOf(429, '{}', { 'retry-after': '0' })).retryAfterSeconds).to.equal(undefined);
  });

  it('ends after its timeout, or that of the client', async () => {
    const client = await server.start({ retries: 0, timeout: 40 });
    server.answers = [() => undefined];
    expect((await failureOf(client.call({ path: '/x' }))).message).to.match(/no response within 0\.04 s/);
    expect((await failureOf(client.call({ path: '/x', timeout: 20 }))).message).to.match(/no response within 0\.02 s/);
  });
});

describe('the kinds of errors of the API server', () => {
  const error = (status: number, more: object = {}): KubeApiError => new KubeApiError('m', { status, ...more });
  const kinds = { isNotFound, isConflict, isForbidden, isUnauthorized, isExpired, isInvalid, isRetryable, mayHaveSucceeded };
  const table: Readonly<Record<number, string>> = {
    0: 'isRetryable mayHaveSucceeded',
    400: 'isInvalid',
    401: 'isUnauthorized',
    403: 'isForbidden',
    404: 'isNotFound',
    409: 'isConflict',
    410: 'isExpired',
    413: 'isInvalid',
    422: 'isInvalid',
    429: 'isRetryable',
    500: 'isRetryable mayHaveSucceeded',
    501: '',
    502: 'isRetryable mayHaveSucceeded',
    503: 'isRetryable mayHaveSucceeded',
    504: 'isRetryable mayHaveSucceeded',
  };
  for (const [status, expected] of Object.entries(table))
    it(`are by status ${status}: ${expected || 'none'}`, () => {
      const found = Object.entries(kinds).flatMap(([kind, holds]) => (holds(error(Number(status))) ? [kind] : []));
      expect(found.join(' ')).to.equal(expected);
      expect(Object.values(kinds).some((holds) => holds(new Error('other')))).to.equal(false);
    });

  it('are by text only for an object that etcd refuses for its size', () => {
    const of = (message: string, status = 500, reason = ''): unknown[] => {
      const found = new KubeApiError(message, { status, reason });
      return [isTooLarge(found), isInvalid(found), isRetryable(found)];
    };
    expect(of('etcdserver: request is too large')).to.deep.equal([true, true, false]);
    expect(of('trying to send message larger than max')).to.deep.equal([true, true, false]);
    expect(of('etcdserver: request is too large', 500, 'InternalError')).to.deep.equal([false, false, true]);
    expect(of('etcdserver: request is too large', 503)).to.deep.equal([false, false, true]);
    expect(of('leader changed')).to.deep.equal([false, false, true]);
    expect([isTooLarge(error(413)), isTooLarge(new Error('request is too large'))]).to.deep.equal([true, false]);
  });

  it('are not a missing permission or a terminating namespace if they are another status', () => {
    const body = { details: { kind: 'pods' } };
    expect(lacksPermission(error(403, { reason: 'Forbidden', body }))).to.equal(true);
    for (const other of [
      error(404, { reason: 'Forbidden', body }),
      error(403, { body }),
      error(403, { reason: 'Forbidden' }),
      new Error('x'),
    ])
      expect(lacksPermission(other)).to.equal(false);
    const terminating = { details: { causes: [{ reason: 'Other' }, { reason: 'NamespaceTerminating' }] } };
    const missing = { details: { kind: 'namespaces' } };
    expect(isNamespaceTerminating(error(403, { body: terminating }))).to.equal(true);
    expect(isNamespaceTerminating(error(404, { reason: 'NotFound', body: missing }))).to.equal(true);
    for (const other of [
      error(409, { body: terminating }),
      error(403, { body: missing }),
      error(404, { body: missing }),
      error(404, { reason: 'NotFound', body }),
      error(403),
      error(403, { body: { details: { causes: [{ reason: 'Other' }] } } }),
      new Error('x'),
    ])
      expect(isNamespaceTerminating(other)).to.equal(false);
  });

  it('have the text of an error, its name without a text, or the text of anything else', () => {
    expect([messageOf(new Error('m')), messageOf(new TypeError()), messageOf('text')]).to.deep.equal(['m', 'TypeError', 'text']);
  });
});

describe('a list in pages', () => {
  let server: ApiDouble;
  beforeEach(() => void (server = new ApiDouble()));
  afterEach(() => server.stop());
  const page = (names: readonly string[], next?: string): ReturnType<typeof says> =>
    says({
      metadata: { resourceVersion: '5', ...(next === undefined ? {} : { continue: next }) },
      items: names.map((name) => ({ metadata: { name } })),
    });
  const query = (index: number): string[] =>
    [...new URL(server.calls[index]?.url ?? '', 'http://x').searchParams].map((pair) => pair.join('='));

  it('asks for 250 objects, and follows the continue token', async () => {
    const client = await server.start();
    server.answers = [page(['a'], 't1'), page(['b'], '')];
    const all = await listAll(client, RESOURCES.pods, { namespace: 'n', labelSelector: 'l', fieldSelector: 'f' });
    expect(all.map(({ metadata }) => metadata.name)).to.deep.equal(['a', 'b']);
    expect([query(0), query(1)]).to.deep.equal([
      ['limit=250', 'labelSelector=l', 'fieldSelector=f'],
      ['limit=250', 'labelSelector=l', 'fieldSelector=f', 'continue=t1'],
    ]);
    expect(server.calls[0]?.url).to.match(/^\/api\/v1\/namespaces\/n\/pods\?/);
  });

  it('goes on at the same position with the token of an expired one', async () => {
    const client = await server.start();
    server.answers = [page(['a'], 't1'), says({ message: 'old', metadata: { continue: 't2' } }, 410), page(['b'])];
    expect(await listAll(client, RESOURCES.pods)).to.have.length(2);
    expect(query(2)).to.include('continue=t2');
  });

  it('fails if the expired token has no successor, or if there was no token', async () => {
    const client = await server.start();
    for (const body of [{ message: 'old' }, { message: 'old', metadata: {} }]) {
      server.answers = [page(['a'], 't1'), says(body, 410)];
      expect((await failureOf(listAll(client, RESOURCES.pods))).status).to.equal(410);
    }
    server.calls.length = 0;
    server.answers = [says({ message: 'old', metadata: { continue: 't2' } }, 410)];
    expect((await failureOf(listAll(client, RESOURCES.pods))).status).to.equal(410);
    expect(server.calls).to.have.length(1);
  });

  it('may begin at a token, has no items for null, and ends without one', async () => {
    const client = await server.start();
    server.answers = [says({ items: null })];
    const pages = [];
    for await (const each of listPages(client, RESOURCES.pods, { from: 't0', limit: 3 })) pages.push(each);
    expect(pages).to.deep.equal([{ items: [], resourceVersion: '' }]);
    expect(query(0)).to.deep.equal(['limit=3', 'continue=t0']);
  });
});
