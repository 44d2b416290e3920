import { timestampOf } from '../../api/timestamp.ts';
import type { ChangeActivity } from '../activity/activity.ts';
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
