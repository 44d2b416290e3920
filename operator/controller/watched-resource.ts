import type { ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ChangeType } from '../kube/watch/list-watch.ts';

/** A resource that a controller watches. */
export interface WatchedResource {
  readonly resource: ApiResource;
  /** Returns the keys to reconcile after a change of an object. */
  keys(object: KubeObject, type: ChangeType): readonly string[];
}

interface Filter {
  /** Whether a change of an object requires a reconcile. */
  matters(object: KubeObject, type: ChangeType): boolean;
}
const always = (): boolean => true;

/** Watches a resource. `keys` maps a changed object to the keys to reconcile. */
export const watches = (resource: ApiResource, keys: WatchedResource['keys']): WatchedResource => ({ resource, keys });

/** Watches the objects that the controller reconciles. The key is the name. `matters` filters the changes; default: all. */
export const watchesFor = (resource: ApiResource, matters: Filter['matters'] = always): WatchedResource =>
  watches(resource, (object, type) => (matters(object, type) ? [object.metadata.name] : []));

/** Watches objects that the controller's objects own. The keys are the names of the owners of kind `owner`. `matters` as in {@link watchesFor}. */
export const watchesOwned = (resource: ApiResource, owner: string, matters: Filter['matters'] = always): WatchedResource =>
  watches(resource, (object, type) => {
    if (!matters(object, type)) return [];
    return (object.metadata.ownerReferences ?? []).filter(({ kind }) => kind === owner).map(({ name }) => name);
  });
