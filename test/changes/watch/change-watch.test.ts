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

describe('the change watch, when a policy is added', () => {
  const written = '2026-11-01T10:00:00Z';
  let server: ApiDouble;
  let watch: ChangeWatch;
  let following: ServerResponse | undefined;
  let version = 1;
  const reported: string[] = [];
  const objects = new Map<string, object>();

  /** Writes a ConfigMap. */
  function write(name: string): void {
    const type = objects.has(name) ? 'MODIFIED' : 'ADDED';
    const managedFields = [{ manager: 'test', time: written }];
    const object = { metadata: { namespace: 'n', name, resourceVersion: String(++version), managedFields } };
    objects.set(name, object);
    following?.write(`${JSON.stringify({ type, object })}\n`);
  }
  const lists = (): number => server.calls.filter(({ url }) => url.includes('/configmaps') && !url.includes('watch=true')).length;
  /** Watches ConfigMaps, for one policy since `joined`. */
  async function follow(joined?: number, since = Date.parse(written) - 1000): Promise<void> {
    await watch.follow([RESOURCES.configMaps], since, joined);
    await until('the first list is complete', () => watch.ready && following !== undefined);
    watch.release();
  }

  async function begin(keeps?: number): Promise<void> {
    const client = await server.start();
    const observer = {
      onChange: ({ name }: { readonly name: string }) => reported.push(name),
      onDrift: () => undefined,
      onError: () => undefined,
      onRecovered: () => undefined,
    };
    watch = new ChangeWatch(client, observer, keeps === undefined ? {} : { keeps });
    // No existing object was written later than this.
    await follow(undefined, Date.parse(written) + 1000);
  }

  beforeEach(() => {
    reported.length = 0;
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

  it('reports the changes since the policy was observed, without a new list', async () => {
    await begin();
    write('early');
    await until('it is reported', () => reported.length === 1);
    const observed = performance.now();
    write('meanwhile');
    await until('it is reported', () => reported.length === 2);
    await follow(observed);
    expect(reported).to.deep.equal(['early', 'meanwhile', 'meanwhile']);
    await follow(performance.now());
    expect([reported.length, lists()]).to.deep.equal([3, 1]);
  });

  it('lists again when more has changed than is kept', async () => {
    await begin(1);
    const observed = performance.now();
    write('one');
    write('other');
    await until('both are reported', () => reported.length === 2);
    following = undefined;
    await follow(observed);
    expect([reported.slice(2).toSorted(), lists()]).to.deep.equal([['one', 'other'], 2]);
  });

  it('lists again when a kind was not watched for long enough', async () => {
    const observed = performance.now();
    objects.set('before', { metadata: { namespace: 'n', name: 'before', resourceVersion: '1', creationTimestamp: written } });
    await begin();
    expect(reported).to.deep.equal([]);
    following = undefined;
    await follow(observed);
    expect([reported, lists()]).to.deep.equal([['before'], 2]);
    // Now the watch goes back far enough for later policies.
    await follow(observed);
    expect(lists()).to.equal(2);
  });
});

describe('the change watch, for a report', () => {
  const rows: readonly [title: string, type: string, managers: readonly string[], drifts: boolean][] = [
    ['that Vigil wrote', 'MODIFIED', ['vigil-reports'], false],
    ['that an earlier version of Vigil wrote', 'MODIFIED', ['vigil'], false],
    ['that another writer edited', 'MODIFIED', ['vigil-reports', 'kubectl-edit'], true],
    ['that another writer created', 'ADDED', ['kubectl'], true],
    ['that was deleted', 'DELETED', ['vigil-reports'], true],
  ];
  for (const [title, type, managers, drifts] of rows) {
    it(`${title} ${drifts ? 'evaluates its object again' : 'ignores it'}`, async () => {
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
          // The second report always drifts: when it is reported, the first one was processed.
          if (url.includes('/policyreports')) answer.write(event('first', managers, type) + event('last', ['somebody'], 'MODIFIED'));
        },
      ];
      try {
        await watch.follow([RESOURCES.configMaps], 0);
        await until('the last report is processed', () => drifted.length > (drifts ? 1 : 0));
        expect([drifted, errors]).to.deep.equal([[...(drifts ? [['first', 'n']] : []), ['last', 'n']], 0]);
      } finally {
        await watch.stop();
        server.stop();
      }
    });
  }
});
