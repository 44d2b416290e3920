import { durationMilliseconds } from '../../api/field.ts';
import type { ExceptionBounds } from '../../api/kinds/policy-exceptions.ts';
import { severityOrder } from '../../catalogue/controls/severity.ts';
import type { Severity } from '../finding.ts';
import type { Waiver } from './waiver.ts';

const day = 86_400_000;
const daysText = (milliseconds: number): string => `${Math.ceil(milliseconds / day)}d`;

/** The longest duration of an exception if the policy sets none, in milliseconds. */
const defaultDuration = 365 * day;

/** Returns the end of an exception under the bounds of a policy, in milliseconds since the epoch. */
export function endOf({ created, expiresAt }: Pick<Waiver, 'created' | 'expiresAt'>, now: number): number {
  return expiresAt ?? (created ?? now) + defaultDuration;
}

/**
 * Returns the bound of a policy that an exception as a whole breaks, as a sentence, or undefined. An exception in a file has no creation time:
 * its duration is then measured from now. Pure.
 */
export function brokenBound(waiver: Waiver, bounds: ExceptionBounds, now: number): string | undefined {
  const label = bounds.requireApprovalLabel;
  if (bounds.allow === 'None') return 'exceptions.allow is None';
  if (label !== undefined && !hasLabel(waiver, label))
    return `the exception lacks the label ${label}, which exceptions.requireApprovalLabel requires`;
  return brokenDuration(waiver, bounds.maxDuration, now);
}

function brokenDuration({ created, expiresAt }: Waiver, maxDuration: string | undefined, now: number): string | undefined {
  if (expiresAt === undefined)
    return maxDuration === undefined ? undefined : `the exception has no expiresAt, which exceptions.maxDuration ${maxDuration} requires`;
  const length = expiresAt - Math.min(created ?? now, now);
  const longest = maxDuration === undefined ? defaultDuration : (durationMilliseconds(maxDuration) ?? 0);
  if (length <= longest) return undefined;
  const bound =
    maxDuration === undefined
      ? `the default of exceptions.maxDuration is ${daysText(defaultDuration)}`
      : `exceptions.maxDuration is ${maxDuration}`;
  return `expiresAt is ${daysText(length)} after the creation of the exception; ${bound}`;
}

/** Returns why a policy refuses exceptions for a severity, as a sentence, or undefined. */
export function severityBound(severity: Severity, bounds: ExceptionBounds | undefined): string | undefined {
  const limit = bounds?.maxSeverity;
  if (limit === undefined || severityOrder.indexOf(severity) >= severityOrder.indexOf(limit)) return undefined;
  return `the severity is ${severity}; exceptions.maxSeverity is ${limit}`;
}

/** Whether an exception has a label: `key` with any value, or `key=value`. */
const hasLabel = ({ labels }: Waiver, required: string): boolean =>
  Object.entries(labels).some(([key, value]) => required === key || required === `${key}=${value}`);
