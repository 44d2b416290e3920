import { definedEntries } from '../../api/defined-entries.ts';
import type { AuditUser } from '../audit-event.ts';
import { BoundedFields, isRecord } from './bounded-fields.ts';

/*
 * Keys that say where a credential belongs. Others may hold what an identity provider put into a token; identities of the credential and of the
 * pod are as long as all the rest of an event, and nothing reads them.
 */
const EXTRA_KEYS = new Set([
  'authentication.kubernetes.io/pod-name',
  'authentication.kubernetes.io/node-name',
  'arn',
  'canonicalArn',
  'principalId',
  'sessionName',
]);

/** Reads a UserInfo. `field` is its name in an event, and `cut` collects the fields that were cut. */
export const auditUser = (value: unknown, field: string, cut: Set<string>): AuditUser => {
  const json = isRecord(value) ? value : {};
  const fields = new BoundedFields(json, `${field}.`, cut);
  return {
    username: fields.text('username', 512),
    ...definedEntries({ uid: fields.optional('uid', 128) }),
    groups: fields.texts('groups', 64, 253),
    extra: extraOf(json['extra'], `${field}.extra.`, cut),
  };
};

const extraOf = (value: unknown, prefix: string, cut: Set<string>): AuditUser['extra'] => {
  if (!isRecord(value)) return {};
  const fields = new BoundedFields(value, prefix, cut);
  const keys = Object.keys(value).filter((key) => EXTRA_KEYS.has(key));
  return Object.fromEntries(keys.slice(0, 16).map((key) => [key, fields.texts(key, 4, 256)]));
};
