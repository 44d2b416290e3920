import { definedEntries } from '../../api/defined-entries.ts';
import { shortHash } from '../../api/short-hash.ts';
import type { Detection } from '../../catalogue/detections/detection.ts';
import { severityOrder, type Severity } from '../../catalogue/controls/severity.ts';
import type { Activity, RequestActivity } from '../activity/activity.ts';
import type { Actor } from '../activity/actor.ts';
import type { Abnormal } from '../baseline/normality.ts';
import type { Observation } from '../detections/judge.ts';
import { subjectText } from '../detections/subjects.ts';
import type { AnomalyFinding } from './anomaly-finding.ts';
import type { StoredFinding } from './finding-store.ts';
import type { Sequence } from './attack-sequence.ts';

/** The request behind an activity. */
export const requestOf = (activity: Activity): RequestActivity | undefined => (activity.type === 'request' ? activity : activity.request);

/** The actor as text, with how sure it is. */
function actorText(actor: Actor): string {
  if (actor.kind !== 'manager') return actor.name;
  return actor.name === 'unknown'
    ? 'unknown: no audit event names who did it'
    : `${actor.name} (name of a field manager, which a client chooses)`;
}

/** The address and the program of a request, as text. */
export const sourceText = ({ address, agent }: RequestActivity): string | undefined =>
  address === undefined ? undefined : `${address} ${agent === 'none' ? 'without the name of a program' : `with ${agent}`}`;

/** The identity of a finding: its detection, who did it, and to which workload. */
export const findingId = (detection: string, principal: string, workload: string): string =>
  shortHash([detection, principal, workload].join('\0'), 16);

/** Returns one severity higher, at most high. */
export function raised(severity: Severity): Severity {
  const index = severityOrder.indexOf(severity);
  return index <= severityOrder.indexOf('high') ? severity : (severityOrder[index - 1] ?? severity);
}

/** What a finding is made of. */
export interface FindingParts {
  readonly detection: Detection;
  readonly observation: Observation;
  readonly abnormal: Abnormal;
  readonly actor: Actor;
  readonly activity: Activity;
  /** A user that appeared after learning makes each of its findings more severe. */
  readonly isNewcomer: boolean;
}

/** Returns a finding of something abnormal. */
export function findingOf({ detection, observation, abnormal, actor, activity, isNewcomer }: FindingParts): StoredFinding {
  const request = requestOf(activity);
  const workload = observation.workload ?? subjectText(observation.about);
  const { compared } = observation;
  const finding: AnomalyFinding = {
    id: findingId(detection.id, actor.key, workload),
    detection: detection.id,
    severity: isNewcomer ? raised(abnormal.severity) : abnormal.severity,
    about: observation.about,
    seen: abnormal.seen,
    normal: abnormal.normal,
    actor: actorText(actor),
    actorIsCertain: actor.kind !== 'manager',
    count: 1,
    firstSeen: activity.at,
    lastSeen: activity.at,
    audit: request === undefined ? [] : [request.id],
    techniques: detection.techniques,
    next: detection.next,
    whileLearning: abnormal.whileLearning,
    ...definedEntries({ source: request && sourceText(request), measured: abnormal.measured }),
  };
  return {
    finding,
    principal: actor.key,
    workload,
    baseline: abnormal.baseline.kind === 'none' ? [] : [abnormal.baseline],
    ...(compared.kind === 'invariant' && compared.state !== undefined ? { state: `${detection.id} ${compared.state}` } : {}),
  };
}

/** Returns the finding of a sequence. `subject` is the key of the user or the workload that its parts are about. */
export function sequenceFinding(sequence: Sequence, detection: Detection, subject: string, about: AnomalyFinding['about']): StoredFinding {
  const { steps, severity } = sequence;
  const parts = steps.map(({ finding, at }) => `${new Date(at).toISOString().slice(11, 19)} ${finding.detection}: ${finding.seen}`);
  const times = steps.map(({ at }) => at);
  const certain = steps.filter((step) => step.finding.actorIsCertain);
  const named = (certain.length > 0 ? certain : steps.slice(0, 1)).map((step) => step.finding);
  const finding: AnomalyFinding = {
    id: findingId(detection.id, subject, ''),
    detection: detection.id,
    severity,
    about,
    seen: `${steps.length} different findings within an hour: ${parts.join('; ')}`,
    normal: 'one finding can be a new habit, several are how an attack looks',
    actor: listed(named.map(({ actor }) => actor)) ?? 'unknown',
    actorIsCertain: certain.length > 0,
    count: 1,
    firstSeen: Math.min(...times),
    lastSeen: Math.max(...times),
    audit: [...new Set(steps.flatMap((step) => step.finding.audit.slice(-1)))].slice(0, 3),
    techniques: [...new Set(steps.flatMap((step) => step.finding.techniques))].slice(0, 8),
    next: detection.next,
    whileLearning: steps.some((step) => step.finding.whileLearning),
    ...definedEntries({ source: listed(named.flatMap(({ source }) => source ?? [])) }),
  };
  return { finding, principal: subject, workload: '', baseline: [] };
}

/** Different texts, at most three by name. Undefined: there are none. */
function listed(texts: readonly string[]): string | undefined {
  const different = [...new Set(texts)];
  const more = different.length - 3;
  if (different.length === 0) return undefined;
  return `${different.slice(0, 3).join(', ')}${more > 0 ? ` and ${more} ${more === 1 ? 'other' : 'others'}` : ''}`;
}
