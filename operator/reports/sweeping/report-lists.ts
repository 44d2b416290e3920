import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { isForbidden } from '../../kube/client/kube-api-error.ts';
import { listPages } from '../../kube/list.ts';
import { ListInterrupted } from '../../kube/watch/initial-list.ts';
import { WATCH_SILENCE } from '../../kube/watch/list-watch.ts';
import { WatchHub } from '../../kube/watch/watch-hub.ts';
import type { WatchClient } from '../../kube/watch/watch-stream.ts';
import { reportSelector, SOURCE } from '../identity/report-name.ts';

/** Yields the metadata of the reports about configuration of one resource, some at a time. */
export type ReportLists = (client: WatchClient, resource: ApiResource, signal: AbortSignal) => AsyncGenerator<readonly KubeObject[]>;

const labelSelector = reportSelector(SOURCE);

/**
 * A stream comes from the cache of the API server. Pages of custom resources after the first come from etcd, which costs the server several
 * times as much.
 */
const streamed: ReportLists = (client, resource, signal) =>
  WatchHub.of(client).lists.once(resource, {
    selection: { namespace: undefined, labelSelector, metadataOnly: true },
    silence: WATCH_SILENCE,
    signal,
  });

async function* inPages(client: WatchClient, resource: ApiResource, signal: AbortSignal): AsyncGenerator<readonly KubeObject[]> {
  for await (const { items } of listPages(client, resource, { labelSelector, metadataOnly: true, signal })) yield items;
}

/**
 * Calls `read` with lists of the reports that are streamed if the server supports it. Calls it again, with pages, if a report changed during a
 * stream, or if the account may list reports and not watch them.
 */
export async function readingReports<T>(read: (lists: ReportLists) => Promise<T>): Promise<T> {
  try {
    return await read(streamed);
  } catch (error) {
    if (!(error instanceof ListInterrupted) && !isForbidden(error)) throw error;
    return read(inPages);
  }
}
