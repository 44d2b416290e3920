import { hasFields, jsonKind } from '../store/document-kind.ts';
import type { Ledger } from './ledger.ts';
import type { AttemptInput, ScanInput } from './scan-input.ts';

/** The documents of a scan. Version 1 has the content that was written before documents had a version. */

/** Where a scan stands. */
export const LEDGER = jsonKind<Ledger>('scan-ledger', 1, (content) => {
  const lists = content as Partial<Ledger> | null;
  return isLedger(content) && [lists?.policies, lists?.shards, lists?.jobs, lists?.input].every(Array.isArray);
});
const isLedger = hasFields('startTime', 'policies', 'input', 'shards', 'jobs', 'uncovered', 'failedByPolicy', 'totals', 'new', 'fixed');

/** What is true for all pods of a scan. They mount it as `input`. */
export const INPUT = jsonKind<ScanInput>(
  'scan-input',
  1,
  hasFields('scan', 'kubernetesVersion', 'systemNamespaces', 'policies', 'resources', 'namespaces'),
);

/** The shards of one attempt. Its pods mount them as `shards`. */
export const SHARDS = jsonKind<AttemptInput>('scan-shards', 1, (content) =>
  Array.isArray((content as Partial<AttemptInput> | null)?.shards),
);

/** The names of the files that begin so hold these documents. */
export const INPUT_FILE = 'input';
export const SHARDS_FILE = 'shards';
