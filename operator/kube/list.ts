import type { KubeObject } from '../api/metadata.ts';
import type { ApiResource } from '../api/api-resource.ts';
import { resourcePath } from './resource-path.ts';
import { isExpired, isResponseTooLong, type KubeApiError } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** The token that begins the next page; absent on the last one. */
  readonly next?: string;
}

/** What to list. */
export interface ListOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects a page; default {@link LIST_PAGE_SIZE}. */
  readonly limit?: number;
  /** Begins at this token. */
  readonly from?: string | undefined;
  /** Only `metadata` (a `PartialObjectMetadataList`): a fraction of the bytes. */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface ListBody<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

const metadataAccept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** Objects a page of what the operator lists: a page of parsed metadata, who wrote which field included, is then about 2 MiB. */
export const LIST_PAGE_SIZE = 250;

/** Bytes of one page past which smaller ones are asked for: what a process of 128 MiB can hold beside all else. */
const pageBytes = 16 * 1024 * 1024;

/**
 * Pages through a list. A continue token that has expired (410) is replaced by the one in the server's answer, which goes
 * on at the same place in a newer state: nothing that existed throughout is left out. Where objects are so large that a page
 * is too long, pages become smaller. Throws what the server answers.
 */
export async function* listPages<T extends KubeObject>(
  client: KubeClient,
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

/** A page of so many objects as can be read, and how many that were. */
async function fittingPage<T>(
  client: KubeClient,
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

async function page<T>(client: KubeClient, resource: ApiResource, options: PageRequest): Promise<ListBody<T>> {
  const query = { limit: options.limit, labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
  const call = {
    path: resourcePath(resource, { namespace: options.namespace }),
    accept: options.metadataOnly ? metadataAccept : 'application/json',
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

/** All objects of a list, for lists that are known to be small. */
export async function listAll<T extends KubeObject>(client: KubeClient, resource: ApiResource, options: ListOptions = {}): Promise<T[]> {
  const all: T[] = [];
  for await (const { items } of listPages<T>(client, resource, options)) all.push(...items);
  return all;
}
