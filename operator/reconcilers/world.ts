import type { ApiResource } from '../api/api-resource.ts';
import type { CrdProblem } from '../api/crd-skew.ts';
import type { ConditionUpdate } from '../api/condition.ts';
import type { ScanSchedule } from '../api/scan-schedule.ts';
import type { Scan } from '../api/scan.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import type { ControllerOptions } from '../controller/controller.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Reflector } from '../kube/reflector.ts';
import type { ReportPublisher } from '../publish/report-publisher.ts';
import type { JobPod } from '../jobs/job-pod.ts';
import type { JobObject } from '../jobs/job-state.ts';
import type { Placement } from '../jobs/placement.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What policies are compiled against. */
export interface Surroundings {
  readonly kubernetesVersion: string;
  readonly resources: readonly ApiResource[];
  /** Group versions that are registered and whose server does not answer. */
  readonly unavailable?: readonly string[];
}

/** What the pods of scanning Jobs run, and as whom. */
export interface WorkerSettings {
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Pull secrets by name, as the operator's own pod has them. */
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly serviceAccount: string;
  /** Where the pods of Jobs go as far as nothing else says so. */
  readonly placement: Placement;
}

/** What images are looked into with, and how much at once. */
export interface ImageSettings {
  readonly scannerImage: string;
  readonly databaseImage?: string | undefined;
  readonly databaseRepository?: string | undefined;
  readonly javaIndexImage?: string | undefined;
  /** Jobs for inventories that may run at once. */
  readonly imageJobs: number;
  /** Of these, on one of the nodes that have an image. */
  readonly imageJobsPerNode: number;
  /** Seconds after which what runs is looked at again. */
  readonly imageInterval: number;
}

/** What the reconcilers share: the way to the API server, what is watched, and the clock. */
export interface World {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** The uid of kube-system: what tells this cluster from others. */
  readonly clusterIdentity: string;
  /** Where Vigil's Jobs and ConfigMaps live. */
  readonly namespace: string;
  /** The server's version and what it serves, read anew when older than a minute, or when asked to. */
  readonly surroundings: (anew?: boolean) => Promise<Surroundings>;
  /** What a policy is judged by now: by its spec, this version of Vigil, and the server's version as it was last read. */
  readonly revisionOf: (policy: Pick<SecurityPolicy, 'metadata' | 'spec'>) => string;
  /** System namespaces, Vigil's own among them. */
  /** What is wrong with the CRDs of the cluster. */
  readonly crdProblems: () => readonly CrdProblem[];
  /** Looks at the CRDs now, and returns what is wrong. */
  readonly lookAtCrds: () => Promise<readonly CrdProblem[]>;
  readonly systemNamespaces: readonly string[];
  /** The most targets in a shard. */
  readonly shardTargets: number;
  /** Scans that run at once. */
  readonly maxConcurrentScans: number;
  /** Milliseconds without a word after which a watch is taken to be dead. */
  readonly watchSilence: number;
  /** More changed targets than this at once become a Scan. */
  readonly changeBurst: number;
  /** What the pods of scanning Jobs run. */
  readonly worker: () => Promise<WorkerSettings>;
  /** How images are looked into. */
  readonly images: ImageSettings;
  readonly publisher: ReportPublisher;
  readonly policies: Reflector<SecurityPolicy>;
  readonly schedules: Reflector<ScanSchedule>;
  readonly scans: Reflector<Scan>;
  /** The Jobs of scans in Vigil's namespace, and their pods. */
  readonly jobs: Reflector<JobObject>;
  readonly pods: Reflector<JobPod>;
  /** Has looked after policies whose new generation was not scanned yet. */
  readonly enqueueGenerations: () => void;
  /** Has a policy taken out of the reports, once the server says that it is gone. */
  readonly policyGone: (name: string) => void;
  /** Has a schedule looked at again. */
  readonly enqueueSchedule: (name: string) => void;
  /** In milliseconds since the epoch, when the look at images began that still writes reports; undefined while none does. */
  readonly imagesBegan: () => number | undefined;
  /** How following changes goes. */
  readonly watching: () => ConditionUpdate;
  readonly observe: NonNullable<ControllerOptions['observe']>;
}
