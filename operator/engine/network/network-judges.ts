import type { ControlParameters } from '../../catalogue/controls/control.ts';
import { type KubernetesObject, namespaceOf } from '../objects/kubernetes-object.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import { directions, policyRules } from './network-policy.ts';
import { openRulePaths } from './open-rules.ts';

/** Evaluates one object by code, with the parameters of a control. */
export type NetworkJudge = (object: KubernetesObject, parameters: ControlParameters) => Outcome;

/** Fails for the rules of a NetworkPolicy that allow traffic with everyone on every port. */
const allowsEverything: NetworkJudge = (object) => {
  const { rules, faults } = policyRules(object['spec'], namespaceOf(object));
  if (faults.length > 0) return { violations: [], faults };
  const paths = directions.flatMap((direction) => openRulePaths(rules[direction] ?? [], `spec.${direction.toLowerCase()}`));
  return { violations: paths.map((path) => ({ path })), faults: [] };
};

/** The judges of single objects, by the names that controls use. */
export const networkJudges: Readonly<Record<string, NetworkJudge>> = { allowsEverything };
