import { RESOURCES } from '../../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import { policyLabels } from '../identity/report-name.ts';
import { concurrently } from '../publishing/concurrently.ts';
import type { ReportPublisher } from '../publishing/report-publisher.ts';

/** The maximum number of concurrent writes. */
const writers = 8;

/** The policies to remove from reports. */
export interface PolicyRemoval {
  readonly policies: readonly string[];
  /** Called before each write. The results of a policy that exists again are not removed. */
  readonly isGone: (policy: string) => boolean;
}

/**
 * Removes deleted policies from every report, with one write for each report. Deletes the reports without other policies. Returns the number
 * of changed reports. Throws the error of the API server; a repetition continues from there.
 */
export async function removePolicies(
  client: ListClient,
  publisher: Pick<ReportPublisher, 'withdraw'>,
  { policies, isGone }: PolicyRemoval,
): Promise<number> {
  const [only, ...others] = policies;
  if (only === undefined) return 0;
  const own = `${LABELS.managedBy}=${MANAGED_BY}`;
  // A label selector cannot select one of several labels.
  const selectors = others.length === 0 ? policyLabels(only).map((label) => `${own},${label}`) : [own];
  const labels = policies.map((policy) => [policy, policyLabels(policy)] as const);
  const policiesIn = ({ metadata }: KubeObject): readonly string[] =>
    labels.filter(([, keys]) => keys.some((key) => metadata.labels?.[key] !== undefined)).map(([policy]) => policy);
  let changed = 0;
  for (const [resource, labelSelector] of [RESOURCES.reports, RESOURCES.clusterReports].flatMap((each) =>
    selectors.map((selector) => [each, selector] as const),
  )) {
    for await (const { items } of listPages(client, resource, { labelSelector, metadataOnly: true })) {
      await concurrently(items, writers, async (report) => {
        const found = policiesIn(report);
        if (found.length > 0 && (await publisher.withdraw(resource, report.metadata, found, isGone))) changed++;
      });
    }
  }
  return changed;
}
