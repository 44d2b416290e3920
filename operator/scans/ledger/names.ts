import { shortHash } from '../../api/short-hash.ts';

/** What a Scan's Jobs and ConfigMaps are called by: ten characters of its uid's hash. */
export const scanHash = (uid: string): string => shortHash(uid, 10);

/** The Job of a Scan's n-th attempt. */
export const jobName = (uid: string, attempt: number): string => `vigil-${scanHash(uid)}-a${attempt}`;

/** A policy as it is judged: by one revision. */
export interface PolicyGeneration {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** See `evaluationRevision`. */
  readonly revision: string;
}

/** Tells one revision of a policy from every other: 12 characters. */
export const generationMark = ({ uid, revision }: PolicyGeneration): string => shortHash(`${uid}/${revision}`, 12);

/** The Scan that a policy's new generation makes. */
export function generationScanName(policy: PolicyGeneration): string {
  return `${policy.name.slice(0, 40).replace(/[^a-z0-9]+$/, '')}-g${policy.generation}-${generationMark(policy).slice(0, 6)}`;
}

/** The Scan that new generations of several policies make. */
export function generationsScanName(policies: readonly PolicyGeneration[]): string {
  return `policies-${policies.length}-${shortHash(policies.map(generationMark).toSorted().join(' '), 10)}`;
}
