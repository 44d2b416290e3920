import type { FailureClass } from '../../jobs/job-failure.ts';
import { RESPONSES } from '../../jobs/job-attempts.ts';
import { printable } from '../../reports/identity/printable.ts';

/** A failed scan step of an image. */
export interface ImageFailure {
  readonly step: 'inventory' | 'match';
  /** The failure class of its Job; undefined if it failed without a Job or was recorded by an older version of Vigil. */
  readonly class?: FailureClass;
  /** A sentence. */
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly attempts: number;
  /** The registry requires credentials. */
  readonly denied?: boolean;
  /** The scanner should have pulled it without credentials. Mounting it may succeed. */
  readonly pull?: boolean;
  /** The inputs of the attempt, as `inputsOf` returns them. */
  readonly inputs?: string;
  /** The references that could not be pulled in the current attempt. */
  readonly failedReferences?: readonly string[];
}

/** An inventory that is stored. */
export interface StoredInventory {
  readonly configMaps: readonly string[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The key under which it was taken, if that is another key. */
  readonly of?: string;
  /** Set if some of its Java archives could not be identified: the index that was used, or the empty text if there was none. */
  readonly javaIndex?: string;
}

/** The record of one image. */
export interface ImageEntry {
  readonly inventory?: StoredInventory;
  /**
   * The ConfigMaps with the findings, the reference of the database, and when that database was built. The database is empty before the
   * first match.
   */
  readonly findings?: {
    readonly configMaps: readonly string[];
    readonly database: string;
    readonly databaseBuilt: string;
    readonly at: number;
  };
  readonly failure?: ImageFailure;
  /** The reason why its Job has not started, if it waits for too long. */
  readonly waiting?: string;
  /** When a workload that runs it was last listed, in milliseconds since the epoch. */
  readonly seen: number;
}

/** The records by image key; see image-key.ts. */
export type ImageLedger = Readonly<Record<string, ImageEntry>>;

/** Returns the first reference that was not tried in the current attempt; undefined if all were. */
export const untriedReference = (references: readonly string[], failure: ImageFailure | undefined): string | undefined =>
  references.find((reference) => !failure?.failedReferences?.includes(reference));

/** The maximum number of characters of a reason. */
const maxReasonLength = 1000;

/** A new failure, before attempts are counted. `reference`: the reference that could not be pulled. */
export type NewFailure = Omit<ImageFailure, 'attempts' | 'failedReferences'> & { readonly reference?: string };

/**
 * Returns the entry after a failed attempt, with its inventory and findings. Control characters are removed from the reason, which may
 * contain output of other programs.
 */
export function withFailure({ waiting, ...entry }: ImageEntry, { reference, ...failure }: NewFailure): ImageEntry {
  const before = isSameAttempt(entry.failure, failure) ? entry.failure : undefined;
  const latest = { ...failure, reason: printable(failure.reason.slice(0, maxReasonLength)) };
  if (reference !== undefined && before?.failedReferences?.includes(reference) === false)
    return { ...entry, failure: withReference(before, latest, [...before.failedReferences, reference]) };
  const failed = reference === undefined ? {} : { failedReferences: [reference] };
  return { ...entry, failure: { ...latest, ...failed, attempts: (before?.attempts ?? 0) + 1 } };
}

/**
 * Returns the number of attempts after which a transient failure of the cluster counts as a failure of the image; zero for other failures.
 */
export const transientAttempts = ({ class: failure }: Pick<ImageFailure, 'class'>): number =>
  failure !== undefined && RESPONSES[failure].passing ? RESPONSES[failure].tries : 0;

const isSameAttempt = (before: ImageFailure | undefined, failure: NewFailure): boolean =>
  before?.step === failure.step && before.inputs === failure.inputs && transientAttempts(before) > 0 === transientAttempts(failure) > 0;

/**
 * Returns a failure by another reference in the same attempt. A denial takes precedence over other reasons, since the image exists there.
 */
function withReference(before: ImageFailure, latest: NewFailure, failedReferences: readonly string[]): ImageFailure {
  const { reason, denied } = before.denied || !latest.denied ? before : latest;
  return { ...latest, reason, ...(denied ? { denied } : {}), failedReferences, attempts: before.attempts };
}

/** Returns the entry after a successful step, without a failure of that step. */
export function withSuccess(entry: ImageEntry, step: ImageFailure['step'], result: Pick<ImageEntry, 'inventory' | 'findings'>): ImageEntry {
  const { failure, waiting, ...rest } = entry;
  return { ...rest, ...result, ...(failure && failure.step !== step ? { failure } : {}) };
}

/** Returns the entry of an image whose Job has not started for this reason; undefined: it does not wait. */
export function withWaiting({ waiting, ...entry }: ImageEntry, reason: string | undefined): ImageEntry {
  return reason === undefined ? entry : { ...entry, waiting: printable(reason) };
}
