import { partsOf, repositoryOf } from '../targets/image-reference.ts';
import type { ContainerImage } from '../targets/image-targets.ts';
import type { PackageUrl } from './package-url.ts';

/** What an image that runs may be called by. */
export interface ImageName {
  /** As `docker.io/library/nginx`: where it was asked for, and where the runtime has it from. */
  readonly repositories: readonly string[];
  /** The tag that it was asked for by. */
  readonly tag?: string;
  /** `sha256:…`: of the manifest or of an index above it. */
  readonly digests: readonly string[];
  /** Of the node that runs it, as `arm64`; left out where that is not known. */
  readonly architecture?: string;
}

/** What the image of a container may be called by. */
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

/** Whether a package URL of the type oci or docker is about an image. */
export function matchesImage(purl: PackageUrl, image: ImageName): boolean {
  if (purl.type === 'docker') return isDockerImage(purl, image);
  if (purl.type !== 'oci') return false;
  const { repository_url: place, tag, arch, ...others } = purl.qualifiers;
  if (Object.keys(others).length > 0 || !image.repositories.some((repository) => isAt(repository, purl.name, place))) return false;
  if (arch !== undefined && !hasArchitecture(image, arch, purl.version)) return false;
  return purl.version === '' ? (tag ?? image.tag) === image.tag : image.digests.includes(purl.version);
}

/** Where it is not known which architecture runs, a digest is taken to tell it. */
const hasArchitecture = ({ architecture }: ImageName, asked: string, digest: string): boolean =>
  architecture === undefined ? digest !== '' : architecture === asked;

/** The place may leave out the name, as in older documents; without a place, it is every registry's. */
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

/** The last part of a path. */
export const lastPathPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1).toLowerCase();
