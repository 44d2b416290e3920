import { ANNOTATIONS } from '../api/group.ts';
import { isFinished, type Scan } from '../api/scan.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import { generationMark, generationScanName, type PolicyGeneration } from './ledger/names.ts';
import { timestampOf } from '../api/timestamp.ts';

/** The Scans of one generation of a policy are tried so often: then its schedule scans it, or a person. */
export const MOST_TRIES = 10;
/** The pause after the first one that did not evaluate it, in milliseconds; doubled each time, up to the longest. */
const [firstPause, longestPause] = [30_000, 1_800_000];

/** How the Scans stand that were made for one generation of a policy. */
export interface GenerationTries {
  readonly running: boolean;
  /** Those that have ended. */
  readonly ended: number;
  /** When the next may be made, in milliseconds since the epoch; undefined while one runs, and after the last. */
  readonly next: number | undefined;
}

/** Which generations a Scan was made for, as marks: empty for one that was made for none. */
export const marksOf = ({ metadata }: Scan): string => metadata.annotations?.[ANNOTATIONS.generations] ?? '';

/**
 * Reads from the Scans that there are how often a generation was tried: so it is the same after a restart. To be asked about a
 * generation that was not evaluated: every Scan of it that has ended did not do it. Deleting its Scans has it tried anew. Pure.
 */
export function triesOf(policy: PolicyGeneration, scans: readonly Scan[]): GenerationTries {
  const [mark, name] = [generationMark(policy), generationScanName(policy)];
  const own = scans.filter((scan) => marksOf(scan).includes(mark) || scan.metadata.name === name);
  const ended = own.filter(isFinished);
  const running = ended.length < own.length;
  const last = Math.max(0, ...ended.map(({ status }) => Date.parse(status?.completionTime ?? '') || 0));
  const pause = ended.length === 0 ? 0 : Math.min(firstPause * 2 ** (ended.length - 1), longestPause);
  return { running, ended: ended.length, next: running || ended.length >= MOST_TRIES ? undefined : last + pause };
}

/** What is said of a generation that Scans have failed to evaluate; undefined where none has, and while one runs. The same until a Scan changes. Pure. */
export function triesText({ running, ended, next }: GenerationTries): string | undefined {
  if (ended === 0 || running) return undefined;
  if (next === undefined) return `failed ${ended} times: its ScanSchedule scans it next; to retry now, delete its Scans`;
  return `failed ${ended} of ${MOST_TRIES} attempts; next attempt at ${timestampOf(next)}`;
}

/**
 * The first Scan that was to evaluate this revision of a policy everywhere, and failed without doing it: from its making on changes are
 * judged that nobody has judged; undefined where none did, and
 * for a policy that cannot be evaluated as it is. Pure.
 */
export function failedScanOf({ metadata, status }: SecurityPolicy, scans: readonly Scan[], revision: string): Scan | undefined {
  const { name, uid = '', generation = 0 } = metadata;
  const isAccepted = status?.conditions?.some(
    ({ type, status: holds, observedGeneration }) => type === 'Stalled' && holds === 'False' && observedGeneration === generation,
  );
  if (isAccepted !== true || status?.evaluatedRevision === revision) return undefined;
  const key = { name, uid, generation, revision };
  return scans
    .filter((scan) => scan.status?.phase === 'Failed' && scan.spec.namespaces === undefined)
    .filter((scan) => marksOf(scan).includes(generationMark(key)) || scan.metadata.name === generationScanName(key))
    .toSorted((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1))
    .at(0);
}
