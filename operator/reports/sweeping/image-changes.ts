import { RESOURCES } from '../../api/api-resource.ts';
import { ANNOTATIONS } from '../../api/group.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import { changeWithin, readHistory, type Span } from '../building/change-history.ts';
import { addChanges, noChange, type ReportChange } from '../building/report-change.ts';
import { IMAGES_SOURCE, reportSelector } from '../identity/report-name.ts';

/** The policies, time spans and namespaces whose changes are counted. */
export interface ImageChangesRequest {
  /** The time span of each policy, by name. */
  readonly spans: ReadonlyMap<string, Span>;
  readonly includesNamespace: (namespace: string | undefined) => boolean;
  readonly signal: AbortSignal;
}

/** Returns the new and fixed failures from the histories of all current reports about images. Reads only their metadata. */
export async function imageChanges(client: ListClient, { spans, includesNamespace, signal }: ImageChangesRequest): Promise<ReportChange> {
  const labelSelector = reportSelector(IMAGES_SOURCE);
  let sum = noChange();
  for await (const { items } of listPages(client, RESOURCES.reports, { labelSelector, metadataOnly: true, signal })) {
    for (const { metadata } of items) {
      const text = metadata.annotations?.[ANNOTATIONS.changes];
      if (text === undefined || !includesNamespace(metadata.namespace)) continue;
      const history = readHistory(text);
      for (const [policy, span] of spans) sum = addChanges(sum, changeWithin(history, policy, span));
    }
  }
  return sum;
}
