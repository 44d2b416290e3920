import { RESOURCES } from '../../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { listPages } from '../../kube/list.ts';
import { policyLabels } from '../identity/report-name.ts';
import { concurrently } from '../publishing/concurrently.ts';
import type { ReportPublisher } from '../publishing/report-publisher.ts';

/** Reports that are written at the same time. */
const writers = 8;

/** What is taken out of reports. */
export interface PolicyRemoval {
  readonly policies: readonly string[];
  /** Asked before each write: what is said of a policy that has come back meanwhile is not touched. */
  readonly isGone: (policy: string) => boolean;
}

/**
 * Takes policies that are gone out of every report, out of each in one write, and removes the reports that hold nothing else.
 * Returns how many were changed. Throws what the server answers; a repetition goes on from there.
 */
export async function removePolicies(
  client: KubeClient,
  publisher: Pick<ReportPublisher, 'withdraw'>,
  { policies, isGone }: PolicyRemoval,
): Promise<number> {
  const [only, ...others] = policies;
  if (only === undefined) return 0;
  const own = `${LABELS.managedBy}=${MANAGED_BY}`;
  // A selector cannot ask for one label or another.
  const selectors = others.length === 0 ? policyLabels(only).map((label) => `${own},${label}`) : [own];
  const labels = policies.map((policy) => [policy, policyLabels(policy)] as const);
  const saidIn = ({ metadata }: KubeObject): readonly string[] =>
    labels.filter(([, keys]) => keys.some((key) => metadata.labels?.[key] !== undefined)).map(([policy]) => policy);
  let changed = 0;
  for (const [resource, labelSelector] of [RESOURCES.reports, RESOURCES.clusterReports].flatMap((each) =>
    selectors.map((selector) => [each, selector] as const),
  )) {
    for await (const { items } of listPages(client, resource, { labelSelector, metadataOnly: true })) {
      await concurrently(items, writers, async (report) => {
        const said = saidIn(report);
        if (said.length > 0 && (await publisher.withdraw(resource, report.metadata, said, isGone))) changed++;
      });
    }
  }
  return changed;
}
