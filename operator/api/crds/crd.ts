import { z } from 'zod';
import type { CrdRule } from '../field.ts';
import { GROUP, VERSION } from '../group.ts';
import { policyReportBody, REPORT_GROUP, REPORT_VERSION } from '../kinds/policy-report.ts';
import { scanScheduleSpec, scanScheduleStatus } from '../kinds/scan-schedule.ts';
import { scanSpec, scanStatus } from '../kinds/scan.ts';
import { securityPolicySpec, securityPolicyStatus } from '../kinds/security-policy.ts';

/** A printer column of `kubectl get`. A column with priority 1 is shown only with `-o wide`. */
interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly priority?: number;
}

/** The definition of a custom resource kind, from which its CRD is generated. */
export interface KindDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly description: string;
  readonly body: z.ZodObject;
  readonly statusSubresource: boolean;
  readonly rules?: readonly CrdRule[];
  readonly columns: readonly Column[];
}

const condition = (type: string): string => `.status.conditions[?(@.type=="${type}")].status`;
const age: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
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
      { name: 'In Scope', type: 'integer', jsonPath: '.status.coverage.inScope', priority: 1 },
      { name: 'Carried Over', type: 'integer', jsonPath: '.status.carriedOver', priority: 1 },
      { name: 'Started', type: 'date', jsonPath: '.status.startTime' },
      { name: 'Completed', type: 'date', jsonPath: '.status.completionTime' },
      reasonOf('Ready'),
      age,
    ],
  },
];

const reportColumns: readonly Column[] = [
  { name: 'Kind', type: 'string', jsonPath: '.scope.kind' },
  { name: 'Name', type: 'string', jsonPath: '.scope.name' },
  ...(['pass', 'fail', 'warn', 'error', 'skip'] as const).map((verdict): Column => ({
    name: verdict.charAt(0).toUpperCase() + verdict.slice(1),
    type: 'integer',
    jsonPath: `.summary.${verdict}`,
  })),
  age,
];

/** The report kinds, for clusters in which no other tool has installed their CRDs. */
export const reportKinds: readonly KindDefinition[] = [
  {
    group: REPORT_GROUP,
    version: REPORT_VERSION,
    kind: 'PolicyReport',
    plural: 'policyreports',
    shortNames: ['polr'],
    namespaced: true,
    description: 'A PolicyReport contains the verdicts for one object in its namespace.',
    body: policyReportBody,
    statusSubresource: false,
    columns: reportColumns,
  },
  {
    group: REPORT_GROUP,
    version: REPORT_VERSION,
    kind: 'ClusterPolicyReport',
    plural: 'clusterpolicyreports',
    shortNames: ['cpolr'],
    namespaced: false,
    description: 'A ClusterPolicyReport contains the verdicts for one cluster-scoped object.',
    body: policyReportBody,
    statusSubresource: false,
    columns: reportColumns,
  },
];

type Json = Record<string, unknown>;

/** Converts each JSON Schema keyword to a structural schema (KEP-1693). A keyword without an entry is kept. A result of `undefined` removes it. */
const keywords: Readonly<Record<string, (value: unknown, schema: Json) => unknown>> = {
  $schema: () => undefined,
  propertyNames: () => undefined,
  properties: (value) => Object.fromEntries(Object.entries(value as Json).map(([name, child]) => [name, structural(child as Json)])),
  items: (value) => structural(value as Json),
  additionalProperties: (value, schema) =>
    typeof value === 'object' && value !== null && !schema['x-kubernetes-preserve-unknown-fields'] ? structural(value as Json) : undefined,
  minimum: (value) => (value === Number.MIN_SAFE_INTEGER ? undefined : value),
  maximum: (value) => (value === Number.MAX_SAFE_INTEGER ? undefined : value),
};

/** Converts a JSON Schema that zod generated into the structural schema of a CRD. */
function structural(schema: Json): Json {
  if (schema['x-kubernetes-int-or-string'] === true) return { 'x-kubernetes-int-or-string': true };
  const entries = Object.entries(schema).map(
    ([key, value]) => [key, keywords[key]?.(value, schema) ?? (key in keywords ? undefined : value)] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Returns the CustomResourceDefinition of a kind as an object for `kubectl apply`. */
export function customResourceDefinition(kind: KindDefinition): Json {
  const body = structural({ ...z.toJSONSchema(kind.body) });
  const text = { apiVersion: 'The API group and version of this object.', kind: 'The kind of this object.' };
  const properties: Json = {
    apiVersion: { type: 'string', description: text.apiVersion },
    kind: { type: 'string', description: text.kind },
    metadata: { type: 'object' },
    ...(body['properties'] as Json),
  };
  const schema: Json = { type: 'object', description: kind.description, properties };
  if (Array.isArray(body['required'])) schema['required'] = body['required'];
  if (kind.rules) schema['x-kubernetes-validations'] = kind.rules;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${kind.group}`, labels: { 'app.kubernetes.io/part-of': 'vigil' } },
    spec: {
      group: kind.group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
        ...(kind.categories ? { categories: kind.categories } : {}),
      },
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          additionalPrinterColumns: kind.columns,
          schema: { openAPIV3Schema: schema },
          ...(kind.statusSubresource ? { subresources: { status: {} } } : {}),
        },
      ],
    },
  };
}
