import type { ExceptionBounds } from '../../../operator/api/kinds/policy-exceptions.ts';
import type { ClusterSecurityExceptionSpec } from '../../../operator/api/kinds/security-exception.ts';
import { compileWaiver, type ExceptionObject, type WaiverSubject, type WaiverTarget } from '../../../operator/findings/waivers/waiver.ts';
import { WaiverSet, type WaiverInputs } from '../../../operator/findings/waivers/waiver-set.ts';

/** The time of the tests. */
export const now = Date.parse('2026-06-01T00:00:00Z');

/** A SecurityException in namespace web for run-as-non-root, made a day ago and without an end. */
export const exception = (
  spec: Partial<ClusterSecurityExceptionSpec> = {},
  metadata: Partial<ExceptionObject['metadata']> = {},
): ExceptionObject => ({
  metadata: { name: 'legacy', namespace: 'web', creationTimestamp: '2026-05-31T00:00:00Z', ...metadata },
  spec: { reason: 'the vendor image needs root', checks: [{ name: 'run-as-non-root' }], ...spec },
});

/** A ClusterSecurityException. */
export const clusterException = (spec: Partial<ClusterSecurityExceptionSpec> = {}): ExceptionObject => {
  const { metadata, spec: whole } = exception(spec);
  return { metadata: { name: metadata.name, creationTimestamp: '2026-05-31T00:00:00Z' }, spec: whole };
};

export const subject = (change: Partial<WaiverSubject> = {}): WaiverSubject => ({
  policy: 'baseline',
  check: 'run-as-non-root',
  severity: 'medium',
  containers: ['app'],
  package: undefined,
  isFixed: false,
  ...change,
});

export const target = (change: Partial<WaiverTarget> = {}): WaiverTarget => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'web',
  name: 'legacy-api',
  labels: { app: 'api' },
  ...change,
});

/** A set of exceptions under the bounds of policy baseline. */
export const setOf = (exceptions: readonly ExceptionObject[], bounds?: ExceptionBounds, some: Partial<WaiverInputs> = {}): WaiverSet =>
  new WaiverSet({
    waivers: exceptions.map(compileWaiver),
    bounds: new Map([['baseline', bounds]]),
    namespaceLabels: (name) => (name === 'web' ? { tier: 'prod' } : undefined),
    ...some,
  });

/** Exceptions at one failure, and what follows. */
export interface Case {
  readonly what: string;
  readonly exceptions: readonly ExceptionObject[];
  readonly bounds?: ExceptionBounds;
  readonly subject?: Partial<WaiverSubject>;
  readonly target?: Partial<WaiverTarget>;
  /** The ids of the exceptions that cover the failure, the reason of a refusal, or undefined. */
  readonly decision: string | undefined;
}

/** Returns the decision of a case, in the form of its `decision`. */
export const decided = ({ exceptions, bounds, ...some }: Case): string | undefined => {
  const decision = setOf(exceptions, bounds).decide(subject(some.subject), target(some.target), now);
  if (decision === undefined) return undefined;
  return decision.kind === 'excepted' ? decision.ids.join(', ') : `${decision.id}: ${decision.reason}`;
};
