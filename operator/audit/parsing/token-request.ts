import { definedEntries } from '../../api/defined-entries.ts';
import type { AuditObjectReference, AuditTokenRequest } from '../audit-event.ts';
import { BoundedFields, isRecord, type JsonRecord } from './bounded-fields.ts';

/** What a TokenRequest asked for, from the only body that is read. Undefined for every other resource, and if the event has no body. */
export const tokenRequestOf = (
  event: JsonRecord,
  target: AuditObjectReference | undefined,
  cut: Set<string>,
): AuditTokenRequest | undefined => {
  if (target?.apiGroup !== '' || target.resource !== 'serviceaccounts' || target.subresource !== 'token') return undefined;
  const body = event['requestObject'];
  const spec = isRecord(body) ? body['spec'] : undefined;
  if (!isRecord(spec)) return undefined;
  const seconds = spec['expirationSeconds'];
  return {
    ...definedEntries({
      expirationSeconds: typeof seconds === 'number' && Number.isFinite(seconds) ? seconds : undefined,
      boundTo: boundObject(spec['boundObjectRef'], cut),
    }),
    audiences: new BoundedFields(spec, 'tokenRequest.', cut).texts('audiences', 16, 256),
  };
};

const boundObject = (value: unknown, cut: Set<string>): AuditTokenRequest['boundTo'] => {
  if (!isRecord(value)) return undefined;
  const fields = new BoundedFields(value, 'tokenRequest.boundTo.', cut);
  return { kind: fields.text('kind', 63), name: fields.text('name', 253) };
};
