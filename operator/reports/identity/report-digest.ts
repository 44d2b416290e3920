import { createHash } from 'node:crypto';
import { ANNOTATIONS, LABELS } from '../../api/group.ts';
import type { ObjectMeta } from '../../api/metadata.ts';
import type { PolicyReport, ReportResult } from '../../api/policy-report.ts';

/**
 * The digest of a report, kept in its annotation `vigil.dev/digest`: over what its metadata says (name, source, owners and what is counted of
 * each policy), then over its content. Metadata alone is enough to check the first. The revision of a policy is in neither: a policy
 * that changes without another verdict leaves its reports unwritten.
 */
export function reportDigest({ metadata, scope = {}, summary = {}, results = [] }: PolicyReport): string {
  const { pass, fail, warn, error, skip } = summary;
  const about = [scope.apiVersion, scope.kind, scope.namespace, scope.name, scope.uid, scope.resourceVersion, scope.fieldPath];
  return `${metadataDigest(metadata)} ${digestOf([about, [pass, fail, warn, error, skip], results.map(fieldsOf)])}`;
}

/** Everything that a result says, in an order of its own: the server orders fields anew. */
function fieldsOf(result: ReportResult): readonly unknown[] {
  const { source, policy, rule, category, severity, result: verdict, scored, message, timestamp, properties, ...rest } = result;
  const named = Object.entries(properties ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [source, policy, rule, category, severity, verdict, scored, message, timestamp?.seconds, timestamp?.nanos, named, rest];
}

/** Whether a report says of itself what its metadata says; undefined where it has no digest, as from Vigil before 0.2. */
export function hasIntactMetadata(metadata: ObjectMeta): boolean | undefined {
  const digest = metadata.annotations?.[ANNOTATIONS.digest];
  return digest === undefined ? undefined : digest.split(' ')[0] === metadataDigest(metadata);
}

/** Whether the content of a report is as Vigil wrote it; undefined where it has no digest. */
export function hasIntactContent(report: PolicyReport): boolean | undefined {
  const digest = report.metadata.annotations?.[ANNOTATIONS.digest];
  return digest === undefined ? undefined : digest === reportDigest(report);
}

/** A ledger's rows begin with the revision of their policy; those of an older version of Vigil with its generation. */
const revisions = /\[(?:[0-9]+|"[^"]*"),/g;

function metadataDigest({ namespace, name, labels, annotations, ownerReferences = [] }: ObjectMeta): string {
  const counts = annotations?.[ANNOTATIONS.policies]?.replace(revisions, '[');
  const about = [namespace, name, labels?.[LABELS.source], ownerReferences.map(({ uid }) => uid), counts];
  const bootstrap = annotations?.[ANNOTATIONS.bootstrap];
  return digestOf(bootstrap === undefined ? about : [...about, bootstrap]);
}

const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
