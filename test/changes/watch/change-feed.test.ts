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

/** A watch that sends nothing. */
const silence = (answer: ServerResponse): void => {
  answer.writeHead(200);
  answer.flushHeaders();
};

/** A watch that sends one event. */
const watch =
  (type: string, what: unknown) =>
  (answer: ServerResponse): void => {
    silence(answer);
    answer.write(`${JSON.stringify({ type, object: what })}\n`);
  };

describe('the change feed', () => {
  let server: ApiDouble;
  let feed: ChangeFeed | undefined;
  const found: string[] = [];
  const reported: string[] = [];

  beforeEach(() => {
    found.length = reported.length = 0;
    server = new ApiDouble();
  });
  afterEach(async () => {
    await feed?.stop();
    server.stop();
  });

  it('reports after a new list the created, deleted and changed objects, and nothing after the first list', async () => {
    server.answers = [
      list('5', object('same', '1'), object('changed', '2'), object('gone', '3')),
      watch('ERROR', { code: 410, message: 'too old' }),
      list('9', object('same', '1'), object('changed', '6'), object('came', '7')),
      watch('MODIFIED', object('same', '10')),
    ];
    feed = new ChangeFeed(await server.start(), RESOURCES.configMaps, {
      onChange: ({ name, before, after }) =>
        reported.push(`${name} ${before === undefined ? '-' : 'was'} ${after === undefined ? '-' : 'is'}`),
      onFound: (_resource, { metadata }) => found.push(metadata.name),
      onError: () => undefined,
      onRecovered: () => undefined,
    });
    const { index } = feed;
    feed.start();
    for (let count = 0; count < 800 && reported.length < 4; count++) await sleep(10);
    expect(found).to.deep.equal(['same', 'changed', 'gone']);
    expect(reported).to.deep.equal(['gone was -', 'changed was is', 'came - is', 'same was is']);
    expect([feed.index, index.size, [...index.in('n')].map(([name]) => name)]).to.deep.equal([index, 3, ['same', 'changed', 'came']]);
  });

  it('recovers when its watch is established, without any change', async () => {
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
