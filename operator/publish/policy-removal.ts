import { RESOURCES } from '../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listPages } from '../kube/list.ts';
import { policyLabel } from '../report/report-name.ts';
import { concurrently } from './concurrently.ts';
import type { ReportPublisher } from './report-publisher.ts';

/** Reports that are written at the same time. */
const writers = 8;

/** What is taken out of reports. */
export interface Removal {
  readonly policies: readonly string[];
  /** Asked before each write: what is said of a policy that has come back meanwhile is not touched. */
  readonly isGone: (policy: string) => boolean;
}

/**
 * Takes policies that are gone out of every report, out of each in one write, and removes the reports that hold nothing else.
 * Returns how many were changed. Throws what the server answers; a repetition goes on from there.
 */
export async function removePolicies(client: KubeClient, publisher: ReportPublisher, { policies, isGone }: Removal): Promise<number> {
  const labels = policies.map((policy) => [policy, policyLabel(policy)] as const);
  const [first, ...others] = labels;
  if (!first) return 0;
  // A selector cannot ask for one label or another.
  const labelSelector = [`${LABELS.managedBy}=${MANAGED_BY}`, ...(others.length === 0 ? [first[1]] : [])].join(',');
  const saidIn = ({ metadata }: KubeObject): readonly string[] =>
    labels.filter(([, label]) => metadata.labels?.[label] !== undefined).map(([policy]) => policy);
  let changed = 0;
  for (const resource of [RESOURCES.reports, RESOURCES.clusterReports]) {
    for await (const { items } of listPages(client, resource, { labelSelector, metadataOnly: true })) {
      await concurrently(items, writers, async (report) => {
        const said = saidIn(report);
        if (said.length > 0 && (await publisher.withdraw(resource, report.metadata, said, isGone))) changed++;
      });
    }
  }
  return changed;
}
