import type { Scan } from './scan.ts';

/** What keeps a Scan from going on, for now. */
export interface ScanHold {
  /** One CamelCase word, such as Queued, Unschedulable, QuotaExceeded, HeldUp. */
  readonly reason: string;
  readonly message: string;
}

/** Reasons of a Scan that nothing holds up. */
const going: ReadonlySet<string> = new Set(['Planning', 'Running']);

/** What holds up a Scan that has not ended, as its own status says; undefined when nothing does. Pure. */
export function holdOf({ status }: Pick<Scan, 'status'>): ScanHold | undefined {
  const reconciling = status?.conditions?.find(({ type }) => type === 'Reconciling');
  if (reconciling?.status !== 'True' || going.has(reconciling.reason)) return undefined;
  return { reason: reconciling.reason, message: reconciling.message };
}

/** What others than its controller ask of a Scan, as a text that changes with it: its generation, its phase, and what holds it up. */
export const scanStateKey = (scan: Scan): string =>
  `${scan.metadata.generation ?? 0} ${scan.status?.phase ?? ''} ${holdOf(scan)?.reason ?? ''}`;
