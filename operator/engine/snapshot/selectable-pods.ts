import type { Labels } from '../../api/label-match.ts';
import { workloadKinds } from '../objects/workload-kind.ts';
import { type Projection, type Snapshot, workloadOf } from './snapshot.ts';

/** Kinds that a rollout leaves behind without pods. */
const revisionKinds: ReadonlySet<string> = new Set(['ReplicaSet.apps', 'ReplicaSet.extensions', 'ReplicationController']);

/** Returns the workloads of a namespace, including those that a controller created. */
export function workloadsIn(snapshot: Snapshot, namespace: string): readonly Projection[] {
  return workloadKinds.flatMap((kind) => snapshot.in(namespace, kind));
}

/**
 * Whether a selector can match the pods of a workload. Workloads with an owner are left out, because their template may be of an earlier
 * revision. Their pods count. A ReplicaSet without replicas has no pods and is left out. A Deployment that is scaled to zero is kept.
 */
function isSelectable(workload: Projection): boolean {
  if (workload.groupKind === 'Pod') return true;
  return !workload.owned && !(revisionKinds.has(workload.groupKind) && workloadOf(workload).replicas === 0);
}

const labelText = (key: string, value: string): string => `${key}\u0000${value}`;

/** The labels of the pods of a namespace that selectors can match, by each label. */
class SelectablePods {
  readonly #all: readonly Labels[];
  readonly #byLabel = new Map<string, Labels[]>();

  constructor(all: readonly Labels[]) {
    this.#all = all;
    for (const labels of all)
      for (const [key, value] of Object.entries(labels)) {
        const text = labelText(key, value);
        const list = this.#byLabel.get(text);
        if (list === undefined) this.#byLabel.set(text, [labels]);
        else list.push(labels);
      }
  }

  some(selects: (labels: Labels) => boolean, required?: readonly [key: string, value: unknown]): boolean {
    if (required === undefined) return this.#all.some(selects);
    const [key, value] = required;
    return typeof value === 'string' && this.#byLabel.get(labelText(key, value))?.some(selects) === true;
  }
}

interface Known {
  readonly size: number;
  readonly pods: SelectablePods;
}

const knownPods = new WeakMap<Snapshot, Map<string, Known>>();

/**
 * Whether some pods of a namespace have labels that meet a condition. `required`: a label that such pods must have, so that only those with
 * it are tried.
 */
export function somePodHas(
  snapshot: Snapshot,
  namespace: string,
  { selects, required }: { readonly selects: (labels: Labels) => boolean; readonly required?: readonly [string, unknown] | undefined },
): boolean {
  const ofSnapshot = knownPods.get(snapshot) ?? new Map<string, Known>();
  knownPods.set(snapshot, ofSnapshot);
  const found = ofSnapshot.get(namespace);
  if (found?.size === snapshot.size) return found.pods.some(selects, required);
  const labels = workloadsIn(snapshot, namespace)
    .filter(isSelectable)
    .map((workload) => workloadOf(workload).podLabels);
  const pods = new SelectablePods(labels);
  ofSnapshot.set(namespace, { size: snapshot.size, pods });
  return pods.some(selects, required);
}
