import { ANNOTATIONS } from '../../api/group.ts';
import type { KubeObject, OwnerReference } from '../../api/metadata.ts';
import { shortHash } from '../../api/short-hash.ts';
import type { Placement } from './placement.ts';

/** What the Jobs of Vigil have in common, and what tells them apart. */
export interface JobManifestInput {
  readonly name: string;
  readonly namespace: string;
  /** Of the Job and of its pods. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** All that decides what the Job works on, as a text: tells it from an earlier Job of its name. */
  readonly inputs: string;
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly podAnnotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly placement: Placement;
  /** Seconds that a pod may take. It leaves the pod's log. */
  readonly podDeadline: number;
  /** Seconds that the Job may take: an outer bound, since it deletes pods with their logs. */
  readonly jobDeadline: number;
  /** Seconds after which a Job that has ended goes. */
  readonly ttl: number;
  /** More fields of the Job's spec: how many pods, and what follows a failure. */
  readonly run: Readonly<Record<string, unknown>>;
  /** More fields of the pods' spec: account, security context, containers, volumes. */
  readonly pod: Readonly<Record<string, unknown>>;
}

/** A Job whose pods run once, and are replaced only when they have ended. */
export function jobManifest(parts: JobManifestInput): KubeObject {
  const { name, namespace, labels, annotations, ownerReferences, placement, imagePullSecrets } = parts;
  const inputs = { [ANNOTATIONS.jobInputs]: shortHash(parts.inputs, 16) };
  const pod = {
    restartPolicy: 'Never',
    activeDeadlineSeconds: parts.podDeadline,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 5,
    ...(imagePullSecrets.length > 0 ? { imagePullSecrets } : {}),
    ...placement,
    ...parts.pod,
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels, annotations: { ...annotations, ...inputs }, ...(ownerReferences ? { ownerReferences } : {}) },
    spec: {
      ...parts.run,
      podReplacementPolicy: 'Failed',
      activeDeadlineSeconds: parts.jobDeadline,
      ttlSecondsAfterFinished: parts.ttl,
      template: {
        metadata: { labels: { ...parts.podLabels, ...labels }, annotations: { ...parts.podAnnotations, ...annotations } },
        spec: pod,
      },
    },
  } as KubeObject;
}
