import type { Finding } from './finding.ts';

/** The properties that say where in its object a finding is. A rule may have several in one object: one a container, package and file. */
const place = ['container', 'package', 'file'] as const;

/** What a fingerprint is made of. */
export type Fingerprinted = Pick<Finding, 'policy' | 'check' | 'properties'>;

/**
 * What says of two findings about one object whether they are the same: the policy, the check and the place. Not the verdict, the message or the
 * severity, which may change; not the pod or the package's version, which are replaced while the finding stays. It decides what is new and
 * fixed, since when a finding is known, and its identity in a report.
 */
export function fingerprint({ policy, check, properties }: Fingerprinted): string {
  return [policy ?? '', check, ...place.map((name) => properties?.[name])].join('\0');
}
