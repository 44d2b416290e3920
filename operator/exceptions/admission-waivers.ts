import type { LabelSelector } from '../api/field.ts';
import type { AdmissionWaiver } from '../api/kinds/admission-parameters.ts';
import type { ExceptionTarget } from '../api/kinds/security-exception.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { patternExpression } from '../api/name-pattern.ts';
import { brokenBound, endOf, severityBound } from '../findings/waivers/exception-bounds.ts';
import { compileWaiver } from '../findings/waivers/waiver.ts';
import type { Severity } from '../findings/finding.ts';
import type { Exception } from './exception.ts';

/** The exceptions of a policy at admission, and when they change by the passing of time, in milliseconds since the epoch. */
export interface AdmissionWaivers {
  readonly waivers: readonly AdmissionWaiver[];
  readonly until?: number;
}

/** The checks that the policy enforces, each with its severity in the policy, and the time in milliseconds since the epoch. */
export interface EnforcedAt {
  readonly checks: ReadonlyMap<string, Severity>;
  readonly now: number;
}

/**
 * Returns the exceptions that admission applies for a policy: those in force within the bounds of the policy, if it sets `exceptions.allow` to
 * `All`. Only checks that the policy enforces are named. `exceptions` contains only exceptions without problems. Pure.
 */
export function admissionWaivers(policy: SecurityPolicy, exceptions: readonly Exception[], at: EnforcedAt): AdmissionWaivers {
  const { exceptions: bounds = {} } = policy.spec;
  if (bounds.allow !== 'All') return { waivers: [] };
  const parts = exceptions.flatMap((exception) => partsOf(policy, exception, at));
  const waivers = parts.flatMap((part) => part.waivers).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return parts.length === 0 ? { waivers } : { waivers, until: Math.min(...parts.map(({ until }) => until)) };
}

/** Returns what admission applies of one exception: an entry for each of its targets. Empty if it covers nothing. */
function partsOf(
  policy: SecurityPolicy,
  exception: Exception,
  { checks: enforced, now }: EnforcedAt,
): readonly Required<AdmissionWaivers>[] {
  const { name } = policy.metadata;
  const { exceptions: bounds = {} } = policy.spec;
  const waiver = compileWaiver(exception);
  const until = endOf(waiver, now);
  const isFor = waiver.policies?.has(name) ?? true;
  const allowed = [...enforced].filter(([check, severity]) => waiver.checks.has(check) && severityBound(severity, bounds) === undefined);
  const checks = allowed.map(([check]) => check).toSorted();
  if (!isFor || until <= now || checks.length === 0 || brokenBound(waiver, bounds, now) !== undefined) return [];
  const place = placeOf(exception);
  const targets: readonly ExceptionTarget[] = exception.spec.targets ?? [{}];
  return [{ until, waivers: targets.map((target) => ({ exception: waiver.id, checks, ...place, ...objectsOf(target) })) }];
}

type Place = Pick<AdmissionWaiver, 'namespaces' | 'excludedNamespaces' | 'namespaceLabels' | 'clusterScoped'>;

function placeOf({ metadata: { namespace }, spec }: Exception): Place {
  if (namespace !== undefined) return { namespaces: [patternExpression(namespace)] };
  const scope = 'namespaces' in spec ? spec.namespaces : undefined;
  if (!scope) return { clusterScoped: true };
  return {
    ...(scope.include ? { namespaces: scope.include.map(patternExpression) } : {}),
    ...(scope.exclude ? { excludedNamespaces: scope.exclude.map(patternExpression) } : {}),
    ...(scope.selector ? { namespaceLabels: requirementsOf(scope.selector) } : {}),
  };
}

type Objects = Pick<AdmissionWaiver, 'apiGroup' | 'kind' | 'names' | 'labels' | 'containers'>;

function objectsOf({ apiGroup, kind, names, selector, containers }: ExceptionTarget): Objects {
  return {
    ...(apiGroup === undefined ? {} : { apiGroup }),
    ...(kind === undefined ? {} : { kind }),
    ...(names ? { names: names.map(patternExpression) } : {}),
    ...(selector ? { labels: requirementsOf(selector) } : {}),
    ...(containers ? { containers } : {}),
  };
}

function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): NonNullable<AdmissionWaiver['labels']> {
  return [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })),
    ...matchExpressions.map(({ key, operator, values = [] }) => ({ key, operator, values })),
  ];
}
