import { definedEntries } from '../../api/defined-entries.ts';
import type { AdmissionParameters, AdmissionWaiver } from '../../api/kinds/admission-parameters.ts';
import { WaiverBudget } from './waiver-cost.ts';

/** What the parameters of a policy contain. Undefined: its admission policies do not read it. */
export interface ParameterContent {
  readonly waivers?: readonly AdmissionWaiver[] | undefined;
  /** The approved digests by repository, both sorted. */
  readonly images?: ReadonlyMap<string, readonly string[]> | undefined;
}

/** The fields of the parameters, and what does not fit into the object. */
export interface FittedParameters {
  readonly body: Pick<AdmissionParameters, 'waivers' | 'approvedImages'>;
  /** The size of the body as JSON, in bytes. */
  readonly bytes: number;
  /** The number of approved digests in the body. */
  readonly digests: number;
  /** What was left out, with names. */
  readonly problems: readonly string[];
}

/** The most exceptions, as the CRD has it. */
export const mostWaivers = 2000;
/** The most bytes of the body: the API server refuses objects from 1.5 MiB on. */
export const mostBytes = 1_500_000;
/** The most bytes of the approved digests. 15,000 digests need 1.1 MB. Exceptions have the rest. */
const mostApprovalBytes = 1_250_000;
/** The bytes of a digest as a key with its value, and of a repository besides its name. */
const [digestBytes, repositoryBytes] = [72, 6];
const digestPrefix = 'sha256:';
const mostNamed = 5;

const listed = (names: readonly string[]): string =>
  `${names.slice(0, mostNamed).join(', ')}${names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ''}`;

/** Returns the parameters of a policy. What does not fit is left out and named. Pure. */
export function parametersOf({ waivers, images }: ParameterContent): FittedParameters {
  const approved = approvedPart(images ?? new Map());
  const kept = waiversPart(waivers ?? [], mostBytes - approved.bytes);
  return {
    body: definedEntries({ waivers: waivers && [...kept.waivers], approvedImages: images && approved.images }),
    bytes: approved.bytes + kept.bytes,
    digests: approved.digests,
    problems: [...approved.problems, ...kept.problems],
  };
}

function approvedPart(approved: NonNullable<ParameterContent['images']>): {
  readonly images: NonNullable<AdmissionParameters['approvedImages']>;
  readonly bytes: number;
  readonly digests: number;
  readonly problems: readonly string[];
} {
  const images: Record<string, Record<string, boolean>> = {};
  const left: string[] = [];
  let [bytes, digests] = [0, 0];
  for (const [repository, list] of approved) {
    const fits = Math.max(0, Math.floor((mostApprovalBytes - bytes - repository.length - repositoryBytes) / digestBytes));
    const kept = list.slice(0, fits);
    left.push(...list.slice(fits).map((digest) => `${repository}@${digest}`));
    if (kept.length === 0) continue;
    images[repository] = Object.fromEntries(kept.map((digest) => [digest.slice(digestPrefix.length), true]));
    bytes += repository.length + repositoryBytes + kept.length * digestBytes;
    digests += kept.length;
  }
  const problem = `${digests + left.length} digests are approved, and admission knows ${digests} of them; the others are refused: ${listed(left)}. Delete ImageApprovals of images that are not used any more`;
  return { images, bytes, digests, problems: left.length > 0 ? [problem] : [] };
}

function waiversPart(
  waivers: readonly AdmissionWaiver[],
  most: number,
): { readonly waivers: readonly AdmissionWaiver[]; readonly bytes: number; readonly problems: readonly string[] } {
  const budget = new WaiverBudget();
  const kept: AdmissionWaiver[] = [];
  const left = new Set<string>();
  let bytes = 0;
  for (const waiver of waivers) {
    const size = Buffer.byteLength(JSON.stringify(waiver)) + 1;
    if (kept.length < mostWaivers && bytes + size <= most && budget.take(waiver)) {
      bytes += size;
      kept.push(waiver);
    } else left.add(waiver.exception);
  }
  const problem = `${waivers.length} entries of exceptions are in force, and admission applies ${kept.length} of them; these exceptions do not apply at admission, or only to some targets: ${listed([...left])}. Use fewer exceptions, or fewer and shorter names in their targets`;
  return { waivers: kept, bytes, problems: left.size > 0 ? [problem] : [] };
}
