import { ownEntry } from '../../api/own-entry.ts';
import { SOURCE } from '../identity/report-name.ts';
import type { EvaluatedPolicy } from '../building/report-builder.ts';
import type { TargetRecord } from '../../stream/stream-record.ts';
import type { DesiredReport } from './report-publisher.ts';

/** The fields of a policy that its reports use. */
type ReportedPolicy = Pick<EvaluatedPolicy, 'name' | 'revision' | 'listPasses' | 'ownerLabels'>;

/** The policies of one evaluation: a scan or an on-change evaluation. */
export interface EvaluationResults<Policy extends ReportedPolicy> {
  /** The unique id of the evaluation. Reports store it with their changes. */
  readonly id: string;
  /** The start of the evaluation in seconds since the epoch: the timestamp of new verdicts. */
  readonly seconds: number;
  readonly policies: readonly Policy[];
  /** Whether a policy still exists. Results of a deleted policy are not written. */
  readonly isAlive: (policy: Policy) => boolean;
  /** The value of `evaluatedSince` in {@link EvaluatedPolicy}. */
  readonly evaluatedSince: (policy: Policy) => number | undefined;
}

/** Returns the desired report about an evaluated target. Empty if no policy that evaluated it still exists. Pure. */
export function desiredReports<Policy extends ReportedPolicy>(
  { target, passes, results }: TargetRecord,
  evaluation: EvaluationResults<Policy>,
): DesiredReport[] {
  const policies = evaluation.policies
    .filter((policy) => Object.hasOwn(passes, policy.name) && evaluation.isAlive(policy))
    .map((policy): EvaluatedPolicy => {
      const { name, revision, listPasses, ownerLabels } = policy;
      const evaluatedSince = evaluation.evaluatedSince(policy);
      const since = evaluatedSince === undefined ? {} : { evaluatedSince };
      return { name, revision, passes: ownEntry(passes, name) ?? 0, listPasses, ownerLabels, ...since };
    });
  if (policies.length === 0) return [];
  const names = new Set(policies.map(({ name }) => name));
  const kept = results.filter(({ policy }) => policy !== null && names.has(policy));
  return [{ source: SOURCE, target, policies, results: kept, seconds: evaluation.seconds, scan: evaluation.id }];
}
