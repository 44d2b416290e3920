import { partsOf, repositoryOf } from '../../findings/approvals/image-reference.ts';
import type { ContainerImage } from '../targets/image-targets.ts';
import type { PackageUrl } from './package-url.ts';

/** The names of a running image that a document may use. */
export interface ImageName {
  /** The repositories in the pod's spec and in the container status, such as `docker.io/library/nginx`. */
  readonly repositories: readonly string[];
  /** The tag in the pod's spec. */
  readonly tag?: string;
  /** `sha256:…`: the digests of the manifest or its index. */
  readonly digests: readonly string[];
  /** The architecture of the node, such as `arm64`; left out if it is not known. */
  readonly architecture?: string;
}

/** Returns the names of a container's image. */
export function imageName({ reference, image }: Pick<ContainerImage, 'reference' | 'image'>): ImageName {
  const parts = [reference, ...(image ? [image.reference, ...(image.alias === undefined ? [] : [image.alias])] : [])].map(partsOf);
  const tag = parts[0]?.tag ?? (parts[0]?.digest === undefined ? 'latest' : undefined);
  const digests = [image?.digest, ...parts.map(({ digest }) => digest)].filter((digest) => digest !== undefined);
  return {
    repositories: [...new Set(parts.map(({ name }) => repositoryOf(name)))],
    ...(tag === undefined ? {} : { tag }),
    digests: [...new Set(digests)],
    ...architectureOf(image),
  };
}

function architectureOf(image: ContainerImage['image']): Pick<ImageName, 'architecture'> {
  const [, architecture] = image?.platform?.split('/') ?? [];
  return architecture === undefined ? {} : { architecture };
}

/** Whether a package URL of type oci or docker matches an image. */
export function matchesImage(purl: PackageUrl, image: ImageName): boolean {
  if (purl.type === 'docker') return isDockerImage(purl, image);
  if (purl.type !== 'oci') return false;
  const { repository_url: place, tag, arch, ...others } = purl.qualifiers;
  if (Object.keys(others).length > 0 || !image.repositories.some((repository) => isAt(repository, purl.name, place))) return false;
  if (arch !== undefined && !hasArchitecture(image, arch, purl.version)) return false;
  return purl.version === '' ? (tag ?? image.tag) === image.tag : image.digests.includes(purl.version);
}

/** Whether an image has an architecture. If the architecture of the node is unknown, a digest in the package URL is enough. */
const hasArchitecture = ({ architecture }: ImageName, asked: string, digest: string): boolean =>
  architecture === undefined ? digest !== '' : architecture === asked;

/**
 * Whether a repository matches a package URL. The repository URL may lack the name, as in older documents; without it, any registry
 * matches.
 */
function isAt(repository: string, name: string, place: string | undefined): boolean {
  if (lastPathPart(repository) !== name) return false;
  if (place === undefined) return true;
  const path = place.replace(/^[a-z]+:\/\//, '').replace(/\/+$/, '');
  return repository === repositoryOf(lastPathPart(path) === name ? path : `${path}/${name}`);
}

function isDockerImage({ namespace, name, version, qualifiers }: PackageUrl, image: ImageName): boolean {
  const { repository_url: registry = '', ...others } = qualifiers;
  if (Object.keys(others).length > 0) return false;
  const host = registry.replace(/^[a-z]+:\/\//, '').replace(/\/+$/, '');
  const repository = repositoryOf([host, namespace, name].filter((part) => part !== '').join('/'));
  const known = version === '' || version === image.tag || image.digests.includes(version);
  return known && image.repositories.includes(repository);
}

/** The last part of a path, in lower case. */
export const lastPathPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1).toLowerCase();
