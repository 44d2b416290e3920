import { definedEntries } from '../../api/defined-entries.ts';
import { timestampOf } from '../../api/timestamp.ts';
import { BEHAVIOUR } from '../../catalogue/detections/detection.ts';
import type { AnomalySettings } from '../../engine/controls/detection-settings.ts';
import type { Finding } from '../../findings/finding.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { UNSEEN } from '../baseline/normality.ts';
import { MORE_ANOMALIES, type AnomalyFinding, type FindingSubject } from './anomaly-finding.ts';

/** The source of reports about behaviour. A report is named `vigil-anomalies-<kind>-<name>`; see `reportName`. */
export const ANOMALIES_SOURCE = 'vigil-anomalies';

/** A policy with `spec.anomalies`. */
export interface ReportingPolicy {
  readonly name: string;
  readonly settings: AnomalySettings;
  /** Whether the scope of the policy includes what a finding is about. Users belong to the cluster scope. */
  readonly includes: (subject: FindingSubject) => boolean;
}

/** The content of the report about one object, service account, user or group. */
export interface AnomalyReport {
  /** The object of the report. A user or group (`rbac.authorization.k8s.io`) has a ClusterPolicyReport. */
  readonly target: RecordTarget;
  readonly results: readonly Finding[];
}

/** Whether what was measured is not above the parameter `floor` of the policy. */
function isBelowFloor(finding: AnomalyFinding, { settings }: ReportingPolicy): boolean {
  const floor = settings.detections.get(finding.detection)?.parameters['floor'];
  return typeof floor === 'number' && finding.measured !== undefined && finding.measured <= floor;
}

/** Whether a policy reports a finding. */
function reports(policy: ReportingPolicy, finding: AnomalyFinding): boolean {
  if (!policy.includes(finding.about) || isBelowFloor(finding, policy)) return false;
  return finding.detection === MORE_ANOMALIES || policy.settings.detections.has(finding.detection);
}

/**
 * Returns the content of all reports about behaviour: for each object one, with a result for each finding and each policy that reports it.
 * Objects without a result have no report. Pure, and the same for the same input.
 */
export function anomalyReports(findings: readonly AnomalyFinding[], policies: readonly ReportingPolicy[]): readonly AnomalyReport[] {
  const reported = new Map<string, { readonly target: RecordTarget; readonly results: Finding[] }>();
  for (const finding of findings)
    for (const policy of policies.filter((each) => reports(each, finding))) {
      const key = subjectKey(finding.about);
      const report = reported.get(key) ?? { target: targetOf(finding.about), results: [] };
      report.results.push(resultOf(finding, policy));
      reported.set(key, report);
    }
  return [...reported.entries()].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, report]) => report);
}

const subjectKey = ({ apiVersion, kind, namespace = '', name }: FindingSubject): string => [namespace, apiVersion, kind, name].join('\0');

const targetOf = ({ apiVersion, kind, namespace, name, uid }: FindingSubject): RecordTarget => ({
  apiVersion,
  kind,
  name,
  ...definedEntries({ namespace, uid }),
});

/** Returns the result of a finding for a policy. A severity that the policy sets is not changed by what is known about peers. */
export function resultOf(finding: AnomalyFinding, { name, settings }: ReportingPolicy): Finding {
  const setting = settings.detections.get(finding.detection);
  const severity = setting?.severityIsSet === true ? setting.severity : finding.severity;
  return {
    policy: name,
    check: finding.detection,
    verdict: 'fail',
    severity,
    category: BEHAVIOUR,
    frameworks: [],
    message: messageOf(finding),
    fix: finding.next,
    properties: propertiesOf(finding),
  };
}

/** What happened, what was normal, and how sure that is. */
function messageOf({ seen, normal, count, whileLearning, actorIsCertain, detection }: AnomalyFinding): string {
  const often = count > 1 && detection !== MORE_ANOMALIES ? ` Seen ${count} times.` : '';
  const learning = whileLearning ? ' Vigil is still learning what is normal here.' : '';
  const hint = actorIsCertain || detection === MORE_ANOMALIES ? '' : ' No audit event names the user.';
  return `${seen}. ${normalText(normal)}.${often}${learning}${hint}`;
}

const normalText = (normal: string): string => (normal.startsWith(UNSEEN) ? `It${normal.slice(2)}` : `Normal: ${normal}`);

/** How sure it is who did it, and what is normal. */
function certaintyOf({ actorIsCertain, whileLearning }: AnomalyFinding): string {
  const actor = actorIsCertain ? 'actor named by the API server' : 'actor not certain';
  return whileLearning ? `${actor}; still learning what is normal` : actor;
}

function propertiesOf(finding: AnomalyFinding): Readonly<Record<string, string>> {
  const { id, seen, normal, actor, source, count, audit, techniques, firstSeen, lastSeen } = finding;
  const properties = {
    anomaly: id,
    seen,
    normal,
    actor,
    since: timestampOf(firstSeen),
    last: timestampOf(lastSeen),
    count: String(count),
    certainty: certaintyOf(finding),
    ...definedEntries({ source, audit: audit.length === 0 ? undefined : audit.join(' ') }),
    ...(techniques.length === 0 ? {} : { technique: techniques.join(' ') }),
  };
  return properties;
}
