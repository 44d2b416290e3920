import type { ApiResource } from '../api/api-resource.ts';
import type { SecurityPolicySpec } from '../api/security-policy.ts';
import type { ControlKinds } from '../controls/control.ts';
import type { Framework } from '../controls/framework.ts';
import { controlChecks, type ControlCheck, judgeControl } from './control-check.ts';
import { crossObjectJudges } from './cross-object/judges.ts';
import { type Evaluation, EvaluationBuilder, nothingToJudge } from './evaluation.ts';
import { controllerOf, fieldsOf, groupKindOf, type KubernetesObject, textMapOf, textOf } from './kubernetes-object.ts';
import type { PolicyProblem, ReportProblem } from './policy-problem.ts';
import { type NamespaceFacts, type Place, policyScope, type PolicyScope } from './policy-scope.ts';
import { ResourceIndex } from './resource-index.ts';
import { addControlResult, type ResultOwner } from './result-builder.ts';
import { RuleCheck } from './rule-check.ts';
import { addRuleResult } from './rule-result.ts';
import { type Projection, referenceOf, type Snapshot } from './snapshot.ts';
import { type Subject, subjectOf } from './subject.ts';
import type { ResourceReference } from './verdict.ts';
import { isServiceKind, isWorkloadKind, workloadKinds } from './workload-kind.ts';

export type { ApiResource } from '../api/api-resource.ts';
export type { PolicyProblem } from './policy-problem.ts';
export type { NamespaceFacts } from './policy-scope.ts';
export type { Evaluation } from './evaluation.ts';

/** A policy to compile. */
export interface PolicySource {
  readonly name: string;
  readonly spec: SecurityPolicySpec;
  /** No policy of the user's: its results name none. */
  readonly anonymous?: boolean;
}

/** What compiling depends on besides the policies. */
export interface CompileOptions {
  /** The cluster's version, such as "1.36"; for files the newest that is known. */
  readonly kubernetesVersion: string;
  /** What the cluster serves, preferred versions first; for files the built-in kinds and the CRDs among them. */
  readonly resources: readonly ApiResource[];
  readonly systemNamespaces: readonly string[];
  /** Instead of each policy's `reporting.passing`. */
  readonly passing?: 'Count' | 'List';
}

/** What is known about an object besides itself. */
export interface EvaluationContext {
  /** The namespace that the object is in; without it, one with nothing but its name. */
  readonly namespace?: NamespaceFacts;
  /** Whether an owner is there. Without it every owner of a pod-bearing kind is taken to be. */
  readonly ownerExists?: (object: KubernetesObject) => boolean;
  /** Report at this object instead: a live pod that differs from its owner's template. */
  readonly reportAt?: ResourceReference;
}

/** One object of a snapshot with its cross-object results. */
export interface SnapshotEvaluation extends Evaluation {
  readonly resource: ResourceReference;
}

interface CompiledPolicy {
  readonly owner: ResultOwner;
  readonly scope: PolicyScope;
  readonly controls: readonly ControlCheck[];
  readonly rules: readonly RuleCheck[];
  readonly frameworks: readonly Framework[];
}

/** What one policy has to say about one kind. */
interface KindPlan {
  readonly policy: CompiledPolicy;
  readonly controls: readonly ControlCheck[];
  readonly rules: readonly RuleCheck[];
}

/** The object that findings about the cluster as a whole are about. */
export const wholeCluster: ResourceReference = { apiVersion: 'vigil.dev/v1alpha1', kind: 'Cluster', name: 'cluster' };
const clusterKind = 'Cluster.vigil.dev';

/** Kinds that nobody writes by hand, or that Vigil may not read: no check about every namespaced object looks at them. */
const unlisted: ReadonlySet<string> = new Set([
  'Event',
  'Event.events.k8s.io',
  'Endpoints',
  'EndpointSlice.discovery.k8s.io',
  'Lease.coordination.k8s.io',
  'ControllerRevision.apps',
  'Binding',
  'PodMetrics.metrics.k8s.io',
  'PolicyReport.wgpolicyk8s.io',
  'Report.openreports.io',
  'LocalSubjectAccessReview.authorization.k8s.io',
]);

function kindsInclude(kinds: ControlKinds, groupKind: string, namespaced: boolean): boolean {
  if (kinds === 'workloads') return isWorkloadKind(groupKind);
  if (kinds === 'services') return isServiceKind(groupKind);
  if (kinds === 'namespaced') return namespaced;
  return kinds.some((kind) => kind === groupKind || (kind === 'workloads' && isWorkloadKind(groupKind)));
}

const nameOfKind = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);

/** A namespace of which nothing but the name is known; every real one has this label. */
export function bareNamespace(name: string): NamespaceFacts {
  return { name, labels: { 'kubernetes.io/metadata.name': name } };
}

/** Policies compiled together. Pure: nothing is read, and no verdict depends on the order of objects. */
export class PolicySet {
  /** Why policies were left out; a policy with a problem takes no part at all. */
  readonly problems: readonly PolicyProblem[];
  readonly #policies: readonly CompiledPolicy[];
  readonly #index: ResourceIndex;
  readonly #plans = new Map<string, readonly KindPlan[]>();

  constructor(policies: readonly CompiledPolicy[], index: ResourceIndex, problems: readonly PolicyProblem[]) {
    this.problems = problems;
    this.#policies = policies;
    this.#index = index;
  }

  /** The names of the policies that take part. */
  get policies(): readonly string[] {
    return this.#policies.map(({ owner }) => owner.name);
  }

  /** Every resource that some check judges, each in the preferred version: the targets. */
  get targets(): readonly ApiResource[] {
    return this.#preferred((resource) => !this.#isUnlisted(resource) && this.#planFor(resource).length > 0);
  }

  /** Every resource that cross-object checks read; what they judge is among them. */
  get context(): readonly ApiResource[] {
    const controls = this.#policies
      .flatMap((policy) => policy.controls.map(({ control }) => control))
      .filter(({ crossObject }) => crossObject !== undefined);
    const read = new Set(
      controls.flatMap(({ crossObject, kinds }) => [...(crossObject?.reads ?? []), ...(typeof kinds === 'string' ? workloadKinds : kinds)]),
    );
    if (read.has('workloads')) for (const kind of workloadKinds) read.add(kind);
    if (read.size > 0) read.add('Namespace');
    return this.#preferred((resource) => read.has(nameOfKind(resource)));
  }

  /** Whether any check needs the snapshot. */
  get needsSnapshot(): boolean {
    return this.#policies.some(({ controls }) => controls.some(({ control }) => control.crossObject !== undefined));
  }

  /** The frameworks of a policy, resolved. */
  frameworksOf(policy: string): readonly Framework[] {
    return this.#policies.find(({ owner }) => owner.name === policy)?.frameworks ?? [];
  }

  /** The policies that look at a namespace. */
  policiesFor(namespace: NamespaceFacts): readonly string[] {
    return this.#policies.filter(({ scope }) => scope.includesNamespace(namespace)).map(({ owner }) => owner.name);
  }

  /** Whether a pod-bearing controller stands above the object: then it is judged at its owner, and is no target. */
  isOwned(object: KubernetesObject, ownerExists?: (object: KubernetesObject) => boolean): boolean {
    if (!isWorkloadKind(groupKindOf(object))) return false;
    const owner = controllerOf(object);
    return owner !== undefined && isWorkloadKind(groupKindOf(owner as unknown as KubernetesObject)) && (ownerExists?.(object) ?? true);
  }

  /** The policies that count the object as a target. */
  inScope(object: KubernetesObject, context: EvaluationContext = {}): readonly string[] {
    if (context.reportAt === undefined && this.isOwned(object, context.ownerExists)) return [];
    const resource = this.#index.of(object);
    const labels = textMapOf(fieldsOf(object.metadata)['labels']);
    const namespace = this.#namespaceOf(object, resource, context);
    return this.#planFor(resource)
      .filter((plan) => inScopePlan(plan, { namespace, labels }) !== undefined)
      .map(({ policy }) => policy.owner.name);
  }

  /** Judges one object by every check that needs no other. */
  evaluate(object: KubernetesObject, context: EvaluationContext = {}): Evaluation {
    const resource = this.#index.of(object);
    const plans = this.#planFor(resource);
    if (plans.length === 0 || (context.reportAt === undefined && this.isOwned(object, context.ownerExists))) return nothingToJudge;
    const labels = textMapOf(fieldsOf(object.metadata)['labels']);
    const namespace = this.#namespaceOf(object, resource, context);
    const builder = new EvaluationBuilder();
    let prepared: { subject: Subject; reference: ResourceReference } | undefined;
    for (const plan of plans) {
      const narrowed = inScopePlan(plan, { namespace, labels });
      if (narrowed === undefined) continue;
      prepared ??= { subject: subjectOf(object), reference: context.reportAt ?? referenceOf(object, resource.namespaced) };
      builder.inScope(plan.policy.owner.name);
      evaluatePlan(narrowed, { ...prepared, resource, namespace }, builder);
    }
    return builder.build();
  }

  /** Judges the objects of a snapshot by the checks that need others. `only`: the objects to judge; all, when it is omitted. */
  evaluateSnapshot(snapshot: Snapshot, only?: (reference: ResourceReference) => boolean): readonly SnapshotEvaluation[] {
    const namespaces = new Map(snapshot.all('Namespace').map((projection) => [projection.reference.name, factsOf(projection)]));
    const evaluations: SnapshotEvaluation[] = [];
    for (const kind of snapshot.kinds) {
      for (const projection of snapshot.all(kind)) {
        if (projection.owned || only?.(projection.reference) === false) continue;
        const evaluation = this.#evaluateProjection(projection, snapshot, namespaces);
        if (evaluation !== nothingToJudge) evaluations.push({ ...evaluation, resource: projection.reference });
      }
    }
    if (only?.(wholeCluster) !== false) {
      const evaluation = this.#evaluateCluster(snapshot);
      if (evaluation !== nothingToJudge) evaluations.push({ ...evaluation, resource: wholeCluster });
    }
    return evaluations;
  }

  #evaluateProjection(projection: Projection, snapshot: Snapshot, namespaces: ReadonlyMap<string, NamespaceFacts>): Evaluation {
    const { reference, labels, groupKind } = projection;
    const name = groupKind === 'Namespace' ? reference.name : reference.namespace;
    const namespace = name === undefined ? undefined : (namespaces.get(name) ?? bareNamespace(name));
    const builder = new EvaluationBuilder();
    for (const policy of this.#policies) {
      const controls = crossControls(policy, groupKind, reference.namespace !== undefined);
      if (controls.length === 0 || !policy.scope.includes({ namespace, labels })) continue;
      builder.inScope(policy.owner.name);
      judgeProjection(projection, controls, { policy, snapshot, builder });
    }
    return builder.build();
  }

  #evaluateCluster(snapshot: Snapshot): Evaluation {
    const projection: Projection = { reference: wholeCluster, groupKind: clusterKind, labels: {}, annotations: {}, owned: false, body: {} };
    const builder = new EvaluationBuilder();
    for (const policy of this.#policies) {
      const controls = crossControls(policy, clusterKind, false);
      if (controls.length === 0 || !policy.scope.wholeCluster) continue;
      builder.inScope(policy.owner.name);
      judgeProjection(projection, controls, { policy, snapshot, builder });
    }
    return builder.build();
  }

  #namespaceOf(object: KubernetesObject, resource: ApiResource, context: EvaluationContext): NamespaceFacts | undefined {
    const metadata = fieldsOf(object.metadata);
    if (resource.kind === 'Namespace' && resource.group === '')
      return { name: textOf(metadata['name']) ?? '', labels: namespaceLabels(metadata) };
    if (!resource.namespaced) return undefined;
    return context.namespace ?? bareNamespace(referenceOf(object, true).namespace ?? 'default');
  }

  #planFor(resource: ApiResource): readonly KindPlan[] {
    const key = `${resource.group}/${resource.version}/${resource.kind}/${resource.namespaced}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const groupKind = nameOfKind(resource);
    const plans = this.#policies
      .map((policy): KindPlan => {
        const controls = policy.controls.filter(({ control }) => kindsInclude(control.kinds, groupKind, resource.namespaced));
        return { policy, controls, rules: policy.rules.filter((rule) => rule.couldJudge(resource)) };
      })
      .filter(({ controls, rules }) => controls.length + rules.length > 0);
    this.#plans.set(key, plans);
    return plans;
  }

  #isUnlisted(resource: ApiResource): boolean {
    return unlisted.has(nameOfKind(resource)) && !this.#policies.some(({ rules }) => rules.some((rule) => rule.couldJudge(resource)));
  }

  #preferred(wanted: (resource: ApiResource) => boolean): readonly ApiResource[] {
    const chosen = new Map<string, ApiResource>();
    for (const resource of this.#index.all) {
      const key = nameOfKind(resource);
      if (!chosen.has(key) && wanted(resource)) chosen.set(key, resource);
    }
    return [...chosen.values()];
  }
}

function namespaceLabels(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return { ...bareNamespace(textOf(metadata['name']) ?? '').labels, ...textMapOf(metadata['labels']) };
}

function factsOf({ reference, labels, annotations }: Projection): NamespaceFacts {
  return { name: reference.name, labels: { ...bareNamespace(reference.name).labels, ...labels }, annotations };
}

function crossControls(policy: CompiledPolicy, groupKind: string, namespaced: boolean): readonly ControlCheck[] {
  return policy.controls.filter(({ control }) => control.crossObject !== undefined && kindsInclude(control.kinds, groupKind, namespaced));
}

function judgeProjection(
  projection: Projection,
  controls: readonly ControlCheck[],
  { policy, snapshot, builder }: { policy: CompiledPolicy; snapshot: Snapshot; builder: EvaluationBuilder },
): void {
  for (const check of controls) {
    const judge = crossObjectJudges[check.control.crossObject?.judge ?? ''];
    if (judge === undefined) continue;
    const outcome = judge(projection, { control: check.control.id, parameters: check.parameters, snapshot });
    addControlResult(builder, check, policy.owner, { resource: projection.reference, outcome });
  }
}

/** What of a plan looks at a place: all of it, nothing, or only the controls that are about system namespaces. */
function inScopePlan(plan: KindPlan, place: Place): KindPlan | undefined {
  if (plan.policy.scope.includes(place)) return plan;
  const controls = plan.controls.filter(({ inSystemNamespaces }) => inSystemNamespaces);
  return controls.length > 0 && plan.policy.scope.includes(place, true) ? { policy: plan.policy, controls, rules: [] } : undefined;
}

interface PreparedObject {
  readonly subject: Subject;
  readonly reference: ResourceReference;
  readonly resource: ApiResource;
  readonly namespace: NamespaceFacts | undefined;
}

function evaluatePlan(
  { policy, controls, rules }: KindPlan,
  { subject, reference, resource, namespace }: PreparedObject,
  builder: EvaluationBuilder,
): void {
  for (const check of controls) {
    if (check.control.crossObject !== undefined) continue;
    addControlResult(builder, check, policy.owner, { resource: reference, outcome: judgeControl(check, subject) });
  }
  for (const rule of rules) {
    const outcome = rule.judge(subject, resource, namespace);
    if (outcome !== undefined) addRuleResult(builder, rule, policy.owner, { resource: reference, outcome });
  }
}

function compilePolicy(
  { name, spec, anonymous }: PolicySource,
  options: CompileOptions,
  index: ResourceIndex,
): CompiledPolicy | readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const report: ReportProblem = (problem) => problems.push({ policy: name, ...problem });
  const { checks, frameworks } = controlChecks(spec, options.kubernetesVersion, report);
  const rules = (spec.rules ?? []).map((rule, position) =>
    RuleCheck.compile(rule, `spec.rules[${position}]`, { kubernetesVersion: options.kubernetesVersion, index, report }),
  );
  if (problems.length > 0) return problems;
  const listsPasses = (options.passing ?? spec.reporting?.passing) === 'List';
  return {
    owner: { name, label: anonymous === true ? null : name, listsPasses },
    scope: policyScope(spec.scope, options.systemNamespaces),
    controls: checks,
    rules: rules.filter((rule) => rule !== undefined),
    frameworks,
  };
}

/** Compiles policies for one cluster, or for one set of files. A policy with a problem is left out as a whole, and told. */
export function compilePolicies(policies: readonly PolicySource[], options: CompileOptions): PolicySet {
  const index = new ResourceIndex(options.resources);
  const compiled: CompiledPolicy[] = [];
  const problems: PolicyProblem[] = [];
  for (const policy of policies) {
    const result = compilePolicy(policy, options, index);
    if ('owner' in result) compiled.push(result);
    else problems.push(...result);
  }
  return new PolicySet(compiled, index, problems);
}
