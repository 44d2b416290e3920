import { ANNOTATIONS } from '../../api/group.ts';
import type { KubeObject, OwnerReference } from '../../api/metadata.ts';
import { shortHash } from '../../api/short-hash.ts';
import type { Placement } from './placement.ts';

/** The variable parts of a Job. */
export interface JobManifestInput {
  readonly name: string;
  readonly namespace: string;
  /** The labels of the Job and of its pods. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** All inputs of the Job as a text. It distinguishes the Job from an earlier one of its name. */
  readonly inputs: string;
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly podAnnotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly placement: Placement;
  /** Seconds after which a pod is stopped. Its log is kept. */
  readonly podDeadline: number;
  /** Seconds after which the Job is stopped. This is the last resort, because it deletes the pods with their logs. */
  readonly jobDeadline: number;
  /** Seconds after which an ended Job is deleted. */
  readonly ttl: number;
  /** Further fields of the Job's spec: the number of pods and the handling of failures. */
  readonly run: Readonly<Record<string, unknown>>;
  /** Further fields of the pods' spec: account, security context, containers, volumes. */
  readonly pod: Readonly<Record<string, unknown>>;
}

/** The manifest of a Job whose pods run once and are replaced only after they have ended. */
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
