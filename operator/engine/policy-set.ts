import { apiVersionOf, type ApiResource } from '../api/api-resource.ts';
import type { CatalogueEntry } from '../catalogue/controls/control.ts';
import type { Framework } from '../catalogue/frameworks/framework.ts';
import { type CompiledPolicy, compilePolicy, type CompileOptions, type PolicySource } from './compiled-policy.ts';
import { type ControlCheck, evaluateControl } from './controls/control-check.ts';
import { clusterKind, isLeftOut, kindsInclude, kindsReadBy, nameOfKind } from './controls/control-kinds.ts';
import { KindWalk } from './controls/kind-walk.ts';
import { type Evaluation, EvaluationBuilder, emptyEvaluation, type PassObserver } from './outcomes/evaluation.ts';
import { controllerOf, fieldsOf, groupKindOf, type KubernetesObject, textMapOf, textOf } from './objects/kubernetes-object.ts';
import type { PolicyProblem } from './outcomes/policy-problem.ts';
import { bareNamespace, type NamespaceFacts, type Place } from './objects/policy-scope.ts';
import { ResourceIndex } from './objects/resource-index.ts';
import { addControlResult } from './controls/control-result.ts';
import type { ConvertedObject, RuleCheck } from './rules/rule-check.ts';
import { addRuleResult } from './rules/rule-result.ts';
import { projectionOf, referenceOf, type Snapshot } from './snapshot/snapshot.ts';
import { crossControls, type SnapshotEvaluation, SnapshotEvaluator, type SnapshotOptions } from './snapshot-evaluator.ts';
import { type Subject, subjectOf } from './controls/subject.ts';
import type { ResourceReference } from '../findings/finding.ts';
import { isLongRunningKind, isWorkloadKind } from './objects/workload-kind.ts';

export type { CompileOptions, PolicySource } from './compiled-policy.ts';
export { wholeCluster } from './controls/control-kinds.ts';
export { bareNamespace } from './objects/policy-scope.ts';
export type { SnapshotEvaluation, SnapshotOptions } from './snapshot-evaluator.ts';
export type { ApiResource } from '../api/api-resource.ts';
export type { PolicyProblem } from './outcomes/policy-problem.ts';
export type { NamespaceFacts } from './objects/policy-scope.ts';
export type { Evaluation } from './outcomes/evaluation.ts';

/** What is known about an object besides itself. */
export interface EvaluationContext {
  /** The namespace that the object is in; without it, one with nothing but its name. */
  readonly namespace?: NamespaceFacts;
  /** Whether an owner is there. Without it every owner of a pod-bearing kind is taken to be. */
  readonly ownerExists?: (object: KubernetesObject) => boolean;
  /**
   * Report at this object instead: a live pod that differs from its owner's template. Only checks that are about the owner's kind, or
   * about pods themselves, are asked; rules about pods only if the owner's pods run on.
   */
  readonly reportAt?: ResourceReference;
  /** The object in another version, for rules about that; see {@link PolicySet.requiredVersions}. */
  readonly converted?: ConvertedObject;
  /** Told of each pass. */
  readonly onPass?: PassObserver;
}

/** What one policy has to say about one kind. */
interface KindPlan {
  readonly policy: CompiledPolicy;
  readonly controls: readonly ControlCheck[];
  readonly rules: readonly RuleCheck[];
}

/** What all policies have to say about one kind, and how its objects are walked for it. */
interface KindPlans {
  readonly plans: readonly KindPlan[];
  readonly walk: KindWalk;
}

/** Which checks are asked. */
interface CheckFilter {
  readonly control: (check: ControlCheck) => boolean;
  readonly rule: (rule: RuleCheck) => boolean;
}

const allChecks: CheckFilter = { control: () => true, rule: () => true };

/** Policies compiled together. Pure: nothing is read, and no verdict depends on the order of objects. */
export class PolicySet {
  /** Why policies were left out; a policy with a problem takes no part at all. */
  readonly problems: readonly PolicyProblem[];
  readonly #policies: readonly CompiledPolicy[];
  readonly #index: ResourceIndex;
  readonly #kindPlans = new Map<string, KindPlans>();

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
  policiesForResource(resource: ApiResource): readonly string[] {
    return this.#planFor(resource).map(({ policy }) => policy.owner.name);
  }

  /** The other versions in which rules judge objects of a resource: see {@link EvaluationContext.converted}. */
  requiredVersions(resource: ApiResource): readonly ApiResource[] {
    const forms = this.#planFor(resource).flatMap(({ rules }) => rules.map((rule) => rule.versionFor(resource)));
    const others = forms.filter((form) => apiVersionOf(form) !== apiVersionOf(resource));
    return [...new Map(others.map((form) => [apiVersionOf(form), form])).values()];
  }

  /** Every resource that cross-object checks read; what they judge is among them. */
  get context(): readonly ApiResource[] {
    return this.#contextOf(() => true);
  }

  /** What of {@link context} the cross-object checks of these kinds read, the kinds themselves included; undefined stands for the cluster as a whole. */
  contextFor(kinds: readonly (ApiResource | undefined)[]): readonly ApiResource[] {
    const selected = kinds.map((resource) => ({
      name: resource ? nameOfKind(resource) : clusterKind,
      namespaced: resource?.namespaced === true,
    }));
    return this.#contextOf((control) => selected.some(({ name, namespaced }) => kindsInclude(control.kinds, name, namespaced)));
  }

  /** The kinds that the cross-object checks of these kinds look for in other namespaces than the judged object's, beside those of far-reaching groups. */
  crossNamespaceKinds(kinds: readonly ApiResource[]): readonly string[] {
    const controls = this.#policies.flatMap((policy) => policy.controls.map(({ control }) => control));
    const selected = controls.filter((control) => kinds.some((kind) => kindsInclude(control.kinds, nameOfKind(kind), kind.namespaced)));
    return selected.flatMap(({ crossObject }) => crossObject?.across ?? []);
  }

  /** The resources that a change of an object of this one may tell another verdict about; undefined stands for the cluster as a whole. */
  dependentsOf(resource: ApiResource): readonly (ApiResource | undefined)[] {
    const name = nameOfKind(resource);
    const reads = ({ crossObject }: CatalogueEntry): boolean =>
      crossObject !== undefined && crossObject.reads.some((kind) => kind === name || (kind === 'workloads' && isWorkloadKind(name)));
    const reading = this.#policies.flatMap((policy) => policy.controls.map(({ control }) => control)).filter(reads);
    const dependents = this.targets.filter((target) =>
      reading.some(({ kinds }) => kindsInclude(kinds, nameOfKind(target), target.namespaced)),
    );
    return reading.some(({ kinds }) => kindsInclude(kinds, clusterKind, false)) ? [...dependents, undefined] : dependents;
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
  policiesForNamespace(namespace: NamespaceFacts): readonly string[] {
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
    const { plans, walk } = this.#kindPlansOf(resource, context.reportAt);
    if (plans.length === 0 || (context.reportAt === undefined && this.isOwned(object, context.ownerExists))) return emptyEvaluation;
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
      evaluatePlan(narrowed, { ...prepared, resource, namespace, converted: context.converted }, builder);
    }
    return builder.build();
  }

  /** Judges the objects of a snapshot by the checks that need others. */
  evaluateSnapshot(snapshot: Snapshot, options: SnapshotOptions = {}): readonly SnapshotEvaluation[] {
    return new SnapshotEvaluator(this.#policies, snapshot, options).evaluations(options.only ?? (() => true));
  }

  /** Judges single objects by the checks that need others: those of the snapshot, which need not hold the object itself. */
  crossObjectEvaluator(snapshot: Snapshot, options: Omit<SnapshotOptions, 'only'> = {}): (object: KubernetesObject) => Evaluation {
    const evaluator = new SnapshotEvaluator(this.#policies, snapshot, options);
    return (object) => {
      const projection = projectionOf(object);
      return projection === undefined ? emptyEvaluation : evaluator.evaluate(projection);
    };
  }

  #namespaceOf(object: KubernetesObject, resource: ApiResource, context: EvaluationContext): NamespaceFacts | undefined {
    const metadata = fieldsOf(object.metadata);
    if (resource.kind === 'Namespace' && resource.group === '') {
      const { name, labels } = bareNamespace(textOf(metadata['name']) ?? '');
      return { name, labels: { ...labels, ...textMapOf(metadata['labels']) } };
    }
    if (!resource.namespaced) return undefined;
    return context.namespace ?? bareNamespace(referenceOf(object, true).namespace ?? 'default');
  }

  #planFor(resource: ApiResource): readonly KindPlan[] {
    return this.#kindPlansOf(resource).plans;
  }

  #kindPlansOf(resource: ApiResource, owner?: ResourceReference): KindPlans {
    const key = [resource.group, resource.version, resource.kind, resource.namespaced, owner?.apiVersion, owner?.kind].join('/');
    const known = this.#kindPlans.get(key);
    if (known !== undefined) return known;
    const groupKind = nameOfKind(resource);
    const filter = owner === undefined ? allChecks : this.#filterFor(owner);
    const plans = this.#policies
      .map((policy): KindPlan => {
        const controls = policy.controls.filter(({ control }) => kindsInclude(control.kinds, groupKind, resource.namespaced));
        const rules = policy.rules.filter((rule) => rule.appliesTo(resource));
        return { policy, controls: controls.filter(filter.control), rules: rules.filter(filter.rule) };
      })
      .filter(({ controls, rules }) => controls.length + rules.length > 0);
    const kindPlans = {
      plans,
      walk: new KindWalk(
        groupKind,
        plans.flatMap(({ controls }) => controls),
      ),
    };
    this.#kindPlans.set(key, kindPlans);
    return kindPlans;
  }

  /**
   * The checks that an owner is asked for, and its pods with it; controls about pods themselves, too, such as about containers that no
   * template has. A rule about pods says nothing lasting of an owner whose pods end.
   */
  #filterFor(owner: ResourceReference): CheckFilter {
    const groupKind = groupKindOf(owner as unknown as KubernetesObject);
    const resource = this.#index.of({ ...owner, metadata: { namespace: owner.namespace } });
    return {
      control: ({ control: { kinds } }) => kindsInclude(kinds, groupKind, resource.namespaced) || kinds.includes('Pod'),
      rule: (rule) => isLongRunningKind(groupKind) || rule.appliesTo(resource),
    };
  }

  /** Left out of a cluster's targets unless a rule asks for it, or a control names it: what a check about every namespaced object has no use for. */
  #isUnlisted(resource: ApiResource): boolean {
    const name = nameOfKind(resource);
    if (!isLeftOut(name)) return false;
    return !this.#policies.some(
      ({ rules, controls }) =>
        rules.some((rule) => rule.appliesTo(resource)) ||
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
  readonly converted: ConvertedObject | undefined;
}

function evaluatePlan(
  { policy, controls, rules }: KindPlan,
  { subject, reference, ...place }: PreparedObject,
  builder: EvaluationBuilder,
): void {
  for (const check of controls) {
    if (check.control.crossObject !== undefined) continue;
    addControlResult(builder, check, policy.owner, { resource: reference, outcome: evaluateControl(check, subject) });
  }
  for (const rule of rules) {
    const outcome = rule.evaluate(subject, place);
    if (outcome !== undefined) addRuleResult(builder, rule, policy.owner, { resource: reference, outcome });
  }
}

/** Compiles policies for one cluster, or for one set of files. A policy with a problem is left out as a whole, and told. */
export function compilePolicies(policies: readonly PolicySource[], options: CompileOptions): PolicySet {
  const index = new ResourceIndex(options.resources, options.converts);
  const compiled: CompiledPolicy[] = [];
  const problems: PolicyProblem[] = [];
  for (const policy of policies) {
    const result = compilePolicy(policy, options, index);
    if ('owner' in result) compiled.push(result);
    else problems.push(...result);
  }
  return new PolicySet(compiled, index, problems);
}
