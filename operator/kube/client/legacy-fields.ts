import { fieldOwner, LEGACY_FIELD_MANAGER, type FieldManager } from '../../api/field-managers.ts';
import type { KubeObject, ManagedFields } from '../../api/metadata.ts';

/** The resource, subresource and field manager of an apply. */
export interface LegacyFieldsRequest {
  readonly resource: string;
  readonly sub?: 'status' | undefined;
  readonly manager: FieldManager;
}

/** One apply of the migration. */
export interface HandOverStep {
  readonly manager: FieldManager;
  /** The object without its metadata. The caller adds the metadata, with the resourceVersion of the previous step. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Returns the applies that move the fields of the legacy field manager to their current managers, given the object after the first apply of a
 * current manager. Empty if the legacy manager owns no field. First each current manager applies its fields with their present values, and so
 * co-owns them. Then the legacy manager applies an empty object, which removes the fields that only it owned; otherwise they would never be
 * removed. client-go's `csaupgrade` edits `managedFields` instead, which the status subresource ignores.
 */
export function handOver(
  applied: Partial<KubeObject> & { readonly status?: object },
  request: LegacyFieldsRequest,
): readonly HandOverStep[] {
  if (!applied.metadata?.managedFields?.some((entry) => isLegacy(entry, request))) return [];
  const release: HandOverStep = { manager: LEGACY_FIELD_MANAGER, fields: {} };
  if (request.sub !== 'status') return [release];
  const byOwner = new Map<FieldManager, Record<string, unknown>>();
  for (const [field, value] of Object.entries<unknown>({ ...applied.status })) {
    const owner = fieldOwner(request.resource, field, request.manager);
    if (owner !== request.manager) byOwner.set(owner, { ...byOwner.get(owner), [field]: value });
  }
  return [...[...byOwner].map(([manager, status]) => ({ manager, fields: { status } })), release];
}

const isLegacy = ({ manager, operation, subresource, fieldsV1 = {} }: ManagedFields, { sub }: LegacyFieldsRequest): boolean =>
  manager === LEGACY_FIELD_MANAGER && operation === 'Apply' && (subresource ?? '') === (sub ?? '') && Object.keys(fieldsV1).length > 0;
