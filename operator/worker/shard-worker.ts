import type { ApiResource } from '../api/api-resource.ts';
import { apiVersionOf } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { compilePolicies, bareNamespace, type Evaluation, type PolicySet } from '../engine/policy-set.ts';
import { isForbidden, isNotFound } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listPages } from '../kube/list.ts';
import type { ScanInput } from '../scan/scan-input.ts';
import type { Shard, Slice } from '../scan/shard.ts';
import { TallyBuilder, type PolicyTally } from '../scan/tally.ts';
import type { RecordResult, RecordTarget, StreamRecord } from '../stream/stream-record.ts';
import type { StreamWriter } from '../stream/stream-writer.ts';

/** What a worker says of its whole shard, in the stream's trailer. */
export interface ShardSummary {
  readonly shard: number;
  /** Targets that were judged, and that could not be read. */
  readonly scanned: number;
  readonly failed: number;
  readonly policies: Readonly<Record<string, PolicyTally>>;
  /** What did not fit into the stream: to be read by shards that follow. */
  readonly rest: readonly Slice[];
}

/** What a worker works on. */
export interface ShardWork {
  readonly client: KubeClient;
  readonly input: ScanInput;
  readonly shard: Shard;
  readonly index: number;
  readonly writer: StreamWriter;
  /** The most bytes of the stream. */
  readonly streamBytes: number;
  readonly signal: AbortSignal;
}

/** Pages through one shard, judges each object and writes a record for it. Ends the stream. */
export class ShardWorker {
  readonly #work: ShardWork;
  readonly #set: PolicySet;
  readonly #tallies = new Map<string, TallyBuilder>();
  #scanned = 0;
  #failed = 0;

  constructor(work: ShardWork) {
    const { policies, kubernetesVersion, resources, systemNamespaces } = work.input;
    this.#work = work;
    this.#set = compilePolicies(policies, { kubernetesVersion, resources, systemNamespaces });
  }

  /** Works through the shard. Throws what the API server answers, except that a resource may not or cannot be read: that is a record. */
  async run(): Promise<ShardSummary> {
    const { shard, index, writer } = this.#work;
    const rest: Slice[] = [];
    for (const [position, slice] of shard.slices.entries()) {
      const left = await this.#slice(slice);
      if (left) {
        rest.push(left, ...shard.slices.slice(position + 1));
        break;
      }
    }
    const policies = Object.fromEntries([...this.#tallies].map(([name, tally]) => [name, tally.build()]));
    const summary: ShardSummary = { shard: index, scanned: this.#scanned, failed: this.#failed, policies, rest };
    writer.end(summary);
    return summary;
  }

  /** Judges a slice. Returns what is left of it when the stream is full. */
  async #slice(slice: Slice): Promise<Slice | undefined> {
    const { client, input, shard, signal } = this.#work;
    const resource = input.resources[slice.resource];
    if (!resource) throw new Error(`the shard names resource ${slice.resource}, the scan has ${input.resources.length}`);
    const before = this.#scanned;
    let left = slice;
    try {
      for await (const page of listPages<KubeObject>(client, resource, {
        namespace: slice.namespace,
        from: slice.from,
        limit: shard.pageSize,
        signal,
      })) {
        const { ended, last } = this.#page(page.items, resource, left);
        if (ended === 'full') return { ...left, ...given({ after: last }) };
        if (ended === 'end') return undefined;
        left = { ...left, ...given({ from: page.next, after: last }) };
      }
    } catch (error) {
      if (!isForbidden(error) && !isNotFound(error)) throw error;
      const targets = Math.max(slice.targets - (this.#scanned - before), 0);
      this.#unreadable(slice, resource, { message: error instanceof Error ? error.message : String(error), targets });
    }
    return undefined;
  }

  /** Judges a page up to the slice's end, or until the stream is full. `last`: the last name that is done. */
  #page(
    items: readonly KubeObject[],
    resource: ApiResource,
    { after, to }: Slice,
  ): { ended: 'end' | 'full' | 'more'; last: string | undefined } {
    let last = after;
    for (const object of items) {
      const { name } = object.metadata;
      if (to !== undefined && name > to) return { ended: 'end', last };
      if (last !== undefined && name <= last) continue;
      if (this.#work.writer.bytes > this.#work.streamBytes) return { ended: 'full', last };
      this.#judge(object, resource);
      last = name;
    }
    return { ended: 'more', last };
  }

  #unreadable(slice: Slice, { group, resource, kind }: ApiResource, { message, targets }: { message: string; targets: number }): void {
    this.#failed += targets;
    const record: StreamRecord = {
      type: 'unreadable',
      resource: { group, resource, kind },
      targets,
      message,
      ...(slice.namespace === undefined ? {} : { namespace: slice.namespace }),
    };
    this.#work.writer.record(record);
  }

  /** Lists leave `apiVersion` and `kind` out of their items; checks need them. */
  #judge(item: KubeObject, resource: ApiResource): void {
    const object = { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind };
    const { namespace } = item.metadata;
    const facts =
      namespace === undefined
        ? undefined
        : { name: namespace, labels: this.#work.input.namespaces[namespace]?.labels ?? bareNamespace(namespace).labels };
    const evaluation = this.#set.evaluate(object, facts === undefined ? {} : { namespace: facts });
    if (evaluation.policies.length === 0) return;
    this.#scanned++;
    this.#count(evaluation);
    const record: StreamRecord = {
      type: 'target',
      target: targetOf(object, resource),
      passes: Object.fromEntries(evaluation.policies.map((policy) => [policy, evaluation.passes.get(policy) ?? 0])),
      results: evaluation.results.map((result): RecordResult => {
        const { policy, check, verdict, severity, category, frameworks, message, path, paths, fix } = result;
        return { policy: policy ?? '', check, verdict, severity, category, frameworks, message, ...given({ path, paths, fix }) };
      }),
    };
    this.#work.writer.record(record);
  }

  #count({ policies, passes, results }: Evaluation): void {
    for (const policy of policies) {
      const tally = this.#tallies.get(policy) ?? new TallyBuilder();
      this.#tallies.set(policy, tally);
      tally.target();
      tally.passes(passes.get(policy) ?? 0);
    }
    for (const { policy, check, verdict, severity } of results)
      if (verdict !== 'pass') this.#tallies.get(policy ?? '')?.verdict(check, verdict, severity);
  }
}

function targetOf({ metadata }: KubeObject, resource: ApiResource): RecordTarget {
  const { name, namespace, uid, resourceVersion, labels } = metadata;
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, name, ...given({ namespace, uid, resourceVersion, labels }) };
}

/** The entries that have a value. */
function given<T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
