import type { Labels } from '../../api/label-match.ts';
import { workloadKinds } from '../objects/workload-kind.ts';
import { isControllerLabel, type LabelledWorkload, podLabelsWith } from '../pods/controller-labels.ts';
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

/** Returns what the labels of a workload's pods depend on. */
export function labelled(workload: Projection): LabelledWorkload {
  const { podLabels, replicas, firstOrdinal } = workloadOf(workload);
  return { groupKind: workload.groupKind, name: workload.reference.name, podLabels, replicas, firstOrdinal };
}

/** What a selector asks of pods. */
export interface PodCondition {
  readonly selects: (labels: Labels) => boolean;
  /** Labels that such pods must have. Those that controllers add count too, although no template has them. */
  readonly required: Labels;
}

/** The workloads of a namespace whose pods selectors can match, by each label of their pods. */
class SelectablePods {
  readonly #all: readonly Projection[];
  readonly #byLabel = new Map<string, Projection[]>();

  constructor(all: readonly Projection[]) {
    this.#all = all;
    for (const workload of all)
      for (const [key, value] of Object.entries(workloadOf(workload).podLabels)) {
        const text = labelText(key, value);
        const list = this.#byLabel.get(text);
        if (list === undefined) this.#byLabel.set(text, [workload]);
        else list.push(workload);
      }
  }

  some({ selects, required }: PodCondition): boolean {
    const isAdded = Object.keys(required).some(isControllerLabel);
    const [first] = Object.entries(required).filter(([key]) => !isControllerLabel(key));
    const candidates = first === undefined ? this.#all : (this.#byLabel.get(labelText(...first)) ?? []);
    return candidates.some((workload) => selects(isAdded ? podLabelsWith(required, labelled(workload)) : workloadOf(workload).podLabels));
  }
}

interface Known {
  readonly size: number;
  readonly pods: SelectablePods;
}

const knownPods = new WeakMap<Snapshot, Map<string, Known>>();

/** Whether some pods of a namespace meet a condition. */
export function somePodHas(snapshot: Snapshot, namespace: string, condition: PodCondition): boolean {
  const ofSnapshot = knownPods.get(snapshot) ?? new Map<string, Known>();
  knownPods.set(snapshot, ofSnapshot);
  const found = ofSnapshot.get(namespace);
  if (found?.size === snapshot.size) return found.pods.some(condition);
  const pods = new SelectablePods(workloadsIn(snapshot, namespace).filter(isSelectable));
  ofSnapshot.set(namespace, { size: snapshot.size, pods });
  return pods.some(condition);
}
