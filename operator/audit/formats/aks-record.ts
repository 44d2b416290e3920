import { isRecord, type JsonRecord } from '../parsing/bounded-fields.ts';

/* Azure names a record's kind in `category`. kube-audit has all requests, kube-audit-admin those that change something. */
const AUDIT_CATEGORIES = new Set<unknown>(['kube-audit', 'kube-audit-admin']);

/** Whether a record has the form of Azure Monitor's resource logs: a category, and properties with the line of the log. */
export const isAksRecord = ({ category, properties }: JsonRecord): boolean => typeof category === 'string' && isRecord(properties);

/** The event of a record, as JSON text, and the pod of the API server. `none` for logs of other components. */
export const aksRecord = ({
  category,
  properties,
}: JsonRecord): { readonly value: unknown; readonly server?: unknown } | { readonly none: true } => {
  const { log, pod } = isRecord(properties) ? properties : {};
  return AUDIT_CATEGORIES.has(category) ? { value: log, server: pod } : { none: true };
};
