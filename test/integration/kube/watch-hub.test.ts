import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { ListWatch, type ListWatchOptions } from '../../../operator/kube/watch/list-watch.ts';
import { WatchHub } from '../../../operator/kube/watch/watch-hub.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

describe('a watch hub on a real API server', function () {
  this.timeout(60_000);
  const namespace = uniqueName('hub');
  before(() => void kubectl(['create', 'namespace', namespace]));
  after(() => void kubectl(['delete', 'namespace', namespace, '--wait=false']));

  for (const streamsLists of [true, false])
    it(`delivers the same objects to all subscribers, with initial lists ${streamsLists ? 'as streams' : 'in pages'}`, async () => {
      const client = testClient();
      WatchHub.of(client, { streamsLists });
      const feeds: ListWatch<KubeObject>[] = [];
      const follow = (options: ListWatchOptions): { known: Map<string, KubeObject>; isComplete: () => boolean; errors: unknown[] } => {
        const known = new Map<string, KubeObject>();
        const errors: unknown[] = [];
        let isListed = false;
        const feed = new ListWatch<KubeObject>(
          client,
          RESOURCES.configMaps,
          { namespace, ...options, onError: (error) => errors.push(error) },
          {
            begin: () => known.clear(),
            listed: (object) => known.set(object.metadata.name, object),
            complete: () => (isListed = true),
            changed: (type, object) => {
              if (type === 'DELETED') known.delete(object.metadata.name);
              else known.set(object.metadata.name, object);
            },
          },
        );
        feeds.push(feed);
        feed.start();
        return { known, isComplete: () => isListed, errors };
      };
      const until = async (holds: () => boolean): Promise<void> => {
        while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
      };
      const prefix = streamsLists ? 's' : 'p';
      const make = (name: string): Promise<unknown> =>
        client.create(RESOURCES.configMaps, { metadata: { namespace, name: `${prefix}-${name}` }, data: { a: 'b' } } as KubeObject);
      try {
        await make('before');
        const marks = follow({ metadataOnly: true });
        await until(marks.isComplete);
        const whole = follow({});
        await make('meanwhile');
        await until(whole.isComplete);
        await make('after');
        await client.delete(RESOURCES.configMaps, { namespace, name: `${prefix}-before` });
        const names = ({ known }: typeof marks): string[] => [...known.keys()].filter((name) => name.startsWith(prefix)).toSorted();
        const wanted = [`${prefix}-after`, `${prefix}-meanwhile`];
        for (const listener of [marks, whole]) await until(() => names(listener).join() === wanted.join());
        expect(marks.known.get(`${prefix}-after`)).to.not.have.property('data');
        expect(whole.known.get(`${prefix}-after`)).to.have.deep.property('data', { a: 'b' });
        expect([marks.errors, whole.errors]).to.deep.equal([[], []]);
      } finally {
        await Promise.all(feeds.map((feed) => feed.stop()));
        await client.credentials.close();
      }
    });
});
