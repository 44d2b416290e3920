import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, LABELS, MANAGED_BY } from '../api/group.ts';
import type { PolicyReport, ReportResult } from '../api/policy-report.ts';
import { controlById } from '../controls/catalogue.ts';
import type { RequirementOutcome, RequirementState } from '../controls/framework-rows.ts';
import type { Framework } from '../controls/framework.ts';
import { mendedName, policyLabel } from './report-name.ts';

/** The source of reports about frameworks. */
export const FRAMEWORKS_SOURCE = 'vigil-frameworks';

/** What the evidence of one policy about one framework is made of. */
export interface EvidenceInput {
  readonly policy: { readonly name: string; readonly uid: string };
  readonly framework: Framework;
  readonly outcomes: readonly RequirementOutcome[];
  /** Seconds since the epoch that a verdict which was not there before is dated with. */
  readonly seconds: number;
  /** The report as it is in the cluster. */
  readonly existing: PolicyReport | undefined;
}

/** The name of the evidence: readable, and mended with a hash where the policy's name makes it too long. */
export const evidenceName = (policy: string, { name, version }: Pick<Framework, 'name' | 'version'>): string =>
  mendedName(`${FRAMEWORKS_SOURCE}-${policy}-${name}-${version}`);

const verdicts: Readonly<Record<RequirementState, 'pass' | 'fail' | 'skip'>> = {
  passed: 'pass',
  failed: 'fail',
  excepted: 'skip',
  manual: 'skip',
  notEvaluated: 'skip',
};
const severities = ['critical', 'high', 'medium', 'low'] as const;

/** The ClusterPolicyReport of one policy and framework: a result for each requirement. Undefined when the one in the cluster says the same. */
export function buildEvidence({ policy, framework, outcomes, seconds, existing }: EvidenceInput): PolicyReport | undefined {
  const before = new Map(
    (existing?.results ?? []).map((result) => [`${result.rule ?? ''} ${result.result ?? ''}`, result.timestamp?.seconds]),
  );
  const results = outcomes.map((outcome): ReportResult => {
    const { requirement, state } = outcome;
    const result = verdicts[state];
    return {
      source: FRAMEWORKS_SOURCE,
      policy: policy.name,
      rule: requirement.id,
      category: framework.title,
      severity: severities.find((severity) => requirement.controls.some((id) => controlById(id)?.severity === severity)) ?? 'info',
      result,
      scored: state !== 'manual',
      message: messageOf(outcome),
      timestamp: { seconds: before.get(`${requirement.id} ${result}`) ?? seconds, nanos: 0 },
      properties: { state, ...(requirement.controls.length > 0 ? { controls: requirement.controls.join(' ').slice(0, 500) } : {}) },
    };
  });
  const count = (verdict: string): number => results.filter(({ result }) => result === verdict).length;
  const report: PolicyReport = {
    metadata: {
      name: evidenceName(policy.name, framework),
      ...(existing?.metadata.resourceVersion === undefined ? {} : { resourceVersion: existing.metadata.resourceVersion }),
      labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.source]: FRAMEWORKS_SOURCE, [policyLabel(policy.name)]: 'true' },
      ownerReferences: [{ apiVersion: API_VERSION, kind: 'SecurityPolicy', name: policy.name, uid: policy.uid }],
    },
    scope: { apiVersion: API_VERSION, kind: 'SecurityPolicy', name: policy.name, uid: policy.uid },
    summary: { pass: count('pass'), fail: count('fail'), warn: 0, error: 0, skip: count('skip') },
    results,
  };
  return existing !== undefined && saysTheSame(existing, report) ? undefined : report;
}

function messageOf({ requirement, state, reason, failures, passes }: RequirementOutcome): string {
  const title = requirement.title === requirement.id ? '' : `${requirement.title}: `;
  if (state === 'failed') return `${title}${failures} failed, ${passes} passed`;
  if (state === 'passed') return `${title}${passes} passed`;
  return `${title}${reason ?? 'an exception covers the failures'}`.slice(0, 1000);
}

function saysTheSame(existing: PolicyReport, report: PolicyReport): boolean {
  const content = ({ metadata, scope, summary, results = [] }: PolicyReport): unknown =>
    JSON.parse(
      JSON.stringify({
        labels: metadata.labels,
        owners: (metadata.ownerReferences ?? []).map(({ kind, name, uid }) => ({ kind, name, uid })),
        scope,
        summary,
        results,
      }),
    );
  return isDeepStrictEqual(content(existing), content(report));
}
