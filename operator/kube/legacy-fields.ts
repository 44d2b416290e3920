import { fieldOwner, LEGACY_FIELD_MANAGER, type FieldManager } from '../api/field-managers.ts';
import type { KubeObject, ManagedFields } from '../api/metadata.ts';

/** How an object was applied, and by whom. */
export interface LegacyFieldsRequest {
  readonly resource: string;
  readonly sub?: 'status' | undefined;
  readonly manager: FieldManager;
}

/** One apply of a hand-over. */
export interface HandOverStep {
  readonly manager: FieldManager;
  /** The object without its metadata, which the caller adds with the resourceVersion of the step before. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The applies that hand the fields of the old manager of all applies over to their owners of today, given the object as the first apply
 * of a new manager left it; none if the old manager owns nothing. Each owner first applies its fields as they are, so that it owns them,
 * too; then the old manager applies nothing: what only it owned goes. Without this, such a field would stay for ever. client-go's
 * `csaupgrade` edits `managedFields` instead, which the status subresource ignores.
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
