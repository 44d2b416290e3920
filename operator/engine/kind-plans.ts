import type { ApiResource } from '../api/api-resource.ts';
import type { Control } from '../catalogue/controls/control.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { type ControlCheck, evaluateControl } from './controls/control-check.ts';
import { kindsInclude, nameOfKind } from './controls/control-kinds.ts';
import { CheckProgram } from './controls/control-program.ts';
import { KindWalk } from './controls/kind-walk.ts';
import type { EvaluationBuilder } from './outcomes/evaluation.ts';
import { groupKindOf, type KubernetesObject } from './objects/kubernetes-object.ts';
import type { NamespaceFacts, Place } from './objects/policy-scope.ts';
import type { ResourceIndex } from './objects/resource-index.ts';
import { addControlResult, type ResultOwner } from './controls/control-result.ts';
import { isParticular, isTarget } from './controls/particular-target.ts';
import type { CatalogueEntry } from '../catalogue/controls/control.ts';
import type { ConvertedObject, RuleCheck } from './rules/rule-check.ts';
import { addRuleResult } from './rules/rule-result.ts';
import type { Subject } from './controls/subject.ts';
import { builtinKindOf } from './schema/builtin-kind.ts';
import { servedKind } from './validation/schema-problems.ts';
import type { ResourceReference } from '../findings/finding.ts';
import { isLongRunningKind, roleOfKind } from './objects/workload-kind.ts';

/** A control that needs no other object, prepared for evaluation. */
interface SingleControl {
  readonly check: ControlCheck;
  readonly id: string;
  /** Its program, if it has only one, and the walk of the object evaluates it. Tells at once whether an object passes. */
  readonly walked: CheckProgram | undefined;
}

/** The checks of one policy for one kind. */
export interface KindPlan {
  readonly policy: CompiledPolicy;
  readonly controls: readonly ControlCheck[];
  /** Those of the controls that need no other object. */
  readonly single: readonly SingleControl[];
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

function singleControls(controls: readonly ControlCheck[]): readonly SingleControl[] {
  return controls
    .filter(({ control }) => control.crossObject === undefined)
    .map((check) => {
      const [program] = check.programs;
      const isWalked = check.programs.length === 1 && program instanceof CheckProgram;
      return { check, id: check.control.id, walked: isWalked ? program : undefined };
    });
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
    const key = [
      resource.group,
      resource.version,
      resource.kind,
      resource.namespaced,
      role,
      owner?.apiVersion,
      owner?.kind,
      resource.hasSchema,
    ].join('/');
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
        const general = selected.filter(({ control }) => !isParticular(control));
        return {
          policy,
          controls: general,
          single: singleControls(general),
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
  #isCheckedManifest({ atClusterVersion }: Control, { group, version, kind, hasSchema }: ApiResource): boolean {
    if (this.#index.converts) return false;
    if (hasSchema === true) return atClusterVersion !== true;
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
  const single = plan.single.filter(({ check }) => check.inSystemNamespaces);
  return { policy, controls, single, particular, rules: [] };
}

/** An object to evaluate, and its place. */
export interface PreparedObject {
  readonly subject: Subject;
  readonly reference: ResourceReference;
  readonly resource: ApiResource;
  readonly namespace: NamespaceFacts | undefined;
  readonly converted: ConvertedObject | undefined;
}

/**
 * Whether a control passes, as the walk of the object has shown. Not if its result is listed or says that the object cannot be evaluated, or
 * not in full.
 */
const isPassed = ({ walked }: SingleControl, { listsPasses }: ResultOwner, { fault, skip, incomplete }: Subject): boolean =>
  walked?.isClean === true && !listsPasses && fault === undefined && skip === undefined && incomplete === undefined;

/** Evaluates an object with the checks of a plan that need no other object. */
export function evaluatePlan(
  { policy, single, particular, rules }: KindPlan,
  { subject, reference, ...place }: PreparedObject,
  builder: EvaluationBuilder,
): void {
  const { owner } = policy;
  for (const control of single) {
    if (isPassed(control, owner, subject)) builder.addPass(owner.name, control.id);
    else addControlResult(builder, control.check, owner, { resource: reference, outcome: evaluateControl(control.check, subject) });
  }
  for (const check of particular) {
    if (!isTarget(check.control, subject)) continue;
    addControlResult(builder, check, owner, { resource: reference, outcome: evaluateControl(check, subject) });
  }
  for (const rule of rules) {
    const outcome = rule.evaluate(subject, place);
    if (outcome === undefined) builder.addUnmatched(owner.name, rule.name);
    else addRuleResult(builder, rule, owner, { resource: reference, outcome });
  }
}
