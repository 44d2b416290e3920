import type { PolicyReport, ReportResult } from '../../../operator/api/kinds/policy-report.ts';
import type { Finding } from '../../../operator/findings/finding.ts';
import { buildReport, type EvaluatedPolicy, type ReportInput } from '../../../operator/reports/building/report-builder.ts';

/** A policy that evaluated an object. */
export const evaluated = (name = 'baseline', change: Partial<EvaluatedPolicy> = {}): EvaluatedPolicy => ({
  name,
  revision: '1-a',
  passes: 5,
  listPasses: false,
  ownerLabels: [],
  ...change,
});

/** A failure that was found. */
export const finding = (check: string, change: Partial<Finding> = {}): Finding => ({
  policy: 'baseline',
  check,
  verdict: 'fail',
  severity: 'high',
  category: 'Pod Security',
  frameworks: [],
  message: `${check} fails`,
  ...change,
});

/** The object that reports are about. */
export const target = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'cart',
  uid: 'cart-uid',
  resourceVersion: '100',
};

/** What two checks of one policy found. */
export const input = (change: Partial<ReportInput> = {}): ReportInput => ({
  source: 'vigil',
  target,
  policies: [evaluated()],
  results: [finding('host-pid'), finding('host-ipc')],
  seconds: 1000,
  scan: 'scan-1',
  existing: undefined,
  ...change,
});

/** A report as the server gives it back after Vigil wrote it. */
export function stored(
  report: PolicyReport | undefined,
  managedFields: NonNullable<PolicyReport['metadata']['managedFields']> = [written],
): PolicyReport {
  if (!report) throw new Error('no report was built');
  const { metadata, ...content } = JSON.parse(JSON.stringify(report)) as PolicyReport;
  return { ...content, metadata: { ...metadata, uid: 'r1', resourceVersion: '7', managedFields } };
}

const written = {
  manager: 'vigil-reports',
  operation: 'Update',
  fieldsV1: {
    'f:metadata': { 'f:labels': { 'f:app.kubernetes.io/managed-by': {} }, 'f:annotations': { 'f:vigil.dev/policies': {} } },
  },
} as const;

/** The report of {@link input}, as the server gives it back. */
export const built = (change: Partial<ReportInput> = {}): PolicyReport => stored(buildReport(input(change)));

/** Identities as a consumer reads them. */
export const ids = (report: PolicyReport | undefined): (string | undefined)[] =>
  (report?.results ?? []).map(({ properties }: ReportResult) => properties?.['resultID']);
