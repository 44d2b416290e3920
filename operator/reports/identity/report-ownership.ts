import { isOwnFieldManager } from '../../api/field-managers.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isLedger, readLedger, type PolicyLedger } from './policy-ledger.ts';
import { fieldOwners, isOwnKey, ownedKeys } from './field-owners.ts';
import { hasIntactMetadata } from './report-digest.ts';

/**
 * Whose a report is, by what Vigil wrote and not by its name or label:
 * `ours`: Vigil wrote it, and its metadata is as Vigil left it;
 * `damaged`: Vigil wrote it, and somebody has changed its labels, its digest or what it counts: Vigil writes it anew, and trusts no count of it;
 * `foreign`: Vigil never wrote it, or somebody has replaced it: Vigil neither changes, counts nor deletes it.
 */
export type Ownership = 'ours' | 'damaged' | 'foreign';

/** Whose a report is; of the report, metadata with its managed fields is enough. */
export function ownershipOf(report: KubeObject): Ownership {
  const intact = hasIntactMetadata(report.metadata);
  const { [LABELS.managedBy]: managedBy } = report.metadata.labels ?? {};
  if (intact === true) return managedBy === MANAGED_BY ? 'ours' : 'damaged';
  if (!hasOwnFields(report)) return 'foreign';
  // Reports from before there were digests have none.
  const legacy = intact === undefined && managedBy === MANAGED_BY && isLedger(report.metadata.annotations?.[ANNOTATIONS.policies] ?? '{}');
  return legacy ? 'ours' : 'damaged';
}

/** What a report of metadata alone counts of each policy: undefined where that cannot be trusted and the report must be read, none in a foreign one. */
export function countedIn(report: KubeObject): PolicyLedger | undefined {
  const ownership = ownershipOf(report);
  if (ownership === 'damaged') return undefined;
  return ownership === 'ours' ? readLedger(report.metadata.annotations?.[ANNOTATIONS.policies]) : {};
}

/** Whether Vigil set a label or an annotation that only Vigil sets, and nobody has set all of them since. */
function hasOwnFields(report: KubeObject): boolean {
  const own = fieldOwners(report).filter(({ manager }) => isOwnFieldManager(manager));
  return own.some((owner) => [...ownedKeys(owner, 'labels'), ...ownedKeys(owner, 'annotations')].some(isOwnKey));
}
