import { hasFields, jsonKind } from '../../kube/documents/document-kind.ts';
import type { Ledger } from './ledger.ts';

/** Where a scan stands. Version 1 has the content that was written before documents had a version. */
export const LEDGER = jsonKind<Ledger>('scan-ledger', 1, (content) => {
  const lists = content as Partial<Ledger> | null;
  return isLedger(content) && [lists?.policies, lists?.shards, lists?.jobs, lists?.input].every(Array.isArray);
});
const isLedger = hasFields('startTime', 'policies', 'input', 'shards', 'jobs', 'uncovered', 'failedByPolicy', 'totals', 'new', 'fixed');
