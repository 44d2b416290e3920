import { isDeepStrictEqual } from 'node:util';
import { RESOURCES } from '../api/api-resource.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import type { Condition } from '../api/condition.ts';
import { isFinished, type Scan, type ScanStatus } from '../api/scan.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { scanStatus, type ScanStage } from '../scan/scan-status.ts';

/** In so many steps at most is the progress of a Scan told. */
const mostSteps = 20;
/** How long a message stands before another of the same reason takes its place, in milliseconds. */
const messageRest = 30_000;

/** When a Scan's status was last written, by a clock in milliseconds that only goes forward. */
export interface StatusMemory {
  writtenAt?: number;
}

/** What the writer needs. */
export interface StatusWriterParts {
  readonly client: Pick<KubeClient, 'get' | 'apply'>;
  readonly scans: { readonly get: (name: string) => Scan | undefined };
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds that only go forward. Default: the process's. */
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
 * Whether a status says enough that is new to be written; `since`: milliseconds since the last write. Another phase, or another reason
 * of a condition, always does, progress in twenty steps, and another message of the same reason every half minute: so the writes of a
 * Scan are bounded by what happens to it, not by its shards. Pure.
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

/** Writes the status of Scans. Nothing else does. */
export class ScanStatusWriter {
  readonly #parts: StatusWriterParts;

  constructor(parts: StatusWriterParts) {
    this.#parts = parts;
  }

  /**
   * Writes how a Scan stands. Returns the phase that this write ended the Scan with; undefined for any other write, and for none: the
   * Scan is gone, has ended before, or there is too little to say.
   */
  async write(scan: Scan, stage: ScanStage, memory: StatusMemory): Promise<'Complete' | 'Failed' | undefined> {
    const { scans, clock, steady = (): number => performance.now() } = this.#parts;
    const current = scans.get(scan.metadata.name);
    if (!current || current.metadata.uid !== scan.metadata.uid) return undefined;
    for (let known: Scan | undefined = current; known && !isFinished(known); known = await this.#reread(scan)) {
      const status = scanStatus(known, stage, clock());
      const since = steady() - (memory.writtenAt ?? Number.NEGATIVE_INFINITY);
      if (!isWorthWriting(known.status, status, since)) return undefined;
      if (!(await this.#apply(known, status))) continue;
      memory.writtenAt = steady();
      return endOf(status);
    }
    return undefined;
  }

  /** Returns whether it is written; not where the Scan changed since it was read, or is gone. */
  async #apply({ metadata: { name, resourceVersion = '' } }: Scan, status: ScanStatus): Promise<boolean> {
    try {
      await this.#parts.client.apply(RESOURCES.scans, { metadata: { name, resourceVersion }, status } as Scan, {
        sub: 'status',
        manager: FIELD_MANAGERS.scans,
      });
      return true;
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return false;
      throw error;
    }
  }

  /** The Scan as the server has it; undefined when it is gone. */
  async #reread({ metadata: { name, uid } }: Scan): Promise<Scan | undefined> {
    try {
      const live = await this.#parts.client.get<Scan>(RESOURCES.scans, { name });
      return live.metadata.uid === uid ? live : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
