import type { KubeObject } from '../api/metadata.ts';
import type { ChangeType } from '../kube/watch/list-watch.ts';

/** Whether a change of an object matters. */
export type ChangePredicate<T extends KubeObject> = (object: T, type: ChangeType) => boolean;

/**
 * A predicate that is true for an object that is new or deleted, and for one of which `of` returns something else than at the change
 * before. It remembers what `of` returned for each object, so that each watch needs a predicate of its own.
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

/** A predicate that is false for a change of nothing but the status or the metadata: the generation stays the same. */
export const specChanges = (): ChangePredicate<KubeObject> => objectChanges(({ metadata }) => String(metadata.generation ?? 0));
