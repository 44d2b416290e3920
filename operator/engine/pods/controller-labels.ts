import { ownEntry } from '../../api/own-entry.ts';
import type { Labels } from '../../api/label-match.ts';

/** A workload, as far as its controller's labels depend on it. */
export interface LabelledWorkload {
  /** `Kind` or `Kind.group`. */
  readonly groupKind: string;
  readonly name: string;
  /** The labels of its pod template. */
  readonly podLabels: Labels;
  readonly replicas: number | undefined;
  /** The number of the first replica of a StatefulSet. Default: 0. */
  readonly firstOrdinal: number | undefined;
}

/** Whether the pods of a workload can have a value of a label that their controller adds. */
type LabelTest = (value: string, workload: LabelledWorkload) => boolean;

const anything: LabelTest = (value) => value !== '';
const isName: LabelTest = (value, { name }) => value === name;

/** Whether an index is that of a replica. A workload without replicas still has its first one: it may be scaled up. */
const isIndex: LabelTest = (text, { replicas = 1, firstOrdinal = 0 }) => {
  const index = Number(text);
  return /^(0|[1-9]\d*)$/.test(text) && index >= firstOrdinal && index < firstOrdinal + Math.max(replicas, 1);
};

const isPodName: LabelTest = (value, workload) => {
  const prefix = `${workload.name}-`;
  return value.startsWith(prefix) && isIndex(value.slice(prefix.length), workload);
};

const jobLabels = {
  'batch.kubernetes.io/job-name': isName,
  'job-name': isName,
  'batch.kubernetes.io/controller-uid': anything,
  'controller-uid': anything,
  'batch.kubernetes.io/job-completion-index': anything,
};

/** The labels that controllers add to the pods of each kind, and that are on no template. */
const added: Readonly<Record<string, Readonly<Record<string, LabelTest>>>> = {
  'StatefulSet.apps': {
    'statefulset.kubernetes.io/pod-name': isPodName,
    'apps.kubernetes.io/pod-index': isIndex,
    'controller-revision-hash': anything,
  },
  'DaemonSet.apps': { 'controller-revision-hash': anything, 'pod-template-generation': anything },
  'Deployment.apps': { 'pod-template-hash': anything },
  'Job.batch': jobLabels,
  // The names of its Jobs begin with its own.
  'CronJob.batch': {
    ...jobLabels,
    'batch.kubernetes.io/job-name': (value, { name }) => value.startsWith(`${name}-`),
    'job-name': (value, { name }) => value.startsWith(`${name}-`),
  },
  'Rollout.argoproj.io': { 'rollouts-pod-template-hash': anything },
  'DeploymentConfig.apps.openshift.io': { deploymentconfig: isName, deployment: anything },
  'JobSet.jobset.x-k8s.io': {
    ...jobLabels,
    'batch.kubernetes.io/job-name': anything,
    'job-name': anything,
    'jobset.sigs.k8s.io/jobset-name': isName,
    'jobset.sigs.k8s.io/replicatedjob-name': anything,
    'jobset.sigs.k8s.io/job-index': anything,
  },
  'Service.serving.knative.dev': { 'serving.knative.dev/service': isName, 'serving.knative.dev/revision': anything },
  'RayCluster.ray.io': { 'ray.io/cluster': isName, 'ray.io/node-type': anything, 'ray.io/group': anything },
  'LeaderWorkerSet.leaderworkerset.x-k8s.io': {
    'leaderworkerset.sigs.k8s.io/name': isName,
    'leaderworkerset.sigs.k8s.io/worker-index': anything,
    'leaderworkerset.sigs.k8s.io/group-index': anything,
  },
};

const keys: ReadonlySet<string> = new Set(Object.values(added).flatMap((labels) => Object.keys(labels)));

/** Whether some controller adds a label to pods. */
export const isControllerLabel = (key: string): boolean => keys.has(key);

const named: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(added).map(([kind, tests]) => [kind, Object.keys(tests).filter((key) => tests[key] === isName)]),
);

/** Returns the labels with the name of a workload that its controller adds to all of its pods, such as `job-name`. */
export function ownLabels({ groupKind, name }: LabelledWorkload): Labels {
  return Object.fromEntries((named.get(groupKind) ?? []).map((key) => [key, name]));
}

/** Returns the labels of a workload's pods, with those of the wanted labels that its controller gives to some of them. */
export function podLabelsWith(wanted: Labels, workload: LabelledWorkload): Labels {
  const { podLabels } = workload;
  const tests = added[workload.groupKind];
  if (tests === undefined) return podLabels;
  const given = Object.entries(wanted).filter(([key, value]) => ownEntry(tests, key)?.(value, workload) === true);
  return given.length === 0 ? podLabels : { ...podLabels, ...Object.fromEntries(given) };
}
