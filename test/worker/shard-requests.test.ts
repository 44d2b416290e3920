import { expect } from 'chai';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { ConvertedObjects } from '../../operator/worker/converted-objects.ts';
import { neverScanned } from '../../operator/worker/never-scanned.ts';
import type { ScanInput } from '../../operator/worker/scan-input.ts';
import type { Slice } from '../../operator/worker/shard.ts';
import { ShardWorker } from '../../operator/worker/shard-worker.ts';
import { slicePages } from '../../operator/worker/slice-pages.ts';
import type { StreamRecord } from '../../operator/stream/stream-record.ts';
import { ListDouble, object, widgets } from './list-double.ts';

const rule = {
  name: 'never',
  matchConstraints: {
    resourceRules: [{ apiGroups: [widgets.group], apiVersions: ['*'], operations: ['CREATE' as const], resources: [widgets.resource] }],
  },
  validations: [{ expression: 'false' }],
};
const scope = { objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' as const }] } };
const input = {
  scan: { name: 's', uid: 's' },
  kubernetesVersion: '1.36',
  systemNamespaces: [],
  policies: [{ name: 'p', uid: 'p', generation: 1, spec: { rules: [rule], scope } }],
  resources: [widgets],
  namespaces: { shop: { labels: {} } },
} as unknown as ScanInput;

/** Evaluates a slice of a list that was planned with so many targets. Returns the records, and each request: a page, a list of names, or a name. */
async function work(
  list: ListDouble,
  targets: number,
  slice: Partial<Slice> = {},
): Promise<{ records: StreamRecord[]; requests: string[] }> {
  const records: StreamRecord[] = [];
  const shard = { slices: [{ resource: 0, namespace: 'shop', targets, policies: { p: targets }, ...slice }], pageSize: 3 };
  const writer = { bytes: 0, record: (value: unknown) => void records.push(value as StreamRecord), end: () => undefined };
  const { signal } = new AbortController();
  await new ShardWorker({ client: list.client, input, shard, index: 0, writer, streamBytes: 1e6, signal }).run();
  const requests = list.calls.map(({ query: { fieldSelector }, metadataOnly }) =>
    typeof fieldSelector === 'string' ? fieldSelector : metadataOnly ? 'names' : 'page',
  );
  return { records, requests };
}
const unreadableIn = (records: readonly StreamRecord[]): string[] =>
  records.flatMap((record) => (record.type === 'unreadable' ? record.message : []));

describe('the requests of a shard', () => {
  for (const [what, targets] of [
    ['as many targets as planned', 4],
    ['more targets than planned', 3],
  ] as const)
    it(`read the list once if it has ${what}`, async () => {
      expect((await work(new ListDouble(['a', 'b', 'c', 'd']), targets)).requests).to.deep.equal(['page', 'page']);
    });

  it('read the names again if objects are missing, and only the missed objects', async () => {
    const list = new ListDouble(['a', 'b', 'c']);
    let isFirst = true;
    list.page = (items) => {
      const shown = isFirst ? items.filter(({ metadata }) => metadata.name !== 'b') : items;
      isFirst = false;
      return shown;
    };
    expect((await work(list, 3)).requests).to.deep.equal(['page', 'names', 'metadata.name=b']);
  });

  it('do not look for objects that no policy selects', async () => {
    const list = new ListDouble(['a']);
    list.objects.push(object('b', { skip: 'yes' }));
    const { records, requests } = await work(list, 2);
    expect([requests, unreadableIn(records)]).to.deep.equal([['page', 'names'], []]);
  });

  it('report the objects that cannot be read although others of the missed ones can', async () => {
    const list = new ListDouble(['a', 'b', 'c']);
    list.page = (items, { metadataOnly, query }) => {
      const shown = query['fieldSelector'] === undefined ? ['a'] : ['b'];
      return metadataOnly ? items : items.filter(({ metadata }) => shown.includes(metadata.name));
    };
    const { records, requests } = await work(list, 3);
    expect(requests).to.deep.equal(['page', 'names', 'metadata.name=b', 'metadata.name=c', 'names']);
    expect(unreadableIn(records)).to.deep.equal(['1 objects are in the list but cannot be read by name, such as c']);
  });

  it('count only the missing targets of a slice, after another slice', async () => {
    const list = new ListDouble(['a', 'b', 'c']);
    const counts: unknown[] = [];
    list.page = (items, { metadataOnly }) => (metadataOnly ? items : items.filter(({ metadata }) => metadata.name === 'a'));
    const slice = { resource: 0, namespace: 'shop', targets: 3, policies: { p: 3 } };
    const writer = {
      bytes: 0,
      record: (value: unknown) => {
        const record = value as StreamRecord;
        if (record.type === 'unreadable') counts.push(record.targets);
      },
      end: () => undefined,
    };
    const { signal } = new AbortController();
    const shard = { slices: [slice, slice], pageSize: 3 };
    const summary = await new ShardWorker({ client: list.client, input, shard, index: 0, writer, streamBytes: 1e6, signal }).run();
    expect([counts, summary.scanned, summary.failed, summary.unread]).to.deep.equal([[2, 2], 2, 4, { p: 4 }]);
  });

  it('name at most three of the objects that cannot be read', async () => {
    const list = new ListDouble(['a', 'b', 'c', 'd', 'e']);
    list.page = (items, { metadataOnly }) => (metadataOnly ? items : []);
    expect(unreadableIn((await work(list, 5)).records)).to.deep.equal([
      '5 objects are in the list but cannot be read by name, such as a, b, c',
    ]);
  });

  for (const [count, requests] of [
    [20, Array.from({ length: 20 }, (_, index) => `metadata.name=w${String(index).padStart(2, '0')}`)],
    [21, Array.from({ length: 7 }, () => 'page')],
  ] as const)
    it(`read ${count} named objects ${requests[0] === 'page' ? 'as a list' : 'one by one'}`, async () => {
      const names = Array.from({ length: count }, (_, index) => `w${String(index).padStart(2, '0')}`);
      const worked = await work(new ListDouble(names), count, { names });
      expect(worked.requests).to.deep.equal(requests);
      expect(worked.records.flatMap((record) => (record.type === 'target' ? record.target.name : []))).to.deep.equal(names);
    });

  it('evaluate only the named objects of a list', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `w${String(index).padStart(2, '0')}`);
    const { records } = await work(new ListDouble(names), 21, { names: names.slice(2, 23) });
    expect(records.flatMap((record) => (record.type === 'target' ? record.target.name : []))).to.deep.equal(names.slice(2, 23));
  });
});

describe('a sorted slice that begins after a name', () => {
  it('ends with the list, although the name is gone from it', async () => {
    const slice = { resource: 0, namespace: 'shop', targets: 2, policies: {}, after: 'b' };
    const read: string[] = [];
    for await (const { items } of slicePages(new ListDouble(['a', 'c', 'd']).client, widgets, slice, {
      signal: new AbortController().signal,
    }))
      read.push(...items.map(({ metadata }) => metadata.name));
    expect(read).to.deep.equal(['c', 'd']);
  });
});

describe('the reading of objects in another version', () => {
  const older = { ...widgets, version: 'v1beta1' };
  for (const [what, count] of [
    ['one object', 1],
    ['a page', 25],
  ] as const)
    it(`throws what is no response of the API server, for ${what}`, async () => {
      const list = new ListDouble(Array.from({ length: count }, (_, index) => `w${index}`));
      const broken = new Error('aborted');
      list.page = () => {
        throw broken;
      };
      const converted = new ConvertedObjects(list.client, new AbortController().signal);
      const thrown: unknown = await converted.read([older], { items: list.objects, namespace: 'shop' }).catch((error: unknown) => error);
      expect(thrown).to.equal(broken);
    });

  it('returns the refusal of each single object', async () => {
    const list = new ListDouble(['a', 'b']);
    list.page = (_items, { query: { fieldSelector } }) => {
      throw new KubeApiError(`refused ${String(fieldSelector)}`, { status: 500 });
    };
    const converted = await new ConvertedObjects(list.client, new AbortController().signal).read([older], {
      items: list.objects,
      namespace: 'shop',
    });
    expect(list.objects.map((each) => (converted(each)(older) as Error).message)).to.deep.equal([
      'refused metadata.name=a',
      'refused metadata.name=b',
    ]);
  });
});

describe('the resources that are never scanned', () => {
  it('are Secrets, with a message, and the reports of Vigil, without one', () => {
    expect([...neverScanned].map(([resource, why]) => [resource, why === ''])).to.deep.equal([
      ['/secrets', false],
      ['wgpolicyk8s.io/policyreports', true],
      ['wgpolicyk8s.io/clusterpolicyreports', true],
    ]);
  });
});
