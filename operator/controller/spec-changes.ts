import type { KubeObject } from '../api/metadata.ts';
import type { ChangeType } from '../kube/list-watch.ts';

/**
 * Tells of each change of an object whether it is more than one of its status, by the generation: for work that is too much to be
 * done whenever a status is written.
 */
export function specChanges(): (object: KubeObject, type: ChangeType) => boolean {
  const generations = new Map<string, number | undefined>();
  return ({ metadata: { uid = '', generation } }, type) => {
    const isSame = generations.has(uid) && generations.get(uid) === generation;
    if (type === 'DELETED') generations.delete(uid);
    else generations.set(uid, generation);
    return type === 'DELETED' || !isSame;
  };
}
