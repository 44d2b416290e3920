import { shortHash } from '../../api/short-hash.ts';

/** A revision of a policy. */
export interface PolicyGeneration {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** See `evaluationRevision`. */
  readonly revision: string;
}

/** Identifies a revision of a policy: 12 characters. */
export const generationMark = ({ uid, revision }: PolicyGeneration): string => shortHash(`${uid}/${revision}`, 12);

/** The name of the Scan for a new generation of a policy. */
export function generationScanName(policy: PolicyGeneration): string {
  return `${policy.name.slice(0, 40).replace(/[^a-z0-9]+$/, '')}-g${policy.generation}-${generationMark(policy).slice(0, 6)}`;
}

/** The name of the Scan for new generations of several policies. */
export function generationsScanName(policies: readonly PolicyGeneration[]): string {
  return `policies-${policies.length}-${shortHash(policies.map(generationMark).toSorted().join(' '), 10)}`;
}
