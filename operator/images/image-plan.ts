import { isQuota } from '../jobs/job-events.ts';
import { transientAttempts, untriedReference, type ImageEntry, type ImageFailure, type ImageLedger } from './ledger/image-ledger.ts';
import { inventoryInputs, matchInputs, type ScannerInputs } from './jobs/scanner-inputs.ts';
import { placeInventories, type PlacedInventory, type PlacementInput } from './targets/image-placement.ts';
import type { ImagePlace } from './targets/image-targets.ts';

/** The work to start now. */
export interface ImagePlan {
  /** The inventories to take, with their nodes. */
  readonly inventories: readonly PlacedInventory[];
  /** The images to match in one Job. */
  readonly match: readonly string[];
  /** Images that have not run for the grace period. */
  readonly forget: readonly string[];
  /** Milliseconds until the next retry or rematch; undefined if there is none. */
  readonly next?: number;
}

/** The data of an image that a plan needs. */
export type WantedImage = Pick<ImagePlace, 'references' | 'nodes' | 'pull'>;

/** The inputs of {@link planImages}. */
export interface ImagePlanInput extends PlacementInput {
  readonly ledger: ImageLedger;
  /** The running images in the scope of a policy, by key. */
  readonly wanted: ReadonlyMap<string, WantedImage>;
  /** Images that a Job works on, and images that cannot be scanned now. */
  readonly unavailable: ReadonlySet<string>;
  /** Whether a match Job runs. */
  readonly matchRunning: boolean;
  /** The number of running inventory Jobs. */
  readonly runningInventories: number;
  /** The current scanner, Java index and database. Without a database, no image is matched. */
  readonly inputs: ScannerInputs;
  /** Milliseconds after which an image is matched again. */
  readonly matchAge: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const minute = 60_000;
const retryDelays = [minute, 5 * minute, 30 * minute, 6 * 60 * minute];
/** Milliseconds that the entry of an image is kept after the image last ran. */
const gracePeriod = 24 * 60 * minute;
/**
 * Milliseconds after which every image is matched again, since the database behind a tag may have changed. A policy may require it sooner.
 */
export const LONGEST_MATCH_AGE = 12 * 60 * minute;
/** The maximum number of images in one match Job. */
const maxMatchBatch = 100;
/**
 * While inventory Jobs run, a match Job starts only with this many images, or after the first image has waited this long (milliseconds).
 */
const [minMatchBatch, maxMatchDelay] = [20, minute / 2];

/**
 * Returns the time of the next attempt in milliseconds since the epoch: at once for a transient failure within its budget of attempts,
 * after a minute if a quota is exceeded, and after a growing delay otherwise.
 */
function retryAt(failure: ImageFailure): number {
  const { at, attempts } = failure;
  if (failure.class === 'Rejected' && isQuota(failure.reason)) return at + minute;
  return attempts < transientAttempts(failure) ? at : at + (retryDelays[Math.min(attempts, retryDelays.length) - 1] ?? minute);
}

/** Whether an image may be scanned now: it did not fail, its delay is over, or the next attempt uses other inputs or another reference. */
function isReady(failure: ImageFailure | undefined, { pull = false, references }: WantedImage, { inputs, now }: ImagePlanInput): boolean {
  if (failure === undefined || retryAt(failure) <= now || hasOtherInputs(failure, pull, inputs)) return true;
  return failure.failedReferences !== undefined && untriedReference(references, failure) !== undefined;
}

/** Whether the next attempt uses another image mode, scanner, index or database than the failed one. */
function hasOtherInputs({ step, pull = false, inputs }: ImageFailure, pulled: boolean, now: ScannerInputs): boolean {
  if (step === 'inventory' && pull !== pulled) return true;
  return inputs !== undefined && inputs !== (step === 'inventory' ? inventoryInputs(now, pulled) : matchInputs(now));
}

/** Returns the work to start, from the ledger and the running images. Pure and level-based: the same state gives the same plan. */
export function planImages(input: ImagePlanInput): ImagePlan {
  const { ledger, wanted, unavailable, now } = input;
  const waiting = [...wanted].filter(([digest, image]) => !unavailable.has(digest) && isReady(ledger[digest]?.failure, image, input));
  const missing = waiting.filter(([digest, image]) => needsInventory(ledger[digest], image, input));
  const forget = Object.entries(ledger).filter(
    ([digest, { seen }]) => !wanted.has(digest) && !unavailable.has(digest) && seen + gracePeriod <= now,
  );
  const times = [...wanted.keys()].flatMap((digest) => dueTimes(ledger[digest], input)).filter((time) => time > now);
  const inventories = placeInventories(missing, input);
  const unmatched = input.matchRunning ? [] : waiting.map(([digest]) => digest).filter((digest) => needsMatch(ledger[digest], input));
  const more = input.runningInventories + inventories.length > 0;
  return {
    inventories,
    match:
      more && unmatched.length < minMatchBatch && unmatched.every((digest) => isRecent(ledger[digest], now))
        ? []
        : matchBatch(unmatched, ledger),
    forget: forget.map(([digest]) => digest),
    ...(times.length > 0 ? { next: Math.min(...times) - now } : {}),
  };
}

/**
 * Returns the ledger without the failures of work that is no longer needed, such as a match against a database that is no longer
 * configured.
 */
export function withoutObsolete(input: ImagePlanInput): ImageLedger {
  const obsolete = [...input.wanted].filter(([digest, image]) => isObsolete(input.ledger[digest], image, input)).map(([digest]) => digest);
  if (obsolete.length === 0) return input.ledger;
  const entries = obsolete.map((digest) => {
    const { failure, ...entry } = input.ledger[digest] as ImageEntry;
    return [digest, entry] as const;
  });
  return { ...input.ledger, ...Object.fromEntries(entries) };
}

function isObsolete(entry: ImageEntry | undefined, image: WantedImage, input: ImagePlanInput): boolean {
  if (!entry?.failure || !entry.inventory) return false;
  return entry.failure.step === 'inventory' ? !needsInventory(entry, image, input) : !needsMatch(entry, input);
}

/**
 * Returns the images of the next match Job: images that did not fail first, then failed images in batches that shrink after each attempt.
 * An image that breaks each Job is finally matched alone.
 */
function matchBatch(digests: readonly string[], ledger: ImageLedger): string[] {
  const attempts = (digest: string): number => {
    const failure = ledger[digest]?.failure;
    return failure?.step === 'match' ? failure.attempts : 0;
  };
  const ordered = digests.toSorted((a, b) => attempts(a) - attempts(b));
  const [first] = ordered;
  const most = first === undefined ? 0 : Math.max(1, Math.floor(maxMatchBatch / 5 ** attempts(first)));
  return ordered.filter((digest) => first !== undefined && attempts(digest) === attempts(first)).slice(0, most);
}

/** Whether an image has no inventory, or has unidentified Java archives and another index is configured. A pulled image uses no index. */
function needsInventory(entry: ImageEntry | undefined, { pull = false }: WantedImage, { inputs: { javaIndex } }: ImagePlanInput): boolean {
  if (!entry?.inventory) return true;
  const asked = entry.inventory.javaIndex;
  return asked !== undefined && javaIndex !== undefined && asked !== javaIndex && !pull;
}

/** Whether an inventory was taken just now. More may follow, and one match Job for all of them reads the database only once. */
const isRecent = (entry: ImageEntry | undefined, now: number): boolean =>
  entry?.failure === undefined && entry?.inventory !== undefined && entry.inventory.at + maxMatchDelay > now;

function needsMatch(entry: ImageEntry | undefined, { inputs: { database }, matchAge, now }: ImagePlanInput): boolean {
  if (database === undefined || !entry?.inventory) return false;
  const { findings } = entry;
  return findings?.database !== database || findings.at < entry.inventory.at || findings.at + matchAge <= now;
}

/** Returns when an image is retried or matched again, in milliseconds since the epoch. */
function dueTimes(entry: ImageEntry | undefined, { inputs: { database }, matchAge }: ImagePlanInput): number[] {
  const retry = entry?.failure ? [retryAt(entry.failure)] : [];
  return entry?.findings && database !== undefined ? [...retry, entry.findings.at + matchAge] : retry;
}
