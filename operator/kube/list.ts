import type { KubeObject } from '../api/metadata.ts';
import type { ApiResource } from '../api/api-resource.ts';
import { resourcePath } from './client/resource-path.ts';
import { isExpired, isResponseTooLong, type KubeApiError } from './client/kube-api-error.ts';
import type { KubeClient } from './client/kube-client.ts';
import { METADATA_LIST } from './protobuf/response-body.ts';

/** The part of a client that lists use. */
export type ListClient = Pick<KubeClient, 'call'>;

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** The continue token of the next page. Absent on the last page. */
  readonly next?: string;
}

/** The selection and paging of a list. */
export interface ListOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects per page. Default {@link LIST_PAGE_SIZE}. */
  readonly limit?: number;
  /** The continue token of the first page to read. */
  readonly from?: string | undefined;
  /** Requests only `metadata` (a `PartialObjectMetadataList`): a fraction of the bytes. */
  readonly metadataOnly?: boolean;
  /** With `metadataOnly`: the caller does not read `managedFields`, which can be half of the metadata. They may be present nevertheless. */
  readonly omitManagedFields?: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface ListBody<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

/** Objects per page: a page of parsed metadata with managed fields takes about 2 MiB. */
export const LIST_PAGE_SIZE = 250;

/** The maximum size of a page in bytes, after which smaller pages are requested. It fits into a process with a limit of 128 MiB. */
const pageBytes = 16 * 1024 * 1024;

/**
 * Yields the pages of a list. If a continue token expired (410), the list goes on with the token in that response: at the same position, in a
 * newer state, so that no object that existed all the time is missed. If a page is too large, smaller pages are requested.
 * Throws {@link KubeApiError}.
 */
export async function* listPages<T extends KubeObject>(
  client: ListClient,
  resource: ApiResource,
  options: ListOptions = {},
): AsyncGenerator<Page<T>> {
  let from = options.from;
  let limit = options.limit ?? LIST_PAGE_SIZE;
  do {
    const { body, limit: taken } = await fittingPage<T>(client, resource, { ...options, from, limit });
    limit = taken;
    const read = pageOf(body);
    from = read.next;
    yield read;
  } while (from !== undefined);
}

function pageOf<T>({ metadata, items }: ListBody<T>): Page<T> {
  const { resourceVersion = '', continue: next = '' } = metadata ?? {};
  return { items: items ?? [], resourceVersion, ...(next === '' ? {} : { next }) };
}

type PageRequest = ListOptions & { readonly limit: number };

/** Reads a page, with a smaller limit while the page is too large. Returns the page and the limit used. */
async function fittingPage<T>(
  client: ListClient,
  resource: ApiResource,
  options: PageRequest,
): Promise<{ readonly body: ListBody<T>; readonly limit: number }> {
  for (let limit = options.limit; ; limit = Math.ceil(limit / 4)) {
    try {
      return { body: await page<T>(client, resource, { ...options, limit }), limit };
    } catch (error) {
      if (!isResponseTooLong(error) || limit <= 1) throw error;
    }
  }
}

async function page<T>(client: ListClient, resource: ApiResource, options: PageRequest): Promise<ListBody<T>> {
  const query = { limit: options.limit, labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
  const call = {
    path: resourcePath(resource, { namespace: options.namespace }),
    accept: options.metadataOnly ? METADATA_LIST : 'application/json',
    omitManagedFields: options.omitManagedFields,
    signal: options.signal,
    maximumBytes: options.limit === 1 ? pageBytes * 2 : pageBytes,
  };
  try {
    return await client.call<ListBody<T>>({ ...call, query: { ...query, continue: options.from } });
  } catch (error) {
    const successor = options.from !== undefined && isExpired(error) ? successorToken(error) : undefined;
    if (successor === undefined) throw error;
    return client.call<ListBody<T>>({ ...call, query: { ...query, continue: successor } });
  }
}

function successorToken(error: unknown): string | undefined {
  const body = (error as KubeApiError).body as { metadata?: { continue?: string } } | undefined;
  return body?.metadata?.continue;
}

/** Returns all objects of a list. Use it only for lists that are known to be small. */
export async function listAll<T extends KubeObject>(client: ListClient, resource: ApiResource, options: ListOptions = {}): Promise<T[]> {
  const all: T[] = [];
  for await (const { items } of listPages<T>(client, resource, options)) all.push(...items);
  return all;
}
