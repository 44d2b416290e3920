import type { KubeObject } from '../api/metadata.ts';
import type { ChangeType } from '../kube/watch/list-watch.ts';

/** Returns whether a change of an object requires a reconcile. */
export type ChangePredicate<T extends KubeObject> = (object: T, type: ChangeType) => boolean;

/**
 * Returns a predicate that is true if the object is new or deleted, or if `of` returns another value than at its last change. The predicate
 * stores the last value of each object: create one for each watch.
 */
export function objectChanges<T extends KubeObject>(of: (object: T) => string): ChangePredicate<T> {
  const known = new Map<string, string>();
  return (object, type) => {
    const { uid = '' } = object.metadata;
    const now = of(object);
    const isSame = known.get(uid) === now;
    if (type === 'DELETED') known.delete(uid);
    else known.set(uid, now);
    return type === 'DELETED' || !isSame;
  };
}

/** Returns a predicate that ignores changes of the status and the metadata alone: it compares `metadata.generation`. */
export const specChanges = (): ChangePredicate<KubeObject> => objectChanges(({ metadata }) => String(metadata.generation ?? 0));
