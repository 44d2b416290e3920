import { hasFields, jsonKind } from '../../kube/documents/document-kind.ts';
import type { Ledger } from './ledger.ts';

/** The kind of the ledger document. Version 1 has the same content as documents from before versioning. */
export const LEDGER = jsonKind<Ledger>('scan-ledger', 1, (content) => {
  const lists = content as Partial<Ledger> | null;
  return isLedger(content) && [lists?.policies, lists?.shards, lists?.jobs, lists?.input].every(Array.isArray);
});
const isLedger = hasFields('startTime', 'policies', 'input', 'shards', 'jobs', 'uncovered', 'failedByPolicy', 'totals', 'new', 'fixed');
