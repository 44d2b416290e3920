import { PackageURL } from 'packageurl-js';

/** A package URL in the normal form of its type (https://github.com/package-url/purl-spec). */
export interface PackageUrl {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  /** Empty: every version. */
  readonly version: string;
  readonly qualifiers: Readonly<Record<string, string>>;
  readonly subpath: string;
}

/** A text as a package URL. Throws an Error that says why it is none. */
export function packageUrl(text: string): PackageUrl {
  const { type, namespace = '', name, version = '', qualifiers = {}, subpath = '' } = parsed(text);
  const { epoch, ...others } = qualifiers as Record<string, string>;
  const whole = withoutEpoch(type, version);
  const known = epoch ?? whole.epoch ?? '0';
  return { type, namespace, name, version: whole.version, qualifiers: known === '0' ? others : { ...others, epoch: known }, subpath };
}

/** What the library takes for a version of Go is less than what Go has, `v1.22` not among it: that part is left as it is. */
function parsed(text: string): PackageURL {
  const [type = '', namespace, name = '', version, ...rest] = PackageURL.parseString(text);
  const ofGo = type.toLowerCase() === 'golang';
  const purl = new PackageURL(type, namespace, name, ofGo ? undefined : version, ...rest);
  if (ofGo) purl.version = version;
  return purl;
}

/** Of rpm and deb some write the epoch into the version, others as a qualifier. */
function withoutEpoch(type: string, version: string): { readonly version: string; readonly epoch?: string } {
  const [, epoch, rest] = /^(\d+):(.*)$/.exec(version) ?? [];
  return (type === 'deb' || type === 'rpm') && epoch !== undefined && rest !== undefined ? { version: rest, epoch } : { version };
}

/**
 * Whether a package URL is about a package: what it leaves out (a version, qualifiers) may be anything, what it says must be so. A
 * distribution without its minor version is about all of them.
 */
export function matchesPackage(general: PackageUrl, found: PackageUrl): boolean {
  if (general.type !== found.type || general.namespace !== found.namespace || general.name !== found.name) return false;
  if (general.version !== '' && general.version !== found.version) return false;
  if (general.subpath !== '' && general.subpath !== found.subpath) return false;
  return Object.entries(general.qualifiers).every(([key, value]) => agrees(key, value, found.qualifiers[key]));
}

const agrees = (key: string, wanted: string, found: string | undefined): boolean =>
  found === wanted || (key === 'distro' && found?.startsWith(`${wanted}.`) === true);

/** What a package URL is called without version and place, for sets of those that may matter: an image by its name alone. */
export const packageKey = ({ type, namespace, name }: PackageUrl): string =>
  type === 'oci' || type === 'docker' ? imagePackageKey(name) : `${type}/${namespace}/${name}`;

/** The same of an image, by the last part of its repository. */
export const imagePackageKey = (name: string): string => `image/${name}`;
