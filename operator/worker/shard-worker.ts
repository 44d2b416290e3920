import type { ApiResource } from '../api/api-resource.ts';
import { apiVersionOf } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { nothingToJudge } from '../engine/evaluation.ts';
import { groupKindOf, type KubernetesObject } from '../engine/kubernetes-object.ts';
import { LivePods, workloadReference } from '../engine/live-pods.ts';
import { compilePolicies, wholeCluster, type Evaluation, type EvaluationContext, type PolicySet } from '../engine/policy-set.ts';
import { isWorkloadKind } from '../engine/workload-kind.ts';
import { isForbidden, isNotFound } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listPages } from '../kube/list.ts';
import type { ScanInput } from '../scan/scan-input.ts';
import { WHOLE_CLUSTER, type Shard, type Slice } from '../scan/shard.ts';
import { TallyBuilder, type PolicyTally } from '../scan/tally.ts';
import type { RecordResult, RecordTarget, StreamRecord } from '../stream/stream-record.ts';
import type { RecordSink } from '../stream/stream-writer.ts';
import { livePodsOf } from './live-pods.ts';
import { crossObjectVerdicts, type CrossObjectVerdicts } from './cross-object.ts';

/** What a worker says of its whole shard, in the stream's trailer. */
export interface ShardSummary {
  readonly shard: number;
  /** Targets that were judged, and that could not be read. */
  readonly scanned: number;
  readonly failed: number;
  readonly policies: Readonly<Record<string, PolicyTally>>;
  /** Targets that could not be read, by policy. */
  readonly unread: Readonly<Record<string, number>>;
  /** The most memory that the worker held, in MiB. */
  readonly peakMebibytes: number;
  /** What did not fit into the stream: to be read by shards that follow. */
  readonly rest: readonly Slice[];
}

/** What a worker works on. */
export interface ShardWork {
  readonly client: KubeClient;
  readonly input: ScanInput;
  readonly shard: Shard;
  readonly index: number;
  readonly writer: RecordSink;
  /** The most bytes of the stream. */
  readonly streamBytes: number;
  readonly signal: AbortSignal;
  /** The input's policies, where they are compiled already. */
  readonly set?: PolicySet;
}

/** So many objects are asked for one by one; for more, the list is read through. */
const fewNames = 20;

/** Pages through one shard, judges each object and writes a record for it. Ends the stream. */
export class ShardWorker {
  readonly #work: ShardWork;
  readonly #set: PolicySet;
  readonly #tallies = new Map<string, TallyBuilder>();
  readonly #unread: Record<string, number> = {};
  #crossObject: CrossObjectVerdicts | undefined;
  #live = new LivePods();
  #scanned = 0;
  #failed = 0;

  constructor(work: ShardWork) {
    const { policies, kubernetesVersion, resources, systemNamespaces } = work.input;
    this.#work = work;
    this.#set = work.set ?? compilePolicies(policies, { kubernetesVersion, resources, systemNamespaces });
  }

  /** Works through the shard. Throws what the API server answers, except that a resource may not or cannot be read: that is a record. */
  async run(): Promise<ShardSummary> {
    const { shard, index, writer, client, input, signal } = this.#work;
    const onPass = this.#countPass;
    this.#crossObject = await crossObjectVerdicts({ client, set: this.#set, shard, resources: input.resources, onPass, signal });
    this.#live = await livePodsOf({ client, shard, resources: input.resources, signal });
    const rest: Slice[] = [];
    for (const [position, slice] of shard.slices.entries()) {
      const left = await this.#slice(slice);
      if (left) {
        rest.push(left, ...shard.slices.slice(position + 1));
        break;
      }
    }
    const policies = Object.fromEntries([...this.#tallies].map(([name, tally]) => [name, tally.build()]));
    const peakMebibytes = Math.round(process.resourceUsage().maxRSS / 1024);
    const counts = { scanned: this.#scanned, failed: this.#failed, policies, unread: this.#unread };
    const summary: ShardSummary = { shard: index, ...counts, peakMebibytes, rest };
    writer.end(summary);
    return summary;
  }

  /** Judges a slice. Returns what is left of it when the stream is full. */
  async #slice(slice: Slice): Promise<Slice | undefined> {
    if (slice.resource === WHOLE_CLUSTER) {
      this.#record(wholeCluster, this.#crossObject?.ofCluster() ?? nothingToJudge);
      return undefined;
    }
    const { resources } = this.#work.input;
    const resource = resources[slice.resource];
    if (!resource) throw new Error(`the shard names resource ${slice.resource}, the scan has ${resources.length}`);
    const before = { scanned: this.#scanned, policies: this.#targetsByPolicy() };
    try {
      return await this.#pages(slice, resource);
    } catch (error) {
      if (!isForbidden(error) && !isNotFound(error)) throw error;
      this.#unreadable(slice, resource, { message: error instanceof Error ? error.message : String(error), before });
      return undefined;
    }
  }

  async #pages(slice: Slice, resource: ApiResource): Promise<Slice | undefined> {
    const { client, shard, signal } = this.#work;
    const { namespace, from, names } = slice;
    if (names !== undefined) return this.#named(slice, resource, names);
    let left = slice;
    for await (const page of listPages<KubeObject>(client, resource, { namespace, from, limit: shard.pageSize, signal })) {
      const { ended, last } = this.#page(page.items, resource, left);
      if (ended === 'full') return { ...left, ...given({ after: last }) };
      if (ended === 'end') return undefined;
      left = { ...left, ...given({ from: page.next, after: last }) };
    }
    return undefined;
  }

  /** Judges only some objects of a list. */
  async #named({ namespace }: Slice, resource: ApiResource, names: readonly string[]): Promise<undefined> {
    const { client, shard, signal } = this.#work;
    const wanted = new Set(names);
    const selections = names.length > fewNames ? [{}] : names.map((name) => ({ fieldSelector: `metadata.name=${name}` }));
    for (const selection of selections) {
      for await (const { items } of listPages<KubeObject>(client, resource, { namespace, limit: shard.pageSize, signal, ...selection }))
        for (const item of items.filter(({ metadata }) => wanted.has(metadata.name))) this.#judge(item, resource);
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

  /** Tells what is left of a slice that cannot be read on. */
  #unreadable(
    slice: Slice,
    { group, resource, kind }: ApiResource,
    { message, before }: { message: string; before: { readonly scanned: number; readonly policies: ReadonlyMap<string, number> } },
  ): void {
    const targets = Math.max(slice.targets - (this.#scanned - before.scanned), 0);
    this.#failed += targets;
    const now = this.#targetsByPolicy();
    for (const [policy, planned] of Object.entries(slice.policies)) {
      const done = (now.get(policy) ?? 0) - (before.policies.get(policy) ?? 0);
      this.#unread[policy] = (this.#unread[policy] ?? 0) + Math.max(planned - done, 0);
    }
    this.#work.writer.record({
      type: 'unreadable',
      resource: { group, resource, kind },
      targets,
      policies: Object.keys(slice.policies),
      message,
      ...(slice.namespace === undefined ? {} : { namespace: slice.namespace }),
    } satisfies StreamRecord);
  }

  /** Lists leave `apiVersion` and `kind` out of their items; checks need them. */
  #judge(item: KubeObject, resource: ApiResource): void {
    const object = { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind };
    const home = resource.kind === 'Namespace' && resource.group === '' ? item.metadata.name : item.metadata.namespace;
    const known = home === undefined ? undefined : this.#work.input.namespaces[home];
    if (home !== undefined && known === undefined) return;
    const facts = home === undefined || known === undefined ? {} : { namespace: { name: home, labels: known.labels } };
    const evaluation = this.#set.evaluate(object, { ...facts, onPass: this.#countPass });
    if (evaluation.policies.length === 0) return;
    this.#record(targetOf(object, resource), joined(this.#withPods(object, evaluation, facts), this.#crossObject?.of(object)));
  }

  /** The evaluation with what the object's live pods add to it. */
  #withPods(object: KubernetesObject, own: Evaluation, facts: EvaluationContext): Evaluation {
    if (!isWorkloadKind(groupKindOf(object))) return own;
    const reportAt = workloadReference(object);
    const { evaluation, overturned } = this.#live.join(object, own, (pod) => this.#set.evaluate(pod, { ...facts, reportAt }));
    for (const { policy, check } of overturned) this.#tallyOf(policy).takeBack(check);
    return evaluation;
  }

  #record(target: RecordTarget, evaluation: Evaluation): void {
    this.#scanned++;
    this.#count(evaluation);
    this.#work.writer.record({
      type: 'target',
      target,
      passes: Object.fromEntries(evaluation.policies.map((policy) => [policy, evaluation.passes.get(policy) ?? 0])),
      results: evaluation.results.map((result): RecordResult => {
        const { policy, check, verdict, severity, category, frameworks, message, path, paths, fix, pod } = result;
        return { policy: policy ?? '', check, verdict, severity, category, frameworks, message, ...given({ path, paths, fix, pod }) };
      }),
    } satisfies StreamRecord);
  }

  #count({ policies, results }: Evaluation): void {
    for (const policy of policies) this.#tallyOf(policy).target();
    for (const { policy, check, verdict, severity } of results)
      if (verdict !== 'pass') this.#tallyOf(policy ?? '').verdict(check, verdict, severity);
  }

  readonly #countPass = (policy: string, check: string): void => this.#tallyOf(policy).verdict(check, 'pass', 'info');

  #tallyOf(policy: string): TallyBuilder {
    const known = this.#tallies.get(policy);
    if (known) return known;
    const tally = new TallyBuilder();
    this.#tallies.set(policy, tally);
    return tally;
  }

  #targetsByPolicy(): ReadonlyMap<string, number> {
    return new Map([...this.#tallies].map(([policy, tally]) => [policy, tally.targets]));
  }
}

/** What one object came to by itself and among others, as one. */
function joined(own: Evaluation, among: Evaluation | undefined): Evaluation {
  if (among === undefined || among === nothingToJudge) return own;
  const passes = new Map(own.passes);
  for (const [policy, count] of among.passes) passes.set(policy, (passes.get(policy) ?? 0) + count);
  return { results: [...own.results, ...among.results], passes, policies: own.policies };
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
