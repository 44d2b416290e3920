import { customRoleOf, customWorkloadKinds, type WorkloadRole } from './custom-kinds.ts';
import { customTemplatePaths, valueAt } from './custom-workloads.ts';
import { fieldsOf, groupKindOf, type KubernetesObject } from './kubernetes-object.ts';

export type { WorkloadRole } from './custom-kinds.ts';

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

/** The kinds with a pod template, and Pod, as `Kind` or `Kind.group`: those of Kubernetes, and custom kinds whose templates are known. */
export const workloadKinds: readonly string[] = [...templatePaths.keys(), ...customWorkloadKinds];

/** Whether a kind of Kubernetes is Pod or has a pod template. */
export const isBuiltinWorkloadKind = (groupKind: string): boolean => templatePaths.has(groupKind);

/** Whether a kind is Pod or is known to have a pod template. */
export function isWorkloadKind(groupKind: string): boolean {
  return templatePaths.has(groupKind) || customRoleOf(groupKind) !== undefined;
}

/** Returns whether the pods of a kind are long-running or terminate, as those of Jobs do. Undefined for kinds without a known template. */
export function roleOfKind(groupKind: string): WorkloadRole | undefined {
  if (templatePaths.has(groupKind)) return finiteKinds.has(groupKind) ? 'finite' : 'longRunning';
  return customRoleOf(groupKind);
}

/** Whether the pods of a kind are long-running. Pods of Jobs and CronJobs terminate. */
export const isLongRunningKind = (groupKind: string): boolean => roleOfKind(groupKind) === 'longRunning';

/** The role of an object as a workload. For a custom kind that is not known: by the restart policy of its pod template, if it has one. */
export function workloadRoleOf(object: KubernetesObject): WorkloadRole | undefined {
  const known = roleOfKind(groupKindOf(object));
  if (known !== undefined) return known;
  const [path] = customTemplatePaths(object);
  if (path === undefined) return undefined;
  const policy = fieldsOf(fieldsOf(valueAt(object, path))['spec'])['restartPolicy'];
  return policy === 'Never' || policy === 'OnFailure' ? 'finite' : 'longRunning';
}

/** Returns the path to the pod template of an object of a built-in kind. Undefined if it has none. */
export function templatePathOf(object: KubernetesObject): readonly string[] | undefined {
  return templatePaths.get(groupKindOf(object));
}
