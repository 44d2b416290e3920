import { isFinished, type Scan } from '../api/scan.ts';
import type { ChangeType } from '../kube/list-watch.ts';
import { holdOf } from '../api/scan-hold.ts';

/** A controller, and a key of its queue. */
export type WatchKey = readonly [controller: string, key: string];

/** Which controller looks after what owns a Scan. */
const owners: Readonly<Record<string, string>> = { ScanSchedule: 'scanschedule', SecurityPolicy: 'securitypolicy' };

interface Known {
  readonly generation: number;
  /** What others care for: the phase, and what holds it up. */
  readonly standing: string;
}

/**
 * Tells which controllers have to look at what when a Scan changes. The Scan's own controller is woken by a new Scan, another spec and
 * its removal, never by a status, which it wrote itself: else a write would end the pause after a failure. Cleaning up begins with the
 * end; owners look when the Scan's phase changes, or what holds it up.
 */
export function scanWatchKeys(): (scan: Scan, type: ChangeType) => readonly WatchKey[] {
  const known = new Map<string, Known>();
  return (scan, type) => {
    const { name, uid = '' } = scan.metadata;
    const before = known.get(uid);
    const now = knownOf(scan);
    if (type === 'DELETED') known.delete(uid);
    else known.set(uid, now);
    const isNew = type === 'DELETED' || before?.generation !== now.generation;
    if (!isNew && before.standing === now.standing) return [];
    return [
      ...(isNew ? [['scan', name] as const] : []),
      ...(isFinished(scan) ? [['scan-cleanup', name] as const] : []),
      ...ownerKeys(scan),
    ];
  };
}

const knownOf = (scan: Scan): Known => ({
  generation: scan.metadata.generation ?? 0,
  standing: `${scan.status?.phase ?? ''} ${holdOf(scan)?.reason ?? ''}`,
});

function ownerKeys({ metadata: { ownerReferences = [] } }: Scan): WatchKey[] {
  return ownerReferences.flatMap(({ kind, name }): WatchKey[] => {
    const controller = owners[kind];
    return controller === undefined ? [] : [[controller, name]];
  });
}
