import { fieldOwner, LEGACY_FIELD_MANAGER, type FieldManager } from '../api/field-managers.ts';
import type { FieldsV1, ManagedFields } from '../api/metadata.ts';

/** Of which object, by whom, the fields are to be handed over. */
export interface LegacyFieldsRequest {
  readonly resource: string;
  readonly sub?: 'status' | undefined;
  /** Who applies now. */
  readonly manager: FieldManager;
}

/**
 * The managed fields after those that the old manager of all applies owns went to their owners of today; undefined if it owns none.
 * A field that its new owner does not apply is then removed by its next apply. Without this it would stay for ever. This is what
 * client-go's `csaupgrade` does for fields of client-side apply: the union of both sets under the new name.
 */
export function withoutLegacyManager(
  entries: readonly ManagedFields[],
  request: LegacyFieldsRequest,
): readonly ManagedFields[] | undefined {
  const isHere = ({ operation, subresource }: ManagedFields): boolean =>
    operation === 'Apply' && (subresource ?? '') === (request.sub ?? '');
  const legacy = entries.find((entry) => isHere(entry) && entry.manager === LEGACY_FIELD_MANAGER);
  if (!legacy) return undefined;
  const handed = handedOver(legacy.fieldsV1 ?? {}, request);
  const kept = entries
    .filter((entry) => entry !== legacy)
    .map((entry) => {
      const fields = isHere(entry) ? handed.get(entry.manager ?? '') : undefined;
      if (!fields) return entry;
      handed.delete(entry.manager ?? '');
      return { ...entry, fieldsV1: union(entry.fieldsV1 ?? {}, fields) };
    });
  return [...kept, ...[...handed].map(([manager, fieldsV1]) => ({ ...legacy, manager, fieldsV1 }))];
}

/** The fields of an entry by their owners of today. */
function handedOver(fields: FieldsV1, { resource, sub, manager }: LegacyFieldsRequest): Map<string, FieldsV1> {
  const status = fields['f:status'];
  if (sub !== 'status' || !status) return new Map([[manager, fields]]);
  const handed = new Map<string, FieldsV1>();
  for (const [key, below] of Object.entries(status)) {
    const owner = key.startsWith('f:') ? fieldOwner(resource, key.slice(2), manager) : manager;
    handed.set(owner, union(handed.get(owner) ?? {}, { 'f:status': { [key]: below } }));
  }
  return handed;
}

/** A set of fields is a tree of keys; the union of two has the branches of both. */
function union(a: FieldsV1, b: FieldsV1): FieldsV1 {
  const both: Record<string, FieldsV1> = { ...a };
  for (const [key, below] of Object.entries(b)) both[key] = union(both[key] ?? {}, below);
  return both;
}
