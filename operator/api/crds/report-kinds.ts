import { policyReportBody, REPORT_GROUP, REPORT_VERSION } from '../kinds/policy-report.ts';
import { age, type Column, type KindDefinition } from './kind-definition.ts';

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
