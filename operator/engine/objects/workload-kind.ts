import { groupKindOf, type KubernetesObject } from './kubernetes-object.ts';

/** Where a pod-bearing kind keeps its pod template: field names from the object down; none for a Pod. */
const templatePaths: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pod', []],
  ['PodTemplate', ['template']],
  ['ReplicationController', ['spec', 'template']],
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind) => [`${kind}.apps`, ['spec', 'template']] as const),
  ...['Deployment', 'DaemonSet', 'ReplicaSet'].map((kind) => [`${kind}.extensions`, ['spec', 'template']] as const),
  ['Job.batch', ['spec', 'template']],
  ['CronJob.batch', ['spec', 'jobTemplate', 'spec', 'template']],
] as const);

const finiteKinds: ReadonlySet<string> = new Set(['Job.batch', 'CronJob.batch']);

/** The pod-bearing kinds as `Kind` or `Kind.group`. */
export const workloadKinds: readonly string[] = [...templatePaths.keys()];

/** Whether a kind bears pods. */
export function isWorkloadKind(groupKind: string): boolean {
  return templatePaths.has(groupKind);
}

/** Whether a kind's pods are meant to run on, rather than to end. */
export function isLongRunningKind(groupKind: string): boolean {
  return templatePaths.has(groupKind) && !finiteKinds.has(groupKind);
}

/** The way to the pod template of an object's kind; undefined for kinds that bear none. */
export function templatePathOf(object: KubernetesObject): readonly string[] | undefined {
  return templatePaths.get(groupKindOf(object));
}
