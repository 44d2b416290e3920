import { createHash } from 'node:crypto';
import { ANNOTATIONS, LABELS } from '../../api/group.ts';
import type { ObjectMeta } from '../../api/metadata.ts';
import type { PolicyReport, ReportResult } from '../../api/kinds/policy-report.ts';

/**
 * Returns the digest of a report for its annotation `vigil.dev/digest`. The first part covers the metadata (name, source, owners, and the
 * counts of each policy), so that it can be checked without the content. The second part covers the content. Neither part covers the
 * revisions of policies: a changed policy with the same verdicts does not cause writes.
 */
export function reportDigest({ metadata, scope = {}, summary = {}, results = [] }: PolicyReport): string {
  const { pass, fail, warn, error, skip } = summary;
  const about = [scope.apiVersion, scope.kind, scope.namespace, scope.name, scope.uid, scope.resourceVersion, scope.fieldPath];
  return `${metadataDigest(metadata)} ${digestOf([about, [pass, fail, warn, error, skip], results.map(fieldsOf)])}`;
}

/** Returns all fields of a result in a fixed order, because the API server changes their order. */
function fieldsOf(result: ReportResult): readonly unknown[] {
  const { source, policy, rule, category, severity, result: verdict, scored, message, timestamp, properties, ...rest } = result;
  const named = Object.entries(properties ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [source, policy, rule, category, severity, verdict, scored, message, timestamp?.seconds, timestamp?.nanos, named, rest];
}

/** Whether the metadata of a report matches its digest. Undefined if it has no digest (written by Vigil before 0.2). */
export function hasIntactMetadata(metadata: ObjectMeta): boolean | undefined {
  const digest = metadata.annotations?.[ANNOTATIONS.digest];
  return digest === undefined ? undefined : digest.split(' ')[0] === metadataDigest(metadata);
}

/** Whether the metadata and the content of a report match its digest. Undefined if it has no digest. */
export function hasIntactContent(report: PolicyReport): boolean | undefined {
  const digest = report.metadata.annotations?.[ANNOTATIONS.digest];
  return digest === undefined ? undefined : digest === reportDigest(report);
}

/** The rows of a ledger begin with the revision of the policy, or with its generation if an older version wrote them. */
const revisions = /\[(?:[0-9]+|"[^"]*"),/g;

function metadataDigest({ namespace, name, labels, annotations, ownerReferences = [] }: ObjectMeta): string {
  const counts = annotations?.[ANNOTATIONS.policies]?.replace(revisions, '[');
  const about = [namespace, name, labels?.[LABELS.source], ownerReferences.map(({ uid }) => uid), counts];
  const bootstrap = annotations?.[ANNOTATIONS.bootstrap];
  return digestOf(bootstrap === undefined ? about : [...about, bootstrap]);
}

const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
