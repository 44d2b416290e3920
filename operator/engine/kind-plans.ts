import type { ApiResource } from '../api/api-resource.ts';
import type { Control } from '../catalogue/controls/control.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { type ControlCheck, evaluateControl } from './controls/control-check.ts';
import { kindsInclude, nameOfKind } from './controls/control-kinds.ts';
import { KindWalk } from './controls/kind-walk.ts';
import type { EvaluationBuilder } from './outcomes/evaluation.ts';
import { groupKindOf, type KubernetesObject } from './objects/kubernetes-object.ts';
import type { NamespaceFacts, Place } from './objects/policy-scope.ts';
import type { ResourceIndex } from './objects/resource-index.ts';
import { addControlResult } from './controls/control-result.ts';
import { isParticular, isTarget } from './controls/particular-target.ts';
import type { CatalogueEntry } from '../catalogue/controls/control.ts';
import type { ConvertedObject, RuleCheck } from './rules/rule-check.ts';
import { addRuleResult } from './rules/rule-result.ts';
import type { Subject } from './controls/subject.ts';
import { builtinKindOf } from './schema/builtin-kind.ts';
import { servedKind } from './validation/schema-problems.ts';
import type { ResourceReference } from '../findings/finding.ts';
import { isLongRunningKind, roleOfKind } from './objects/workload-kind.ts';

/** The checks of one policy for one kind. */
export interface KindPlan {
  readonly policy: CompiledPolicy;
  readonly controls: readonly ControlCheck[];
  /** The controls for which only particular objects of the kind are targets. */
  readonly particular: readonly ControlCheck[];
  readonly rules: readonly RuleCheck[];
}

/** The checks of all policies for one kind, and the walk that evaluates them. */
export interface PlansOfKind {
  readonly plans: readonly KindPlan[];
  readonly walk: KindWalk;
}

/** Selects the checks to evaluate. */
interface CheckFilter {
  readonly control: (check: ControlCheck) => boolean;
  readonly rule: (rule: RuleCheck) => boolean;
}

const allChecks: CheckFilter = { control: () => true, rule: () => true };

/** The checks of compiled policies by kind. */
export class KindPlans {
  readonly #policies: readonly CompiledPolicy[];
  readonly #index: ResourceIndex;
  readonly #known = new Map<string, PlansOfKind>();

  constructor(policies: readonly CompiledPolicy[], index: ResourceIndex) {
    this.#policies = policies;
    this.#index = index;
  }

  /**
   * Returns the checks for a kind. `role`: that of an object as a workload, if its kind does not tell it. `owner`: the object to which the
   * results of a live pod are reported.
   */
  of(resource: ApiResource, role = roleOfKind(nameOfKind(resource)), owner?: ResourceReference): PlansOfKind {
    const key = [resource.group, resource.version, resource.kind, resource.namespaced, role, owner?.apiVersion, owner?.kind].join('/');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const groupKind = nameOfKind(resource);
    const filter = owner === undefined ? allChecks : this.#filterFor(owner);
    const plans = this.#policies
      .map((policy): KindPlan => {
        const controls = policy.controls.filter(
          ({ control }) =>
            kindsInclude(control.kinds, groupKind, resource.namespaced, role) ||
            (control.kinds === 'manifests' && this.#isCheckedManifest(control, resource)),
        );
        const rules = policy.rules.filter((rule) => rule.appliesTo(resource, role !== undefined));
        const selected = controls.filter(filter.control);
        return {
          policy,
          controls: selected.filter(({ control }) => !isParticular(control)),
          particular: selected.filter(({ control }) => isParticular(control)),
          rules: rules.filter(filter.rule),
        };
      })
      .filter(({ controls, particular, rules }) => controls.length + particular.length + rules.length > 0);
    const kindPlans = {
      plans,
      walk: new KindWalk(
        groupKind,
        plans.flatMap(({ controls }) => controls),
      ),
    };
    this.#known.set(key, kindPlans);
    return kindPlans;
  }

  /** Whether objects come from files, and Kubernetes has their kind. Only controls about versions evaluate those that it does not serve. */
  #isCheckedManifest({ atClusterVersion }: Control, { group, version, kind }: ApiResource): boolean {
    if (this.#index.converts) return false;
    return (
      servedKind(group, version, kind) !== undefined || (atClusterVersion === true && builtinKindOf(group, version, kind) !== undefined)
    );
  }

  /**
   * Selects the checks for live pods that are reported at their owner: the checks for the owner's kind, and controls about pods, such as
   * those about ephemeral containers. Rules about pods are left out if the owner's pods terminate, because such a result would not last.
   */
  #filterFor(owner: ResourceReference): CheckFilter {
    const groupKind = groupKindOf(owner as unknown as KubernetesObject);
    const resource = this.#index.of({ ...owner, metadata: { namespace: owner.namespace } });
    return {
      control: ({ control: { kinds } }) => kindsInclude(kinds, groupKind, resource.namespaced) || kinds.includes('Pod'),
      rule: (rule) => isLongRunningKind(groupKind) || rule.appliesTo(resource),
    };
  }
}

/**
 * The part of a plan that applies to an object: all of it, none of it, or only the controls about system namespaces. Of the controls about
 * particular objects, these are the ones for which `mayBeTarget` is true.
 */
export function inScopePlan(plan: KindPlan, place: Place, mayBeTarget: (control: CatalogueEntry) => boolean): KindPlan | undefined {
  const { policy } = plan;
  if (policy.scope.includes(place)) return plan;
  const controls = plan.controls.filter(({ inSystemNamespaces }) => inSystemNamespaces);
  const particular = plan.particular.filter(({ control }) => mayBeTarget(control));
  if (controls.length + particular.length === 0 || !policy.scope.includes(place, true)) return undefined;
  return { policy, controls, particular, rules: [] };
}

/** An object to evaluate, and its place. */
export interface PreparedObject {
  readonly subject: Subject;
  readonly reference: ResourceReference;
  readonly resource: ApiResource;
  readonly namespace: NamespaceFacts | undefined;
  readonly converted: ConvertedObject | undefined;
}

/** Evaluates an object with the checks of a plan that need no other object. */
export function evaluatePlan(
  { policy, controls, particular, rules }: KindPlan,
  { subject, reference, ...place }: PreparedObject,
  builder: EvaluationBuilder,
): void {
  for (const check of controls) {
    if (check.control.crossObject !== undefined) continue;
    addControlResult(builder, check, policy.owner, { resource: reference, outcome: evaluateControl(check, subject) });
  }
  for (const check of particular) {
    if (!isTarget(check.control, subject)) continue;
    addControlResult(builder, check, policy.owner, { resource: reference, outcome: evaluateControl(check, subject) });
  }
  for (const rule of rules) {
    const outcome = rule.evaluate(subject, place);
    if (outcome === undefined) builder.addUnmatched(policy.owner.name, rule.name);
    else addRuleResult(builder, rule, policy.owner, { resource: reference, outcome });
  }
}
