import type { Finding } from '../finding.ts';
import type { WaiverSubject, WaiverTarget } from './waiver.ts';
import type { WaiverDecision, WaiverSet } from './waiver-set.ts';

/** The properties that exceptions add to a finding. `verdict` is the verdict without the exception. */
export const WAIVER_PROPERTIES = { exception: 'exception', until: 'until', verdict: 'verdict', refused: 'exceptionRefused' } as const;

type Properties = Readonly<Record<string, string>>;

/** The part of a finding or of a result in a report that exceptions change. */
export interface Waivable {
  readonly verdict: Finding['verdict'];
  readonly properties: Properties;
}

/** Whether an exception covers a finding with these properties. */
export const isExcepted = (properties: Properties | undefined): boolean => properties?.[WAIVER_PROPERTIES.verdict] === 'fail';

/** Returns the ids of the exceptions that cover a finding with these properties, and of the one that a policy refuses. */
export function exceptionIds(properties: Properties | undefined): {
  readonly matched: readonly string[];
  readonly refused: readonly string[];
} {
  const { exception, exceptionRefused } = (properties ?? {}) as Readonly<Record<string, string | undefined>>;
  const id = exceptionRefused?.split(': ')[0];
  return {
    matched: isExcepted(properties) && exception !== undefined ? exception.split(', ') : [],
    refused: id === undefined ? [] : [id],
  };
}

/** Returns the verdict and the properties without exceptions. */
export function withoutWaiver({ verdict, properties }: Waivable): Waivable {
  const { exception, until, verdict: own, exceptionRefused, ...rest } = properties as Readonly<Record<string, string | undefined>>;
  if (exception === undefined && until === undefined && own === undefined && exceptionRefused === undefined) return { verdict, properties };
  return { verdict: own === 'fail' ? 'fail' : verdict, properties: rest as Properties };
}

/** Returns the verdict and the properties after a decision. */
export function withDecision({ verdict, properties }: Waivable, decision: WaiverDecision | undefined): Waivable {
  if (decision === undefined) return { verdict, properties };
  if (decision.kind === 'refused')
    return { verdict, properties: { ...properties, exceptionRefused: `${decision.id}: ${decision.reason}` } };
  const until = new Date(decision.until).toISOString().replace('.000Z', 'Z');
  return { verdict: 'skip', properties: { ...properties, exception: decision.ids.join(', '), until, verdict: 'fail' } };
}

/** Returns the part of a failure that exceptions select it by. */
export function subjectOf(
  finding: Pick<Finding, 'policy' | 'check' | 'severity' | 'containers' | 'elsewhere' | 'properties'>,
): WaiverSubject {
  const { policy, check, severity, containers, elsewhere, properties } = finding;
  const container = properties?.['container'];
  return {
    policy: policy ?? '',
    check,
    severity,
    containers: elsewhere === true ? undefined : (containers ?? (container === undefined ? undefined : [container])),
    package: properties?.['package'],
    isFixed: properties?.['fixed'] !== undefined,
  };
}

/**
 * Applies the exceptions in force at a time (milliseconds since the epoch) to the findings about one object. A failure that an exception
 * covers becomes a `skip` that keeps its message, severity and path, with the properties `exception`, `until` and `verdict`. A failure whose
 * exception a policy refuses has the property `exceptionRefused`. Pure: other findings are returned as they are.
 */
export function applyWaivers<T extends Finding>(
  findings: readonly T[],
  target: WaiverTarget,
  waivers: WaiverSet,
  now: number,
): readonly T[] {
  if (waivers.isEmpty && target.inline === undefined) return findings;
  return findings.map((finding) => {
    if (finding.verdict !== 'fail') return finding;
    const decision = waivers.decide(subjectOf(finding), target, now);
    if (decision === undefined) return finding;
    return { ...finding, ...withDecision({ verdict: finding.verdict, properties: finding.properties ?? {} }, decision) };
  });
}
