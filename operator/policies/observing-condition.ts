import type { ConditionUpdate } from '../api/condition.ts';
import type { AnomaliesStatus } from '../api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';

/** The most detections that a message names. */
const mostNamed = 5;

type Observing = Omit<ConditionUpdate, 'type'>;

/** The anomalies part of a policy's status. Undefined if the policy does not ask for anomalies, or nothing was observed yet. */
export const observedAnomalies = ({ spec, status }: SecurityPolicy): AnomaliesStatus | undefined => spec.anomalies && status?.anomalies;

/**
 * Returns the condition Observing of a policy with `spec.anomalies`, from the anomalies part of its status: whether its detections see what they
 * need. Pure.
 */
export function observingConditions({ spec, status }: SecurityPolicy): readonly ConditionUpdate[] {
  if (!spec.anomalies) return [];
  const part = status?.anomalies;
  const condition: Observing = part
    ? conditionOf(part)
    : { status: 'Unknown', reason: 'Pending', message: 'the detections have not started yet' };
  return [{ type: 'Observing', ...condition }];
}

function conditionOf({ problems = [], blind = [], learning }: AnomaliesStatus): Observing {
  const texts = [...problems, ...(blind.length > 0 ? [blindText(blind)] : [])];
  if (texts.length > 0)
    return { status: 'False', reason: blind.length > 0 ? 'DetectionsBlind' : 'Degraded', message: texts.join('; ').slice(0, 2048) };
  if (learning) {
    const until = learning.until === undefined ? '' : ` until ${learning.until}`;
    return { status: 'True', reason: 'Learning', message: `learning what is normal${until}: ${learning.progress}` };
  }
  return { status: 'True', reason: 'Observing', message: 'all detections of the policy see what they need' };
}

/** Names the detections by what they need, such as `3 detections need audit events: exec-into-pod, …`. */
function blindText(blind: NonNullable<AnomaliesStatus['blind']>): string {
  const texts = [...Map.groupBy(blind, ({ needs }) => needs)].map(([needs, some]) => {
    const named = some.slice(0, mostNamed).map(({ detection }) => detection);
    const more = some.length > named.length ? ', …' : '';
    return `${some.length} ${some.length === 1 ? 'detection needs' : 'detections need'} ${needs}: ${named.join(', ')}${more}`;
  });
  return `${texts.join('; ')}; docs/audit-setup.md tells how to send audit events`;
}
