import { SOURCE } from '../identity/report-name.ts';
import type { EvaluatedPolicy } from '../building/report-builder.ts';
import type { TargetRecord } from '../../stream/stream-record.ts';
import type { DesiredReport } from './report-publisher.ts';

/** What a report needs of a policy besides its results. */
type ReportedPolicy = Pick<EvaluatedPolicy, 'name' | 'revision' | 'listPasses' | 'ownerLabels'>;

/** Policies that evaluated targets together: in a scan, or after a change. */
export interface EvaluationResults<Policy extends ReportedPolicy> {
  /** Tells the evaluation from others, in the notes of reports. */
  readonly id: string;
  /** When it began, in seconds since the epoch: dates what is new. */
  readonly seconds: number;
  readonly policies: readonly Policy[];
  /** Whether a policy is still there: what was found for one that is gone is not written. */
  readonly isAlive: (policy: Policy) => boolean;
  /** When all targets were last evaluated by this generation of a policy, as {@link EvaluatedPolicy} has it. */
  readonly evaluatedSince: (policy: Policy) => number | undefined;
}

/** The report about an evaluated target; none if no policy is left that evaluated it. Pure. */
export function desiredReports<Policy extends ReportedPolicy>(
  { target, passes, results }: TargetRecord,
  evaluation: EvaluationResults<Policy>,
): DesiredReport[] {
  const policies = evaluation.policies
    .filter((policy) => passes[policy.name] !== undefined && evaluation.isAlive(policy))
    .map((policy): EvaluatedPolicy => {
      const { name, revision, listPasses, ownerLabels } = policy;
      const evaluatedSince = evaluation.evaluatedSince(policy);
      const since = evaluatedSince === undefined ? {} : { evaluatedSince };
      return { name, revision, passes: passes[name] ?? 0, listPasses, ownerLabels, ...since };
    });
  if (policies.length === 0) return [];
  const names = new Set(policies.map(({ name }) => name));
  const kept = results.filter(({ policy }) => policy !== null && names.has(policy));
  return [{ source: SOURCE, target, policies, results: kept, seconds: evaluation.seconds, scan: evaluation.id }];
}
