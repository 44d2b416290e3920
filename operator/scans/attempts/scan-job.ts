import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import { API_VERSION } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { ScanTemplate } from '../../api/kinds/scan.ts';
import { jobManifest } from '../../jobs/template/job-template.ts';
import { heapOption, scaleMemory, type Quantities } from '../../jobs/template/memory.ts';
import { mergePlacement, type Placement } from '../../jobs/template/placement.ts';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from '../../jobs/template/pod-security.ts';
import { INPUT_PATH } from '../../worker/input-documents.ts';
import { jobName, scanHash } from '../ledger/names.ts';

/** The inputs of {@link scanJob}. */
export interface ScanJobInput {
  readonly scan: { readonly name: string; readonly uid: string };
  readonly namespace: string;
  readonly attempt: number;
  readonly shards: number;
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly serviceAccount: string;
  /** ConfigMaps with the scan's input and the attempt's shards. */
  readonly configMaps: readonly string[];
  readonly template: ScanTemplate;
  /** The placement of the pods unless the template sets it. */
  readonly placement: Placement;
  /** Factors for the template's memory and deadline, above 1 after an attempt that ran out of memory or time. */
  readonly memoryFactor: number;
  readonly deadlineFactor: number;
}

/** The container of the worker. Its log contains the result stream. */
export const WORKER_CONTAINER = 'worker';

const defaults = {
  parallelism: 4,
  activeDeadlineSeconds: 3600,
  requests: { cpu: '50m', memory: '128Mi' },
  limits: { memory: '256Mi' },
} as const;

/** Seconds that a pod may work on its shard, and that it may wait for a node. */
export const podDeadlineSeconds = ({ activeDeadlineSeconds = defaults.activeDeadlineSeconds }: ScanTemplate, factor = 1): number =>
  activeDeadlineSeconds * factor;

/**
 * The Indexed Job of an attempt: one pod per shard, under the restricted Pod Security Standard. The operator, not the Job, retries failed
 * indexes.
 */
export function scanJob(input: ScanJobInput): KubeObject {
  const { scan, namespace, attempt, shards, template, imagePullSecrets } = input;
  const { job = {} } = template;
  const parallelism = Math.min(template.parallelism ?? defaults.parallelism, shards);
  const deadline = podDeadlineSeconds(template, input.deadlineFactor);
  return jobManifest({
    name: jobName(scan.uid, attempt),
    namespace,
    labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.scan]: scanHash(scan.uid) },
    annotations: { [ANNOTATIONS.scan]: scan.name },
    inputs: input.configMaps.join(' '),
    ...(job.labels ? { podLabels: job.labels } : {}),
    ...(job.annotations ? { podAnnotations: job.annotations } : {}),
    ownerReferences: [{ apiVersion: API_VERSION, kind: 'Scan', name: scan.name, uid: scan.uid, controller: true }],
    imagePullSecrets,
    placement: mergePlacement(job as Placement, input.placement),
    podDeadline: deadline,
    jobDeadline: deadline * Math.ceil(shards / parallelism) * 2 + 600,
    ttl: 86_400,
    run: {
      completionMode: 'Indexed',
      completions: shards,
      parallelism,
      // With the default policy, a failed pod keeps the Job's finalizer until its replacement exists. In a namespace that is being deleted,
      // it never does.
      backoffLimitPerIndex: 0,
      podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] },
    },
    pod: workerPod(input),
  });
}

/** The Node.js options of a worker: a heap that fits into the memory limit. Without it, a higher limit would have no effect. */
const nodeOptions = (limits: Quantities): string =>
  ['--disable-warning=DEP0040', '--max-semi-space-size=2', ...[heapOption(limits) ?? []].flat()].join(' ');

function workerPod({
  template,
  serviceAccount,
  image,
  imagePullPolicy,
  memoryFactor,
  configMaps,
}: ScanJobInput): Readonly<Record<string, unknown>> {
  const { requests = defaults.requests, limits = defaults.limits } = template.job?.resources ?? {};
  const more = scaleMemory(limits, memoryFactor);
  return {
    serviceAccountName: serviceAccount,
    securityContext: RESTRICTED_POD,
    containers: [
      {
        name: WORKER_CONTAINER,
        image,
        imagePullPolicy,
        args: ['worker'],
        env: [{ name: 'NODE_OPTIONS', value: nodeOptions(more) }],
        resources: { requests, limits: more },
        securityContext: RESTRICTED_CONTAINER,
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: [{ name: 'input', mountPath: INPUT_PATH, readOnly: true }],
      },
    ],
    volumes: [{ name: 'input', projected: { sources: configMaps.map((name) => ({ configMap: { name } })) } }],
  };
}
