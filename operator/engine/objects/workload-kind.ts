import { groupKindOf, type KubernetesObject } from './kubernetes-object.ts';

/** The field names of the path to the pod template, by kind. Empty for Pod. */
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

/** The kinds with a pod template, and Pod, as `Kind` or `Kind.group`. */
export const workloadKinds: readonly string[] = [...templatePaths.keys()];

/** Whether a kind is Pod or has a pod template. */
export function isWorkloadKind(groupKind: string): boolean {
  return templatePaths.has(groupKind);
}

/** Whether the pods of a kind are long-running. Pods of Jobs and CronJobs terminate. */
export function isLongRunningKind(groupKind: string): boolean {
  return templatePaths.has(groupKind) && !finiteKinds.has(groupKind);
}

/** Returns the path to the pod template of an object's kind. Undefined if it has none. */
export function templatePathOf(object: KubernetesObject): readonly string[] | undefined {
  return templatePaths.get(groupKindOf(object));
}
