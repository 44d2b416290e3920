import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';
import type { KubeRequest } from '../../operator/kube/client/kube-request.ts';

/** Returns an object of the list. */
export const object = (name: string, labels: Readonly<Record<string, string>> = {}): KubeObject => ({
  metadata: { name, namespace: 'shop', labels, uid: name },
});

type Query = NonNullable<KubeRequest['query']>;

/**
 * A fake API server with one list, in the given order, as an aggregated API server may return it. `page` changes the content of a page, to
 * simulate rare behaviour of real servers.
 */
export class ListDouble {
  readonly calls: { readonly path: string; readonly query: Query; readonly metadataOnly: boolean }[] = [];
  objects: KubeObject[];
  /** Changes the items of a page, or throws. */
  page: (
    items: readonly KubeObject[],
    call: { readonly query: Query; readonly metadataOnly: boolean; readonly path: string },
  ) => readonly KubeObject[] = (items) => items;

  constructor(names: readonly string[]) {
    this.objects = names.map((name) => object(name));
  }

  readonly client = {
    call: ({ path, query = {}, accept }: KubeRequest): Promise<unknown> => {
      const metadataOnly = accept?.includes('PartialObjectMetadataList') ?? false;
      const call = { path, query, metadataOnly };
      this.calls.push(call);
      return Promise.resolve().then(() => this.#answer(call));
    },
  } as unknown as KubeClient;

  #answer(call: { readonly path: string; readonly query: Query; readonly metadataOnly: boolean }): unknown {
    const { limit, continue: from = '0', fieldSelector } = call.query;
    const wanted = typeof fieldSelector === 'string' ? fieldSelector.replace('metadata.name=', '') : undefined;
    const all = this.objects.filter(({ metadata }) => wanted === undefined || metadata.name === wanted);
    const [start, end] = [Number(from), Number(from) + Number(limit)];
    const items = this.page(all.slice(start, end), call);
    return { metadata: { resourceVersion: '1', ...(end < all.length ? { continue: String(end) } : {}) }, items };
  }
}

/** The resource of the listed objects. */
export const widgets: ApiResource = { group: 'shop.example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true };

/** The error of the server for a resource that it does not serve. */
export const notServed = (): KubeApiError => new KubeApiError('404: the server could not find the requested resource', { status: 404 });
