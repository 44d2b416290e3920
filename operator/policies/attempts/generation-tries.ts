import { ANNOTATIONS } from '../../api/group.ts';
import { isFinished, type Scan } from '../../api/kinds/scan.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import { timestampOf } from '../../api/timestamp.ts';
import { generationMark, generationScanName, type PolicyGeneration } from './generation-names.ts';

/** The most Scans for one generation of a policy. Further Scans are left to its schedule or the user. */
export const MOST_TRIES = 10;
/** Milliseconds to wait after the first failed Scan, doubled after each failure, and the longest pause. */
const [firstPause, longestPause] = [30_000, 1_800_000];
/** How often a revision may come again without a pause. API servers of two versions make two revisions change places for as long as they run. */
const freeReturns = 3;

/** The Scans that were created for one generation of a policy. */
export interface GenerationTries {
  readonly running: boolean;
  /** The number of Scans that have ended. */
  readonly ended: number;
  /** When the next Scan may be created, in milliseconds since the epoch; undefined while one runs and after the last one. */
  readonly next: number | undefined;
}

/** The marks of the generations for which a Scan was created; empty for other Scans. */
export const marksOf = ({ metadata }: Scan): string => metadata.annotations?.[ANNOTATIONS.generations] ?? '';

/** When a Scan last evaluated a policy, in milliseconds since the epoch. Scans before it are not about the revision that is to be evaluated now. */
export const lastEvaluation = ({ status }: Pick<SecurityPolicy, 'status'>): number =>
  Date.parse(status?.configuration?.lastScanTime ?? status?.lastScanTime ?? '') || 0;

/** Whether a Scan ended after the last evaluation. A revision may come again, such as after a parameter was set back: its earlier Scans do not count. */
const isLater = (scan: Scan, since: number): boolean => !isFinished(scan) || !(Date.parse(scan.status?.completionTime ?? '') <= since);

/**
 * Counts how often a generation was tried, from the existing Scans: so the count survives a restart. Only call it for a generation that was
 * not evaluated: then every Scan of it that ended after the last evaluation has failed. Earlier ones only lead to pauses, if there are many. Deleting
 * the Scans resets the count. Pure.
 */
export function triesOf(policy: PolicyGeneration, scans: readonly Scan[], since: number): GenerationTries {
  const [mark, name] = [generationMark(policy), generationScanName(policy)];
  const all = scans.filter((scan) => marksOf(scan).includes(mark) || scan.metadata.name === name);
  const own = all.filter((scan) => isLater(scan, since));
  const ended = own.filter(isFinished);
  const running = ended.length < own.length;
  const pauses = Math.max(ended.length, all.length - own.length - freeReturns);
  const last = Math.max(0, ...(pauses === 0 ? [] : all).map(({ status }) => Date.parse(status?.completionTime ?? '') || 0));
  const pause = pauses === 0 ? 0 : Math.min(firstPause * 2 ** (pauses - 1), longestPause);
  return { running, ended: ended.length, next: running || ended.length >= MOST_TRIES ? undefined : last + pause };
}

/**
 * The message about a generation that Scans failed to evaluate; undefined if none has failed, and while one runs. It only changes when a
 * Scan changes. Pure.
 */
export function triesText({ running, ended, next }: GenerationTries): string | undefined {
  if (ended === 0 || running) return undefined;
  if (next === undefined) return `failed ${ended} times: its ScanSchedule scans it next; to retry now, delete its Scans`;
  return `failed ${ended} of ${MOST_TRIES} attempts; next attempt at ${timestampOf(next)}`;
}

/**
 * The first Scan of this revision of a policy in all namespaces that failed to evaluate it; undefined if there is none, and for an invalid
 * policy. Changes since its creation were not evaluated by any Scan. Pure.
 */
export function failedScanOf(policy: SecurityPolicy, scans: readonly Scan[], revision: string): Scan | undefined {
  const { metadata, status } = policy;
  const { name, uid = '', generation = 0 } = metadata;
  const isAccepted = status?.conditions?.some(
    ({ type, status: holds, observedGeneration }) => type === 'Stalled' && holds === 'False' && observedGeneration === generation,
  );
  if (isAccepted !== true || status?.evaluatedRevision === revision) return undefined;
  const key = { name, uid, generation, revision };
  return scans
    .filter((scan) => scan.status?.phase === 'Failed' && scan.spec.namespaces === undefined && isLater(scan, lastEvaluation(policy)))
    .filter((scan) => marksOf(scan).includes(generationMark(key)) || scan.metadata.name === generationScanName(key))
    .toSorted((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1))
    .at(0);
}
