import type { Finding } from './finding.ts';

/**
 * The properties that locate a finding in its object. A rule may have several findings in one object: one per container, package and file, and
 * for behaviour one per anomaly.
 */
const place = ['container', 'package', 'file'] as const;

/** The properties that tell findings of behaviour apart, and those of several bindings of one ValidatingAdmissionPolicy. */
const origins = ['anomaly', 'binding', 'params'] as const;

/** The fields of a finding that its fingerprint consists of. */
export type Fingerprinted = Pick<Finding, 'policy' | 'check' | 'properties'>;

/**
 * Returns the identity of a finding within its object: the policy, the check and the location. Verdict, message and severity are left out,
 * because they may change. Pod and package version are left out, because they are replaced while the finding remains. The fingerprint
 * decides which findings are new and which are fixed, since when a finding is known, and its identity in a report.
 */
export function fingerprint({ policy, check, properties }: Fingerprinted): string {
  // Only some findings have these parts: the identities of all others, in reports that exist, stay the same.
  const origin = origins.flatMap((name) => properties?.[name] ?? []);
  return [policy ?? '', check, ...place.map((name) => properties?.[name]), ...origin].join('\0');
}
