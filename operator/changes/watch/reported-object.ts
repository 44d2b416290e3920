import type { ApiResource } from '../../api/api-resource.ts';
import type { ObjectIndex } from './object-index.ts';

/** The owner reference of a report. */
export interface ReportOwner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** A watched object. */
export interface WatchedObject {
  readonly resource: ApiResource;
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
}

/**
 * Returns the watched object that a report is about. Returns undefined if its kind is not watched or if it was deleted: its deletion removes
 * the report. Pure.
 */
export function watchedObjectOf(
  owner: ReportOwner | undefined,
  reportNamespace: string,
  indexes: ReadonlyMap<ApiResource, ObjectIndex>,
): WatchedObject | undefined {
  if (!owner) return undefined;
  const ownerGroup = owner.apiVersion.includes('/') ? owner.apiVersion.split('/')[0] : '';
  const resource = [...indexes.keys()].find(({ group, kind }) => kind === owner.kind && group === ownerGroup);
  if (!resource) return undefined;
  const namespace = resource.namespaced ? reportNamespace : '';
  return indexes.get(resource)?.get(namespace, owner.name) === undefined ? undefined : { resource, namespace, name: owner.name };
}
