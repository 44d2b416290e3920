import { hasSuggestion } from '../../catalogue/suggestion.ts';
import type { CompileOptions, PolicySource } from '../../engine/compiled-policy.ts';
import type { Evaluation, EvaluationObservers } from '../../engine/outcomes/evaluation.ts';
import { inspectPolicy } from '../../engine/policy-inspection.ts';
import { unevaluatedRules } from '../../engine/rules/unevaluated-rules.ts';
import { TallyBuilder } from '../../findings/tally.ts';

/** Counts the verdicts of rules during a scan, to find the rules that evaluate nothing. */
export class RuleCounts implements EvaluationObservers {
  readonly #tallies = new Map<string, TallyBuilder>();

  readonly onPass = (policy: string, check: string): void => {
    this.#of(policy).addVerdict(check, 'pass', 'info');
  };

  readonly onUnmatched = (policy: string, rule: string): void => {
    this.#of(policy).addUnmatched(rule);
  };

  /** Counts the results of an evaluation. Passes are counted by the observer. */
  add({ results }: Pick<Evaluation, 'results'>): void {
    for (const { policy, check, verdict } of results)
      if (policy !== null && verdict !== 'pass') this.#of(policy).addVerdict(check, verdict, 'info');
  }

  /** Returns a message for each rule of a policy that evaluated nothing, although objects of its kinds were in scope. */
  unevaluated({ name, spec }: PolicySource): readonly string[] {
    return unevaluatedRules(spec.rules ?? [], this.#of(name).build().checks);
  }

  #of(policy: string): TallyBuilder {
    return this.#tallies.getOrInsertComputed(policy, () => new TallyBuilder());
  }
}

/** The operator reads the ValidatingAdmissionPolicies that a policy selects. This command evaluates those that it is given. */
const selectionWarnings = ({ spec: { admissionPolicies } }: PolicySource): readonly string[] =>
  admissionPolicies === undefined
    ? []
    : [
        'spec.admissionPolicies is evaluated by the operator only; name files with ValidatingAdmissionPolicies by --policy to evaluate them here',
      ];

/**
 * Returns the warnings about parts of policies that evaluate nothing, each with its policy. The kinds of a cluster are known. Among files,
 * only the built-in kinds and the kinds of the CRDs are: an entry is reported if it is similar to a known one.
 */
export function ruleWarnings(policies: readonly PolicySource[], options: CompileOptions, counts: RuleCounts): readonly string[] {
  const isCluster = options.converts === true;
  return policies.flatMap((policy) => {
    const { unserved, unmatched } = inspectPolicy(policy, { ...options, server: isCluster ? 'this cluster' : 'Kubernetes' });
    const entries = [...unserved, ...unmatched].filter((message) => isCluster || hasSuggestion(message));
    return [...entries, ...counts.unevaluated(policy), ...selectionWarnings(policy)].map(
      (message) => `SecurityPolicy/${policy.name}: ${message}`,
    );
  });
}
