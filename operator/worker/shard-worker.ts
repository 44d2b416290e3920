import { ownEntry } from '../api/own-entry.ts';
import type { ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { catalogueVersion } from '../engine/evaluation-revision.ts';
import { LivePods } from '../engine/pods/live-pods.ts';
import { compilePolicies, type PolicySet } from '../engine/policy-set.ts';
import { isForbidden, isNotFound } from '../kube/client/kube-api-error.ts';
import { CLUSTER_SCOPE, ListedObjects } from '../findings/namespace-marks.ts';
import { listPages, type ListClient } from '../kube/list.ts';
import type { ScanInput } from './scan-input.ts';
import { resourceOf, type Shard, type Slice } from './shard.ts';
import { unreadableReason } from './unreadable-reason.ts';
import type { PolicyTally } from '../findings/tally.ts';
import { digestsOf, namespaceReads } from '../engine/namespace-reads.ts';
import { NamespaceTallies } from './namespace-tallies.ts';
import type { StreamRecord } from '../stream/stream-record.ts';
import type { RecordSink } from '../stream/stream-writer.ts';
import { readLivePods, type LivePodReadResult } from './live-pod-reader.ts';
import { ConvertedObjects } from './converted-objects.ts';
import { crossObjectVerdicts, type CrossObjectVerdicts } from './cross-object-verdicts.ts';
import { ListOrderError, slicePages } from './slice-pages.ts';
import { definedEntries } from '../api/defined-entries.ts';
import { ObjectEvaluator } from './object-evaluator.ts';

/** The summary of a shard, in the trailer of its stream. */
export interface ShardSummary {
  readonly shard: number;
  /** The version of the controls and the engine. See `catalogueVersion`. */
  readonly catalogue: string;
  /** The numbers of targets that were evaluated, and that could not be read. */
  readonly scanned: number;
  readonly failed: number;
  readonly policies: Readonly<Record<string, PolicyTally>>;
  /** The number of targets that could not be read, by policy. */
  readonly unread: Readonly<Record<string, number>>;
  /** The peak memory of the worker, in MiB. */
  readonly peakMebibytes: number;
  /** The slices that did not fit into the stream. Further shards read them. */
  readonly rest: readonly Slice[];
}

/** The inputs of a worker. */
export interface ShardWork {
  readonly client: ListClient;
  readonly input: ScanInput;
  readonly shard: Shard;
  readonly index: number;
  readonly writer: RecordSink;
  /** The maximum size of the stream, in bytes. */
  readonly streamBytes: number;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. Default: the time of the system. */
  readonly clock?: () => number;
  /** The compiled policies of the input. Default: the worker compiles them. */
  readonly set?: PolicySet;
}

/** The counts before a slice was started. */
interface Counted {
  readonly scanned: number;
  readonly policies: ReadonlyMap<string, number>;
}

/** The maximum number of names in a message. */
const fewExamples = 3;

/** Up to this number of objects, each is read by its own request. For more, the list is read. */
const fewNames = 20;

/** Reads the lists of one shard page by page, evaluates each object and writes a record for it. Ends the stream. */
export class ShardWorker {
  readonly #work: ShardWork;
  readonly #set: PolicySet;
  readonly #converted: ConvertedObjects;
  readonly #tallies = new NamespaceTallies();
  readonly #unread: Record<string, number> = {};
  readonly #evaluator: ObjectEvaluator;
  #crossObject: CrossObjectVerdicts | undefined;
  #live: LivePodReadResult = { live: new LivePods(), read: new ListedObjects() };
  #failed = 0;

  constructor(work: ShardWork) {
    const { policies, kubernetesVersion, resources, systemNamespaces } = work.input;
    this.#work = work;
    this.#converted = new ConvertedObjects(work.client, work.signal);
    this.#set = work.set ?? compilePolicies(policies, { kubernetesVersion, resources, systemNamespaces, converts: true });
    this.#evaluator = new ObjectEvaluator({ set: this.#set, input: work.input, writer: work.writer, tallies: this.#tallies });
  }

  /**
   * Evaluates the shard. Throws on errors of the API server, except for a resource that may not or cannot be read. Such a resource results
   * in a record.
   */
  async run(): Promise<ShardSummary> {
    const { shard, index, writer, client, input, signal } = this.#work;
    const onPass = this.#evaluator.countPass;
    const now = (this.#work.clock ?? Date.now)();
    this.#crossObject = await crossObjectVerdicts({ client, set: this.#set, shard, resources: input.resources, onPass, signal, now });
    this.#live = await readLivePods({ client, shard, resources: input.resources, signal });
    this.#evaluator.setBeside({ crossObject: this.#crossObject, live: this.#live.live });
    const rest: Slice[] = [];
    for (const [position, slice] of shard.slices.entries()) {
      const left = await this.#slice(slice);
      if (left) {
        rest.push(left, ...shard.slices.slice(position + 1));
        break;
      }
    }
    this.#evaluator.recordUnread();
    this.#recordNamespaces();
    const policies = this.#tallies.total;
    const peakMebibytes = Math.round(process.resourceUsage().maxRSS / 1024);
    const counts = { scanned: this.#evaluator.scanned, failed: this.#failed, policies, unread: this.#unread };
    const summary: ShardSummary = { shard: index, catalogue: catalogueVersion, ...counts, peakMebibytes, rest };
    writer.end(summary);
    return summary;
  }

  /** Records the counts of each namespace, and the sets of objects that its verdicts depend on. */
  #recordNamespaces(): void {
    const { shard, input, writer } = this.#work;
    for (const tally of this.#tallies.namespaces) {
      const slices = shard.slices.filter(({ namespace = CLUSTER_SCOPE }) => namespace === tally.namespace);
      const kinds = [...new Set(slices.map((slice) => resourceOf(slice, input.resources)))];
      const { context, live } = namespaceReads(this.#set, { namespace: tally.namespace, kinds, resources: input.resources });
      const reads = [...digestsOf(context, this.#crossObject?.read), ...digestsOf(live, this.#live.read)];
      writer.record({ type: 'namespace', ...tally, reads } satisfies StreamRecord);
    }
  }

  /** Evaluates a slice. Returns the rest of it if the stream is full. */
  async #slice(slice: Slice): Promise<Slice | undefined> {
    const resource = resourceOf(slice, this.#work.input.resources);
    this.#evaluator.beginSlice(slice.namespace);
    if (resource === undefined) {
      this.#evaluator.evaluateCluster();
      return undefined;
    }
    const before: Counted = { scanned: this.#evaluator.scanned, policies: this.#tallies.targetsByPolicy };
    try {
      return await this.#listed(slice, resource, before);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      this.#unreadable(slice, resource, { message: unreadableReason(resource, error), before });
      return undefined;
    }
  }

  async #listed(slice: Slice, resource: ApiResource, before: Counted): Promise<Slice | undefined> {
    if (slice.names !== undefined) return this.#named(slice, resource, slice.names);
    const left = await this.#pages(slice, resource);
    if (left !== undefined) return { ...left, ...this.#remaining(slice, before) };
    return this.#evaluateMissed(slice, resource, before);
  }

  async #pages(slice: Slice, resource: ApiResource): Promise<Slice | undefined> {
    const { client, shard, signal, writer, streamBytes } = this.#work;
    const { from: _from, after, ...whole } = slice;
    let done = after;
    for await (const { items, from, sorted } of slicePages(client, resource, slice, { limit: shard.pageSize, signal })) {
      const converted = await this.#converted.read(this.#set.requiredVersions(resource), { items, namespace: slice.namespace, from });
      for (const object of items) {
        if (writer.bytes > streamBytes)
          return { ...whole, ...definedEntries({ from, after: done }), ...(sorted ? {} : { unsorted: true }) };
        this.#evaluator.evaluate(object, resource, converted(object));
        done = object.metadata.name;
      }
      // The next page starts at its own token.
      done = undefined;
    }
    return undefined;
  }

  /**
   * If fewer objects were evaluated than planned, reads the list again and evaluates the objects that were missed. A list that changes
   * while it is read can miss objects. Reports objects that still cannot be read as not scanned. A deleted object is in no list and is no
   * longer a target.
   */
  async #evaluateMissed(slice: Slice, resource: ApiResource, before: Counted): Promise<undefined> {
    if (this.#evaluator.scanned - before.scanned >= slice.targets) return undefined;
    const missed = await this.#notEvaluated(slice, resource);
    if (missed.length === 0) return undefined;
    await this.#named(slice, resource, missed);
    const lost = missed.every((name) => this.#evaluator.hasEvaluated(name)) ? [] : await this.#notEvaluated(slice, resource);
    if (lost.length === 0) return undefined;
    const names = lost.slice(0, fewExamples).join(', ');
    const message = `${lost.length} objects are in the list but cannot be read by name, such as ${names}`;
    this.#unreadable({ ...slice, targets: this.#evaluator.scanned - before.scanned + lost.length }, resource, { message, before });
    return undefined;
  }

  /** Returns the names of the targets of a slice that exist and were not evaluated. */
  async #notEvaluated(slice: Slice, resource: ApiResource): Promise<readonly string[]> {
    const { client, signal } = this.#work;
    const missed: string[] = [];
    for await (const { items } of slicePages(client, resource, slice, { metadataOnly: true, omitManagedFields: true, signal })) {
      const others = items.filter(({ metadata }) => !this.#evaluator.hasEvaluated(metadata.name));
      missed.push(...others.filter((object) => this.#evaluator.isTarget(object, resource)).map(({ metadata }) => metadata.name));
    }
    return missed;
  }

  /** Returns the number of targets of a slice that remain. */
  #remaining({ targets, policies }: Slice, before: Counted): Pick<Slice, 'targets' | 'policies'> {
    const now = this.#tallies.targetsByPolicy;
    const done = (policy: string): number => (now.get(policy) ?? 0) - (before.policies.get(policy) ?? 0);
    return {
      targets: Math.max(targets - (this.#evaluator.scanned - before.scanned), 0),
      policies: Object.fromEntries(
        Object.entries(policies).map(([policy, planned]) => [policy, Math.max(planned - done(policy), 0)] as const),
      ),
    };
  }

  /** Evaluates the named objects of a list. */
  async #named({ namespace }: Slice, resource: ApiResource, names: readonly string[]): Promise<undefined> {
    const { client, shard, signal } = this.#work;
    const wanted = new Set(names);
    const selections = names.length > fewNames ? [{}] : names.map((name) => ({ fieldSelector: `metadata.name=${name}` }));
    for (const selection of selections) {
      for await (const page of listPages<KubeObject>(client, resource, { namespace, limit: shard.pageSize, signal, ...selection })) {
        const items = page.items.filter(({ metadata }) => wanted.has(metadata.name));
        const converted = await this.#converted.read(this.#set.requiredVersions(resource), { items, namespace });
        for (const item of items) this.#evaluator.evaluate(item, resource, converted(item));
      }
    }
    return undefined;
  }

  /** Records the rest of a slice as unreadable. */
  #unreadable(
    slice: Slice,
    { group, resource, kind }: ApiResource,
    { message, before }: { readonly message: string; readonly before: Counted },
  ): void {
    const { targets, policies } = this.#remaining(slice, before);
    this.#failed += targets;
    for (const [policy, left] of Object.entries(policies)) this.#unread[policy] = (ownEntry(this.#unread, policy) ?? 0) + left;
    this.#work.writer.record({
      type: 'unreadable',
      resource: { group, resource, kind },
      targets,
      policies: Object.keys(slice.policies),
      message,
      ...(slice.namespace === undefined ? {} : { namespace: slice.namespace }),
    } satisfies StreamRecord);
  }
}

/** Whether an error prevents the reading of one kind only. */
const isUnreadable = (error: unknown): boolean => isForbidden(error) || isNotFound(error) || error instanceof ListOrderError;
