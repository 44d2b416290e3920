import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { jobManifest } from '../../jobs/template/job-template.ts';
import type { Placement } from '../../jobs/template/placement.ts';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from '../../jobs/template/pod-security.ts';
import { imageJobAnnotation, type ImageJobState } from './image-job-state.ts';

/** The settings of the pods of image Jobs. */
export interface ImageJobSettings {
  readonly namespace: string;
  /** Vigil's own image. */
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly imagePullSecrets: readonly { readonly name: string }[];
  /** The scanner's image, with its program at `/usr/local/bin/trivy`. */
  readonly scanner: string;
  /** An image with an index of Java archives in `/java-db`. */
  readonly javaIndex?: string | undefined;
  /** The placement of pods in Vigil's own namespace. */
  readonly placement?: Placement;
}

/** The container whose log is the result stream. */
export const STREAM_CONTAINER = 'vigil';
/** The deadline of a pod in seconds. */
export const POD_DEADLINE = 900;
/** The folder of all mounts. */
export const ROOT = '/vigil';
/** The user ID of the scanner if it does not run as root, which is the user of its image. */
const nobody = 65_532;

/** The pod settings of a scanner that does not need root: no user namespace, since not all nodes support it. */
export const withoutRoot = {
  hostUsers: undefined,
  securityContext: RESTRICTED_POD,
};

/** The scanner's image runs as root by default, so a container without root needs a user ID. */
export const scannerUser = { securityContext: { ...RESTRICTED_CONTAINER, runAsUser: nobody } };

/** Returns the mount of a volume in the folder {@link ROOT}. */
export const mount = (name: string, readOnly = false): unknown => ({
  name,
  mountPath: `${ROOT}/${name}`,
  ...(readOnly ? { readOnly } : {}),
});

/** Returns the common fields of a container. */
export const container = (name: string, image: string, { memory }: { readonly memory: string }): Readonly<Record<string, unknown>> => ({
  name,
  image,
  resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory } },
  securityContext: RESTRICTED_CONTAINER,
  terminationMessagePolicy: 'FallbackToLogsOnError',
});

/** Returns the common fields of a container with the program of Vigil. */
export const vigil = ({ image, imagePullPolicy }: ImageJobSettings): Readonly<Record<string, unknown>> => ({
  ...container(STREAM_CONTAINER, image, { memory: '256Mi' }),
  imagePullPolicy,
});

/** The parts that differ between image Jobs. */
export interface ImageJobParts {
  readonly name: string;
  readonly part: string;
  readonly images: readonly string[];
  readonly state: ImageJobState;
  /** The ConfigMaps that it reads. */
  readonly inputs?: readonly string[];
  readonly placement: Placement;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Returns an image Job. */
export function imageJob(
  { namespace, imagePullSecrets }: ImageJobSettings,
  { name, part, images, state, inputs = [], placement, spec }: ImageJobParts,
): KubeObject {
  return jobManifest({
    name,
    namespace,
    labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.part]: part },
    annotations: { [ANNOTATIONS.images]: images.join(' '), ...imageJobAnnotation(state) },
    inputs: JSON.stringify([images, state, inputs]),
    imagePullSecrets,
    placement,
    podDeadline: POD_DEADLINE,
    jobDeadline: POD_DEADLINE + 300,
    ttl: 3600,
    run: { backoffLimit: 0 },
    pod: {
      automountServiceAccountToken: false,
      hostUsers: false,
      securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } },
      ...spec,
    },
  });
}
