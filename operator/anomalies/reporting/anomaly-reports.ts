import { RESOURCES, type ApiResource } from '../../api/api-resource.ts';
import { ANNOTATIONS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import { addTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import { reportLocation } from '../../reports/building/report-location.ts';
import { readLedger, type PolicyLedger } from '../../reports/identity/policy-ledger.ts';
import { alternativeReportName, reportKey, reportName, reportSelector } from '../../reports/identity/report-name.ts';
import { countedIn } from '../../reports/identity/report-ownership.ts';
import type { DesiredReport, ReportPublisher } from '../../reports/publishing/report-publisher.ts';
import type { AnomalyFinding } from '../results/anomaly-finding.ts';
import { ANOMALIES_SOURCE, anomalyReports } from '../results/report-content.ts';
import type { ObservedPolicy } from './observed-policy.ts';

/** What {@link publishAnomalies} needs. */
export interface AnomalyReportInput {
  readonly client: ListClient;
  readonly publisher: Pick<ReportPublisher, 'publish' | 'withdraw'>;
  readonly policies: readonly ObservedPolicy[];
  readonly findings: readonly AnomalyFinding[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The result of {@link publishAnomalies}. */
export interface AnomaliesPublished {
  /** The totals of the reports by policy. */
  readonly totals: ReadonlyMap<string, PolicyTotals>;
  /** Reports that the API server refused, each with the reason. */
  readonly refused: readonly string[];
}

/** Writes the reports about anomalies, and removes policies from those that have no result for them any more. */
export const publishAnomalies = async (input: AnomalyReportInput): Promise<AnomaliesPublished> => {
  const desired = desiredReports(input);
  const { refused } = await input.publisher.publish(desired);
  const messages = refused.map(
    ({ desired: { target }, message }) => `the report about ${target.kind} ${target.name} was refused: ${message}`,
  );
  return { totals: await withdrawOthers(input, desired), refused: messages };
};

/**
 * The reports with a result. Their objects have no uid here: a report with an owner reference would be deleted with its object, and an attacker
 * could delete the evidence with it.
 */
export const desiredReports = ({
  policies,
  findings,
  now,
}: Pick<AnomalyReportInput, 'policies' | 'findings' | 'now'>): readonly DesiredReport[] =>
  anomalyReports(
    findings,
    policies.map(({ reporting }) => reporting),
  ).map(({ target: { uid: _uid, ...target }, results }) => {
    const names = new Set(results.map(({ policy }) => policy));
    const evaluated = policies.filter(({ policy }) => names.has(policy.metadata.name)).map(({ policy }) => evaluatedBy(policy));
    return { source: ANOMALIES_SOURCE, target, policies: evaluated, results, seconds: Math.floor(now / 1000) };
  });

const evaluatedBy = ({ metadata: { name, generation = 0 }, spec }: SecurityPolicy): DesiredReport['policies'][number] => ({
  name,
  revision: String(generation),
  passes: 0,
  listPasses: false,
  ownerLabels: spec.reporting?.ownerLabels ?? [],
});

const ledgerOf = (report: KubeObject): PolicyLedger => countedIn(report) ?? readLedger(report.metadata.annotations?.[ANNOTATIONS.policies]);

/** Removes what is over from reports. Counts only reports that are wanted: a copy elsewhere does not count. */
const withdrawOthers = async (
  { client, publisher }: AnomalyReportInput,
  desired: readonly DesiredReport[],
): Promise<Map<string, PolicyTotals>> => {
  const wanted = new Map(
    desired.flatMap(({ target, policies }) => {
      const names = new Set(policies.map(({ name }) => name));
      const { namespace } = reportLocation(target);
      return [reportName, alternativeReportName].map((name) => [reportKey(namespace, name(ANOMALIES_SOURCE, target)), names] as const);
    }),
  );
  const totals = new Map<string, PolicyTotals>();
  for (const resource of [RESOURCES.reports, RESOURCES.clusterReports]) {
    const pages = listPages(client, resource, { labelSelector: reportSelector(ANOMALIES_SOURCE), metadataOnly: true });
    for await (const { items } of pages) {
      for (const { metadata } of items) {
        const names = wanted.get(reportKey(metadata.namespace, metadata.name)) ?? new Set();
        const entries = Object.entries(ledgerOf({ metadata }));
        entries.filter(([policy]) => names.has(policy)).forEach(([policy, entry]) => addTotals(totals, policy, entry, 1));
        const ended = entries.flatMap(([policy]) => (names.has(policy) ? [] : [policy]));
        await withdrawn(publisher, { resource, metadata }, ended);
      }
    }
  }
  return totals;
};

const withdrawn = async (
  publisher: Pick<ReportPublisher, 'withdraw'>,
  { resource, metadata }: { readonly resource: ApiResource; readonly metadata: KubeObject['metadata'] },
  policies: readonly string[],
): Promise<void> => {
  if (policies.length > 0) await publisher.withdraw(resource, metadata, policies);
};
