import { isDeepStrictEqual } from 'node:util';
import { RESOURCES } from '../../api/api-resource.ts';
import { FIELD_MANAGERS } from '../../api/field-managers.ts';
import type { Condition } from '../../api/condition.ts';
import { isFinished, type Scan, type ScanStatus } from '../../api/kinds/scan.ts';
import { updateStatus, type StatusWriterDependencies } from '../../controller/status-writer.ts';
import { scanStatus, type ScanStage } from './scan-status.ts';

/** The most steps in which the progress of a Scan is written. */
const mostSteps = 20;
/** Milliseconds before a message may be replaced by another one with the same reason. */
const messageRest = 30_000;

/** When a Scan's status was last written, in milliseconds by a monotonic clock. */
export interface StatusMemory {
  writtenAt?: number;
}

/** The dependencies of {@link writeScanStatus}. */
export interface ScanStatusWriting extends StatusWriterDependencies {
  readonly scans: { readonly get: (name: string) => Scan | undefined };
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds by a monotonic clock. Default: the process's. */
  readonly steady?: () => number;
}

const doneOf = ({ progress = '' }: ScanStatus): { done: number; all: number } => {
  const [done = 0, all = 0] = progress.split('/').map(Number);
  return { done, all };
};

const reasonsOf = ({ conditions = [] }: ScanStatus): string[] =>
  conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
const messagesOf = (conditions: readonly Condition[] = []): string[] => conditions.map(({ message }) => message);

/**
 * Whether a status differs enough to be written. `since`: milliseconds since the last write. Another phase or reason of a condition is
 * always written, progress in twenty steps, and another message of the same reason every half minute: so the number of writes does not
 * depend on the number of shards. Pure.
 */
export function isWorthWriting(before: ScanStatus | undefined, next: ScanStatus, since: number): boolean {
  if (!before || before.phase !== next.phase) return true;
  if (!isDeepStrictEqual(reasonsOf(before), reasonsOf(next))) return true;
  const [was, is] = [doneOf(before), doneOf(next)];
  if (is.done - was.done >= Math.max(1, Math.ceil(is.all / mostSteps))) return true;
  const isAnother = !isDeepStrictEqual(messagesOf(before.conditions), messagesOf(next.conditions)) || is.all !== was.all;
  return isAnother && since >= messageRest;
}

const endOf = ({ phase }: ScanStatus): 'Complete' | 'Failed' | undefined =>
  phase === 'Complete' || phase === 'Failed' ? phase : undefined;

/**
 * Writes the status of a Scan by {@link updateStatus}, if it {@link isWorthWriting}. Nothing else writes the status of Scans. Returns the
 * final phase if this write ended the Scan; undefined otherwise, also if the Scan was deleted or had already ended.
 */
export async function writeScanStatus(
  writing: ScanStatusWriting,
  scan: Scan,
  stage: ScanStage,
  memory: StatusMemory,
): Promise<'Complete' | 'Failed' | undefined> {
  const { scans, clock, steady = (): number => performance.now() } = writing;
  const current = scans.get(scan.metadata.name);
  if (!current || current.metadata.uid !== scan.metadata.uid) return undefined;
  let written: ScanStatus | undefined;
  const compute = (known: Scan): object => {
    const status = scanStatus(known, stage, clock());
    const since = steady() - (memory.writtenAt ?? Number.NEGATIVE_INFINITY);
    written = !isFinished(known) && isWorthWriting(known.status, status, since) ? status : undefined;
    return written ?? known.status ?? {};
  };
  const updated = await updateStatus(writing, RESOURCES.scans, current, { manager: FIELD_MANAGERS.scans, compute });
  if (!updated || !written) return undefined;
  memory.writtenAt = steady();
  return endOf(written);
}
