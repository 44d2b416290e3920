import type { ScanSchedule } from '../api/scan-schedule.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import { labelMatch } from '../engine/objects/label-selector.ts';

/** The schedule that the operator makes, so that a policy alone is enough. It leaves to others what they scan. */
export const DEFAULT_SCHEDULE = 'default';

/** What the default schedule leaves to others. */
export interface LeftToOtherSchedules {
  /** The ScanSchedules that take policies of its, in order. */
  readonly schedules: readonly string[];
  /** The SecurityPolicies that it still scans, in order. */
  readonly policies: readonly string[];
}

/** Whether a schedule makes Scans by itself: it has times, is not suspended, and can be read. */
const makesScans = ({ metadata, spec, status }: ScanSchedule): boolean =>
  spec.schedule !== undefined &&
  spec.suspend !== true &&
  metadata.deletionTimestamp === undefined &&
  !(status?.conditions ?? []).some(({ type, status: holds }) => type === 'Stalled' && holds === 'True');

/**
 * What the default schedule leaves to others: a policy that another schedule scans is not scanned by both. Undefined for any other
 * schedule, and where nothing is left to others.
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

/** The schedules that scan a policy, of those that take it: not the default one where another makes Scans of it. Pure. */
export function schedulesScanning(taking: readonly ScanSchedule[]): readonly ScanSchedule[] {
  const isLeft = taking.some((other) => other.metadata.name !== DEFAULT_SCHEDULE && makesScans(other));
  return isLeft ? taking.filter(({ metadata }) => metadata.name !== DEFAULT_SCHEDULE) : taking;
}

const namesOf = (objects: readonly { readonly metadata: { readonly name: string } }[]): string[] =>
  objects.map(({ metadata }) => metadata.name).toSorted();
