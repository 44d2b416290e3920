import type { ScanSchedule } from '../api/kinds/scan-schedule.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { labelMatch } from '../api/label-match.ts';

/** The name of the ScanSchedule that the operator creates, so that a policy alone is enough. It leaves out what other schedules scan. */
export const DEFAULT_SCHEDULE = 'default';

/** The policies that the default schedule leaves to other schedules. */
export interface LeftToOtherSchedules {
  /** The other ScanSchedules that scan policies which the default schedule selects, sorted. */
  readonly schedules: readonly string[];
  /** The SecurityPolicies that the default schedule still scans, sorted. */
  readonly policies: readonly string[];
}

/** Whether a schedule creates Scans: it has a schedule, is not suspended, not stalled and not being deleted. */
const makesScans = ({ metadata, spec, status }: ScanSchedule): boolean =>
  spec.schedule !== undefined &&
  spec.suspend !== true &&
  metadata.deletionTimestamp === undefined &&
  !(status?.conditions ?? []).some(({ type, status: holds }) => type === 'Stalled' && holds === 'True');

/**
 * The policies that the default schedule leaves to other schedules, so that no policy is scanned by both. Undefined for any other schedule,
 * and if no policy is left to others.
 */
export function leftToOtherSchedules(
  schedule: ScanSchedule,
  schedules: readonly ScanSchedule[],
  policies: readonly SecurityPolicy[],
): LeftToOtherSchedules | undefined {
  if (schedule.metadata.name !== DEFAULT_SCHEDULE) return undefined;
  const takes = ({ spec }: ScanSchedule, { metadata }: SecurityPolicy): boolean => labelMatch(spec.policySelector)(metadata.labels ?? {});
  const others = schedules.filter((other) => other.metadata.name !== DEFAULT_SCHEDULE && makesScans(other));
  const own = policies.filter((policy) => policy.metadata.deletionTimestamp === undefined && takes(schedule, policy));
  const taking = others.filter((other) => own.some((policy) => takes(other, policy)));
  if (taking.length === 0) return undefined;
  const left = own.filter((policy) => !taking.some((other) => takes(other, policy)));
  return { schedules: namesOf(taking), policies: namesOf(left) };
}

/** The schedules that scan a policy, of those that select it: without the default schedule if another one creates Scans. Pure. */
export function schedulesScanning(taking: readonly ScanSchedule[]): readonly ScanSchedule[] {
  const isLeft = taking.some((other) => other.metadata.name !== DEFAULT_SCHEDULE && makesScans(other));
  return isLeft ? taking.filter(({ metadata }) => metadata.name !== DEFAULT_SCHEDULE) : taking;
}

const namesOf = (objects: readonly { readonly metadata: { readonly name: string } }[]): string[] =>
  objects.map(({ metadata }) => metadata.name).toSorted();
