import { namespaceOf } from '../objects/kubernetes-object.ts';
import { directions, policyRules } from '../network/network-policy.ts';
import { openRulePaths } from '../network/open-rules.ts';
import type { BuiltinCheck } from './builtin-check.ts';

/** Fails for the rules of a NetworkPolicy that allow traffic with everyone on every port. */
const allowsEverything: BuiltinCheck = ({ object }) => {
  const { rules, faults } = policyRules(object['spec'], namespaceOf(object));
  if (faults.length > 0) return { violations: [], faults };
  const paths = directions.flatMap((direction) => openRulePaths(rules[direction] ?? [], `spec.${direction.toLowerCase()}`));
  return { violations: paths.map((path) => ({ path })), faults: [] };
};

/** The built-in checks about networks, by the names that controls use. */
export const networkJudges: Readonly<Record<string, BuiltinCheck>> = { allowsEverything };
