import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { ChangeWatch } from '../../../operator/changes/watch/change-watch.ts';
import { ApiDouble, says } from '../../kube/api-double.ts';

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let count = 0; count < 500 && !holds(); count++) await sleep(10);
  expect(holds(), what).to.equal(true);
}

describe('a policy that joins those that judge changes', () => {
  const written = '2026-11-01T10:00:00Z';
  let server: ApiDouble;
  let watch: ChangeWatch;
  let following: ServerResponse | undefined;
  let version = 1;
  const told: string[] = [];
  const objects = new Map<string, object>();

  /** Somebody writes a ConfigMap. */
  function write(name: string): void {
    const type = objects.has(name) ? 'MODIFIED' : 'ADDED';
    const managedFields = [{ manager: 'test', time: written }];
    const object = { metadata: { namespace: 'n', name, resourceVersion: String(++version), managedFields } };
    objects.set(name, object);
    following?.write(`${JSON.stringify({ type, object })}\n`);
  }
  const lists = (): number => server.calls.filter(({ url }) => url.includes('/configmaps') && !url.includes('watch=true')).length;
  /** Follows ConfigMaps for those that judge, one of them since `joined`. */
  async function follow(joined?: number, since = Date.parse(written) - 1000): Promise<void> {
    await watch.follow([RESOURCES.configMaps], since, joined);
    await until('the first list is in', () => watch.ready && following !== undefined);
    watch.release();
  }

  async function begin(keeps?: number): Promise<void> {
    const client = await server.start();
    const observer = {
      onChange: ({ name }: { readonly name: string }) => told.push(name),
      onDrift: () => undefined,
      onError: () => undefined,
      onRecovered: () => undefined,
    };
    watch = new ChangeWatch(client, observer, keeps === undefined ? {} : { keeps });
    // Nothing that is there was written after this.
    await follow(undefined, Date.parse(written) + 1000);
  }

  beforeEach(() => {
    told.length = 0;
    objects.clear();
    following = undefined;
    server = new ApiDouble();
    server.answers = [
      (answer, { url }) => {
        const isOurs = url.includes('/configmaps');
        if (!url.includes('watch=true')) {
          says({ metadata: { resourceVersion: String(version) }, items: isOurs ? [...objects.values()] : [] })(answer);
          return;
        }
        answer.writeHead(200);
        answer.flushHeaders();
        if (isOurs) following = answer;
      },
    ];
  });
  afterEach(async () => {
    await watch.stop();
    server.stop();
  });

  it('is told what changed since it was heard of, with no new list, and others nothing twice', async () => {
    await begin();
    write('early');
    await until('it is told', () => told.length === 1);
    const heard = performance.now();
    write('meanwhile');
    await until('it is told', () => told.length === 2);
    await follow(heard);
    expect(told).to.deep.equal(['early', 'meanwhile', 'meanwhile']);
    await follow(performance.now());
    expect([told.length, lists()]).to.deep.equal([3, 1]);
  });

  it('is told by a new list where more has changed than is kept', async () => {
    await begin(1);
    const heard = performance.now();
    write('one');
    write('other');
    await until('both are told', () => told.length === 2);
    following = undefined;
    await follow(heard);
    expect([told.slice(2).toSorted(), lists()]).to.deep.equal([['one', 'other'], 2]);
  });

  it('is told by a new list where a kind is followed only since later, and looked back less far', async () => {
    const heard = performance.now();
    objects.set('before', { metadata: { namespace: 'n', name: 'before', resourceVersion: '1', creationTimestamp: written } });
    await begin();
    expect(told).to.deep.equal([]);
    following = undefined;
    await follow(heard);
    expect([told, lists()]).to.deep.equal([['before'], 2]);
    // Now it has looked back far enough for whoever joins.
    await follow(heard);
    expect(lists()).to.equal(2);
  });
});

describe('a report of Vigil’s', () => {
  const rows: readonly [title: string, type: string, managers: readonly string[], drifts: boolean][] = [
    ['that Vigil wrote', 'MODIFIED', ['vigil-reports'], false],
    ['that an earlier version wrote', 'MODIFIED', ['vigil'], false],
    ['that somebody else wrote to, too', 'MODIFIED', ['vigil-reports', 'kubectl-edit'], true],
    ['that somebody else wrote', 'ADDED', ['kubectl'], true],
    ['that was deleted', 'DELETED', ['vigil-reports'], true],
  ];
  for (const [title, type, managers, drifts] of rows) {
    it(`${title} ${drifts ? 'has its object judged again' : 'is left alone'}`, async () => {
      const server = new ApiDouble();
      const drifted: unknown[] = [];
      let errors = 0;
      const watch = new ChangeWatch(await server.start(), {
        onChange: () => undefined,
        onDrift: (owner, namespace) => drifted.push([owner?.name, namespace]),
        onError: () => (errors += 1),
        onRecovered: () => undefined,
      });
      const owner = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'u' };
      const event = (name: string, fields: readonly string[], kind: string): string => {
        const managedFields = fields.map((manager) => ({ manager }));
        const metadata = { namespace: 'n', name, resourceVersion: '2', ownerReferences: [{ ...owner, name }], managedFields };
        return `${JSON.stringify({ type: kind, object: { metadata } })}\n`;
      };
      server.answers = [
        (answer, { url }) => {
          if (!url.includes('watch=true')) {
            says({ metadata: { resourceVersion: '1' }, items: [] })(answer);
            return;
          }
          answer.writeHead(200);
          answer.flushHeaders();
          // The second one always drifts: when it is told, the first was looked at.
          if (url.includes('/policyreports')) answer.write(event('first', managers, type) + event('last', ['somebody'], 'MODIFIED'));
        },
      ];
      try {
        await watch.follow([RESOURCES.configMaps], 0);
        await until('the last report is told', () => drifted.length > (drifts ? 1 : 0));
        expect([drifted, errors]).to.deep.equal([[...(drifts ? [['first', 'n']] : []), ['last', 'n']], 0]);
      } finally {
        await watch.stop();
        server.stop();
      }
    });
  }
});
