import { partsOf, registryOf, repositoryOf } from '../../findings/approvals/image-reference.ts';

/** The image that a container runs. */
export interface RunningImage {
  /** `sha256:…`, which identifies the image. */
  readonly digest: string;
  /** The reference for an image volume or a pull, preferably in the repository of the pod's spec. */
  readonly reference: string;
  /** The reference in the container status if it is in another repository: the node may have pulled the image under that name before. */
  readonly alias?: string;
  /** The platform of the node, as `linux/arm64`, since one digest may be an index of several platforms. Undefined if it is not known. */
  readonly platform?: string;
}

/**
 * Returns why an image cannot be pulled: its reference has no registry digest, and its tag may have moved. Undefined if it can be pulled.
 */
export const notPullableReason = ({ reference }: RunningImage): string | undefined =>
  reference.includes('@')
    ? undefined
    : `the container status has no registry digest for ${reference}, so it cannot be pulled: push it to a registry and run it from there, or use images.mode Mount`;

const digestPattern = /sha256:[0-9a-f]{64}$/;

/** A container's image in the pod's spec and in the container status. */
export interface ContainerImageStatus {
  /** The reference in the pod. */
  readonly requested?: string;
  readonly imageID?: string;
  readonly image?: string;
}

/**
 * Returns the image of a container from its status. `imageID` ends in the manifest digest if the runtime knows the registry
 * (`registry/name@sha256:…`), and otherwise in the config digest, which cannot be mounted; then the image is mounted by its reference. A
 * runtime that has an image under several names reports any of them, so the pod's own name is preferred: its pull secrets are for that one.
 * Undefined if the status has no image ID yet.
 */
export function runningImage({ imageID = '', image = '', requested = image }: ContainerImageStatus): RunningImage | undefined {
  const [digest] = digestPattern.exec(imageID) ?? [];
  if (digest === undefined) return undefined;
  const from = imageID.replace(/^[a-z-]+:\/\//, '');
  return from.includes('@') ? fromRegistry(digest, requested, from) : named(digest, requested, image);
}

function fromRegistry(digest: string, requested: string, from: string): RunningImage {
  const { name, digest: wanted = digest } = partsOf(requested);
  if (name === '' || repositoryOf(name) === repositoryOf(partsOf(from).name)) return named(digest, from);
  const own = `${name}@${wanted}`;
  // A node may search several registries for a name without a registry. The status then has the one where it found the image.
  return registryOf(name) === undefined ? named(digest, from, own) : named(digest, own, from);
}

const named = (digest: string, reference: string, alias = reference): RunningImage => ({
  digest,
  reference,
  ...(alias === reference || alias === '' ? {} : { alias }),
});
