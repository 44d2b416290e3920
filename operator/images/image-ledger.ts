import { inventoryMeans, matchMeans, type ImageMeans } from './image-means.ts';
import { placeInventories, type PlacedInventory, type PlacementInput } from './image-placement.ts';
import { printable } from '../report/printable.ts';

/** Something that was tried and did not succeed. */
export interface ImageFailure {
  readonly step: 'inventory' | 'match';
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
export interface KeptInventory {
  readonly configMaps: readonly string[];
  readonly at: number;
  /** The key that it was taken under, where that is another. */
  readonly of?: string;
  /** Some of its Java archives are not known: the index that was asked, the empty text where there was none. */
  readonly javaIndex?: string;
}

/** What is kept about one image. */
export interface ImageEntry {
  readonly inventory?: KeptInventory;
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

/** What a plan is made from. */
export interface ImagePlanInput extends PlacementInput {
  readonly ledger: ImageLedger;
  /** The images that run in scope of a policy. */
  readonly wanted: ReadonlySet<string>;
  /** Images that are pulled by the scanner, not mounted. */
  readonly pulled: ReadonlySet<string>;
  /** What images may be had by, the best first. */
  readonly references: ReadonlyMap<string, readonly string[]>;
  /** Images that a Job is about, and those that nothing can be done about now. */
  readonly about: ReadonlySet<string>;
  readonly matching: boolean;
  /** Jobs for inventories that run. */
  readonly taking: number;
  /** Without a database nothing is matched. */
  readonly means: ImageMeans;
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

/** When a failed attempt may be repeated. */
const retryAt = ({ at, attempts }: ImageFailure): number => at + (pauses[Math.min(attempts, pauses.length) - 1] ?? minute);

/** Whether what failed is done in another way now, or with something else. */
function isOtherwise({ step, pull = false, means }: ImageFailure, pulled: boolean, now: ImageMeans): boolean {
  if (step === 'inventory' && pull !== pulled) return true;
  return means !== undefined && means !== (step === 'inventory' ? inventoryMeans(now, pulled) : matchMeans(now));
}

/** The first of an image's references by which it was not tried since the last pause. */
export const untried = (references: readonly string[], failure: ImageFailure | undefined): string | undefined =>
  references.find((reference) => !failure?.tried?.includes(reference));

/** What to do next, by what is kept and what runs. Pure and level-based: the same state gives the same plan. */
export function planImages(input: ImagePlanInput): ImagePlan {
  const { ledger, wanted, about, pulled, references, means, now } = input;
  const another = (digest: string, { tried }: ImageFailure): boolean =>
    tried !== undefined && (references.get(digest) ?? []).some((reference) => !tried.includes(reference));
  const ready = (digest: string): boolean => {
    const failure = ledger[digest]?.failure;
    if (about.has(digest)) return false;
    return failure === undefined || retryAt(failure) <= now || isOtherwise(failure, pulled.has(digest), means) || another(digest, failure);
  };
  const missing = [...wanted].filter((digest) => needsInventory(ledger[digest], digest, input) && ready(digest));
  const forget = Object.entries(ledger).filter(([digest, { seen }]) => !wanted.has(digest) && !about.has(digest) && seen + grace <= now);
  const times = [...wanted].flatMap((digest) => waits(ledger[digest], input)).filter((time) => time > now);
  const inventories = placeInventories(missing, input);
  const unmatched = input.matching ? [] : [...wanted].filter((digest) => ready(digest) && needsMatch(ledger[digest], input));
  const more = input.taking + inventories.length > 0;
  return {
    inventories,
    match:
      more && unmatched.length < fewMatched && unmatched.every((digest) => isYoung(ledger[digest], now)) ? [] : together(unmatched, ledger),
    forget: forget.map(([digest]) => digest),
    ...(times.length > 0 ? { next: Math.min(...times) - now } : {}),
  };
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
function needsInventory(entry: ImageEntry | undefined, digest: string, { means: { javaIndex }, pulled }: ImagePlanInput): boolean {
  if (!entry?.inventory) return true;
  const asked = entry.inventory.javaIndex;
  return asked !== undefined && javaIndex !== undefined && asked !== javaIndex && !pulled.has(digest);
}

/** Whether an inventory has come in just now: more may come, and a Job for each would read the database anew. */
const isYoung = (entry: ImageEntry | undefined, now: number): boolean =>
  entry?.failure === undefined && entry?.inventory !== undefined && entry.inventory.at + matchPatience > now;

function needsMatch(entry: ImageEntry | undefined, { means: { database }, matchAge, now }: ImagePlanInput): boolean {
  if (database === undefined || !entry?.inventory) return false;
  const { findings } = entry;
  return findings?.database !== database || findings.at < entry.inventory.at || findings.at + matchAge <= now;
}

function waits(entry: ImageEntry | undefined, { means: { database }, matchAge }: ImagePlanInput): number[] {
  const retry = entry?.failure ? [retryAt(entry.failure)] : [];
  return entry?.findings && database !== undefined ? [...retry, entry.findings.at + matchAge] : retry;
}

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

const isSameTry = (before: ImageFailure | undefined, { step, means }: NewFailure): boolean =>
  before?.step === step && before.means === means;

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
