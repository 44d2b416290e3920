import { apiVersionOf, type ApiResource } from '../api/api-resource.ts';
import type { Framework } from '../catalogue/frameworks/framework.ts';
import { type CompiledPolicy, compilePolicy, type CompileOptions, type PolicySource } from './compiled-policy.ts';
import { mayBeTarget } from './controls/particular-target.ts';
import type { CatalogueEntry } from '../catalogue/controls/control.ts';
import { clusterKind, isLeftOut, nameOfKind } from './controls/control-kinds.ts';
import { type Evaluation, EvaluationBuilder, type EvaluationObservers, emptyEvaluation } from './outcomes/evaluation.ts';
import { controllerOf, fieldsOf, groupKindOf, type KubernetesObject, textMapOf, textOf } from './objects/kubernetes-object.ts';
import type { PolicyProblem } from './outcomes/policy-problem.ts';
import { bareNamespace, type NamespaceFacts } from './objects/policy-scope.ts';
import { ResourceIndex } from './objects/resource-index.ts';
import type { ConvertedObject } from './rules/rule-check.ts';
import { projectionsOf, referenceOf, type Snapshot, type SnapshotContent } from './snapshot/snapshot.ts';
import { crossControls, type SnapshotEvaluation, SnapshotEvaluator, type SnapshotOptions } from './snapshot-evaluator.ts';
import { type Subject, subjectsOf } from './controls/subject.ts';
import { evaluateTogether } from './outcomes/joined-evaluation.ts';
import type { ResourceReference } from '../findings/finding.ts';
import { isWorkloadKind, workloadRoleOf } from './objects/workload-kind.ts';
import { type KindPlan, KindPlans, inScopePlan, evaluatePlan } from './kind-plans.ts';
import { CrossObjectKinds } from './cross-object-kinds.ts';

export type { CompileOptions, PolicySource } from './compiled-policy.ts';
export { wholeCluster } from './controls/control-kinds.ts';
export { bareNamespace } from './objects/policy-scope.ts';
export type { SnapshotEvaluation, SnapshotOptions } from './snapshot-evaluator.ts';
export type { ApiResource } from '../api/api-resource.ts';
export type { PolicyProblem } from './outcomes/policy-problem.ts';
export type { NamespaceFacts } from './objects/policy-scope.ts';
export type { Evaluation } from './outcomes/evaluation.ts';

/** The context in which one object is evaluated. */
export interface EvaluationContext extends EvaluationObservers {
  /** The namespace of the object. Default: a namespace with a name and no further labels. */
  readonly namespace?: NamespaceFacts;
  /** Whether the owner of an object exists. Default: every owner with pods is assumed to exist. */
  readonly ownerExists?: (object: KubernetesObject) => boolean;
  /**
   * Reports the results for this object instead. Set for a live pod that differs from its owner's template. The evaluation is then limited
   * to checks about the owner's kind and controls about pods. Rules about pods are evaluated only if the owner's pods are long-running.
   */
  readonly reportAt?: ResourceReference;
  /** Returns the object in another version, for rules about that version. See {@link PolicySet.requiredVersions}. */
  readonly converted?: ConvertedObject;
}

/** Evaluates single objects with the cross-object checks. */
export interface CrossObjectEvaluator {
  readonly evaluate: (object: KubernetesObject) => Evaluation;
  /** Evaluates a live pod on behalf of its owner, to which the results are reported. */
  readonly evaluatePod: (pod: KubernetesObject, owner: KubernetesObject) => Evaluation;
}

/** Policies compiled together. Pure: it reads nothing, and no verdict depends on the order of objects. */
export class PolicySet {
  /** The problems of policies. A policy with a problem is left out as a whole. */
  readonly problems: readonly PolicyProblem[];
  readonly #policies: readonly CompiledPolicy[];
  readonly #index: ResourceIndex;
  readonly #plans: KindPlans;
  readonly #crossObject: CrossObjectKinds;

  constructor(policies: readonly CompiledPolicy[], index: ResourceIndex, problems: readonly PolicyProblem[]) {
    this.problems = problems;
    this.#policies = policies;
    this.#index = index;
    this.#plans = new KindPlans(policies, index);
    this.#crossObject = new CrossObjectKinds(policies, index);
  }

  /** The names of the policies that compiled. */
  get policies(): readonly string[] {
    return this.#policies.map(({ owner }) => owner.name);
  }

  /** Every resource that has a check, in its preferred version. Its objects are the targets of a scan. */
  get targets(): readonly ApiResource[] {
    return this.#index.preferred((resource) => !this.#isUnlisted(resource) && this.#planFor(resource).length > 0);
  }

  /** The policies with a check for a resource. */
  policiesForResource(resource: ApiResource): readonly string[] {
    return this.#planFor(resource).map(({ policy }) => policy.owner.name);
  }

  /** The ids of the controls that name the kind Secret. They evaluate only files: Vigil does not read Secrets from a cluster. */
  get secretControls(): readonly string[] {
    const named = this.#policies.flatMap(({ controls }) => controls.map(({ control }) => control));
    return [...new Set(named.filter(({ kinds }) => typeof kinds !== 'string' && kinds.includes('Secret')).map(({ id }) => id))];
  }

  /** The versions, besides its own, in which rules need the objects of a resource. See {@link EvaluationContext.converted}. */
  requiredVersions(resource: ApiResource): readonly ApiResource[] {
    const forms = this.#planFor(resource).flatMap(({ rules }) => rules.map((rule) => rule.versionFor(resource)));
    const others = forms.filter((form) => apiVersionOf(form) !== apiVersionOf(resource));
    return [...new Map(others.map((form) => [apiVersionOf(form), form])).values()];
  }

  /** Every resource that cross-object checks read, including the resources of their targets. */
  get context(): readonly ApiResource[] {
    return this.#crossObject.context;
  }

  /** See {@link CrossObjectKinds.contextFor}. */
  contextFor(kinds: readonly (ApiResource | undefined)[]): readonly ApiResource[] {
    return this.#crossObject.contextFor(kinds);
  }

  /** See {@link CrossObjectKinds.crossNamespaceKinds}. */
  crossNamespaceKinds(kinds: readonly ApiResource[]): readonly string[] {
    return this.#crossObject.crossNamespaceKinds(kinds);
  }

  /** See {@link CrossObjectKinds.dependentsOf}. */
  dependentsOf(resource: ApiResource): readonly (ApiResource | undefined)[] {
    return this.#crossObject.dependentsOf(resource, this.targets);
  }

  /** The policies with a check for the cluster as a whole. */
  get wholeClusterPolicies(): readonly string[] {
    return this.#policies
      .filter((policy) => policy.scope.wholeCluster && crossControls(policy, clusterKind, false).length > 0)
      .map(({ owner }) => owner.name);
  }

  /** Whether any check needs a snapshot of other objects. */
  get needsSnapshot(): boolean {
    return this.#policies.some(({ controls }) => controls.some(({ control }) => control.crossObject !== undefined));
  }

  /** What a snapshot must hold for the checks. `isPartial`: the objects are a set of files. */
  snapshotContent(isPartial = false): SnapshotContent {
    const references = this.#policies.some(({ controls }) => controls.some(({ control }) => control.crossObject?.references === true));
    return { references, isPartial };
  }

  /** The resolved frameworks of a policy. */
  frameworksOf(policy: string): readonly Framework[] {
    return this.#policies.find(({ owner }) => owner.name === policy)?.frameworks ?? [];
  }

  /** The policies with a namespace in their scope. */
  policiesForNamespace(namespace: NamespaceFacts): readonly string[] {
    return this.#policies.filter(({ scope }) => scope.includesNamespace(namespace)).map(({ owner }) => owner.name);
  }

  /** Whether a workload controls the object. The object is then evaluated as part of its owner and is not a target. */
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
    return this.#plans
      .of(resource, workloadRoleOf(object))
      .plans.filter(
        (plan) => inScopePlan(plan, { namespace, labels }, (control) => mayBeTarget(control, nameOfKind(resource), object)) !== undefined,
      )
      .map(({ policy }) => policy.owner.name);
  }

  /** Evaluates one object with every check that needs no other object. */
  evaluate(object: KubernetesObject, context: EvaluationContext = {}): Evaluation {
    const resource = this.#index.of(object);
    const { plans, walk } = this.#plans.of(resource, workloadRoleOf(object), context.reportAt);
    if (plans.length === 0 || (context.reportAt === undefined && this.isOwned(object, context.ownerExists))) return emptyEvaluation;
    const labels = textMapOf(fieldsOf(object.metadata)['labels']);
    const namespace = this.#namespaceOf(object, resource, context);
    const mayBe = (control: CatalogueEntry): boolean => mayBeTarget(control, nameOfKind(resource), object);
    const narrowed = plans.map((plan) => inScopePlan(plan, { namespace, labels }, mayBe)).filter((plan) => plan !== undefined);
    if (narrowed.length === 0) return emptyEvaluation;
    const reference = context.reportAt ?? referenceOf(object, resource.namespaced);
    const place = { reference, resource, namespace, converted: context.converted };
    const evaluated = (subject: Subject, observers: EvaluationObservers): Evaluation => {
      walk.through(subject);
      const builder = new EvaluationBuilder(observers);
      for (const plan of narrowed) {
        builder.inScope(plan.policy.owner.name);
        evaluatePlan(plan, { subject, ...place }, builder);
      }
      return builder.build();
    };
    const subjects = subjectsOf(object);
    const [only] = subjects;
    return subjects.length === 1 && only !== undefined ? evaluated(only, context) : evaluateTogether(subjects, evaluated, context);
  }

  /** Evaluates the objects of a snapshot with the cross-object checks. */
  evaluateSnapshot(snapshot: Snapshot, options: SnapshotOptions): readonly SnapshotEvaluation[] {
    return new SnapshotEvaluator(this.#policies, snapshot, options).evaluations(options.only ?? (() => true));
  }

  /** Returns what evaluates single objects with the cross-object checks. The snapshot need not contain these objects. */
  crossObjectEvaluator(snapshot: Snapshot, options: Omit<SnapshotOptions, 'only'>): CrossObjectEvaluator {
    const evaluator = new SnapshotEvaluator(this.#policies, snapshot, options);
    return {
      evaluate: (object) => evaluator.evaluateAll(projectionsOf(object, false, snapshot.content)),
      evaluatePod: (pod, owner) => {
        const [[own], [above]] = [projectionsOf(pod, false, snapshot.content), projectionsOf(owner, false, snapshot.content)];
        return own === undefined || above === undefined ? emptyEvaluation : evaluator.evaluatePod(own, above);
      },
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
    return this.#plans.of(resource).plans;
  }

  /** Whether a cluster's targets leave a resource out. It is left out unless a rule matches it or a control names its kind. */
  #isUnlisted(resource: ApiResource): boolean {
    const name = nameOfKind(resource);
    if (!isLeftOut(name) || isWorkloadKind(name)) return false;
    return !this.#policies.some(
      ({ rules, controls }) =>
        rules.some((rule) => rule.appliesTo(resource)) ||
        controls.some(({ control: { kinds } }) => typeof kinds !== 'string' && name !== 'Secret' && kinds.includes(name)),
    );
  }
}

/**
 * Compiles policies for one cluster or for one set of files. Leaves out a policy with problems and lists these in {@link
 * PolicySet.problems}.
 */
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
