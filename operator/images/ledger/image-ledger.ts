import type { FailureClass } from '../../jobs/job-failure.ts';
import { RESPONSES } from '../../jobs/job-attempts.ts';
import { printable } from '../../reports/identity/printable.ts';

/** Something that was tried and did not succeed. */
export interface ImageFailure {
  readonly step: 'inventory' | 'match';
  /** How its Job failed; undefined for what failed without a Job, and for what an older version of Vigil kept. */
  readonly class?: FailureClass;
  /** A sentence. */
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly attempts: number;
  /** The registry gives the image to nobody without a password. */
  readonly denied?: boolean;
  /** It was to be pulled without credentials: mounted, it may be had. */
  readonly pull?: boolean;
  /** What it was tried with. */
  readonly means?: string;
  /** The references by which it could not be had since the last pause. */
  readonly tried?: readonly string[];
}

/** An inventory that was taken. */
export interface StoredInventory {
  readonly configMaps: readonly string[];
  readonly at: number;
  /** The key that it was taken under, where that is another. */
  readonly of?: string;
  /** Some of its Java archives are not known: the index that was asked, the empty text where there was none. */
  readonly javaIndex?: string;
}

/** What is kept about one image. */
export interface ImageEntry {
  readonly inventory?: StoredInventory;
  /** The ConfigMaps of what was found, the database that told, by its reference, and when that was made. */
  readonly findings?: { readonly configMaps: readonly string[]; readonly database: string; readonly made: string; readonly at: number };
  readonly failure?: ImageFailure;
  /** What a Job that runs waits for, for longer than it should. */
  readonly waiting?: string;
  /** When a workload was last seen to run it. */
  readonly seen: number;
}

/** By what images are kept under: see image-key.ts. */
export type ImageLedger = Readonly<Record<string, ImageEntry>>;

/** The first of an image's references by which it was not tried since the last pause. */
export const untriedReference = (references: readonly string[], failure: ImageFailure | undefined): string | undefined =>
  references.find((reference) => !failure?.tried?.includes(reference));

/** The most characters of a reason. */
const longest = 1000;

/** What failed, before attempts are counted. `reference`: by which the image could not be had. */
export type NewFailure = Omit<ImageFailure, 'attempts' | 'tried'> & { readonly reference?: string };

/** The entry after a failed attempt: what was known stays. Reasons hold what programs and others' pods said: none is kept raw. */
export function withFailure({ waiting, ...entry }: ImageEntry, { reference, ...failure }: NewFailure): ImageEntry {
  const before = isSameTry(entry.failure, failure) ? entry.failure : undefined;
  const news = { ...failure, reason: printable(failure.reason.slice(0, longest)) };
  if (reference !== undefined && before?.tried?.includes(reference) === false)
    return { ...entry, failure: withName(before, news, [...before.tried, reference]) };
  const tried = reference === undefined ? {} : { tried: [reference] };
  return { ...entry, failure: { ...news, ...tried, attempts: (before?.attempts ?? 0) + 1 } };
}

/** Whether the cluster failed and not the Job's work, and how often that may be before it counts as the work's. */
export const transientAttempts = ({ class: failure }: Pick<ImageFailure, 'class'>): number =>
  failure !== undefined && RESPONSES[failure].passing ? RESPONSES[failure].tries : 0;

const isSameTry = (before: ImageFailure | undefined, failure: NewFailure): boolean =>
  before?.step === failure.step && before.means === failure.means && transientAttempts(before) > 0 === transientAttempts(failure) > 0;

/** A failure by another name in the same attempt: that somebody has it behind a password says more than that others have it not. */
function withName(before: ImageFailure, news: NewFailure, tried: readonly string[]): ImageFailure {
  const { reason, denied } = before.denied || !news.denied ? before : news;
  return { ...news, reason, ...(denied ? { denied } : {}), tried, attempts: before.attempts };
}

/** The entry after a step that succeeded; a failure of that step is over. */
export function withSuccess(entry: ImageEntry, step: ImageFailure['step'], news: Pick<ImageEntry, 'inventory' | 'findings'>): ImageEntry {
  const { failure, waiting, ...rest } = entry;
  return { ...rest, ...news, ...(failure && failure.step !== step ? { failure } : {}) };
}

/** The entry while a Job runs that waits for this; undefined: for nothing. */
export function withWaiting({ waiting, ...entry }: ImageEntry, what: string | undefined): ImageEntry {
  return what === undefined ? entry : { ...entry, waiting: printable(what) };
}
