import { z } from 'zod';
import { GROUP, VERSION } from '../group.ts';
import { admissionParametersBody } from '../kinds/admission-parameters.ts';
import { imageApprovalSpec, imageApprovalStatus } from '../kinds/image-approval.ts';
import { scanScheduleSpec, scanScheduleStatus } from '../kinds/scan-schedule.ts';
import { scanSpec, scanStatus } from '../kinds/scan.ts';
import { clusterSecurityExceptionSpec, exceptionStatus, securityExceptionSpec } from '../kinds/security-exception.ts';
import { securityPolicySpec } from '../kinds/security-policy.ts';
import { securityPolicyStatus } from '../kinds/policy-status.ts';
import { age, type Column, type KindDefinition } from './kind-definition.ts';

const condition = (type: string): string => `.status.conditions[?(@.type=="${type}")].status`;
const reasonOf = (type: string): Column => ({
  name: 'Reason',
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].reason`,
  priority: 1,
});
const withStatus = (spec: z.ZodObject, status: z.ZodObject, specText: string): z.ZodObject =>
  z.strictObject({
    spec: spec.meta({ description: specText }),
    // kstatus reports an object without a status as Current. The default -1 means that no controller has reconciled the object yet.
    status: status.meta({ description: 'The observed state. Only Vigil writes it.', default: { observedGeneration: -1 } }).optional(),
  });

const own = { group: GROUP, version: VERSION, categories: ['vigil'], namespaced: false, statusSubresource: true } as const;

const exceptionColumns: readonly Column[] = [
  { name: 'Active', type: 'string', jsonPath: condition('Active') },
  { name: 'Matched', type: 'integer', jsonPath: '.status.matched' },
  { name: 'Expires', type: 'string', jsonPath: '.spec.expiresAt' },
  { name: 'Reason', type: 'string', jsonPath: '.spec.reason' },
  { name: 'Ready', type: 'string', jsonPath: condition('Ready'), priority: 1 },
  { name: 'State', type: 'string', jsonPath: '.status.conditions[?(@.type=="Active")].reason', priority: 1 },
  age,
];

/** Vigil's own kinds. */
export const ownKinds: readonly KindDefinition[] = [
  {
    ...own,
    kind: 'SecurityPolicy',
    plural: 'securitypolicies',
    shortNames: ['secpol'],
    description: 'A SecurityPolicy defines the security checks for the objects and images in its scope, and the severity of each failure.',
    body: withStatus(securityPolicySpec, securityPolicyStatus, 'The checks of the policy and their scope.'),
    columns: [
      { name: 'Ready', type: 'string', jsonPath: condition('Ready') },
      { name: 'Compliant', type: 'string', jsonPath: condition('Compliant') },
      { name: 'Critical', type: 'integer', jsonPath: '.status.failing.critical' },
      { name: 'High', type: 'integer', jsonPath: '.status.failing.high' },
      { name: 'Coverage', type: 'string', jsonPath: '.status.coveragePercent' },
      { name: 'Last Scan', type: 'date', jsonPath: '.status.lastScanTime' },
      { name: 'Medium', type: 'integer', jsonPath: '.status.failing.medium', priority: 1 },
      { name: 'Low', type: 'integer', jsonPath: '.status.failing.low', priority: 1 },
      { name: 'Fresh', type: 'string', jsonPath: condition('Fresh'), priority: 1 },
      { name: 'Covered', type: 'string', jsonPath: condition('Covered'), priority: 1 },
      { name: 'Enforced', type: 'string', jsonPath: condition('Enforced'), priority: 1 },
      { name: 'Observing', type: 'string', jsonPath: condition('Observing'), priority: 1 },
      { name: 'Anomalies', type: 'integer', jsonPath: '.status.anomalies.open', priority: 1 },
      { name: 'Learning', type: 'string', jsonPath: '.status.anomalies.learning.progress', priority: 1 },
      reasonOf('Compliant'),
      age,
    ],
  },
  {
    ...own,
    kind: 'ScanSchedule',
    plural: 'scanschedules',
    shortNames: ['scansched'],
    description: 'A ScanSchedule creates Scans on a schedule, as a CronJob creates Jobs. It can also evaluate objects when they change.',
    body: withStatus(scanScheduleSpec, scanScheduleStatus, 'When to scan, and which policies to evaluate.'),
    rules: [
      {
        rule: 'self.metadata.name.size() <= 52',
        message: 'metadata.name must have at most 52 characters: the names of the Scans of this schedule add a suffix to it',
      },
      {
        rule: 'has(self.spec.schedule) || has(self.spec.onChange)',
        message: 'set spec.schedule, spec.onChange, or both',
        fieldPath: '.spec',
      },
    ],
    columns: [
      { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
      { name: 'Ready', type: 'string', jsonPath: condition('Ready') },
      { name: 'On Change', type: 'string', jsonPath: condition('Watching') },
      { name: 'Suspend', type: 'string', jsonPath: '.spec.suspend' },
      { name: 'Active', type: 'string', jsonPath: '.status.active[*].name' },
      { name: 'Last Schedule', type: 'date', jsonPath: '.status.lastScheduleTime' },
      { name: 'Next', type: 'string', jsonPath: '.status.nextScheduleTime' },
      { name: 'Time Zone', type: 'string', jsonPath: '.spec.timeZone', priority: 1 },
      { name: 'Last Success', type: 'date', jsonPath: '.status.lastSuccessfulTime', priority: 1 },
      reasonOf('Ready'),
      age,
    ],
  },
  {
    ...own,
    kind: 'Scan',
    plural: 'scans',
    shortNames: ['vscan'],
    description:
      'A Scan is one evaluation of policies against the cluster. A ScanSchedule creates Scans, as a CronJob creates Jobs. Create a Scan to scan now.',
    body: withStatus(scanSpec, scanStatus, 'The policies and namespaces to scan. The spec is immutable: create another Scan to change it.'),
    rules: [{ rule: 'self.spec == oldSelf.spec', message: 'spec is immutable: create another Scan', fieldPath: '.spec' }],
    columns: [
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Progress', type: 'string', jsonPath: '.status.progress' },
      { name: 'Fail', type: 'integer', jsonPath: '.status.summary.fail' },
      { name: 'New Crit', type: 'integer', jsonPath: '.status.new.critical', priority: 1 },
      { name: 'New High', type: 'integer', jsonPath: '.status.new.high', priority: 1 },
      { name: 'Fixed High', type: 'integer', jsonPath: '.status.fixed.high', priority: 1 },
      { name: 'Excepted High', type: 'integer', jsonPath: '.status.excepted.high', priority: 1 },
      { name: 'In Scope', type: 'integer', jsonPath: '.status.coverage.inScope', priority: 1 },
      { name: 'Carried Over', type: 'integer', jsonPath: '.status.carriedOver', priority: 1 },
      { name: 'Started', type: 'date', jsonPath: '.status.startTime' },
      { name: 'Completed', type: 'date', jsonPath: '.status.completionTime' },
      reasonOf('Ready'),
      age,
    ],
  },
  {
    ...own,
    namespaced: true,
    kind: 'SecurityException',
    plural: 'securityexceptions',
    shortNames: ['secex'],
    description: 'A SecurityException accepts findings in its namespace for a reason, and until a date. The policies bound what it may accept.',
    body: withStatus(securityExceptionSpec, exceptionStatus, 'The accepted findings, the reason and the end.'),
    columns: exceptionColumns,
  },
  {
    ...own,
    kind: 'ClusterSecurityException',
    plural: 'clustersecurityexceptions',
    shortNames: ['csecex'],
    description: 'A ClusterSecurityException accepts findings at cluster-scoped objects and in several namespaces, for a reason and until a date.',
    body: withStatus(clusterSecurityExceptionSpec, exceptionStatus, 'The accepted findings, the reason and the end.'),
    columns: exceptionColumns,
  },
  {
    ...own,
    kind: 'ImageApproval',
    plural: 'imageapprovals',
    shortNames: ['imgappr'],
    description: 'An ImageApproval declares that images, identified by their digests, were reviewed. A policy with spec.images.approval requires it.',
    body: withStatus(imageApprovalSpec, imageApprovalStatus, 'The reviewed images, and the place of the review.'),
    columns: [
      { name: 'Ready', type: 'string', jsonPath: condition('Ready') },
      { name: 'Active', type: 'string', jsonPath: condition('Active') },
      { name: 'Running', type: 'integer', jsonPath: '.status.running' },
      { name: 'Expires', type: 'string', jsonPath: '.spec.expiresAt' },
      { name: 'Reviewed By', type: 'string', jsonPath: '.spec.reviewedBy' },
      { name: 'Reference', type: 'string', jsonPath: '.spec.reference', priority: 1 },
      reasonOf('Active'),
      age,
    ],
  },
  {
    ...own,
    kind: 'AdmissionParameters',
    plural: 'admissionparameters',
    shortNames: ['admparam'],
    statusSubresource: false,
    description: 'AdmissionParameters contain what the admission policies of one SecurityPolicy read: exceptions in force. Only Vigil writes them.',
    body: admissionParametersBody,
    columns: [age],
  },
];
