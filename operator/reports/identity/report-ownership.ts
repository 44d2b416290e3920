import { isOwnFieldManager } from '../../api/field-managers.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isLedger, readLedger, type PolicyLedger } from './policy-ledger.ts';
import { fieldOwners, isOwnKey, ownedKeys } from './field-owners.ts';
import { hasIntactMetadata } from './report-digest.ts';

/**
 * The owner of a report. It depends on the content that Vigil wrote, not on the name or a label.
 * `ours`: Vigil wrote the report, and its metadata has not changed since.
 * `damaged`: Vigil wrote the report, and another writer changed its labels, its digest or its counts. Vigil ignores the counts and writes the
 * report again.
 * `foreign`: Vigil did not write the report, or another writer replaced it. Vigil does not change, count or delete it.
 */
export type Ownership = 'ours' | 'damaged' | 'foreign';

/** Returns the owner of a report. Needs only its metadata with managed fields. */
export function ownershipOf(report: KubeObject): Ownership {
  const intact = hasIntactMetadata(report.metadata);
  const { [LABELS.managedBy]: managedBy } = report.metadata.labels ?? {};
  if (intact === true) return managedBy === MANAGED_BY ? 'ours' : 'damaged';
  if (!hasOwnFields(report)) return 'foreign';
  // Reports of Vigil before 0.2 have no digest.
  const legacy = intact === undefined && managedBy === MANAGED_BY && isLedger(report.metadata.annotations?.[ANNOTATIONS.policies] ?? '{}');
  return legacy ? 'ours' : 'damaged';
}

/**
 * Returns the counts of each policy from the metadata of a report. Returns undefined if the metadata was changed; the results must then be
 * read. A foreign report has no counts.
 */
export function countedIn(report: KubeObject): PolicyLedger | undefined {
  const ownership = ownershipOf(report);
  if (ownership === 'damaged') return undefined;
  return ownership === 'ours' ? readLedger(report.metadata.annotations?.[ANNOTATIONS.policies]) : {};
}

/** Whether a field manager of Vigil still owns a label or an annotation that only Vigil sets. */
function hasOwnFields(report: KubeObject): boolean {
  const own = fieldOwners(report).filter(({ manager }) => isOwnFieldManager(manager));
  return own.some((owner) => [...ownedKeys(owner, 'labels'), ...ownedKeys(owner, 'annotations')].some(isOwnKey));
}
