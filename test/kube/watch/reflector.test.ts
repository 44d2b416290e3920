import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { Reflector, type ReflectorOptions } from '../../../operator/kube/watch/reflector.ts';
import { ApiDouble, says } from '../api-double.ts';

const object = (name: string, resourceVersion: string): KubeObject => ({ metadata: { namespace: 'n', name, resourceVersion } });
const list = (resourceVersion: string, items: readonly KubeObject[], next = ''): ((answer: ServerResponse) => void) =>
  says({ metadata: { resourceVersion, continue: next }, items });
const event = (type: string, what: unknown): string => `${JSON.stringify({ type, object: what })}\n`;

/** Responds with these watch events, then ends the watch or keeps it open. */
const watch =
  (text: string, ends = false) =>
  (answer: ServerResponse): void => {
    answer.writeHead(200);
    answer.flushHeaders();
    answer.write(text);
    if (ends) answer.end();
  };

async function until(holds: () => boolean): Promise<void> {
  for (let count = 0; count < 800 && !holds(); count++) await sleep(10);
  expect(holds()).to.equal(true);
}

describe('a reflector', () => {
  let server: ApiDouble;
  let reflector: Reflector<KubeObject> | undefined;
  const errors: unknown[] = [];
  const changes: string[] = [];

  async function start(options: Partial<ReflectorOptions<KubeObject>> = {}): Promise<Reflector<KubeObject>> {
    const client = await server.start();
    reflector = new Reflector(client, RESOURCES.configMaps, {
      onChange: (type, { metadata }) => changes.push(`${type} ${metadata.name}`),
      onError: (error) => errors.push(error),
      ...options,
    });
    reflector.start();
    return reflector;
  }

  beforeEach(() => {
    errors.length = 0;
    changes.length = 0;
    server = new ApiDouble();
  });
  afterEach(async () => {
    await reflector?.stop();
    server.stop();
  });

  it('reopens a silent watch at the same resourceVersion', async () => {
    server.answers = [list('5', []), watch(event('ADDED', object('a', '7'))), watch(event('MODIFIED', object('a', '9')))];
    await start({ silence: 200 });
    await until(() => changes.length === 2);
    expect(changes).to.deep.equal(['ADDED a', 'MODIFIED a']);
    expect(server.calls[2]?.url).to.include('resourceVersion=7');
    expect(String(errors[0])).to.include('no data for 0.2 s');
  });

  it('reports a callback that throws, and delivers the next change', async () => {
    server.answers = [list('5', []), watch(event('ADDED', object('a', '7')) + event('ADDED', object('b', '8')))];
    const seen: string[] = [];
    await start({
      onChange: (_type, { metadata }) => {
        seen.push(metadata.name);
        if (metadata.name === 'a') throw new Error('a bug');
      },
    });
    await until(() => seen.length === 2);
    expect([seen, errors.map(String)]).to.deep.equal([['a', 'b'], ['Error: a bug']]);
    expect(server.calls).to.have.length(2);
  });

  it('watches from the resourceVersion of the first page of a list, since later pages may be newer', async () => {
    const gone = says({ kind: 'Status', code: 410, reason: 'Expired', metadata: { continue: 'successor' } }, 410);
    server.answers = [list('5', [object('a', '3')], 'token'), gone, list('9', [object('b', '8')]), watch('')];
    const { list: all } = await start().then((made) => ({ list: () => made.list() }));
    await until(() => server.calls.length === 4);
    expect(all().map(({ metadata }) => metadata.name)).to.deep.equal(['a', 'b']);
    expect(server.calls[2]?.url).to.include('continue=successor');
    expect(server.calls[3]?.url).to.include('resourceVersion=5');
  });

  it('lists again if its resourceVersion is too old, and reports deletions that it missed', async () => {
    const forgotten = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
    server.answers = [
      list('5', [object('a', '3'), object('b', '4')]),
      watch(event('ERROR', forgotten)),
      list('9', [object('b', '4')]),
      watch(''),
    ];
    await start();
    await until(() => changes.length === 3);
    expect(changes).to.deep.equal(['ADDED a', 'ADDED b', 'DELETED a']);
  });

  it('pauses between watches that end at once', async () => {
    server.answers = [list('5', []), watch('', true)];
    await start();
    await sleep(1500);
    expect(server.calls.length).to.be.at.most(8);
  });

  it('removes managedFields, and applies the transform', async () => {
    const whole = { metadata: { ...object('a', '3').metadata, managedFields: [{ manager: 'x' }] }, spec: { large: true }, status: {} };
    server.answers = [list('5', [whole]), watch('')];
    const made = await start({ transform: ({ metadata }) => ({ metadata }) });
    await until(() => made.synced);
    expect(made.get('a', 'n')).to.deep.equal({ metadata: object('a', '3').metadata });
  });
});
