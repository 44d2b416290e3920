import { ownEntry } from '../../api/own-entry.ts';
import type { SecurityPolicyRule } from '../../api/kinds/security-policy.ts';
import type { Summary } from '../../api/kinds/policy-status.ts';

/**
 * Returns a message for each rule that evaluated no object, although objects of its kinds were in scope: its selectors and conditions match
 * none of them, or a scan cannot evaluate it. A rule whose kinds have no object in scope is not reported. Pure. `checks`: the counts of the
 * scan by check. A check without an entry had no object in scope.
 */
export function unevaluatedRules(
  rules: readonly SecurityPolicyRule[],
  checks: Readonly<Record<string, Summary | undefined>>,
): readonly string[] {
  return rules.flatMap((rule) => {
    const counts = ownEntry(checks, rule.name);
    if (counts === undefined || counts.pass + counts.fail + counts.warn + counts.error > 0) return [];
    return [`rule ${rule.name} ${counts.skip > 0 ? skippedText(rule) : unmatchedText(rule)}`];
  });
}

function skippedText({ matchConstraints: { resourceRules } }: SecurityPolicyRule): string {
  const operations = [...new Set(resourceRules.flatMap((rule) => rule.operations))];
  return operations.some((operation) => operation === 'CREATE' || operation === '*')
    ? 'was skipped for every object that it matches: its results give the reason'
    : `is about ${operations.join(', ')} only: a scan evaluates rules about CREATE`;
}

function unmatchedText(rule: SecurityPolicyRule): string {
  const filters = filtersOf(rule);
  const reason = filters.length === 0 ? '' : ` (see its ${filters.join(', ')})`;
  return `matches none of the objects of its kinds${reason}`;
}

/** Returns the fields of a rule that exclude objects of its kinds. */
function filtersOf({ matchConstraints, matchConditions = [] }: SecurityPolicyRule): string[] {
  const { namespaceSelector, objectSelector, resourceRules, excludeResourceRules = [] } = matchConstraints;
  const isSet = {
    namespaceSelector: Object.keys(namespaceSelector ?? {}).length > 0,
    objectSelector: Object.keys(objectSelector ?? {}).length > 0,
    resourceNames: resourceRules.some(({ resourceNames = [] }) => resourceNames.length > 0),
    excludeResourceRules: excludeResourceRules.length > 0,
    matchConditions: matchConditions.length > 0,
  };
  return Object.entries(isSet).flatMap(([field, set]) => (set ? [field] : []));
}
