import { z } from 'zod';
import { conditions } from '../condition.ts';
import { count, field, listMap, timestamp } from '../field.ts';
import { enforcementStatus } from './policy-enforcement.ts';

/** Counts of verdicts. */
export const summary = z.strictObject({
  pass: field(count, 'Checks that passed.'),
  fail: field(count, 'Checks that failed.'),
  warn: field(count, 'Checks that warned.'),
  error: field(count, 'Checks that could not be evaluated.'),
  skip: field(count, 'Checks that do not apply or cannot be evaluated. Each has a reason.'),
});
export type Summary = z.infer<typeof summary>;

/** Counts by severity. */
export const severityCounts = z.strictObject({
  critical: field(count, 'Failures of severity critical.'),
  high: field(count, 'Failures of severity high.'),
  medium: field(count, 'Failures of severity medium.'),
  low: field(count, 'Failures of severity low.'),
});
export type SeverityCounts = z.infer<typeof severityCounts>;

const customWorkload = z.strictObject({
  kind: field(z.string().max(317), 'The kind, as `Kind.group`.'),
  objects: field(count, 'The number of its objects in scope, as far as they are known.'),
  evaluated: field(z.boolean(), 'Whether its objects are evaluated as workloads.'),
  reason: field(z.string().max(1024).optional(), 'Why they are not.'),
});

/** Counts of targets: scanned + failed + skipped = inScope, except for images that wait for a scan. */
export const coverage = z.strictObject({
  inScope: field(count, 'Targets in scope.'),
  scanned: field(count, 'Targets that were evaluated.'),
  failed: field(count, 'Targets that could not be evaluated.'),
  skipped: field(count, 'Targets that were skipped for a reported reason.'),
  excludedNamespaces: field(count, 'Namespaces that are not in scope.'),
  customWorkloads: field(
    listMap(customWorkload, ['kind'], 50).optional(),
    'The custom kinds whose controllers make pods, and whether their objects are evaluated.',
  ),
});
export type Coverage = z.infer<typeof coverage>;

const frameworkStatus = z.strictObject({
  name: field(z.string(), 'The name of the framework.'),
  version: field(z.string(), 'The resolved version of the framework.'),
  passed: field(count, 'Requirements that passed.'),
  failed: field(count, 'Requirements that failed.'),
  manual: field(count, 'Requirements that need a manual assessment.'),
  notEvaluated: field(count, 'Requirements that were not evaluated.'),
  excepted: field(count, 'Requirements whose failures are covered by an exception.'),
  lastEvaluatedTime: field(timestamp.optional(), 'The time at which the requirements were last evaluated.'),
});
export type FrameworkStatus = z.infer<typeof frameworkStatus>;

const imagesStatus = z.strictObject({
  evaluatedGeneration: field(z.int().meta({ format: 'int64' }), 'The metadata.generation for which the reports about images were written.'),
  lastScanTime: field(
    timestamp,
    'The time at which the results were last confirmed. Vigil updates it when the results change, and after half of maxAge.',
  ),
  summary: field(summary, 'Counts of verdicts for images. An image counts once for each container that runs it.'),
  failing: field(severityCounts, 'Counts of failures by severity.'),
  excepted: field(severityCounts.optional(), 'Counts of failures by severity that an exception covers.'),
  coverage: field(
    z.strictObject({
      inScope: field(count, 'Images in scope. An image counts once for each platform.'),
      scanned: field(count, 'Images that were scanned.'),
      failed: field(count, 'Images that could not be scanned.'),
      skipped: field(count, 'Images that no pod has run yet.'),
      waiting: field(count, 'Running images that wait for a scan.'),
    }),
    'Counts of images: scanned + failed + skipped + waiting = inScope.',
  ),
  uncovered: field(
    z.array(z.string()).max(20).optional(),
    'Images that were not scanned, each with the reason. The list is limited to 20 entries.',
  ),
  evaluatedSince: field(
    timestamp.optional(),
    'The first time at which no image in scope waited for a scan. A failure in a workload that was created later counts as new.',
  ),
});
/** The part of a policy's status with the results for images. */
export type ImagesStatus = z.infer<typeof imagesStatus>;

const anomaliesStatus = z.strictObject({
  evaluatedGeneration: field(
    z.int().meta({ format: 'int64' }),
    'The metadata.generation for which the reports about anomalies were written.',
  ),
  lastObservedTime: field(timestamp, 'The time at which this part was last written. Vigil writes it when it changes, and every half hour.'),
  summary: field(summary, 'Counts of anomalies. There is no pass: that nothing was seen does not prove that nothing happened.'),
  failing: field(severityCounts, 'Counts of open anomalies by severity.'),
  excepted: field(severityCounts.optional(), 'Counts of open anomalies by severity that an exception covers.'),
  open: field(count, 'Open anomalies in the scope of the policy.'),
  learning: field(
    z
      .strictObject({
        since: field(timestamp.optional(), 'When the first change or audit event came.'),
        until: field(timestamp.optional(), 'When learning ends, if there is activity on enough days.'),
        progress: field(z.string().max(8), 'How much of the learning period is over, such as 40%.'),
      })
      .optional(),
    'How far Vigil has learned what is normal. Omitted: it has. While it learns, only what is never normal and what is sensitive is reported.',
  ),
  baselineKeys: field(count, 'What Vigil knows as normal in the cluster: the number of keys.'),
  eventsPerSecond: field(count, 'Changes and audit events per second in the last minute, rounded.'),
  dropped: field(
    count,
    'Audit events that were received since the operator started but not used: too many, malformed, too old or of another version.',
  ),
  blind: field(
    listMap(
      z.strictObject({
        detection: field(z.string().max(63), 'The name of the detection.'),
        needs: field(z.string().max(128), 'What it needs.'),
      }),
      ['detection'],
      128,
    ).optional(),
    'Detections of the policy that can see nothing now.',
  ),
  problems: field(z.array(z.string().max(1024)).max(20).optional(), 'Why something is not observed or was forgotten, and how to mend it.'),
});
/** The part of a policy's status with the results of the detections. */
export type AnomaliesStatus = z.infer<typeof anomaliesStatus>;

const admissionPoliciesStatus = z.strictObject({
  selected: field(count, 'The ValidatingAdmissionPolicies that the selector selects and that can be read.'),
  bindings: field(count, 'Their ValidatingAdmissionPolicyBindings.'),
  rules: field(count, 'What is evaluated: each binding once for each of its parameter objects.'),
  problems: field(
    z.array(z.string().max(1024)).max(20).optional(),
    'What is not evaluated or has no effect, each with the reason. The list is limited to 20 entries.',
  ),
});

const evaluatedRevision =
  'The revision for which the reports were written. It identifies the generation, the controls of the Vigil version, and the resolved framework versions.';

const configurationStatus = z.strictObject({
  evaluatedGeneration: field(
    z.int().meta({ format: 'int64' }).optional(),
    'The metadata.generation for which the reports were written. Omitted: no scan has evaluated the policy yet.',
  ),
  evaluatedRevision: field(z.string().max(64).optional(), evaluatedRevision),
  lastScan: field(z.string().optional(), 'The name of the last Scan of the whole scope.'),
  lastScanTime: field(timestamp.optional(), 'The time at which the last Scan ended that evaluated at least one target.'),
  summary: field(summary, 'Counts of verdicts for all targets.'),
  failing: field(severityCounts, 'Counts of failures by severity.'),
  excepted: field(severityCounts.optional(), 'Counts of failures by severity that an exception covers.'),
  coverage: field(coverage.optional(), 'Counts of targets.'),
  failure: field(z.string().optional(), 'The reason why targets could not be scanned.'),
  uncovered: field(
    z.array(z.string()).max(20).optional(),
    'Objects that could not be read or evaluated, each with the reason. The list is limited to 20 entries.',
  ),
  excludedNamespaces: field(z.array(z.string()).max(20).optional(), 'Names of namespaces that are not in scope, at most 20.'),
  unmatchedNamespaces: field(
    z.array(z.string()).max(20).optional(),
    'Entries of spec.scope.namespaces.include that matched no namespace in the last scan, at most 20.',
  ),
  unevaluatedRules: field(
    z.array(z.string()).max(20).optional(),
    'Rules that evaluated no object in the last scan, although objects of their kinds were in scope, each with the reason. At most 20.',
  ),
});
/** The part of a policy's status with the results for the configuration of objects. */
export type ConfigurationStatus = z.infer<typeof configurationStatus>;

/** The status of a SecurityPolicy. Each part has its own field manager. Totals and conditions are computed from the parts. */
export const securityPolicyStatus = z.strictObject({
  observedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The metadata.generation that the conditions describe.'),
  conditions,
  evaluatedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The metadata.generation for which the reports were written.'),
  evaluatedRevision: field(z.string().max(64).optional(), evaluatedRevision),
  summary: field(summary.optional(), 'Counts of verdicts for all targets, images and anomalies included.'),
  failing: field(severityCounts.optional(), 'Counts of failures by severity, images and anomalies included.'),
  excepted: field(severityCounts.optional(), 'Counts of failures by severity that an exception covers. They are not in failing.'),
  coverage: field(coverage.optional(), 'Counts of targets, images included.'),
  coveragePercent: field(
    z.string().optional(),
    'Scanned targets as a percentage of targets in scope. 100% only if everything in scope was evaluated. Absent if the policy only watches for anomalies.',
  ),
  uncovered: field(
    z.array(z.string()).max(20).optional(),
    'Objects that could not be read or evaluated, each with the reason. The list is limited to 20 entries.',
  ),
  configuration: field(
    configurationStatus.optional(),
    'The results for the configuration of objects, from scans and on-change evaluations.',
  ),
  images: field(imagesStatus.optional(), 'The results for images. Set if spec.images is set.'),
  anomalies: field(anomaliesStatus.optional(), 'What the detections see. Set if spec.anomalies is set.'),
  frameworks: field(listMap(frameworkStatus, ['name'], 16).optional(), 'Counts of requirements for each framework.'),
  admissionPolicies: field(
    admissionPoliciesStatus.optional(),
    'The ValidatingAdmissionPolicies that are evaluated. Set if spec.admissionPolicies is set and they have been read.',
  ),
  enforcement: field(enforcementStatus.optional(), 'The admission policies of spec.enforcement. Set if spec.enforcement is set.'),
  lastScan: field(z.string().optional(), 'The name of the Scan that determined the totals.'),
  lastScanTime: field(timestamp.optional(), 'The time at which that Scan ended.'),
});
export type SecurityPolicyStatus = z.infer<typeof securityPolicyStatus>;
