import { isRecord, type JsonRecord } from '../parsing/bounded-fields.ts';
import { wrongVersion } from '../parsing/audit-event-parser.ts';
import { AuditBatch, RecordContext } from './audit-batch.ts';
import { aksRecord, isAksRecord } from './aks-record.ts';
import { compressedText } from './compressed-text.ts';
import { isTooComplex } from './text-complexity.ts';
import { auditEventOfGke, isGkeEntry } from './gke-entry.ts';

/** The most characters of one line of a log. An event with a body that the API server accepts is smaller than 3 MiB. */
export const LINE_LIMIT = 4 * 1024 * 1024;
/** The start of the name of the log streams with audit events in CloudWatch. The other streams of the group have logs of other components. */
const EKS_STREAM = 'kube-apiserver-audit';

/**
 * Reads a document: an EventList, an event, one JSON value in each line, or any of these in the envelopes of CloudWatch, Event Hub, Cloud Logging, Fluent Bit and Vector.
 * Never throws: what cannot be read is a problem in the batch. `server` names the API server unless an envelope does.
 */
export const readAuditDocument = (text: string, server: string, batch = new AuditBatch()): AuditBatch => {
  if (isTooComplex(text)) {
    batch.addProblem({ reason: 'too-large', message: TOO_COMPLEX }, eventsIn(text));
    return batch;
  }
  const whole = parsedJson(text);
  if (whole !== undefined) {
    readRecord(whole.value, new RecordContext(server), batch);
    return batch;
  }
  for (const line of text.split('\n')) {
    readAuditLine(line, server, batch);
  }
  return batch;
};

const TOO_COMPLEX = 'a body has more values than any body of audit events';

/** The number of events in a text that is not read, by the field that each has once. At least 1. */
export const eventsIn = (text: string | Buffer): number => {
  let count = 0;
  for (let at = text.indexOf('"auditID"'); at >= 0; at = text.indexOf('"auditID"', at + 9)) count += 1;
  return Math.max(count, 1);
};

/** Reads the JSON of one item of an EventList. */
export const readListItem = (text: string, server: string, batch: AuditBatch): void => {
  if (text.length > LINE_LIMIT || isTooComplex(text)) {
    batch.addProblem({ reason: 'too-large', message: TOO_COMPLEX });
    return;
  }
  const parsed = parsedJson(text);
  if (parsed === undefined) batch.malformed('an item of the list is not JSON');
  else batch.parse(parsed.value, server);
};

/** Reads one line of a log. An empty line is nothing. */
export const readAuditLine = (line: string, server: string, batch: AuditBatch): void => {
  if (line.trim() === '') return;
  if (line.length > LINE_LIMIT) {
    batch.addProblem({ reason: 'too-large', message: `a line has ${line.length} characters, more than ${LINE_LIMIT}` }, eventsIn(line));
    return;
  }
  const parsed = parsedJson(line);
  if (parsed === undefined) batch.addProblem({ reason: 'malformed', message: 'a line is not JSON' }, eventsIn(line));
  else readRecord(parsed.value, new RecordContext(server), batch);
};

/** The value of a JSON text, or undefined if it is none. */
const parsedJson = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
};

type Reader = (record: JsonRecord, context: RecordContext, batch: AuditBatch) => void;

/** The forms of a record, in the order in which they are tried. */
const forms: readonly (readonly [is: (record: JsonRecord) => boolean, read: Reader])[] = [
  [({ kind, items }) => kind === 'EventList' && Array.isArray(items), (record, context, batch) => readEventList(record, context, batch)],
  [({ auditID }) => auditID !== undefined, (record, { server }, batch) => batch.parse(record, server)],
  [isGkeEntry, (record, { server }, batch) => batch.parse(auditEventOfGke(record), server)],
  [isAksRecord, (record, context, batch) => readInside(aksRecord(record), context, batch)],
  [({ logEvents }) => Array.isArray(logEvents), (record, context, batch) => readCloudWatch(record, context, batch)],
  [({ messageType }) => messageType === 'CONTROL_MESSAGE', (_, __, batch) => void (batch.other += 1)],
  [({ records }) => Array.isArray(records), ({ records }, context, batch) => readRecord(records, context, batch)],
  [({ awslogs }) => isRecord(awslogs), ({ awslogs }, context, batch) => readRecord(awslogs, context, batch)],
  [({ data }) => typeof data === 'string', ({ data }, context, batch) => readCompressed(data as string, context, batch)],
  [hasLogText, (record, context, batch) => readForwarded(record, context, batch)],
];

/** Reads a JSON value as whatever it is. */
const readRecord = (value: unknown, context: RecordContext, batch: AuditBatch): void => {
  if (Array.isArray(value)) {
    for (const entry of value as readonly unknown[]) readInside({ value: entry }, context, batch);
    return;
  }
  const form = isRecord(value) ? forms.find(([is]) => is(value)) : undefined;
  if (form === undefined)
    batch.malformed(
      'a record is neither an audit event nor an envelope that is known (EventList, CloudWatch, Event Hub, Cloud Logging, log or message)',
    );
  else form[1](value as JsonRecord, context, batch);
};

/** A record inside another: a value or its JSON text, and the API server that it is from, if the envelope says so. `none`: the envelope has no audit event. */
type Inner = { readonly value: unknown; readonly server?: unknown } | { readonly none: true };

const readInside = (inner: Inner, context: RecordContext, batch: AuditBatch): void => {
  if ('none' in inner) {
    batch.other += 1;
    return;
  }
  const parsed = typeof inner.value === 'string' ? parsedJson(inner.value) : { value: inner.value };
  const deeper = context.inside(inner.server);
  if (parsed === undefined) batch.malformed('the text in an envelope is not JSON');
  else if (deeper === undefined) batch.malformed('there are too many envelopes inside each other');
  else readRecord(parsed.value, deeper, batch);
};

const readEventList = (record: JsonRecord, { server }: RecordContext, batch: AuditBatch): void => {
  const items = record['items'] as readonly unknown[];
  if (record['apiVersion'] !== 'audit.k8s.io/v1') batch.addProblem(wrongVersion(record['apiVersion']), Math.max(1, items.length));
  else for (const item of items) batch.parse(item, server);
};

/** The form of a CloudWatch subscription, and of `filter-log-events` and `get-log-events` with their events renamed. */
const readCloudWatch = ({ logEvents, logStream }: JsonRecord, context: RecordContext, batch: AuditBatch): void => {
  for (const entry of logEvents as readonly unknown[]) {
    const isOther = typeof logStream === 'string' && !logStream.startsWith(EKS_STREAM);
    readInside(isOther ? { none: true } : { value: isRecord(entry) ? entry['message'] : undefined, server: logStream }, context, batch);
  }
};

const readCompressed = (data: string, context: RecordContext, batch: AuditBatch): void => {
  const text = compressedText(data, context.room.left);
  if (text === undefined) {
    batch.malformed('data: is not base64 of a text, or its text is too large');
    return;
  }
  context.room.left -= text.length;
  if (isTooComplex(text)) batch.addProblem({ reason: 'too-large', message: TOO_COMPLEX }, eventsIn(text));
  else readInside({ value: text }, context, batch);
};

function hasLogText({ log, message }: JsonRecord): boolean {
  return typeof log === 'string' || typeof message === 'string' || isRecord(log) || isRecord(message);
}

/** A record of Fluent Bit (`log`) or Vector (`message`), with the name of the log stream if it came through CloudWatch. */
const readForwarded = (record: JsonRecord, context: RecordContext, batch: AuditBatch): void => {
  const stream = record['log_stream'] ?? record['logStream'];
  const isOther = typeof stream === 'string' && !stream.startsWith(EKS_STREAM);
  readInside(isOther ? { none: true } : { value: record['log'] ?? record['message'], server: stream }, context, batch);
};
