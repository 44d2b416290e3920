import { AuditBatch } from './audit-batch.ts';
import { readAuditDocument, readListItem } from './audit-document.ts';
import { eventListItems } from './event-list-items.ts';
import { isRecord } from '../parsing/bounded-fields.ts';

/**
 * Reads the body of a request as {@link readAuditDocument} does, but an EventList item by item: so much less of a body is in memory at the same
 * time that it is gone with the next small collection of garbage.
 */
export const readAuditBody = (bytes: Buffer, server: string): AuditBatch => {
  const found = eventListItems(bytes);
  if (found === undefined || !isEventList(found.list)) return readAuditDocument(bytes.toString('utf8'), server);
  const batch = new AuditBatch();
  for (const [start, end] of found.items) readListItem(bytes.toString('utf8', start, end), server, batch);
  return batch;
};

const isEventList = (text: string): boolean => {
  try {
    const list: unknown = JSON.parse(text);
    return (
      isRecord(list) &&
      list['kind'] === 'EventList' &&
      list['apiVersion'] === 'audit.k8s.io/v1' &&
      Array.isArray(list['items']) &&
      list['items'].length === 0
    );
  } catch {
    return false;
  }
};
