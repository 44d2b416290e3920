import { expect } from 'chai';
import fc from 'fast-check';
import type { ScanInput } from '../../operator/worker/scan-input.ts';
import { indexOfResource, resourceOf, WHOLE_CLUSTER, type Slice } from '../../operator/worker/shard.ts';
import type { StreamRecord, UnreadableRecord } from '../../operator/stream/stream-record.ts';
import type { RecordSink } from '../../operator/stream/stream-writer.ts';
import { ShardWorker, type ShardSummary } from '../../operator/worker/shard-worker.ts';
import { ListDouble, notServed, object, widgets } from './list-double.ts';

const rule = {
  name: 'never',
  matchConstraints: {
    resourceRules: [{ apiGroups: [widgets.group], apiVersions: ['*'], operations: ['CREATE' as const], resources: [widgets.resource] }],
  },
  validations: [{ expression: 'false' }],
};
const input = {
  scan: { name: 's', uid: 's' },
  kubernetesVersion: '1.36',
  systemNamespaces: [],
  policies: [{ name: 'p', uid: 'p', generation: 1, spec: { rules: [rule] } }],
  resources: [widgets],
  namespaces: { shop: { labels: {} } },
} as unknown as ScanInput;

/** A sink that counts one byte per record. */
class Sink implements RecordSink {
  readonly records: StreamRecord[] = [];
  get bytes(): number {
    return this.records.length;
  }
  record(value: unknown): void {
    this.records.push(value as StreamRecord);
  }
  end(): void {
    // The summary is returned as well.
  }
}

interface Worked {
  readonly summary: ShardSummary;
  readonly names: readonly string[];
  readonly unreadable: readonly UnreadableRecord[];
}

async function work(list: ListDouble, slice: Partial<Slice> = {}, { pageSize = 3, streamBytes = 1000 } = {}): Promise<Worked> {
  const targets = slice.targets ?? list.objects.length;
  const whole: Slice = { resource: 0, namespace: 'shop', targets, policies: { p: targets }, ...slice };
  const writer = new Sink();
  const { signal } = new AbortController();
  const shard = { slices: [whole], pageSize };
  const summary = await new ShardWorker({ client: list.client, input, shard, index: 0, writer, streamBytes, signal }).run();
  const names = writer.records.flatMap((record) => (record.type === 'target' ? record.target.name : []));
  return { summary, names, unreadable: writer.records.filter((record) => record.type === 'unreadable') };
}

const countsOf = ({ summary: { scanned, failed, unread } }: Worked): unknown => ({ scanned, failed, unread });

describe('ShardWorker', () => {
  it('evaluates every object of an unsorted list', async () => {
    const worked = await work(new ListDouble(['d', 'a', 'c', 'e', 'b']));
    expect(worked.names.toSorted()).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(countsOf(worked)).to.deep.equal({ scanned: 5, failed: 0, unread: {} });
  });

  it('evaluates every object once when an unsorted list needs several streams', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(names, fc.integer({ min: 1, max: 7 }), fc.nat(6), fc.boolean(), async (all, pageSize, streamBytes, known) => {
        const list = new ListDouble(all);
        const isSorted = all.every((name, index) => index === 0 || name > (all[index - 1] ?? ''));
        const evaluated: string[] = [];
        let failed = 0;
        for (let slices: readonly Partial<Slice>[] = [isSorted || !known ? {} : { unsorted: true }]; slices[0];) {
          const worked = await work(list, slices[0], { pageSize, streamBytes });
          evaluated.push(...worked.names);
          ({ rest: slices } = worked.summary);
          failed += worked.summary.failed;
        }
        // A list that was cut before it was seen to be unsorted is reported as failed. No object is skipped silently.
        expect(new Set(evaluated).size).to.equal(evaluated.length);
        expect(evaluated.length + failed).to.equal(all.length);
        if (isSorted || known) expect(failed).to.equal(0);
      }),
    );
  });

  it('evaluates an object that the list missed while it was read', async () => {
    const list = new ListDouble(['a', 'b', 'c', 'd']);
    let first = true;
    list.page = (items, { metadataOnly }) => {
      const shown = first ? items.filter(({ metadata }) => metadata.name !== 'b') : items;
      first &&= metadataOnly;
      return shown;
    };
    const worked = await work(list);
    expect(worked.names).to.deep.equal(['a', 'c', 'd', 'b']);
    expect(countsOf(worked)).to.deep.equal({ scanned: 4, failed: 0, unread: {} });
  });

  it('does not report objects that were deleted after the planning', async () => {
    const worked = await work(new ListDouble(['a', 'b']), { targets: 4, policies: { p: 4 } });
    expect([worked.names, worked.unreadable]).to.deep.equal([['a', 'b'], []]);
    expect(countsOf(worked)).to.deep.equal({ scanned: 2, failed: 0, unread: {} });
  });

  it('reports objects that cannot be read as not scanned, with their names', async () => {
    const list = new ListDouble(['a', 'b', 'c']);
    list.page = (items, { metadataOnly }) => (metadataOnly ? items : items.filter(({ metadata }) => metadata.name === 'a'));
    const worked = await work(list);
    expect(countsOf(worked)).to.deep.equal({ scanned: 1, failed: 2, unread: { p: 2 } });
    expect(worked.unreadable.map(({ targets, message }) => [targets, message])).to.deep.equal([
      [2, '2 objects are in the list but cannot be read by name, such as b, c'],
    ]);
  });

  it('reports the rest of a slice as not scanned when the list is no longer sorted', async () => {
    const worked = await work(new ListDouble(['b', 'a', 'c', 'd']), { to: 'c', targets: 3, policies: { p: 3 } });
    expect(countsOf(worked)).to.deep.equal({ scanned: 0, failed: 3, unread: { p: 3 } });
    expect(worked.unreadable[0]?.message).to.equal(
      'the list of widgets.shop.example.com cannot be read in parts: its names are not sorted',
    );
  });

  it('reports the rest as not scanned when the kind is removed while its list is read', async () => {
    const list = new ListDouble(['a', 'b', 'c', 'd', 'e']);
    list.page = (items, { query }) => {
      if (query['continue'] !== undefined) throw notServed();
      return items;
    };
    const worked = await work(list);
    expect(countsOf(worked)).to.deep.equal({ scanned: 3, failed: 2, unread: { p: 2 } });
  });

  it('does not take objects for deleted when their kind was removed', async () => {
    const list = new ListDouble(['a', 'b']);
    list.page = (_items, { metadataOnly }) => {
      if (metadataOnly) throw notServed();
      return [];
    };
    expect(countsOf(await work(list))).to.deep.equal({ scanned: 0, failed: 2, unread: { p: 2 } });
  });

  it('returns the rest of a slice when the stream is full', async () => {
    const { summary } = await work(new ListDouble(['a', 'b', 'c', 'd', 'e']), {}, { streamBytes: 2 });
    expect([summary.scanned, summary.rest]).to.deep.equal([
      3,
      [{ resource: 0, namespace: 'shop', targets: 2, policies: { p: 2 }, from: '3' }],
    ]);
  });

  it('ignores objects in namespaces outside of the scan when it reads missed objects', async () => {
    const list = new ListDouble(['a']);
    list.objects.push({ ...object('elsewhere'), metadata: { name: 'elsewhere', namespace: 'other' } });
    const worked = await work(list, { targets: 2, policies: { p: 2 } });
    expect(countsOf(worked)).to.deep.equal({ scanned: 1, failed: 0, unread: {} });
  });
});

describe('the resource of a slice', () => {
  it('is the cluster as a whole in the format of this and of former versions', () => {
    expect([resourceOf({ resource: WHOLE_CLUSTER }, [widgets]), resourceOf({ resource: -1 }, [widgets])]).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  it('is never the cluster as a whole because a resource was not found', () => {
    expect(indexOfResource([widgets], { ...widgets, resource: 'gadgets' })).to.equal(undefined);
    expect(() => resourceOf({ resource: 1 }, [widgets])).to.throw('the shard has resource index 1, the scan has 1 resources');
  });

  it('is found in another version', () => {
    const older = { ...widgets, version: 'v1beta1' };
    expect([indexOfResource([older, widgets], widgets), indexOfResource([older], widgets)]).to.deep.equal([1, 0]);
  });
});
