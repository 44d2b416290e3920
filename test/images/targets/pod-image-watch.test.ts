import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { PodImageWatch } from '../../../operator/images/targets/pod-image-watch.ts';
import { ApiDouble, says } from '../../kube/api-double.ts';

const now = Date.parse('2026-11-26T12:00:00Z');
const pod = (name: string, resourceVersion: string, { age = 0, labels = {} } = {}): object => ({
  metadata: { namespace: 'n', name, resourceVersion, labels, creationTimestamp: new Date(now - age * 1000).toISOString() },
});
const glance = says({ metadata: { resourceVersion: '5', continue: 'more' }, items: [pod('old', '3')] });

/** A watch that sends these events and then stays silent. */
const watch =
  (...events: readonly (readonly [type: string, object: unknown])[]) =>
  (answer: ServerResponse): void => {
    answer.writeHead(200);
    answer.flushHeaders();
    answer.write(events.map(([type, object]) => `${JSON.stringify({ type, object })}\n`).join(''));
  };

describe('PodImageWatch', () => {
  let server: ApiDouble;
  let news: PodImageWatch | undefined;
  const seen: { news: number; errors: string[] } = { news: 0, errors: [] };

  async function start(silence = 60_000): Promise<void> {
    const observer = {
      onChange: () => seen.news++,
      onError: (error: unknown) => seen.errors.push((error as Error).message),
    };
    news = new PodImageWatch(await server.start(), observer, { silence, clock: () => now });
    news.start();
  }

  async function until(holds: () => boolean): Promise<void> {
    for (let count = 0; count < 800 && !holds(); count++) await sleep(10);
    expect(holds()).to.equal(true);
  }

  beforeEach(() => {
    Object.assign(seen, { news: 0, errors: [] });
    server = new ApiDouble();
  });
  afterEach(async () => {
    await news?.stop();
    server.stop();
  });

  it('lists one pod for the resourceVersion to start from, and notifies once at the start', async () => {
    server.answers = [glance, watch()];
    await start();
    await until(() => server.calls.length === 2);
    const [first, second] = server.calls.map(({ url }) => new URL(url, 'http://x').searchParams);
    expect(first?.get('limit')).to.equal('1');
    expect([second?.get('watch'), second?.get('resourceVersion')]).to.deep.equal(['true', '5']);
    expect(seen).to.deep.equal({ news: 1, errors: [] });
  });

  it("notifies of new, changed and deleted pods, but not of changes of old pods or of pods of Vigil's Jobs", async () => {
    const own = { labels: { 'app.kubernetes.io/managed-by': 'vigil' } };
    const quiet = [
      ['MODIFIED', pod('old', '6', { age: 301 })],
      ['DELETED', pod('own', '7', own)],
      ['ADDED', pod('own', '8', own)],
    ] as const;
    server.answers = [
      glance,
      watch(
        ...quiet,
        ['ADDED', pod('new', '9')],
        ['MODIFIED', pod('new', '10', { age: 299 })],
        ['DELETED', pod('old', '11', { age: 301 })],
      ),
    ];
    await start();
    await until(() => seen.news === 4);
    await sleep(50);
    expect(seen).to.deep.equal({ news: 4, errors: [] });
  });

  it('notifies again if the resourceVersion has expired', async () => {
    server.answers = [glance, watch(['ERROR', { code: 410, message: 'too old' }]), glance, watch()];
    await start();
    await until(() => seen.news === 2 && server.calls.length === 4);
  });

  it('continues from the last resourceVersion after a silent watch, and reports the same reason once', async () => {
    server.answers = [glance, watch(), watch(), watch(), watch(['ADDED', pod('new', '9')])];
    await start(60);
    await until(() => seen.news === 2);
    expect(seen.errors).to.deep.equal(['watch pods: no data for 0.06 s']);
    expect(server.calls.filter(({ url }) => url.includes('limit=1'))).to.have.length(1);
  });
});
