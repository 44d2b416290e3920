import { isOwnFieldManager } from '../../api/field-managers.ts';
import { GROUP, LABELS } from '../../api/group.ts';
import type { KubeObject, ManagedFields } from '../../api/metadata.ts';

/** The maps in an object's metadata whose keys have field managers. */
export type MetadataMap = 'labels' | 'annotations';

/** Returns the managed fields of an object. Empty if the object was read without them. */
export const fieldOwners = ({ metadata }: KubeObject): readonly ManagedFields[] => metadata.managedFields ?? [];

/** Returns the keys of the labels or annotations that a field manager owns. */
export function ownedKeys({ fieldsV1 }: ManagedFields, map: MetadataMap): readonly string[] {
  const metadata = fieldsV1?.['f:metadata'] as Readonly<Record<string, unknown>> | undefined;
  const keys = metadata?.[`f:${map}`] as Readonly<Record<string, unknown>> | undefined;
  return Object.keys(keys ?? {}).flatMap((key) => (key.startsWith('f:') ? [key.slice(2)] : []));
}

/** Whether only Vigil sets a label or annotation. */
export const isOwnKey = (key: string): boolean =>
  key === LABELS.managedBy || key.startsWith(`${GROUP}/`) || key.startsWith(LABELS.policyPrefix);

/** Returns the labels or annotations of an object that other field managers own. Vigil does not remove them. */
export function foreignEntries(object: KubeObject | undefined, map: MetadataMap): Readonly<Record<string, string>> {
  const entries = object?.metadata[map] ?? {};
  if (!object) return {};
  const keys = new Set(fieldOwners(object).flatMap((owner) => (isOwnFieldManager(owner.manager) ? [] : ownedKeys(owner, map))));
  return Object.fromEntries(Object.entries(entries).filter(([key]) => keys.has(key) && !isOwnKey(key)));
}
