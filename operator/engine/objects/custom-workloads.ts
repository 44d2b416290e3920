import { type Fields, fieldsOf, groupKindOf, groupOf, isFields, type KubernetesObject, textOf } from './kubernetes-object.ts';
import { builtinKinds } from '../schema/schema-node.ts';

/** Whether the pods of a kind are long-running, or terminate as those of a Job do. */
export type WorkloadRole = 'longRunning' | 'finite';

interface CustomKind {
  readonly role: WorkloadRole;
  /** The paths of its pod templates. `[]` after a name: of each item of a list or map. A path to `spec` of the object is empty. */
  readonly templates: readonly string[];
}

type Row = readonly [group: string, kinds: string, role: WorkloadRole, ...templates: string[]];

const rayCluster = (path: string): readonly string[] => [`${path}.headGroupSpec.template`, `${path}.workerGroupSpecs[].template`];

/** From the CustomResourceDefinitions of the projects. Their controllers make pods of these templates. */
const rows: readonly Row[] = [
  ['argoproj.io', 'Rollout', 'longRunning', 'spec.template'],
  ['serving.knative.dev', 'Service Configuration', 'longRunning', 'spec.template'],
  ['serving.knative.dev', 'Revision', 'longRunning', ''],
  ['apps.openshift.io', 'DeploymentConfig', 'longRunning', 'spec.template'],
  ['jobset.x-k8s.io', 'JobSet', 'finite', 'spec.replicatedJobs[].template.spec.template'],
  [
    'leaderworkerset.x-k8s.io',
    'LeaderWorkerSet',
    'longRunning',
    'spec.leaderWorkerTemplate.leaderTemplate',
    'spec.leaderWorkerTemplate.workerTemplate',
  ],
  ['ray.io', 'RayCluster', 'longRunning', ...rayCluster('spec')],
  ['ray.io', 'RayService', 'longRunning', ...rayCluster('spec.rayClusterConfig')],
  ['ray.io', 'RayJob', 'finite', ...rayCluster('spec.rayClusterSpec'), 'spec.submitterPodTemplate'],
  ['apps.kruise.io', 'CloneSet StatefulSet DaemonSet', 'longRunning', 'spec.template'],
  ['apps.kruise.io', 'BroadcastJob', 'finite', 'spec.template'],
  [
    'apps.kruise.io',
    'AdvancedCronJob',
    'finite',
    'spec.template.jobTemplate.spec.template',
    'spec.template.broadcastJobTemplate.spec.template',
  ],
  ['batch.volcano.sh', 'Job', 'finite', 'spec.tasks[].template'],
  ['kubeflow.org', 'TFJob', 'finite', 'spec.tfReplicaSpecs[].template'],
  ['kubeflow.org', 'PyTorchJob', 'finite', 'spec.pytorchReplicaSpecs[].template'],
  ['kubeflow.org', 'MPIJob', 'finite', 'spec.mpiReplicaSpecs[].template'],
  ['kubeflow.org', 'XGBoostJob', 'finite', 'spec.xgbReplicaSpecs[].template'],
  ['kubeflow.org', 'Notebook', 'longRunning', 'spec.template'],
  ['keda.sh', 'ScaledJob', 'finite', 'spec.jobTargetRef.template'],
  ['agones.dev', 'GameServer', 'longRunning', 'spec.template'],
  ['agones.dev', 'Fleet GameServerSet', 'longRunning', 'spec.template.spec.template'],
];

/** The kinds of workflows of Argo, whose templates are no pod templates, with the path of their specification. */
export const workflowKinds: ReadonlyMap<string, string> = new Map([
  ...['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate'].map((kind) => [`${kind}.argoproj.io`, 'spec'] as const),
  ['CronWorkflow.argoproj.io', 'spec.workflowSpec'],
]);

const knownKinds: ReadonlyMap<string, CustomKind> = new Map([
  ...rows.flatMap(([group, kinds, role, ...templates]) =>
    kinds.split(' ').map((kind) => [`${kind}.${group}`, { role, templates }] as const),
  ),
  ...[...workflowKinds.keys()].map((kind): [string, CustomKind] => [kind, { role: 'finite', templates: [] }]),
]);

/** The custom kinds whose pod templates are at known paths, as `Kind.group`. */
export const customWorkloadKinds: readonly string[] = [...knownKinds.keys()];

/** Whether the pods of a known custom kind are long-running. Undefined for other kinds. */
export const customRoleOf = (groupKind: string): WorkloadRole | undefined => knownKinds.get(groupKind)?.role;

/** Kinds whose controllers make pods that are not written in the object as a pod template. */
const hidden: ReadonlyMap<string, string> = new Map([
  ...['Kafka', 'KafkaConnect', 'KafkaBridge', 'KafkaMirrorMaker2', 'KafkaNodePool'].map(
    (kind) => [`${kind}.kafka.strimzi.io`, 'Strimzi'] as const,
  ),
  ...['Prometheus', 'PrometheusAgent', 'Alertmanager', 'ThanosRuler'].map(
    (kind) => [`${kind}.monitoring.coreos.com`, 'the Prometheus Operator'] as const,
  ),
  ...['Sensor', 'EventSource'].map((kind) => [`${kind}.argoproj.io`, 'Argo'] as const),
  ...['Task', 'ClusterTask', 'TaskRun', 'Pipeline', 'PipelineRun'].map((kind) => [`${kind}.tekton.dev`, 'Tekton'] as const),
  ...['SparkApplication', 'ScheduledSparkApplication'].map((kind) => [`${kind}.sparkoperator.k8s.io`, 'the Spark operator'] as const),
  ...['VirtualMachine', 'VirtualMachineInstance'].map((kind) => [`${kind}.kubevirt.io`, 'KubeVirt'] as const),
  ['Cluster.postgresql.cnpg.io', 'CloudNativePG'],
  ['postgresql.acid.zalan.do', 'the Postgres Operator'],
]);

/** The operator that makes pods of a kind although objects of the kind have no pod template. Undefined for other kinds. */
export const hiddenPodsOf = (groupKind: string): string | undefined => hidden.get(groupKind);

let builtinGroups: ReadonlySet<string> | undefined;
/** Whether Kubernetes itself serves a group, now or in former versions. */
const isBuiltinGroup = (group: string): boolean =>
  group === 'extensions' || (builtinGroups ??= new Set(builtinKinds().map((kind) => kind.group))).has(group);

/** Groups of objects that describe other objects, such as policies with patterns. */
const describing = /(^|\.)(kyverno\.io|gatekeeper\.sh|kubewarden\.io|crossplane\.io)$/;
/** Fields with parts of other objects, of which nobody makes pods. */
const notTemplates = /pattern|patch|overlay|match|exclude|mutat|validat|generat|^values|manifest|example|schema|^status$|^metadata$/i;
const deepest = 8;
const mostValues = 5000;

/** Whether a map is a pod template: its spec has a list of containers. A single container in place of the list counts, and is then a fault. */
function isTemplate(value: Fields): boolean {
  const containers = fieldsOf(value['spec'])['containers'];
  if (isFields(containers)) return typeof containers['image'] === 'string';
  if (!Array.isArray(containers) || containers.length === 0) return false;
  return containers.some((item) => isFields(item) && (typeof item['image'] === 'string' || typeof item['name'] === 'string'));
}

/** Whether a map has a list of containers with images. */
const hasContainers = ({ containers }: Fields): boolean =>
  Array.isArray(containers) && containers.some((item) => isFields(item) && typeof item['image'] === 'string');

/** An object inside of another, which its own controller handles. */
const isObject = (value: Fields): boolean => textOf(value['apiVersion']) !== undefined && textOf(value['kind']) !== undefined;

class TemplateSearch {
  readonly found: string[] = [];
  readonly #matches: (value: Fields) => boolean;
  #left = mostValues;

  constructor(matches: (value: Fields) => boolean) {
    this.#matches = matches;
  }

  /** Visits the values of a map or list. `path` is empty or ends in a name or an index. */
  visit(value: unknown, path: string, depth: number): void {
    this.#left -= 1;
    if (depth > deepest || this.#left < 0) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.#below(item, `${path}[${index}]`, depth);
    } else if (isFields(value)) {
      for (const name of Object.keys(value))
        if (!notTemplates.test(name)) this.#below(value[name], path === '' ? name : `${path}.${name}`, depth);
    }
  }

  #below(value: unknown, path: string, depth: number): void {
    if (!Array.isArray(value) && !isFields(value)) return;
    if (isFields(value)) {
      if (isObject(value)) return;
      if (this.#matches(value)) {
        this.found.push(path);
        return;
      }
    }
    this.visit(value, path, depth + 1);
  }
}

/** Returns the paths of an object that a path with `[]` stands for. A value of a wrong type ends a path: the path then has no template. */
function expanded(value: unknown, steps: readonly string[], path: string): readonly string[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [path];
  const name = step.replace(/\[\]$/, '');
  const next = fieldsOf(value)[name];
  const at = path === '' ? name : `${path}.${name}`;
  if (name === step) return expanded(next, rest, at);
  if (Array.isArray(next)) return next.flatMap((item, index) => expanded(item, rest, `${at}[${index}]`));
  return isFields(next) ? Object.keys(next).flatMap((key) => expanded(next[key], rest, `${at}.${key}`)) : [at];
}

/** Whether a known path of several has no template: a RayJob without a submitter of its own. */
function isOptional(object: KubernetesObject, path: string, all: readonly string[]): boolean {
  return all.length > 1 && valueAt(object, path) === undefined;
}

/** Returns the value at a path such as `spec.tasks[0].template`. */
export function valueAt(object: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .reduce<unknown>((value, step) => (Array.isArray(value) ? value[Number(step)] : fieldsOf(value)[step]), object);
}

function knownPaths(object: KubernetesObject, { templates }: CustomKind): readonly string[] {
  const paths = templates.flatMap((path) => expanded(object, path === '' ? [] : path.split('.'), ''));
  const present = paths.filter((path) => !isOptional(object, path, templates));
  return present.length > 0 ? present : paths.slice(0, 1);
}

const searched = new WeakMap<object, readonly string[]>();

/** Whether an object is of a custom kind whose objects are searched for pod templates. */
function mayHaveTemplates(object: KubernetesObject): boolean {
  const group = groupOf(object.apiVersion);
  return !isBuiltinGroup(group) && !describing.test(group) && hiddenPodsOf(groupKindOf(object)) === undefined;
}

/**
 * Whether an object of a custom kind has containers that are in no pod template, such as a pod spec by itself. Its controller may make pods of
 * them, but where their other settings are is not known.
 */
export function hasLooseContainers(object: KubernetesObject): boolean {
  if (knownKinds.has(groupKindOf(object)) || !mayHaveTemplates(object) || customTemplatePaths(object).length > 0) return false;
  const search = new TemplateSearch(hasContainers);
  search.visit({ spec: object['spec'] }, '', 0);
  return search.found.length > 0;
}

/**
 * Returns the paths of the pod templates of a custom resource: those that are known for its kind, else those that have the shape of one.
 * An empty path: the object itself has the spec of a pod. Empty for objects without one, and for built-in kinds.
 */
export function customTemplatePaths(object: KubernetesObject): readonly string[] {
  const known = knownKinds.get(groupKindOf(object));
  if (known !== undefined) return knownPaths(object, known);
  if (!mayHaveTemplates(object)) return [];
  const cached = searched.get(object);
  if (cached !== undefined) return cached;
  const search = new TemplateSearch(isTemplate);
  search.visit(object['spec'], 'spec', 1);
  searched.set(object, search.found);
  return search.found;
}

/** The other workload whose pod template an object uses, such as `Deployment web`. Undefined if it has its own. */
export function referredWorkload(object: KubernetesObject): string | undefined {
  const groupKind = groupKindOf(object);
  const { template, workloadRef, rayClusterSpec, clusterSelector } = fieldsOf(object['spec']);
  if (groupKind === 'RayJob.ray.io' && rayClusterSpec === undefined && isFields(clusterSelector)) return 'another RayCluster';
  if (groupKind !== 'Rollout.argoproj.io' || template !== undefined || !isFields(workloadRef)) return undefined;
  return `${textOf(workloadRef['kind']) ?? 'a workload'} ${textOf(workloadRef['name']) ?? ''}`.trim();
}
