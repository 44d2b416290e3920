import type { ConditionUpdate } from './condition.ts';

const day = 86_400_000;
/** Milliseconds before its end at which an object ends soon, with the reason of condition Active and its text. */
const warnings: readonly (readonly [before: number, reason: string, text: string])[] = [
  [day, 'EndsWithinADay', 'ends within a day'],
  [7 * day, 'EndsWithin7Days', 'ends within 7 days'],
];

/** The reasons of condition Active with which an exception or approval is in force and ends soon. */
export const endsSoon: ReadonlySet<string> = new Set(warnings.map(([, reason]) => reason));

/**
 * Returns the reason of condition Active of an exception or approval in force, and its text if it ends soon. `end` and `now`: milliseconds since
 * the epoch.
 */
export function endingOf(end: number, now: number): { readonly reason: string; readonly text?: string } {
  const [, reason, text] = warnings.find(([before]) => end - now <= before) ?? [];
  return reason === undefined || text === undefined ? { reason: 'InForce' } : { reason, text };
}

/** Returns the milliseconds until the status of an exception or approval changes by the passing of time. Undefined: it does not. */
export function nextEnding(end: number, now: number): number | undefined {
  const times = [end, ...warnings.map(([before]) => end - before)].filter((time) => Number.isFinite(time) && time > now);
  return times.length === 0 ? undefined : Math.min(...times) - now;
}

/** Returns Ready, Reconciling and Stalled of an object that is valid if it has no problems. `kind`: its word in messages, such as exception. */
export function validity(kind: string, problems: readonly string[]): ConditionUpdate[] {
  const isValid = problems.length === 0;
  const reason = isValid ? 'Accepted' : 'Invalid';
  const message = isValid ? `the ${kind} is valid` : problems.join('; ');
  return [
    { type: 'Ready', status: isValid ? 'True' : 'False', reason, message },
    { type: 'Reconciling', status: 'False', reason, message: '' },
    { type: 'Stalled', status: isValid ? 'False' : 'True', reason, message: isValid ? '' : message },
  ];
}
