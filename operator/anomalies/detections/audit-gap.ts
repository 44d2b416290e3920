import { timestampOf } from '../../api/timestamp.ts';
import type { ChangeActivity } from '../activity/activity.ts';
import { managerActor } from '../activity/actor.ts';
import type { AuditOutage, UnseenChanges } from '../activity/audit-outages.ts';
import type { Observation } from './judge.ts';
import { subjectText } from './subjects.ts';

/** A change without an audit event for five minutes. All gaps of a kind of change are one finding. */
export const auditGap = (change: ChangeActivity): Observation => ({
  detection: 'audit-gap',
  about: change.object,
  workload: `gap ${change.operation} ${change.resource}`,
  seen: `${subjectText(change.object)} was ${change.operation === 'delete' ? 'deleted' : `${change.operation}d`} at ${timestampOf(change.at)}, and no audit event of it came`,
  normal: 'audit events of other requests came before and after it',
  compared: { kind: 'invariant' },
});

/** No audit events came at all for a time in which there were changes. An outage is one finding, however many changes there were. */
export const auditOutage = ({ outage: { from, to }, count }: UnseenChanges): Observation => ({
  detection: 'audit-gap',
  about: { apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' },
  workload: 'outage',
  actor: managerActor('unknown'),
  seen: `no audit events came from ${timestampOf(from)} ${to === undefined ? 'on' : `to ${timestampOf(to)}`}; ${count === 1 ? 'one change was' : `${count} changes were`} seen without a user since then`,
  normal: 'audit events came before',
  compared: { kind: 'invariant' },
});

/** No process of Vigil received audit events for a time: one finding for each such time. */
export const auditMissed = ({ from, to = from }: AuditOutage): Observation => ({
  detection: 'audit-gap',
  about: { apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' },
  workload: `missed ${from}`,
  actor: managerActor('unknown'),
  seen: `no audit events came from ${timestampOf(from)} to ${timestampOf(to)}, in which Vigil was stopped or could not be reached: reads, sessions and tokens of that time were not seen`,
  normal: 'audit events came before and after it; the audit log of the API servers has those of the time, and vigil audit-replay reads it',
  compared: { kind: 'invariant' },
});
