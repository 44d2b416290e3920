import type { Scan } from './scan.ts';

/** The reason why a Scan cannot make progress now. */
export interface ScanHold {
  /** One CamelCase word, such as Queued, Unschedulable, QuotaExceeded, HeldUp. */
  readonly reason: string;
  readonly message: string;
}

/** The reasons of the condition Reconciling while a Scan makes progress. */
const inProgress: ReadonlySet<string> = new Set(['Planning', 'Running']);

/** Reads from the status of an unfinished Scan why it cannot make progress. Returns undefined if it can. Pure. */
export function holdOf({ status }: Pick<Scan, 'status'>): ScanHold | undefined {
  const reconciling = status?.conditions?.find(({ type }) => type === 'Reconciling');
  if (reconciling?.status !== 'True' || inProgress.has(reconciling.reason)) return undefined;
  return { reason: reconciling.reason, message: reconciling.message };
}

/** Returns a text that changes when the generation, the phase or the hold of a Scan changes. Other controllers react to these changes only. */
export const scanStateKey = (scan: Scan): string =>
  `${scan.metadata.generation ?? 0} ${scan.status?.phase ?? ''} ${holdOf(scan)?.reason ?? ''}`;
