import { ownEntry } from '../api/own-entry.ts';
import { type ApiResource, apiVersionOf } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { emptyEvaluation } from '../engine/outcomes/evaluation.ts';
import { groupKindOf, type KubernetesObject } from '../engine/objects/kubernetes-object.ts';
import { LivePods, workloadReference } from '../engine/pods/live-pods.ts';
import { wholeCluster, type Evaluation, type EvaluationContext, type PolicySet } from '../engine/policy-set.ts';
import type { ConvertedObject } from '../engine/rules/rule-check.ts';
import { isWorkloadKind } from '../engine/objects/workload-kind.ts';
import { CLUSTER_SCOPE } from '../findings/namespace-marks.ts';
import type { ScanInput } from './scan-input.ts';
import type { TallyBuilder } from '../findings/tally.ts';
import type { NamespaceTallies } from './namespace-tallies.ts';
import type { RecordTarget, StreamRecord } from '../stream/stream-record.ts';
import type { RecordSink } from '../stream/stream-writer.ts';
import type { CrossObjectVerdicts } from './cross-object-verdicts.ts';
import { mergeEvaluations, targetOf, targetRecord } from './target-record.ts';

/** What an {@link ObjectEvaluator} evaluates with. */
export interface ObjectEvaluatorParts {
  readonly set: PolicySet;
  readonly input: Pick<ScanInput, 'namespaces'>;
  readonly writer: Pick<RecordSink, 'record'>;
  /** Counts the verdicts. */
  readonly tallies: NamespaceTallies;
}

/** The objects that are read before the targets of a shard. */
export interface ObjectsBeside {
  readonly crossObject: CrossObjectVerdicts | undefined;
  readonly live: LivePods;
}

/** Evaluates single objects, writes a record for each and counts the verdicts. */
export class ObjectEvaluator {
  readonly #set: PolicySet;
  readonly #input: ObjectEvaluatorParts['input'];
  readonly #writer: ObjectEvaluatorParts['writer'];
  readonly #tallies: NamespaceTallies;
  #crossObject: CrossObjectVerdicts | undefined;
  #live = new LivePods();
  /** The names of the evaluated objects of the current slice. */
  readonly #evaluated = new Set<string>();
  /** The policies with a check that needed a kind that could not be read. */
  readonly #incompletePolicies = new Set<string>();
  #scanned = 0;

  constructor({ set, input, writer, tallies }: ObjectEvaluatorParts) {
    this.#set = set;
    this.#input = input;
    this.#writer = writer;
    this.#tallies = tallies;
  }

  /** The number of evaluated targets. */
  get scanned(): number {
    return this.#scanned;
  }

  /** Sets the objects that the checks of further objects read. */
  setBeside({ crossObject, live }: ObjectsBeside): void {
    this.#crossObject = crossObject;
    this.#live = live;
  }

  /** Begins a slice of a namespace; undefined: of cluster-scoped objects. */
  beginSlice(namespace: string | undefined): void {
    this.#tallies.begin(namespace ?? CLUSTER_SCOPE);
    this.#evaluated.clear();
  }

  /** Whether the object of this name was evaluated in the current slice. */
  hasEvaluated(name: string): boolean {
    return this.#evaluated.has(name);
  }

  /** Evaluates the checks of the cluster as a whole. */
  evaluateCluster(): void {
    this.#record(wholeCluster, this.#noteUnread(this.#crossObject?.ofCluster()) ?? emptyEvaluation);
  }

  /** Records the kinds that could not be read, if a check needed them. Their targets are evaluated, but not with all checks. */
  recordUnread(): void {
    for (const { resource, message } of this.#incompletePolicies.size > 0 ? (this.#crossObject?.unread ?? []) : []) {
      const { group, resource: name, kind } = resource;
      const beside = { resource: { group, resource: name, kind }, targets: 0, policies: [...this.#incompletePolicies], message };
      this.#writer.record({ type: 'unreadable', ...beside } satisfies StreamRecord);
    }
  }

  /** Whether an object is a target of the scan. */
  isTarget(item: KubeObject, resource: ApiResource): boolean {
    const context = this.#contextOf(item, resource);
    const object = { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind };
    return context !== undefined && this.#set.inScope(object, context).length > 0;
  }

  /** Evaluates one object. Sets its `apiVersion` and `kind`, because items of lists lack them and checks need them. */
  evaluate(item: KubeObject, resource: ApiResource, converted: ConvertedObject): void {
    const object = { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind };
    const context = this.#contextOf(item, resource);
    if (context === undefined) return;
    const evaluation = this.#set.evaluate(object, { ...context, converted, onPass: this.countPass, onUnmatched: this.#countUnmatched });
    if (evaluation.policies.length === 0) return;
    this.#evaluated.add(item.metadata.name);
    const own = mergeEvaluations(evaluation, this.#noteUnread(this.#crossObject?.of(object)));
    this.#record(targetOf(object, resource), this.#withPods(object, own, context));
  }

  /** Collects the policies with an error because a kind could not be read. */
  #noteUnread(among: Evaluation | undefined): Evaluation | undefined {
    if (this.#crossObject?.unread.length)
      for (const { policy, verdict } of among?.results ?? [])
        if (verdict === 'error' && policy !== null) this.#incompletePolicies.add(policy);
    return among;
  }

  /** Returns the namespace of an object in the scan's input. Undefined if the namespace is not part of the scan. */
  #contextOf({ metadata }: KubeObject, { kind, group }: ApiResource): EvaluationContext | undefined {
    const home = kind === 'Namespace' && group === '' ? metadata.name : metadata.namespace;
    if (home === undefined) return {};
    const known = ownEntry(this.#input.namespaces, home);
    return known && { namespace: { name: home, labels: known.labels } };
  }

  /** Adds the failures of its live pods to an object's evaluation. */
  #withPods(object: KubernetesObject, own: Evaluation, context: EvaluationContext): Evaluation {
    if (!isWorkloadKind(groupKindOf(object))) return own;
    const reportAt = workloadReference(object);
    const { evaluation, overturned } = this.#live.join(object, own, (pod) =>
      mergeEvaluations(this.#set.evaluate(pod, { ...context, reportAt }), this.#crossObject?.ofPod(pod, object)),
    );
    for (const { policy, check } of overturned) this.#tallyOf(policy).removePass(check);
    return evaluation;
  }

  #record(target: RecordTarget, evaluation: Evaluation): void {
    this.#scanned++;
    this.#tallies.addTarget();
    this.#count(evaluation);
    this.#writer.record(targetRecord(target, evaluation));
  }

  #count({ policies, results }: Evaluation): void {
    for (const policy of policies) this.#tallyOf(policy).addTarget();
    for (const { policy, check, verdict, severity } of results)
      if (verdict !== 'pass') this.#tallyOf(policy ?? '').addVerdict(check, verdict, severity);
  }

  readonly countPass = (policy: string, check: string): void => this.#tallyOf(policy).addVerdict(check, 'pass', 'info');

  readonly #countUnmatched = (policy: string, check: string): void => this.#tallyOf(policy).addUnmatched(check);

  #tallyOf(policy: string): TallyBuilder {
    return this.#tallies.of(policy);
  }
}
