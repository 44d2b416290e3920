import { isQuota } from '../jobs/job-events.ts';
import { transientAttempts, untriedReference, type ImageEntry, type ImageFailure, type ImageLedger } from './ledger/image-ledger.ts';
import { inventoryInputs, matchInputs, type ScannerInputs } from './jobs/scanner-inputs.ts';
import { placeInventories, type PlacedInventory, type PlacementInput } from './targets/image-placement.ts';
import type { ImagePlace } from './targets/image-targets.ts';

/** What there is to do. */
export interface ImagePlan {
  /** Images to take the inventory of now, and where. */
  readonly inventories: readonly PlacedInventory[];
  /** Images to match in one Job now. */
  readonly match: readonly string[];
  /** Images that nothing runs any more, past the grace period. */
  readonly forget: readonly string[];
  /** Milliseconds until a failed attempt is repeated or a match is too old; undefined when nothing waits. */
  readonly next?: number;
}

/** What a plan needs to know of an image. */
export type WantedImage = Pick<ImagePlace, 'references' | 'nodes' | 'pull'>;

/** What a plan is made from. */
export interface ImagePlanInput extends PlacementInput {
  readonly ledger: ImageLedger;
  /** The images that run in scope of a policy. */
  readonly wanted: ReadonlyMap<string, WantedImage>;
  /** Images that a Job is about, and those that nothing can be done about now. */
  readonly unavailable: ReadonlySet<string>;
  readonly matchRunning: boolean;
  /** Jobs for inventories that run. */
  readonly runningInventories: number;
  /** Without a database nothing is matched. */
  readonly inputs: ScannerInputs;
  /** Milliseconds after which a match is too old. */
  readonly matchAge: number;
  readonly now: number;
}

const minute = 60_000;
const pauses = [minute, 5 * minute, 30 * minute, 6 * 60 * minute];
/** How long an image is kept in mind that nothing runs. */
const grace = 24 * 60 * minute;
/** A match older than this is made anew, or sooner where a policy wants newer verdicts: the database behind a tag may have changed. */
export const LONGEST_MATCH_AGE = 12 * 60 * minute;
/** The most images that one Job matches. */
const mostMatched = 100;
/** While inventories are taken, so many wait to be matched together, the first of them no longer than this. */
const [fewMatched, matchPatience] = [20, minute / 2];

/**
 * When a failed attempt may be repeated: at once if the cluster failed, within that class's budget of attempts; each minute while a quota
 * has no room; else after growing pauses.
 */
function retryAt(failure: ImageFailure): number {
  const { at, attempts } = failure;
  if (failure.class === 'Rejected' && isQuota(failure.reason)) return at + minute;
  return attempts < transientAttempts(failure) ? at : at + (pauses[Math.min(attempts, pauses.length) - 1] ?? minute);
}

/** Whether an image may be tried: it did not fail, or its pause is over, or it is tried otherwise than it failed. */
function isReady(
  failure: ImageFailure | undefined,
  { pull = false, references }: WantedImage,
  { inputs: means, now }: ImagePlanInput,
): boolean {
  if (failure === undefined || retryAt(failure) <= now || isOtherwise(failure, pull, means)) return true;
  return failure.tried !== undefined && untriedReference(references, failure) !== undefined;
}

/** Whether what failed is done in another way now, or with something else. */
function isOtherwise({ step, pull = false, means }: ImageFailure, pulled: boolean, now: ScannerInputs): boolean {
  if (step === 'inventory' && pull !== pulled) return true;
  return means !== undefined && means !== (step === 'inventory' ? inventoryInputs(now, pulled) : matchInputs(now));
}

/** What to do next, by what is kept and what runs. Pure and level-based: the same state gives the same plan. */
export function planImages(input: ImagePlanInput): ImagePlan {
  const { ledger, wanted, unavailable: about, now } = input;
  const waiting = [...wanted].filter(([digest, image]) => !about.has(digest) && isReady(ledger[digest]?.failure, image, input));
  const missing = waiting.filter(([digest, image]) => needsInventory(ledger[digest], image, input));
  const forget = Object.entries(ledger).filter(([digest, { seen }]) => !wanted.has(digest) && !about.has(digest) && seen + grace <= now);
  const times = [...wanted.keys()].flatMap((digest) => waits(ledger[digest], input)).filter((time) => time > now);
  const inventories = placeInventories(missing, input);
  const unmatched = input.matchRunning ? [] : waiting.map(([digest]) => digest).filter((digest) => needsMatch(ledger[digest], input));
  const more = input.runningInventories + inventories.length > 0;
  return {
    inventories,
    match:
      more && unmatched.length < fewMatched && unmatched.every((digest) => isYoung(ledger[digest], now)) ? [] : together(unmatched, ledger),
    forget: forget.map(([digest]) => digest),
    ...(times.length > 0 ? { next: Math.min(...times) - now } : {}),
  };
}

/**
 * The ledger without failures of what need not be done any more, such as a match with a database that is not asked for now: what it
 * would tell is known already.
 */
export function withoutObsolete(input: ImagePlanInput): ImageLedger {
  const moot = [...input.wanted].filter(([digest, image]) => isMoot(input.ledger[digest], image, input)).map(([digest]) => digest);
  if (moot.length === 0) return input.ledger;
  const entries = moot.map((digest) => {
    const { failure, ...entry } = input.ledger[digest] as ImageEntry;
    return [digest, entry] as const;
  });
  return { ...input.ledger, ...Object.fromEntries(entries) };
}

function isMoot(entry: ImageEntry | undefined, image: WantedImage, input: ImagePlanInput): boolean {
  if (!entry?.failure || !entry.inventory) return false;
  return entry.failure.step === 'inventory' ? !needsInventory(entry, image, input) : !needsMatch(entry, input);
}

/**
 * The images that one Job matches: those that did not fail before those that did, and of these fewer after each attempt, so that one
 * image with which every Job ends is alone at last.
 */
function together(digests: readonly string[], ledger: ImageLedger): string[] {
  const attempts = (digest: string): number => {
    const failure = ledger[digest]?.failure;
    return failure?.step === 'match' ? failure.attempts : 0;
  };
  const ordered = digests.toSorted((a, b) => attempts(a) - attempts(b));
  const [first] = ordered;
  const most = first === undefined ? 0 : Math.max(1, Math.floor(mostMatched / 5 ** attempts(first)));
  return ordered.filter((digest) => first !== undefined && attempts(digest) === attempts(first)).slice(0, most);
}

/** Whether there is no inventory, or an index that knows more archives than the one that was asked; what is mounted not is not retaken. */
function needsInventory(entry: ImageEntry | undefined, { pull = false }: WantedImage, { inputs: { javaIndex } }: ImagePlanInput): boolean {
  if (!entry?.inventory) return true;
  const asked = entry.inventory.javaIndex;
  return asked !== undefined && javaIndex !== undefined && asked !== javaIndex && !pull;
}

/** Whether an inventory has come in just now: more may come, and a Job for each would read the database anew. */
const isYoung = (entry: ImageEntry | undefined, now: number): boolean =>
  entry?.failure === undefined && entry?.inventory !== undefined && entry.inventory.at + matchPatience > now;

function needsMatch(entry: ImageEntry | undefined, { inputs: { database }, matchAge, now }: ImagePlanInput): boolean {
  if (database === undefined || !entry?.inventory) return false;
  const { findings } = entry;
  return findings?.database !== database || findings.at < entry.inventory.at || findings.at + matchAge <= now;
}

function waits(entry: ImageEntry | undefined, { inputs: { database }, matchAge }: ImagePlanInput): number[] {
  const retry = entry?.failure ? [retryAt(entry.failure)] : [];
  return entry?.findings && database !== undefined ? [...retry, entry.findings.at + matchAge] : retry;
}
