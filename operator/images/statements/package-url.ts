import { PackageURL } from 'packageurl-js';

/** A package URL in the normal form of its type (https://github.com/package-url/purl-spec). */
export interface PackageUrl {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  /** The version; empty for all versions. */
  readonly version: string;
  readonly qualifiers: Readonly<Record<string, string>>;
  readonly subpath: string;
}

/** Parses a package URL. Throws an Error with the reason if it is invalid. */
export function packageUrl(text: string): PackageUrl {
  const { type, namespace = '', name, version = '', qualifiers = {}, subpath = '' } = parsed(text);
  const { epoch, ...others } = qualifiers as Record<string, string>;
  const whole = withoutEpoch(type, version);
  const known = epoch ?? whole.epoch ?? '0';
  return { type, namespace, name, version: whole.version, qualifiers: known === '0' ? others : { ...others, epoch: known }, subpath };
}

/** Parses a package URL. The library rejects valid Go versions such as `v1.22`, so a Go version is not validated. */
function parsed(text: string): PackageURL {
  const [type = '', namespace, name = '', version, ...rest] = PackageURL.parseString(text);
  const ofGo = type.toLowerCase() === 'golang';
  const purl = new PackageURL(type, namespace, name, ofGo ? undefined : version, ...rest);
  if (ofGo) purl.version = version;
  return purl;
}

/** Splits the epoch from an rpm or deb version. Some tools write the epoch into the version, others as a qualifier. */
function withoutEpoch(type: string, version: string): { readonly version: string; readonly epoch?: string } {
  const [, epoch, rest] = /^(\d+):(.*)$/.exec(version) ?? [];
  return (type === 'deb' || type === 'rpm') && epoch !== undefined && rest !== undefined ? { version: rest, epoch } : { version };
}

/**
 * Whether a package URL matches a package. A missing version or qualifier matches any value. A distribution without a minor version matches
 * all minor versions.
 */
export function matchesPackage(general: PackageUrl, found: PackageUrl): boolean {
  if (general.type !== found.type || general.namespace !== found.namespace || general.name !== found.name) return false;
  if (general.version !== '' && general.version !== found.version) return false;
  if (general.subpath !== '' && general.subpath !== found.subpath) return false;
  return Object.entries(general.qualifiers).every(([key, value]) => agrees(key, value, found.qualifiers[key]));
}

const agrees = (key: string, wanted: string, found: string | undefined): boolean =>
  found === wanted || (key === 'distro' && found?.startsWith(`${wanted}.`) === true);

/** Returns a lookup key for a package URL, without version and qualifiers. The key of an image has only its name. */
export const packageKey = ({ type, namespace, name }: PackageUrl): string =>
  type === 'oci' || type === 'docker' ? imagePackageKey(name) : `${type}/${namespace}/${name}`;

/** Returns the lookup key of an image from the last part of its repository. */
export const imagePackageKey = (name: string): string => `image/${name}`;
