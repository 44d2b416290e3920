import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';
import { controlById } from '../../catalogue/controls/catalogue.ts';
import type { RequirementOutcome, RequirementState } from '../../catalogue/frameworks/framework-rows.ts';
import type { Framework } from '../../catalogue/frameworks/framework.ts';
import { foreignEntries } from '../identity/field-owners.ts';
import { withIdentities } from '../identity/result-identity.ts';
import { hashedName, validName, policyLabel } from '../identity/report-name.ts';
import { wholeWords } from './report-result.ts';

/** The source of reports about frameworks. */
export const FRAMEWORKS_SOURCE = 'vigil-frameworks';

/** The inputs of the evidence report for one policy and one framework. */
export interface EvidenceInput {
  readonly policy: { readonly name: string; readonly uid: string };
  readonly framework: Framework;
  readonly outcomes: readonly RequirementOutcome[];
  /** The timestamp of new verdicts, in seconds since the epoch. */
  readonly seconds: number;
  /** The current report in the cluster. */
  readonly existing: PolicyReport | undefined;
  /** The name of the report. Default: {@link evidenceName}. */
  readonly name?: string;
}

/** Returns the name of the evidence report. The name ends in a hash if it would be too long or invalid. */
export const evidenceName = (policy: string, { name, version }: Pick<Framework, 'name' | 'version'>): string =>
  validName(`${FRAMEWORKS_SOURCE}-${policy}-${name}-${version}`);

/** Returns the alternative name of the evidence report. Used if another writer's report has the usual name. */
export const alternativeEvidenceName = (policy: string, { name, version }: Pick<Framework, 'name' | 'version'>): string =>
  hashedName(`${FRAMEWORKS_SOURCE}-${policy}-${name}-${version}`);

const verdicts: Readonly<Record<RequirementState, 'pass' | 'fail' | 'skip'>> = {
  passed: 'pass',
  failed: 'fail',
  excepted: 'skip',
  manual: 'skip',
  notEvaluated: 'skip',
};
const severities = ['critical', 'high', 'medium', 'low'] as const;

/** Builds the ClusterPolicyReport of one policy and framework, with a result for each requirement. Returns undefined if it has not changed. */
export function buildEvidence({ policy, framework, outcomes, seconds, existing, name }: EvidenceInput): PolicyReport | undefined {
  const before = new Map(
    (existing?.results ?? []).map((result) => [`${result.rule ?? ''} ${result.result ?? ''}`, result.timestamp?.seconds]),
  );
  const scope = { apiVersion: API_VERSION, kind: 'SecurityPolicy', name: policy.name, uid: policy.uid };
  const unidentified = outcomes.map((outcome): ReportResult => {
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
      properties: propertiesOf(outcome),
    };
  });
  const results = [...withIdentities(scope, unidentified)];
  const count = (verdict: string): number => results.filter(({ result }) => result === verdict).length;
  const report: PolicyReport = {
    metadata: {
      name: name ?? evidenceName(policy.name, framework),
      ...(existing?.metadata.resourceVersion === undefined ? {} : { resourceVersion: existing.metadata.resourceVersion }),
      labels: {
        ...foreignEntries(existing, 'labels'),
        [LABELS.managedBy]: MANAGED_BY,
        [LABELS.source]: FRAMEWORKS_SOURCE,
        [policyLabel(policy.name)]: 'true',
      },
      annotations: foreignEntries(existing, 'annotations'),
      ownerReferences: [{ apiVersion: API_VERSION, kind: 'SecurityPolicy', name: policy.name, uid: policy.uid }],
    },
    scope,
    summary: { pass: count('pass'), fail: count('fail'), warn: 0, error: 0, skip: count('skip') },
    results,
  };
  return existing !== undefined && isUnchanged(existing, report) ? undefined : report;
}

/** Returns a message that changes only with the verdict. The counts are in the properties. */
function messageOf({ requirement, state, reason }: RequirementOutcome): string {
  const title = requirement.title === requirement.id ? '' : `${requirement.title}: `;
  return `${title}${reason ?? sentences[state]}`.slice(0, 1000);
}

const sentences: Readonly<Record<RequirementState, string>> = {
  passed: 'every check passed',
  failed: 'at least one check failed',
  excepted: 'an exception covers the failures',
  manual: 'a manual assessment is required',
  notEvaluated: 'the requirement was not evaluated',
};

function propertiesOf({ requirement, state, failures, passes, errors }: RequirementOutcome): Record<string, string> {
  const controls = wholeWords(requirement.controls);
  const counts = Object.entries({ failed: failures, passed: passes, errors }).flatMap(([name, count]) =>
    count > 0 ? [[name, String(count)] as const] : [],
  );
  return { state, ...Object.fromEntries(counts), ...(controls === undefined ? {} : { controls }) };
}

/** The number of failures of each check that exceptions do and do not cover. */
export interface ExceptionTallies {
  readonly failing: ReadonlyMap<string, number>;
  readonly excepted: ReadonlyMap<string, number>;
}

/**
 * Returns an evidence report after exceptions changed: a requirement whose failures are all covered is excepted, and one with a failure that
 * is not covered is failed. Other requirements do not change. Returns undefined if nothing changes. Pure.
 */
export function exceptedEvidence(existing: PolicyReport, framework: Framework, tallies: ExceptionTallies): PolicyReport | undefined {
  const requirements = new Map(framework.requirements.map((requirement) => [requirement.id, requirement]));
  const results = (existing.results ?? []).map((result) => {
    const requirement = requirements.get(result.rule ?? '');
    const before = result.properties?.['state'];
    if (!requirement || (before !== 'failed' && before !== 'excepted')) return result;
    const sum = (counts: ReadonlyMap<string, number>): number =>
      requirement.controls.reduce((total, id) => total + (counts.get(id) ?? 0), 0);
    const [failures, excepted] = [sum(tallies.failing), sum(tallies.excepted)];
    const state: RequirementState = failures === 0 && excepted > 0 ? 'excepted' : 'failed';
    if (state === before) return result;
    const { failed: _failed, ...properties } = result.properties as Readonly<Record<string, string>>;
    return {
      ...result,
      result: verdicts[state],
      message: messageOf({ requirement, state, failures, passes: 0, errors: 0 }),
      properties: { ...properties, state, ...(failures > 0 ? { failed: String(failures) } : {}) },
    };
  });
  const identified = [...withIdentities(existing.scope ?? {}, results)];
  const count = (verdict: string): number => identified.filter(({ result }) => result === verdict).length;
  const summary = { pass: count('pass'), fail: count('fail'), warn: 0, error: 0, skip: count('skip') };
  const report = { ...existing, results: identified, summary };
  return isUnchanged(existing, report) ? undefined : report;
}

/** Returns the number of requirements in each state. */
export function statesIn({ results = [] }: PolicyReport): Readonly<Record<RequirementState, number>> {
  const states = { passed: 0, failed: 0, excepted: 0, manual: 0, notEvaluated: 0 };
  for (const { properties } of results) {
    const state = properties?.['state'];
    if (state !== undefined && Object.hasOwn(states, state)) states[state as RequirementState]++;
  }
  return states;
}

function isUnchanged(existing: PolicyReport, report: PolicyReport): boolean {
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
