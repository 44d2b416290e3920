import type { ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ChangeType } from '../kube/watch/list-watch.ts';

/** A resource that a controller watches. Its functions may name the type of the resource's objects. */
export interface WatchedResource {
  readonly resource: ApiResource;
  /** Returns the keys to reconcile after a change of an object. */
  keys(object: KubeObject, type: ChangeType): readonly string[];
}

interface Filter {
  /** Whether a change of an object matters. */
  matters(object: KubeObject, type: ChangeType): boolean;
}
const always = (): boolean => true;

/** Watches a resource: `keys` returns what a change of an object means for the controller. */
export const watches = (resource: ApiResource, keys: WatchedResource['keys']): WatchedResource => ({ resource, keys });

/** Watches the objects that the controller reconciles: the key is the object's name. `matters`: whether a change counts; default: each does. */
export const watchesFor = (resource: ApiResource, matters: Filter['matters'] = always): WatchedResource =>
  watches(resource, (object, type) => (matters(object, type) ? [object.metadata.name] : []));

/** Watches objects whose owners the controller reconciles: the keys are the names of the owners of a kind. `matters` as in {@link watchesFor}. */
export const watchesOwned = (resource: ApiResource, owner: string, matters: Filter['matters'] = always): WatchedResource =>
  watches(resource, (object, type) => {
    if (!matters(object, type)) return [];
    return (object.metadata.ownerReferences ?? []).filter(({ kind }) => kind === owner).map(({ name }) => name);
  });
