/** An image that a container runs. */
export interface RunningImage {
  /** `sha256:…`: what tells it from others. */
  readonly digest: string;
  /** What a volume names it by: where the pod asked for it. */
  readonly reference: string;
  /** By which the node knows it, where that is another repository: it may have been there before under that name. */
  readonly alias?: string;
  /** Of the node that runs it, as `linux/arm64`: one digest may be of an index over several. Undefined where that is not known. */
  readonly platform?: string;
}

/** Why what the runtime names by no digest in a registry cannot be pulled: its tag may be another image's by now. Undefined where it can. */
export const notPullableReason = ({ reference }: RunningImage): string | undefined =>
  reference.includes('@')
    ? undefined
    : `the node does not say by which digest a registry has ${reference}, so it cannot be pulled: push it to a registry and run it from there, or use images.mode Mount`;

const digestPattern = /sha256:[0-9a-f]{64}$/;

/** What a pod and its status say of a container's image. */
export interface ContainerImageStatus {
  /** The reference in the pod. */
  readonly requested?: string;
  readonly imageID?: string;
  readonly image?: string;
}

/**
 * The image of a container by its status: `imageID` ends in a digest, of the manifest where the runtime knows where it came
 * from (`registry/name@sha256:…`), else of its configuration; then only a reference can be mounted. A runtime that has one image under
 * several names tells any of them, so the pod's own goes before: its pull secrets are for that one.
 * Undefined while the runtime has not said which it is.
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
  // A node may look for a name without a registry in several of them, and says in which it was.
  return registryOf(name) === undefined ? named(digest, from, own) : named(digest, own, from);
}

const named = (digest: string, reference: string, alias = reference): RunningImage => ({
  digest,
  reference,
  ...(alias === reference || alias === '' ? {} : { alias }),
});

/** A reference taken apart: `name` as it is written, with its registry if it has one. */
export function partsOf(reference: string): { readonly name: string; readonly tag?: string; readonly digest?: string } {
  const [name = '', digest] = reference.split('@');
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return {
    name: colon < 0 ? name : name.slice(0, colon),
    ...(colon < 0 ? {} : { tag: name.slice(colon + 1) }),
    ...(digest === undefined ? {} : { digest }),
  };
}

const dockerHub: ReadonlySet<string> = new Set(['index.docker.io', 'registry-1.docker.io', 'hub.docker.com', 'docker.io']);

function registryOf(name: string): string | undefined {
  const [first = '', ...rest] = name.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : undefined;
}

/** A repository in full: without a registry it is of Docker's, and there without a namespace of the library. */
export function repositoryOf(written: string): string {
  const name = written.toLowerCase();
  const registry = registryOf(name);
  if (registry !== undefined && !dockerHub.has(registry)) return name;
  const path = registry === undefined ? name : name.slice(registry.length + 1);
  return `docker.io/${path.includes('/') ? '' : 'library/'}${path}`;
}
