import type { ConditionUpdate } from '../api/condition.ts';
import type { EnforcementStatus } from '../api/kinds/policy-enforcement.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';

/** The most checks that a message names. */
const mostNamed = 5;

type Enforced = Omit<ConditionUpdate, 'type'>;

/** Returns the condition Enforced of a policy with `spec.enforcement`, from the enforcement part of its status. Pure. */
export function enforcementConditions({ metadata, spec, status }: SecurityPolicy): readonly ConditionUpdate[] {
  if ((spec.enforcement ?? []).length === 0) return [];
  const { generation = 0 } = metadata;
  const part = status?.enforcement;
  const condition: Enforced =
    part?.observedGeneration === generation
      ? conditionOf(part)
      : { status: 'Unknown', reason: 'Pending', message: `generation ${generation} is not enforced yet` };
  return [{ type: 'Enforced', ...condition }];
}

function conditionOf(part: EnforcementStatus): Enforced {
  const { reason, problems = [], inForce, policies } = part;
  if (reason !== undefined) return { status: 'False', reason, message: problems.join('; ') };
  if (inForce < policies)
    return { status: 'Unknown', reason: 'Pending', message: `${inForce} of ${policies} admission policies are accepted by the API server` };
  const notes = notesOf(part);
  const message = [
    `${counted(part.enforcedChecks, 'check is', 'checks are')} enforced by ${counted(policies, 'admission policy', 'admission policies')}`,
    ...notes,
  ];
  return { status: 'True', reason: notes.length > 0 ? 'EnforcedInPart' : 'Enforced', message: message.join('; ') };
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** Returns what is not enforced, and where nothing is. */
function notesOf({ notEnforced = [], unmatchedEntries = [] }: EnforcementStatus): readonly string[] {
  const unmatched = unmatchedEntries.length > 0 ? [`no namespace matches ${unmatchedEntries.join(', ')}`] : [];
  if (notEnforced.length === 0) return unmatched;
  const named = notEnforced.slice(0, mostNamed).map((one) => `${one.check} (${one.reason})`);
  const rest = notEnforced.length - named.length;
  const more = rest > 0 ? ` and ${rest} more in status.enforcement.notEnforced` : '';
  return [...unmatched, `not enforced: ${named.join(', ')}${more}`];
}
