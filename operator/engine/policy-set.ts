import type { ApiResource } from '../api/api-resource.ts';
import type { SecurityPolicySpec } from '../api/security-policy.ts';
import type { CatalogueEntry, ControlKinds } from '../controls/control.ts';
import type { Framework } from '../controls/framework.ts';
import { controlChecks, type ControlCheck, judgeControl } from './control-check.ts';
import { builtinResources } from './builtin-resources.ts';
import { judgeProjected } from './cross-object/judges.ts';
import { KindWalk } from './kind-walk.ts';
import { type Evaluation, EvaluationBuilder, nothingToJudge, type PassObserver } from './evaluation.ts';
import { controllerOf, fieldsOf, groupKindOf, type KubernetesObject, textMapOf, textOf } from './kubernetes-object.ts';
import type { PolicyProblem, ReportProblem } from './policy-problem.ts';
import { type NamespaceFacts, type Place, policyScope, type PolicyScope } from './policy-scope.ts';
import { ResourceIndex } from './resource-index.ts';
import { addControlResult, type ResultOwner } from './result-builder.ts';
import { RuleCheck } from './rule-check.ts';
import { addRuleResult } from './rule-result.ts';
import { type Projection, projectionOf, referenceOf, type Snapshot } from './snapshot.ts';
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
  /** Told of each pass. */
  readonly onPass?: PassObserver;
}

/** How a snapshot is judged. */
export interface SnapshotOptions {
  /** The objects to judge; all, when it is omitted. */
  readonly only?: (reference: ResourceReference) => boolean;
  /** Kinds that could not be read, `Kind` or `Kind.group`, and why: checks that need them are errors, never a guess. */
  readonly unreadable?: ReadonlyMap<string, string>;
  /** Told of each pass. */
  readonly onPass?: PassObserver;
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

/** What all policies have to say about one kind, and how its objects are walked for it. */
interface KindJudgement {
  readonly plans: readonly KindPlan[];
  readonly walk: KindWalk;
}

/** The object that findings about the cluster as a whole are about. */
export const wholeCluster: ResourceReference = { apiVersion: 'vigil.dev/v1alpha1', kind: 'Cluster', name: 'cluster' };
const clusterKind = 'Cluster.vigil.dev';

const nameOfKind = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);

/** Kinds that nobody writes by hand, or that Vigil may not read: no check about every namespaced object looks at them. */
const unlisted: ReadonlySet<string> = new Set([
  'Secret',
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

/** Custom resources may be listed only where somebody grants it: see `vigil.dev/aggregate-to-scan`. */
const builtinKinds: ReadonlySet<string> = new Set(builtinResources.map(nameOfKind));

/** What a cross-object control reads; nothing for the others. */
function kindsReadBy({ crossObject, kinds }: CatalogueEntry): readonly string[] {
  if (crossObject === undefined) return [];
  const read = ['Namespace', ...crossObject.reads, ...(typeof kinds === 'string' ? ['workloads'] : kinds)];
  return read.includes('workloads') ? [...read, ...workloadKinds] : read;
}

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
  readonly #judgements = new Map<string, KindJudgement>();

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

  /** The policies that some check of theirs makes judge objects of a resource. */
  judging(resource: ApiResource): readonly string[] {
    return this.#planFor(resource).map(({ policy }) => policy.owner.name);
  }

  /** Every resource that cross-object checks read; what they judge is among them. */
  get context(): readonly ApiResource[] {
    return this.#contextOf(() => true);
  }

  /** What of {@link context} the cross-object checks of these kinds read, the kinds themselves included; undefined stands for the cluster as a whole. */
  contextFor(kinds: readonly (ApiResource | undefined)[]): readonly ApiResource[] {
    const asked = kinds.map((resource) => ({
      name: resource ? nameOfKind(resource) : clusterKind,
      namespaced: resource?.namespaced === true,
    }));
    return this.#contextOf((control) => asked.some(({ name, namespaced }) => kindsInclude(control.kinds, name, namespaced)));
  }

  /** The resources that a change of an object of this one may tell another verdict about; undefined stands for the cluster as a whole. */
  dependentsOf(resource: ApiResource): readonly (ApiResource | undefined)[] {
    const name = nameOfKind(resource);
    const reads = ({ crossObject }: CatalogueEntry): boolean =>
      crossObject !== undefined && crossObject.reads.some((kind) => kind === name || (kind === 'workloads' && isWorkloadKind(name)));
    const reading = this.#policies.flatMap((policy) => policy.controls.map(({ control }) => control)).filter(reads);
    const judged = this.targets.filter((target) => reading.some(({ kinds }) => kindsInclude(kinds, nameOfKind(target), target.namespaced)));
    return reading.some(({ kinds }) => kindsInclude(kinds, clusterKind, false)) ? [...judged, undefined] : judged;
  }

  #contextOf(takes: (control: CatalogueEntry) => boolean): readonly ApiResource[] {
    const controls = this.#policies.flatMap((policy) => policy.controls.map(({ control }) => control)).filter(takes);
    const read = new Set(controls.flatMap(kindsReadBy));
    return this.#preferred((resource) => read.has(nameOfKind(resource)));
  }

  /** The policies that have something to say about the cluster as a whole. */
  get wholeClusterPolicies(): readonly string[] {
    return this.#policies
      .filter((policy) => policy.scope.wholeCluster && crossControls(policy, clusterKind, false).length > 0)
      .map(({ owner }) => owner.name);
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
    const { plans, walk } = this.#judgementOf(resource);
    if (plans.length === 0 || (context.reportAt === undefined && this.isOwned(object, context.ownerExists))) return nothingToJudge;
    const labels = textMapOf(fieldsOf(object.metadata)['labels']);
    const namespace = this.#namespaceOf(object, resource, context);
    const builder = new EvaluationBuilder(context.onPass);
    let prepared: { subject: Subject; reference: ResourceReference } | undefined;
    for (const plan of plans) {
      const narrowed = inScopePlan(plan, { namespace, labels });
      if (narrowed === undefined) continue;
      if (prepared === undefined) {
        prepared = { subject: subjectOf(object), reference: context.reportAt ?? referenceOf(object, resource.namespaced) };
        walk.through(prepared.subject);
      }
      builder.inScope(plan.policy.owner.name);
      evaluatePlan(narrowed, { ...prepared, resource, namespace }, builder);
    }
    return builder.build();
  }

  /** Judges the objects of a snapshot by the checks that need others. */
  evaluateSnapshot(snapshot: Snapshot, options: SnapshotOptions = {}): readonly SnapshotEvaluation[] {
    const wanted = options.only ?? (() => true);
    const question = questionOf(snapshot, options);
    const evaluations: SnapshotEvaluation[] = [];
    for (const kind of snapshot.kinds) {
      for (const projection of snapshot.all(kind)) {
        if (projection.owned || !wanted(projection.reference)) continue;
        const evaluation = this.#evaluateProjection(projection, question);
        evaluations.push({ ...evaluation, resource: projection.reference });
      }
    }
    if (wanted(wholeCluster)) evaluations.push({ ...this.#evaluateCluster(question), resource: wholeCluster });
    return evaluations.filter(({ policies }) => policies.length > 0);
  }

  /** Judges single objects by the checks that need others: those of the snapshot, which need not hold the object itself. */
  among(snapshot: Snapshot, options: Omit<SnapshotOptions, 'only'> = {}): (object: KubernetesObject) => Evaluation {
    const question = questionOf(snapshot, options);
    return (object) => {
      const projection = projectionOf(object);
      return projection === undefined ? nothingToJudge : this.#evaluateProjection(projection, question);
    };
  }

  #evaluateProjection(projection: Projection, question: SnapshotQuestion): Evaluation {
    const { reference, labels, groupKind } = projection;
    const name = groupKind === 'Namespace' ? reference.name : reference.namespace;
    const namespace = name === undefined ? undefined : (question.namespaces.get(name) ?? bareNamespace(name));
    const builder = new EvaluationBuilder(question.onPass);
    for (const policy of this.#policies) {
      const controls = crossControls(policy, groupKind, reference.namespace !== undefined);
      if (controls.length === 0 || !policy.scope.includes({ namespace, labels })) continue;
      builder.inScope(policy.owner.name);
      judgeProjection(projection, controls, { policy, question, builder });
    }
    return builder.build();
  }

  #evaluateCluster(question: SnapshotQuestion): Evaluation {
    const projection: Projection = { reference: wholeCluster, groupKind: clusterKind, labels: {}, annotations: {}, owned: false, body: {} };
    const builder = new EvaluationBuilder(question.onPass);
    for (const policy of this.#policies) {
      const controls = crossControls(policy, clusterKind, false);
      if (controls.length === 0 || !policy.scope.wholeCluster) continue;
      builder.inScope(policy.owner.name);
      judgeProjection(projection, controls, { policy, question, builder });
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
    return this.#judgementOf(resource).plans;
  }

  #judgementOf(resource: ApiResource): KindJudgement {
    const key = `${resource.group}/${resource.version}/${resource.kind}/${resource.namespaced}`;
    const known = this.#judgements.get(key);
    if (known !== undefined) return known;
    const groupKind = nameOfKind(resource);
    const plans = this.#policies
      .map((policy): KindPlan => {
        const controls = policy.controls.filter(({ control }) => kindsInclude(control.kinds, groupKind, resource.namespaced));
        return { policy, controls, rules: policy.rules.filter((rule) => rule.couldJudge(resource)) };
      })
      .filter(({ controls, rules }) => controls.length + rules.length > 0);
    const judgement = {
      plans,
      walk: new KindWalk(
        groupKind,
        plans.flatMap(({ controls }) => controls),
      ),
    };
    this.#judgements.set(key, judgement);
    return judgement;
  }

  /** Left out of a cluster's targets unless a rule asks for it, or a control names it: what a check about every namespaced object has no use for. */
  #isUnlisted(resource: ApiResource): boolean {
    const name = nameOfKind(resource);
    if (!unlisted.has(name) && builtinKinds.has(name)) return false;
    return !this.#policies.some(
      ({ rules, controls }) =>
        rules.some((rule) => rule.couldJudge(resource)) ||
        controls.some(({ control: { kinds } }) => typeof kinds !== 'string' && name !== 'Secret' && kinds.includes(name)),
    );
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

/** Cross-object controls of a policy by kind; worked out once. */
const crossControlsOf = new WeakMap<CompiledPolicy, Map<string, readonly ControlCheck[]>>();

function crossControls(policy: CompiledPolicy, groupKind: string, namespaced: boolean): readonly ControlCheck[] {
  const byKind = crossControlsOf.get(policy) ?? new Map<string, readonly ControlCheck[]>();
  crossControlsOf.set(policy, byKind);
  const key = namespaced ? groupKind : `/${groupKind}`;
  const known = byKind.get(key);
  if (known !== undefined) return known;
  const controls = policy.controls.filter(
    ({ control }) => control.crossObject !== undefined && kindsInclude(control.kinds, groupKind, namespaced),
  );
  byKind.set(key, controls);
  return controls;
}

/** What the cross-object checks judge by. */
interface SnapshotQuestion {
  readonly snapshot: Snapshot;
  readonly namespaces: ReadonlyMap<string, NamespaceFacts>;
  readonly unreadable: ReadonlyMap<string, string>;
  readonly onPass: PassObserver | undefined;
}

function questionOf(snapshot: Snapshot, { unreadable = new Map<string, string>(), onPass }: SnapshotOptions): SnapshotQuestion {
  const namespaces = new Map(snapshot.all('Namespace').map((projection) => [projection.reference.name, factsOf(projection)]));
  return { snapshot, namespaces, unreadable, onPass };
}

function judgeProjection(
  projection: Projection,
  controls: readonly ControlCheck[],
  { policy, question, builder }: { policy: CompiledPolicy; question: SnapshotQuestion; builder: EvaluationBuilder },
): void {
  const { snapshot, unreadable } = question;
  for (const check of controls) {
    const unread = unreadable.size === 0 ? undefined : kindsReadBy(check.control).find((kind) => unreadable.has(kind));
    const outcome =
      unread === undefined
        ? judgeProjected(projection, check.control.crossObject?.judge ?? '', {
            control: check.control.id,
            parameters: check.parameters,
            snapshot,
          })
        : { offences: [], faults: [{ path: '', problem: unreadable.get(unread) ?? `${unread} could not be read` }] };
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
