import type { ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { listPages, type ListClient } from '../kube/list.ts';
import type { Slice } from './shard.ts';

/** The objects of one page of a list that belong to a slice. */
export interface SlicePage {
  readonly items: readonly KubeObject[];
  /** The continue token at which the page starts. Absent for the first page of a list. */
  readonly from?: string | undefined;
  /** Whether the names of the list are sorted up to this page. */
  readonly sorted: boolean;
}

/** The error of a list that is not sorted, or whose order changed, so that a part of it cannot be identified. */
export class ListOrderError extends Error {
  override readonly name = 'ListOrderError';
}

/** Options for reading the pages of a slice. */
export interface SlicePageOptions {
  readonly limit?: number;
  readonly metadataOnly?: boolean;
  readonly omitManagedFields?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Yields the pages of the part of a list that is a slice. The API server sorts the names of a namespace. An aggregated API server may not.
 * A slice that is a complete list can have any order. Throws {@link ListOrderError} if a slice starts or ends at a name and the list is not
 * sorted. Throws the errors of the API server.
 */
export async function* slicePages(
  client: ListClient,
  resource: ApiResource,
  slice: Slice,
  { limit, ...options }: SlicePageOptions,
): AsyncGenerator<SlicePage> {
  const part = new SlicePart(slice, resource);
  let { from } = slice;
  const pages = listPages<KubeObject>(client, resource, {
    ...options,
    namespace: slice.namespace,
    from,
    ...(limit === undefined ? {} : { limit }),
  });
  for await (const { items, next } of pages) {
    const taken = part.take(items);
    yield { items: taken, from, sorted: part.sorted };
    if (part.ended) return;
    from = next;
  }
  part.finish();
}

/** Selects the objects of a slice from its list. */
class SlicePart {
  readonly #slice: Slice;
  readonly #resource: ApiResource;
  #before = '';
  /** Whether objects are still skipped, in an unsorted list, until the last evaluated name. */
  #passing: boolean;
  sorted = true;
  ended = false;

  constructor(slice: Slice, resource: ApiResource) {
    this.#slice = slice;
    this.#resource = resource;
    this.#passing = slice.unsorted === true && slice.after !== undefined;
  }

  take(items: readonly KubeObject[]): readonly KubeObject[] {
    return items.filter(({ metadata: { name } }) => {
      this.#order(name);
      return this.#slice.unsorted === true ? this.#takesByPlace(name) : this.#takesByName(name);
    });
  }

  finish(): void {
    if (this.#passing) throw this.#error(`'${this.#slice.after ?? ''}', the last object that was scanned, is no longer in it`);
  }

  #takesByPlace(name: string): boolean {
    if (!this.#passing) return true;
    this.#passing = name !== this.#slice.after;
    return false;
  }

  #takesByName(name: string): boolean {
    const { after, to } = this.#slice;
    if (to !== undefined && name > to) this.ended = true;
    return !this.ended && (after === undefined || name > after);
  }

  #order(name: string): void {
    this.sorted &&= name >= this.#before;
    this.#before = name;
    const { after, to, unsorted } = this.#slice;
    const byName = unsorted !== true && (after !== undefined || to !== undefined);
    if (byName && !this.sorted) throw this.#error('its names are not sorted');
  }

  #error(why: string): ListOrderError {
    const { group, resource } = this.#resource;
    const where = group === '' ? resource : `${resource}.${group}`;
    return new ListOrderError(`the list of ${where} cannot be read in parts: ${why}`);
  }
}
