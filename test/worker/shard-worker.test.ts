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

/** Counts a byte a record. */
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

describe('a worker and a list', () => {
  it('that is in no order: every object is judged', async () => {
    const worked = await work(new ListDouble(['d', 'a', 'c', 'e', 'b']));
    expect(worked.names.toSorted()).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(countsOf(worked)).to.deep.equal({ scanned: 5, failed: 0, unread: {} });
  });

  it('that is in no order and does not fit into a stream: every object is judged once, by whoever goes on', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(names, fc.integer({ min: 1, max: 7 }), fc.nat(6), fc.boolean(), async (all, pageSize, streamBytes, known) => {
        const list = new ListDouble(all);
        const isSorted = all.every((name, index) => index === 0 || name > (all[index - 1] ?? ''));
        const judged: string[] = [];
        let failed = 0;
        for (let slices: readonly Partial<Slice>[] = [isSorted || !known ? {} : { unsorted: true }]; slices[0];) {
          const worked = await work(list, slices[0], { pageSize, streamBytes });
          judged.push(...worked.names);
          ({ rest: slices } = worked.summary);
          failed += worked.summary.failed;
        }
        // What was not known to be in no order, and was cut before that could be seen, is told as failed, never passed over.
        expect(new Set(judged).size).to.equal(judged.length);
        expect(judged.length + failed).to.equal(all.length);
        if (isSorted || known) expect(failed).to.equal(0);
      }),
    );
  });

  it('that leaves an object out while it is read: the object is judged after all', async () => {
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

  it('with fewer objects than were counted: those that were deleted are no targets any more', async () => {
    const worked = await work(new ListDouble(['a', 'b']), { targets: 4, policies: { p: 4 } });
    expect([worked.names, worked.unreadable]).to.deep.equal([['a', 'b'], []]);
    expect(countsOf(worked)).to.deep.equal({ scanned: 2, failed: 0, unread: {} });
  });

  it('whose objects it cannot read: they are told as not scanned, with names', async () => {
    const list = new ListDouble(['a', 'b', 'c']);
    list.page = (items, { metadataOnly }) => (metadataOnly ? items : items.filter(({ metadata }) => metadata.name === 'a'));
    const worked = await work(list);
    expect(countsOf(worked)).to.deep.equal({ scanned: 1, failed: 2, unread: { p: 2 } });
    expect(worked.unreadable.map(({ targets, message }) => [targets, message])).to.deep.equal([
      [2, '2 objects are in the list and cannot be read by name, among them b, c'],
    ]);
  });

  it('that was sorted when it was divided, and is not now: what is left of the part is told as not scanned', async () => {
    const worked = await work(new ListDouble(['b', 'a', 'c', 'd']), { to: 'c', targets: 3, policies: { p: 3 } });
    expect(countsOf(worked)).to.deep.equal({ scanned: 0, failed: 3, unread: { p: 3 } });
    expect(worked.unreadable[0]?.message).to.equal(
      'the list of widgets.shop.example.com cannot be read in parts: its names are in no order',
    );
  });

  it('of a kind that goes while it is read: what is left is told as not scanned', async () => {
    const list = new ListDouble(['a', 'b', 'c', 'd', 'e']);
    list.page = (items, { query }) => {
      if (query['continue'] !== undefined) throw notServed();
      return items;
    };
    const worked = await work(list);
    expect(countsOf(worked)).to.deep.equal({ scanned: 3, failed: 2, unread: { p: 2 } });
  });

  it('of a kind that goes after its objects went: none of them is taken to be deleted', async () => {
    const list = new ListDouble(['a', 'b']);
    list.page = (_items, { metadataOnly }) => {
      if (metadataOnly) throw notServed();
      return [];
    };
    expect(countsOf(await work(list))).to.deep.equal({ scanned: 0, failed: 2, unread: { p: 2 } });
  });

  it('that says how much is left when a stream is full', async () => {
    const { summary } = await work(new ListDouble(['a', 'b', 'c', 'd', 'e']), {}, { streamBytes: 2 });
    expect([summary.scanned, summary.rest]).to.deep.equal([
      3,
      [{ resource: 0, namespace: 'shop', targets: 2, policies: { p: 2 }, from: '3' }],
    ]);
  });

  it('leaves objects of other policies’ scopes alone when it looks for what it missed', async () => {
    const list = new ListDouble(['a']);
    list.objects.push({ ...object('elsewhere'), metadata: { name: 'elsewhere', namespace: 'other' } });
    const worked = await work(list, { targets: 2, policies: { p: 2 } });
    expect(countsOf(worked)).to.deep.equal({ scanned: 1, failed: 0, unread: {} });
  });
});

describe('what a slice is about', () => {
  it('is the cluster, as this and former versions write it', () => {
    expect([resourceOf({ resource: WHOLE_CLUSTER }, [widgets]), resourceOf({ resource: -1 }, [widgets])]).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  it('is never the cluster because a kind was not found', () => {
    expect(indexOfResource([widgets], { ...widgets, resource: 'gadgets' })).to.equal(undefined);
    expect(() => resourceOf({ resource: 1 }, [widgets])).to.throw('the shard names resource 1, the scan has 1');
  });

  it('is found in another version of the same objects', () => {
    const older = { ...widgets, version: 'v1beta1' };
    expect([indexOfResource([older, widgets], widgets), indexOfResource([older], widgets)]).to.deep.equal([1, 0]);
  });
});
