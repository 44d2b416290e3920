import { z } from 'zod';
import { anyObject, field } from '../field.ts';
import type { KubeObject } from '../metadata.ts';

/** Group and version of the report kinds that Vigil writes. */
export const REPORT_GROUP = 'wgpolicyk8s.io';
export const REPORT_VERSION = 'v1alpha2';

const objectReference = z
  .strictObject({
    apiVersion: field(z.string().optional(), 'API version of the object.'),
    kind: field(z.string().optional(), 'Kind of the object.'),
    name: field(z.string().optional(), 'Name of the object.'),
    namespace: field(z.string().optional(), 'Namespace of the object.'),
    uid: field(z.string().optional(), 'UID of the object.'),
    resourceVersion: field(z.string().optional(), 'Resource version of the object.'),
    fieldPath: field(z.string().optional(), 'The path of a field of the object.'),
  })
  .meta({ 'x-kubernetes-map-type': 'atomic' });

const selector = anyObject().optional();

const reportResult = z.strictObject({
  source: field(z.string().optional(), 'The tool or part of it that made the result: vigil, vigil-images, …'),
  policy: field(z.string(), 'The name of the SecurityPolicy.'),
  rule: field(z.string().optional(), 'The control, rule or CVE.'),
  category: field(z.string().optional(), 'The category of the check.'),
  severity: field(z.enum(['critical', 'high', 'low', 'medium', 'info']).optional(), 'The severity of a failure.'),
  result: field(z.enum(['pass', 'fail', 'warn', 'error', 'skip']).optional(), 'The verdict.'),
  scored: field(z.boolean().optional(), 'Whether the result counts towards the summary.'),
  message: field(z.string().optional(), 'The explanation of the verdict.'),
  properties: field(z.record(z.string(), z.string()).optional(), 'Additional information: path, fix, controls, …'),
  resources: field(
    z.array(objectReference).optional(),
    'The objects that the result is about, if they differ from the scope of the report.',
  ),
  resourceSelector: field(selector, 'A label selector for the objects that the result is about.'),
  timestamp: field(
    z
      .strictObject({
        seconds: field(z.int().meta({ format: 'int64' }), 'Seconds since 1970-01-01T00:00:00Z.'),
        nanos: field(z.int().meta({ format: 'int32' }), 'Nanoseconds within the second.'),
      })
      .optional(),
    'The time at which this verdict first appeared.',
  ),
});
export type ReportResult = z.infer<typeof reportResult>;

const reportSummary = z.strictObject({
  pass: field(z.int().optional(), 'Checks that passed.'),
  fail: field(z.int().optional(), 'Checks that failed.'),
  warn: field(z.int().optional(), 'Checks that warned.'),
  error: field(z.int().optional(), 'Checks that could not be evaluated.'),
  skip: field(z.int().optional(), 'Checks that were skipped.'),
});
export type ReportSummary = z.infer<typeof reportSummary>;

/** The fields of a PolicyReport or ClusterPolicyReport besides its metadata. */
export const policyReportBody = z.strictObject({
  scope: field(objectReference.optional(), 'The object that the report is about.'),
  scopeSelector: field(selector, 'A label selector for the objects that the report is about.'),
  summary: field(reportSummary.optional(), 'Counts of the verdicts.'),
  results: field(z.array(reportResult).optional(), 'The verdicts.'),
});
export type PolicyReportBody = z.infer<typeof policyReportBody>;

/** A PolicyReport or ClusterPolicyReport. */
export type PolicyReport = KubeObject & PolicyReportBody;
