import { valueAt } from '../objects/custom-workloads.ts';
import type { Fields } from '../objects/kubernetes-object.ts';
import { type Outcome, skipped, type Violation } from '../outcomes/outcome.ts';

/** What is not known of a pod that an object does not describe in full. */
export interface IncompletePod {
  /** Why a check cannot pass. Undefined if what is not known is not the object's: a container that a controller adds. */
  readonly reason: string | undefined;
  /** The paths of the pod whose values are not known. An empty path: everything that is not set. */
  readonly unknown: readonly string[];
}

/** Whether nothing is known of a pod but what is set. */
export const isFragment = ({ unknown }: IncompletePod): boolean => unknown.includes('');

const isWithin = (path: string, other: string): boolean =>
  other === '' || path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`);

/** Whether a violation is certain: its value is set, or what is not known has nothing to do with it. */
function isCertain({ path }: Violation, pod: Fields, { unknown }: IncompletePod): boolean {
  if (unknown.every((other) => !isWithin(path, other) && !isWithin(other, path))) return true;
  // The names of annotations and labels are in quotes. Only those that are set are reported.
  if (path.includes("['")) return true;
  const value = valueAt(pod, path);
  return value !== undefined && typeof value !== 'object';
}

/**
 * Returns the outcome of a check on a pod that is not known in full: the violations that are certain, else a skip with the reason. `outcome`
 * has paths of the pod.
 */
export function certainOutcome(outcome: Outcome, pod: Fields, incomplete: IncompletePod): Outcome {
  if (outcome.skip !== undefined) return outcome;
  const violations = outcome.violations.filter((violation) => isCertain(violation, pod, incomplete));
  const faults = isFragment(incomplete) ? [] : outcome.faults;
  if (violations.length > 0) return { ...outcome, violations, faults };
  if (faults.length > 0 || incomplete.reason === undefined) return { ...outcome, violations, faults };
  return skipped(incomplete.reason);
}

/** The type of a value, for messages: `a list`, `nothing`. */
export const foundType = (value: unknown): string =>
  value === undefined || value === null ? 'nothing' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
