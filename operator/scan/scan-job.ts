import { ANNOTATIONS, LABELS, MANAGED_BY } from '../api/group.ts';
import { API_VERSION } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ScanTemplate } from '../api/scan.ts';
import { jobName, scanHash } from './names.ts';

/** What one attempt's Job is made of. */
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
  /** More than the template's, for an attempt after one that ran out of memory or time. */
  readonly memoryFactor: number;
  readonly deadlineFactor: number;
}

/** Exit code of a worker whose shard cannot succeed however often it is tried. */
export const PERMANENT_EXIT = 42;
/** How a process ends whose heap is full (SIGABRT), or that was killed. */
export const HEAP_EXIT = 134;
const KILLED_EXIT = 137;
/** MiB of a worker's heap: what fits into the default memory limit beside everything else. */
const heapMebibytes = 110;
/** Where the ConfigMaps are mounted in a worker. */
export const INPUT_PATH = '/vigil/input';

const defaults = {
  parallelism: 4,
  activeDeadlineSeconds: 3600,
  requests: { cpu: '50m', memory: '128Mi' },
  limits: { memory: '256Mi' },
} as const;

/** How long one pod may work on its shard, and how long it may wait to be placed, in seconds. */
export const podDeadlineSeconds = ({ activeDeadlineSeconds = defaults.activeDeadlineSeconds }: ScanTemplate, factor = 1): number =>
  activeDeadlineSeconds * factor;

/** The Indexed Job of one attempt: a pod a shard, under the restricted Pod Security Standard. */
export function scanJob(input: ScanJobInput): KubeObject {
  const { scan, namespace, attempt, shards, template } = input;
  const parallelism = Math.min(template.parallelism ?? defaults.parallelism, shards);
  const deadline = podDeadlineSeconds(template, input.deadlineFactor);
  const labels = { [LABELS.managedBy]: MANAGED_BY, [LABELS.scan]: scanHash(scan.uid) };
  const spec = {
    completionMode: 'Indexed',
    completions: shards,
    parallelism,
    backoffLimitPerIndex: 1,
    podReplacementPolicy: 'Failed',
    // The pods' own deadline leaves their logs; the Job's deletes them and is only an outer bound.
    activeDeadlineSeconds: deadline * Math.ceil(shards / parallelism) * 2 + 600,
    ttlSecondsAfterFinished: 86_400,
    podFailurePolicy: {
      rules: [
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        { action: 'FailIndex', onExitCodes: { operator: 'In', values: [PERMANENT_EXIT, HEAP_EXIT, KILLED_EXIT] } },
      ],
    },
    template: podTemplate(input, labels, deadline),
  };
  const owner = { apiVersion: API_VERSION, kind: 'Scan', name: scan.name, uid: scan.uid, controller: true };
  const metadata = {
    name: jobName(scan.uid, attempt),
    namespace,
    labels,
    annotations: { [ANNOTATIONS.scan]: scan.name },
    ownerReferences: [owner],
  };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec } as KubeObject;
}

const nodeOptions = (factor: number): string =>
  `--disable-warning=DEP0040 --max-semi-space-size=2 --max-old-space-size=${heapMebibytes * factor}`;

/** Limits with so many times the memory; a memory limit that is not a plain quantity stays as it is. */
function moreMemory(limits: Readonly<Record<string, string | number>>, factor: number): Readonly<Record<string, string | number>> {
  const [, number, unit] = /^([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)$/.exec(String(limits['memory'] ?? '')) ?? [];
  if (factor === 1 || number === undefined || unit === undefined) return limits;
  return { ...limits, memory: `${Number(number) * factor}${unit}` };
}

function podTemplate(input: ScanJobInput, labels: Readonly<Record<string, string>>, deadline: number): unknown {
  const { job = {} } = input.template;
  const { requests = defaults.requests, limits = defaults.limits } = job.resources ?? {};
  return {
    metadata: { labels: { ...job.labels, ...labels }, annotations: { ...job.annotations, [ANNOTATIONS.scan]: input.scan.name } },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: deadline,
      serviceAccountName: input.serviceAccount,
      ...(input.imagePullSecrets.length > 0 ? { imagePullSecrets: input.imagePullSecrets } : {}),
      nodeSelector: { ...job.nodeSelector, 'kubernetes.io/os': 'linux' },
      ...(job.tolerations ? { tolerations: job.tolerations } : {}),
      ...(job.priorityClassName ? { priorityClassName: job.priorityClassName } : {}),
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 5,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'worker',
          image: input.image,
          imagePullPolicy: input.imagePullPolicy,
          args: ['worker'],
          // More memory is of use only to a heap that may grow.
          env: [{ name: 'NODE_OPTIONS', value: nodeOptions(input.memoryFactor) }],
          resources: { requests, limits: moreMemory(limits, input.memoryFactor) },
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          terminationMessagePolicy: 'FallbackToLogsOnError',
          volumeMounts: [{ name: 'input', mountPath: INPUT_PATH, readOnly: true }],
        },
      ],
      volumes: [{ name: 'input', projected: { sources: input.configMaps.map((name) => ({ configMap: { name } })) } }],
    },
  };
}
