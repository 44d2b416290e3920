import { isOwnFieldManager } from '../../api/field-managers.ts';
import { GROUP, LABELS } from '../../api/group.ts';
import type { KubeObject, ManagedFields } from '../../api/metadata.ts';

/** The maps of an object's metadata whose keys have owners. */
export type MetadataMap = 'labels' | 'annotations';

/** The entries of an object's managed fields; none where the object was read without them. */
export const fieldOwners = ({ metadata }: KubeObject): readonly ManagedFields[] => metadata.managedFields ?? [];

/** The keys of the labels or annotations that a field manager set. */
export function ownedKeys({ fieldsV1 }: ManagedFields, map: MetadataMap): readonly string[] {
  const metadata = fieldsV1?.['f:metadata'] as Readonly<Record<string, unknown>> | undefined;
  const keys = metadata?.[`f:${map}`] as Readonly<Record<string, unknown>> | undefined;
  return Object.keys(keys ?? {}).flatMap((key) => (key.startsWith('f:') ? [key.slice(2)] : []));
}

/** Whether a label or annotation is one that only Vigil sets. */
export const isOwnKey = (key: string): boolean =>
  key === LABELS.managedBy || key.startsWith(`${GROUP}/`) || key.startsWith(LABELS.policyPrefix);

/** The labels or annotations of an object that another field manager than Vigil set: they are not Vigil's to remove. */
export function foreignEntries(object: KubeObject | undefined, map: MetadataMap): Readonly<Record<string, string>> {
  const entries = object?.metadata[map] ?? {};
  if (!object) return {};
  const keys = new Set(fieldOwners(object).flatMap((owner) => (isOwnFieldManager(owner.manager) ? [] : ownedKeys(owner, map))));
  return Object.fromEntries(Object.entries(entries).filter(([key]) => keys.has(key) && !isOwnKey(key)));
}
