import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { ChangeFeed } from '../../../operator/changes/watch/change-feed.ts';
import { ApiDouble, breaks, says } from '../../kube/api-double.ts';

const object = (name: string, resourceVersion: string): KubeObject => ({ metadata: { namespace: 'n', name, resourceVersion } });
const list = (resourceVersion: string, ...items: readonly KubeObject[]): ((answer: ServerResponse) => void) =>
  says({ metadata: { resourceVersion }, items });

/** A watch that says nothing. */
const silence = (answer: ServerResponse): void => {
  answer.writeHead(200);
  answer.flushHeaders();
};

/** A watch that says this, and then nothing. */
const watch =
  (type: string, what: unknown) =>
  (answer: ServerResponse): void => {
    silence(answer);
    answer.write(`${JSON.stringify({ type, object: what })}\n`);
  };

describe('a feed of changes', () => {
  let server: ApiDouble;
  let feed: ChangeFeed | undefined;
  const found: string[] = [];
  const told: string[] = [];

  beforeEach(() => {
    found.length = told.length = 0;
    server = new ApiDouble();
  });
  afterEach(async () => {
    await feed?.stop();
    server.stop();
  });

  it('tells after a new list what came, went or changed meanwhile, and nothing of what was there at first', async () => {
    server.answers = [
      list('5', object('same', '1'), object('changed', '2'), object('gone', '3')),
      watch('ERROR', { code: 410, message: 'too old' }),
      list('9', object('same', '1'), object('changed', '6'), object('came', '7')),
      watch('MODIFIED', object('same', '10')),
    ];
    feed = new ChangeFeed(await server.start(), RESOURCES.configMaps, {
      onChange: ({ name, before, after }) => told.push(`${name} ${before === undefined ? '-' : 'was'} ${after === undefined ? '-' : 'is'}`),
      onFound: (_resource, { metadata }) => found.push(metadata.name),
      onError: () => undefined,
      onRecovered: () => undefined,
    });
    const { index } = feed;
    feed.start();
    for (let count = 0; count < 800 && told.length < 4; count++) await sleep(10);
    expect(found).to.deep.equal(['same', 'changed', 'gone']);
    expect(told).to.deep.equal(['gone was -', 'changed was is', 'came - is', 'same was is']);
    expect([feed.index, index.size, [...index.in('n')].map(([name]) => name)]).to.deep.equal([index, 3, ['same', 'changed', 'came']]);
  });

  it('is well again once its watch stands, though nothing of its kind changes', async () => {
    let recovered = 0;
    const observer = { onChange: () => undefined, onFound: () => undefined, onError: () => undefined, onRecovered: () => recovered++ };
    server.answers = [list('5'), breaks, silence];
    feed = new ChangeFeed(await server.start(), RESOURCES.configMaps, observer);
    feed.start();
    for (let count = 0; count < 800 && feed.problem === undefined; count++) await sleep(10);
    expect(String(feed.problem)).to.match(/no response from/);
    expect(recovered).to.equal(0);
    for (let count = 0; count < 800 && feed.problem !== undefined; count++) await sleep(10);
    expect([feed.problem, recovered]).to.deep.equal([undefined, 1]);
  });
});
