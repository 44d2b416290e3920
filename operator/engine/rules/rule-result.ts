import type { EvaluationBuilder } from '../outcomes/evaluation.ts';
import type { ResultOwner } from '../controls/control-result.ts';
import type { RuleCheck } from './rule-check.ts';
import type { RuleOutcome } from './rule-program.ts';
import type { ResourceReference } from '../../findings/finding.ts';

/** Adds the result of a rule on one target. A pass is only counted unless the policy lists passes. An object that its match conditions exclude has no result. */
export function addRuleResult(
  builder: EvaluationBuilder,
  rule: RuleCheck,
  owner: ResultOwner,
  { resource, outcome }: { resource: ResourceReference; outcome: RuleOutcome },
): void {
  if (outcome.kind === 'unmatched') {
    builder.addUnmatched(owner.name, rule.name);
    return;
  }
  if (outcome.kind === 'pass') {
    builder.addPass(owner.name, rule.name);
    if (!owner.listsPasses) return;
  }
  builder.add({
    verdict: outcome.kind,
    policy: owner.label,
    check: rule.name,
    severity: rule.severity,
    category: rule.category,
    frameworks: [],
    resource,
    ...(outcome.path === undefined ? {} : { path: outcome.path }),
    message: outcome.message,
    ...(rule.properties === undefined ? {} : { properties: rule.properties }),
  });
}
