import type { ApiResource } from '../api/api-resource.ts';
import { apiVersionOf } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { emptyEvaluation } from '../engine/outcomes/evaluation.ts';
import { catalogueVersion } from '../engine/evaluation-revision.ts';
import { groupKindOf, type KubernetesObject } from '../engine/objects/kubernetes-object.ts';
import { LivePods, workloadReference } from '../engine/pods/live-pods.ts';
import { compilePolicies, wholeCluster, type Evaluation, type EvaluationContext, type PolicySet } from '../engine/policy-set.ts';
import type { ConvertedObject } from '../engine/rules/rule-check.ts';
import { isWorkloadKind } from '../engine/objects/workload-kind.ts';
import { isForbidden, isNotFound } from '../kube/kube-api-error.ts';
import { CLUSTER_SCOPE, ListedObjects } from '../findings/namespace-marks.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listPages } from '../kube/list.ts';
import type { ScanInput } from './scan-input.ts';
import { resourceOf, type Shard, type Slice } from './shard.ts';
import { unreadableReason } from './unreadable-reason.ts';
import type { PolicyTally, TallyBuilder } from '../findings/tally.ts';
import { digestsOf, namespaceReads } from '../engine/namespace-reads.ts';
import { NamespaceTallies } from './namespace-tallies.ts';
import type { RecordTarget, StreamRecord } from '../stream/stream-record.ts';
import type { RecordSink } from '../stream/stream-writer.ts';
import { readLivePods, type LivePodReadResult } from './live-pod-reader.ts';
import { ConvertedObjects } from './converted-objects.ts';
import { crossObjectVerdicts, type CrossObjectVerdicts } from './cross-object-verdicts.ts';
import { ListOrderError, slicePages } from './slice-pages.ts';
import { definedEntries, mergeEvaluations, targetOf, targetRecord } from './target-record.ts';

/** What a worker says of its whole shard, in the stream's trailer. */
export interface ShardSummary {
  readonly shard: number;
  /** What it judged by: see `catalogueVersion`. */
  readonly catalogue: string;
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

/** What was counted before a slice was begun. */
interface Counted {
  readonly scanned: number;
  readonly policies: ReadonlyMap<string, number>;
}

/** Names that a message gives as examples. */
const fewExamples = 3;

/** So many objects are asked for one by one; for more, the list is read through. */
const fewNames = 20;

/** Pages through one shard, judges each object and writes a record for it. Ends the stream. */
export class ShardWorker {
  readonly #work: ShardWork;
  readonly #set: PolicySet;
  readonly #converted: ConvertedObjects;
  readonly #tallies = new NamespaceTallies();
  readonly #unread: Record<string, number> = {};
  /** The names that were judged of the slice at hand. */
  readonly #evaluated = new Set<string>();
  #crossObject: CrossObjectVerdicts | undefined;
  #live: LivePodReadResult = { live: new LivePods(), read: new ListedObjects() };
  /** Policies of which a check needed what could not be read. */
  readonly #incompletePolicies = new Set<string>();
  #scanned = 0;
  #failed = 0;

  constructor(work: ShardWork) {
    const { policies, kubernetesVersion, resources, systemNamespaces } = work.input;
    this.#work = work;
    this.#converted = new ConvertedObjects(work.client, work.signal);
    this.#set = work.set ?? compilePolicies(policies, { kubernetesVersion, resources, systemNamespaces, converts: true });
  }

  /** Works through the shard. Throws what the API server answers, except that a resource may not or cannot be read: that is a record. */
  async run(): Promise<ShardSummary> {
    const { shard, index, writer, client, input, signal } = this.#work;
    const onPass = this.#countPass;
    this.#crossObject = await crossObjectVerdicts({ client, set: this.#set, shard, resources: input.resources, onPass, signal });
    this.#live = await readLivePods({ client, shard, resources: input.resources, signal });
    const rest: Slice[] = [];
    for (const [position, slice] of shard.slices.entries()) {
      const left = await this.#slice(slice);
      if (left) {
        rest.push(left, ...shard.slices.slice(position + 1));
        break;
      }
    }
    this.#recordUnread();
    this.#recordNamespaces();
    const policies = this.#tallies.total;
    const peakMebibytes = Math.round(process.resourceUsage().maxRSS / 1024);
    const counts = { scanned: this.#scanned, failed: this.#failed, policies, unread: this.#unread };
    const summary: ShardSummary = { shard: index, catalogue: catalogueVersion, ...counts, peakMebibytes, rest };
    writer.end(summary);
    return summary;
  }

  /** Says which kinds could not be read beside the targets, where a check needed them: its targets are judged, but not by all that is asked. */
  #recordUnread(): void {
    for (const { resource, message } of this.#incompletePolicies.size > 0 ? (this.#crossObject?.unread ?? []) : []) {
      const { group, resource: name, kind } = resource;
      const beside = { resource: { group, resource: name, kind }, targets: 0, policies: [...this.#incompletePolicies], message };
      this.#work.writer.record({ type: 'unreadable', ...beside } satisfies StreamRecord);
    }
  }

  /** Says what each namespace came to, and what its verdicts depend on beside its targets. */
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

  /** Judges a slice. Returns what is left of it when the stream is full. */
  async #slice(slice: Slice): Promise<Slice | undefined> {
    const resource = resourceOf(slice, this.#work.input.resources);
    this.#tallies.begin(slice.namespace ?? CLUSTER_SCOPE);
    if (resource === undefined) {
      this.#record(wholeCluster, this.#noteUnread(this.#crossObject?.ofCluster()) ?? emptyEvaluation);
      return undefined;
    }
    const before: Counted = { scanned: this.#scanned, policies: this.#tallies.targetsByPolicy };
    this.#evaluated.clear();
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
        this.#evaluate(object, resource, converted(object));
        done = object.metadata.name;
      }
      // The next page has a token of its own.
      done = undefined;
    }
    return undefined;
  }

  /**
   * Fewer were judged than were planned: what is still there is judged now, as it may be missed where a list changes while it is read.
   * What then remains is told as not scanned. An object that is deleted meanwhile is in no list, and is no target any more.
   */
  async #evaluateMissed(slice: Slice, resource: ApiResource, before: Counted): Promise<undefined> {
    if (this.#scanned - before.scanned >= slice.targets) return undefined;
    const missed = await this.#notEvaluated(slice, resource);
    if (missed.length === 0) return undefined;
    await this.#named(slice, resource, missed);
    const lost = missed.every((name) => this.#evaluated.has(name)) ? [] : await this.#notEvaluated(slice, resource);
    if (lost.length === 0) return undefined;
    const names = lost.slice(0, fewExamples).join(', ');
    const message = `${lost.length} objects are in the list and cannot be read by name, among them ${names}`;
    this.#unreadable({ ...slice, targets: this.#scanned - before.scanned + lost.length }, resource, { message, before });
    return undefined;
  }

  /** The names of the targets of a slice that are there and were not judged. */
  async #notEvaluated(slice: Slice, resource: ApiResource): Promise<readonly string[]> {
    const { client, signal } = this.#work;
    const missed: string[] = [];
    for await (const { items } of slicePages(client, resource, slice, { metadataOnly: true, signal })) {
      const others = items.filter(({ metadata }) => !this.#evaluated.has(metadata.name));
      missed.push(...others.filter((object) => this.#isTarget(object, resource)).map(({ metadata }) => metadata.name));
    }
    return missed;
  }

  #isTarget(item: KubeObject, resource: ApiResource): boolean {
    const context = this.#contextOf(item, resource);
    const object = { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind };
    return context !== undefined && this.#set.inScope(object, context).length > 0;
  }

  /** How many targets of a slice are left. */
  #remaining({ targets, policies }: Slice, before: Counted): Pick<Slice, 'targets' | 'policies'> {
    const now = this.#tallies.targetsByPolicy;
    const done = (policy: string): number => (now.get(policy) ?? 0) - (before.policies.get(policy) ?? 0);
    return {
      targets: Math.max(targets - (this.#scanned - before.scanned), 0),
      policies: Object.fromEntries(
        Object.entries(policies).map(([policy, planned]) => [policy, Math.max(planned - done(policy), 0)] as const),
      ),
    };
  }

  /** Judges only some objects of a list. */
  async #named({ namespace }: Slice, resource: ApiResource, names: readonly string[]): Promise<undefined> {
    const { client, shard, signal } = this.#work;
    const wanted = new Set(names);
    const selections = names.length > fewNames ? [{}] : names.map((name) => ({ fieldSelector: `metadata.name=${name}` }));
    for (const selection of selections) {
      for await (const page of listPages<KubeObject>(client, resource, { namespace, limit: shard.pageSize, signal, ...selection })) {
        const items = page.items.filter(({ metadata }) => wanted.has(metadata.name));
        const converted = await this.#converted.read(this.#set.requiredVersions(resource), { items, namespace });
        for (const item of items) this.#evaluate(item, resource, converted(item));
      }
    }
    return undefined;
  }

  /** Tells what is left of a slice that cannot be read on. */
  #unreadable(
    slice: Slice,
    { group, resource, kind }: ApiResource,
    { message, before }: { readonly message: string; readonly before: Counted },
  ): void {
    const { targets, policies } = this.#remaining(slice, before);
    this.#failed += targets;
    for (const [policy, left] of Object.entries(policies)) this.#unread[policy] = (this.#unread[policy] ?? 0) + left;
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
  #evaluate(item: KubeObject, resource: ApiResource, converted: ConvertedObject): void {
    const object = { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind };
    const context = this.#contextOf(item, resource);
    if (context === undefined) return;
    const evaluation = this.#set.evaluate(object, { ...context, converted, onPass: this.#countPass });
    if (evaluation.policies.length === 0) return;
    this.#evaluated.add(item.metadata.name);
    this.#record(
      targetOf(object, resource),
      mergeEvaluations(this.#withPods(object, evaluation, context), this.#noteUnread(this.#crossObject?.of(object))),
    );
  }

  /** Notes the policies that are hindered by what could not be read. */
  #noteUnread(among: Evaluation | undefined): Evaluation | undefined {
    if (this.#crossObject?.unread.length)
      for (const { policy, verdict } of among?.results ?? [])
        if (verdict === 'error' && policy !== null) this.#incompletePolicies.add(policy);
    return among;
  }

  /** The namespace of an object as the scan knows it; undefined if the object is in one that the scan leaves alone. */
  #contextOf({ metadata }: KubeObject, { kind, group }: ApiResource): EvaluationContext | undefined {
    const home = kind === 'Namespace' && group === '' ? metadata.name : metadata.namespace;
    if (home === undefined) return {};
    const known = this.#work.input.namespaces[home];
    return known && { namespace: { name: home, labels: known.labels } };
  }

  /** The evaluation with what the object's live pods add to it. */
  #withPods(object: KubernetesObject, own: Evaluation, context: EvaluationContext): Evaluation {
    if (!isWorkloadKind(groupKindOf(object))) return own;
    const reportAt = workloadReference(object);
    const { evaluation, overturned } = this.#live.live.join(object, own, (pod) => this.#set.evaluate(pod, { ...context, reportAt }));
    for (const { policy, check } of overturned) this.#tallyOf(policy).removePass(check);
    return evaluation;
  }

  #record(target: RecordTarget, evaluation: Evaluation): void {
    this.#scanned++;
    this.#tallies.addTarget();
    this.#count(evaluation);
    this.#work.writer.record(targetRecord(target, evaluation));
  }

  #count({ policies, results }: Evaluation): void {
    for (const policy of policies) this.#tallyOf(policy).addTarget();
    for (const { policy, check, verdict, severity } of results)
      if (verdict !== 'pass') this.#tallyOf(policy ?? '').addVerdict(check, verdict, severity);
  }

  readonly #countPass = (policy: string, check: string): void => this.#tallyOf(policy).addVerdict(check, 'pass', 'info');

  #tallyOf(policy: string): TallyBuilder {
    return this.#tallies.of(policy);
  }
}

/** What keeps one kind from being read, and nothing else. */
const isUnreadable = (error: unknown): boolean => isForbidden(error) || isNotFound(error) || error instanceof ListOrderError;
