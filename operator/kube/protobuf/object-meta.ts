import type { FieldsV1, ManagedFields, ObjectMeta, OwnerReference } from '../../api/metadata.ts';
import type { MessageReader } from './message-reader.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads a `k8s.io/apimachinery/pkg/apis/meta/v1.ObjectMeta`. Like in JSON, empty fields are absent. `managedFields`: whether to read these. */
export function readObjectMeta(message: MessageReader, { managedFields }: { readonly managedFields: boolean }): ObjectMeta {
  const metadata: Writable<ObjectMeta> = { name: '' };
  while (message.next()) {
    if (message.field === 7) {
      if (message.value !== 0) metadata.generation = message.value;
    } else if (message.from !== message.to && (message.field !== 17 || managedFields)) readField(metadata, message);
  }
  return metadata;
}

function readField(metadata: Writable<ObjectMeta>, message: MessageReader): void {
  switch (message.field) {
    case 1:
      metadata.name = message.text;
      break;
    case 2:
      metadata.generateName = message.text;
      break;
    case 3:
      metadata.namespace = message.text;
      break;
    case 5:
      metadata.uid = message.text;
      break;
    case 6:
      metadata.resourceVersion = message.text;
      break;
    case 8:
      metadata.creationTimestamp = readTime(message.message);
      break;
    case 9:
      metadata.deletionTimestamp = readTime(message.message);
      break;
    case 11:
      readEntry((metadata.labels ??= {}), message.message);
      break;
    case 12:
      readEntry((metadata.annotations ??= {}), message.message);
      break;
    case 13:
      metadata.ownerReferences = [...(metadata.ownerReferences ?? []), readOwner(message.message)];
      break;
    case 14:
      metadata.finalizers = [...(metadata.finalizers ?? []), message.text];
      break;
    case 17:
      metadata.managedFields = [...(metadata.managedFields ?? []), readManagedFields(message.message)];
      break;
    default:
  }
}

/** Reads an entry of a `map<string, string>` into a map. */
function readEntry(map: Record<string, string>, message: MessageReader): void {
  let [key, value] = ['', ''];
  while (message.next()) {
    if (message.field === 1) key = message.text;
    else if (message.field === 2) value = message.text;
  }
  map[key] = value;
}

/** Reads a `Time`, with the precision of JSON: a second. */
function readTime(message: MessageReader): string {
  let seconds = 0;
  while (message.next()) if (message.field === 1) seconds = message.value;
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

function readOwner(message: MessageReader): OwnerReference {
  const owner: Writable<OwnerReference> = { apiVersion: '', kind: '', name: '', uid: '' };
  while (message.next()) {
    if (message.field === 1) owner.kind = message.text;
    else if (message.field === 3) owner.name = message.text;
    else if (message.field === 4) owner.uid = message.text;
    else if (message.field === 5) owner.apiVersion = message.text;
    else if (message.field === 6) owner.controller = message.value === 1;
    else if (message.field === 7) owner.blockOwnerDeletion = message.value === 1;
  }
  return owner;
}

function readManagedFields(message: MessageReader): ManagedFields {
  const entry: Writable<ManagedFields> = {};
  let fields: MessageReader | undefined;
  while (message.next()) {
    if (message.from === message.to) continue;
    if (message.field === 1) entry.manager = message.text;
    else if (message.field === 2) entry.operation = message.text as 'Apply' | 'Update';
    else if (message.field === 7) fields = message.message;
    else if (message.field === 8) entry.subresource = message.text;
  }
  return fields ? withFields(entry, fields) : entry;
}

/** Adds `fieldsV1`, which is parsed when it is read: few readers need it. */
function withFields(entry: ManagedFields, message: MessageReader): ManagedFields {
  let parsed: FieldsV1 | undefined;
  return {
    ...entry,
    get fieldsV1(): FieldsV1 {
      parsed ??= readFields(message);
      return parsed;
    },
  };
}

/** Reads a `FieldsV1`: its only field contains JSON. */
function readFields(message: MessageReader): FieldsV1 {
  let text = '{}';
  while (message.next()) if (message.field === 1) text = message.text;
  return JSON.parse(text) as FieldsV1;
}
