import type { KubeObject } from '../../api/metadata.ts';
import { MessageReader, ProtobufError } from './message-reader.ts';
import { readObjectMeta } from './object-meta.ts';

const mediaType = 'application/vnd.kubernetes.protobuf';
const asMetadata = 'as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/**
 * The `Accept` header of a list that reads only metadata: protobuf, else JSON. Protobuf costs the server and this process a fraction of JSON.
 * Aggregated API servers may support only JSON, and may return complete objects.
 */
export const METADATA_LIST = `${mediaType};${asMetadata},application/json;${asMetadata},application/json`;

/** How to read a response. */
export interface BodyOptions {
  /** Leaves `managedFields` out of lists in protobuf. */
  readonly omitManagedFields?: boolean | undefined;
}

/**
 * Parses a response body by its content type: JSON, or a `PartialObjectMetadataList` or `Status` in protobuf, in the form that they have in JSON.
 * Throws a `SyntaxError` or a {@link ProtobufError}.
 */
export function parseBody(contentType: string, bytes: Buffer, { omitManagedFields = false }: BodyOptions = {}): unknown {
  if (!contentType.startsWith(mediaType)) return JSON.parse(bytes.toString('utf8'));
  const { kind, message } = readEnvelope(bytes);
  if (kind === 'Status') return readStatus(message);
  if (kind === 'PartialObjectMetadataList') return readList(message, { managedFields: !omitManagedFields });
  throw new ProtobufError(`the kind ${kind} is not expected in protobuf`);
}

/** What comes before each message of Kubernetes. */
const magic = Buffer.from('k8s\0');

/** Reads a `runtime.Unknown`: the kind of a message, and its bytes. */
function readEnvelope(bytes: Buffer): { readonly kind: string; readonly message: MessageReader } {
  if (!bytes.subarray(0, magic.length).equals(magic)) throw new ProtobufError('the response does not begin with k8s');
  const envelope = new MessageReader(bytes, magic.length);
  let kind = '';
  let message: MessageReader | undefined;
  while (envelope.next()) {
    if (envelope.field === 1) kind = textIn(envelope.message, 2);
    else if (envelope.field === 2) ({ message } = envelope);
  }
  if (!message) throw new ProtobufError('the response has no message');
  return { kind, message };
}

/** The last text field of a message with a number. */
function textIn(message: MessageReader, field: number): string {
  let text = '';
  while (message.next()) if (message.field === field) ({ text } = message);
  return text;
}

interface ListMeta {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

function readListMeta(message: MessageReader): ListMeta {
  let meta: ListMeta = {};
  while (message.next()) {
    if (message.field === 2) meta = { ...meta, resourceVersion: message.text };
    else if (message.field === 3 && message.from !== message.to) meta = { ...meta, continue: message.text };
    else if (message.field === 4) meta = { ...meta, remainingItemCount: message.value };
  }
  return meta;
}

/** Reads a `PartialObjectMetadataList`. */
function readList(message: MessageReader, options: { readonly managedFields: boolean }): unknown {
  let metadata: ListMeta = {};
  const items: KubeObject[] = [];
  while (message.next()) {
    if (message.field === 1) metadata = readListMeta(message.message);
    else if (message.field === 2) items.push(readItem(message.message, options));
  }
  return { metadata, items };
}

/** Reads a `PartialObjectMetadata`. */
function readItem(message: MessageReader, options: { readonly managedFields: boolean }): KubeObject {
  while (message.next()) if (message.field === 1) return { metadata: readObjectMeta(message.message, options) };
  throw new ProtobufError('an object has no metadata');
}

/** Reads a `Status`. */
function readStatus(message: MessageReader): unknown {
  const status: Record<string, unknown> = { kind: 'Status', apiVersion: 'v1' };
  while (message.next()) {
    if (message.field === 1) status['metadata'] = readListMeta(message.message);
    else if (message.field === 3) status['message'] = message.text;
    else if (message.field === 4) status['reason'] = message.text;
    else if (message.field === 5) status['details'] = readDetails(message.message);
    else if (message.field === 6) status['code'] = message.value;
  }
  return status;
}

/** Reads `StatusDetails`. Like in JSON, empty fields are absent. */
function readDetails(message: MessageReader): unknown {
  const details: Record<string, unknown> = {};
  const causes: unknown[] = [];
  const names = new Map([
    [1, 'name'],
    [2, 'group'],
    [3, 'kind'],
  ]);
  while (message.next()) {
    const name = names.get(message.field);
    if (message.field === 4) causes.push({ reason: textIn(message.message, 1), message: textIn(message.message, 2) });
    else if (name !== undefined && message.from !== message.to) details[name] = message.text;
  }
  return causes.length > 0 ? { ...details, causes } : details;
}
