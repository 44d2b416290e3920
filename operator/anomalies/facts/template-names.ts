import { partsOf, repositoryOf } from '../../findings/approvals/image-reference.ts';

/**
 * Names that come and go are replaced by templates, so that the next pod, Job or preview namespace is not new. What was replaced is `*`,
 * which no name contains: a template never equals a name.
 */

/** The letters that the API server appends for `generateName` and hashes of pod templates. It has no vowels, so words are seldom matched. */
const generated = '[bcdfghjklmnpqrstvwxz2456789]';
/** Suffixes that always come from a program. */
const random: readonly RegExp[] = [
  new RegExp(`-${generated}{5}$`),
  new RegExp(`-(?=[a-z]*\\d)${generated}{8,10}$`),
  /-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  /-(?=[a-f]*\d[0-9a-f]*)[0-9a-f]{6,64}$/,
  /-\d{3,}$/,
  /-(?=[a-z]*\d[a-z]*\d)[a-z0-9]{5,10}$/,
  /\.v\d+$/,
];
/** Suffixes of pods: the ordinal of a StatefulSet or of an indexed Job. */
const ordinal = /-\d{1,3}$/;

function withoutSuffixes(name: string, suffixes: readonly RegExp[]): string {
  let kept = name;
  for (let rounds = 0; rounds < 3; rounds += 1) {
    const before = kept;
    for (const suffix of suffixes) {
      const shorter = kept.replace(suffix, '');
      if (shorter.length > 0) kept = shorter;
    }
    if (kept === before) break;
  }
  return kept === name ? name : `${kept}-*`;
}

/** Returns the template of the name of a namespace, an account, a Secret or a workload: `pr-4711` and `ci-x7f2k` become `pr-*` and `ci-*`. */
export const nameTemplate = (name: string): string => withoutSuffixes(name, random);

/** Returns the template of the name of a pod: `web-5d4f8c7b9-x2k4v`, `db-0` and `backup-29018880-qx7mz` become `web-*`, `db-*` and `backup-*`. */
export const podTemplate = (name: string): string => withoutSuffixes(name, [...random, ordinal]);

/** Returns the name of the CronJob that a Job's name comes from, if it ends as the controller names Jobs. */
export const cronJobOf = (job: string): string | undefined => /^(.+)-\d{8,10}$/.exec(job)?.[1];

/** Returns the user name without the part that a session chose: the session of an assumed role that has digits of a time or an instance. */
export function userTemplate(name: string): string {
  const role = /^(arn:aws[\w-]*:sts::\d+:assumed-role\/[^/]+)\/(.+)$/.exec(name);
  if (role) return /^i-[0-9a-f]{8,}$|\d{6,}/.test(role[2] ?? '') ? `${role[1] ?? ''}/*` : name;
  return name;
}

/** The product in a user agent: `kubectl/v1.36.0 (linux/amd64)` becomes `kubectl`. Empty: `none`. */
export function agentProduct(agent: string): string {
  const [product = ''] = agent.split(/[/ (]/, 1);
  return product === '' ? 'none' : nameTemplate(product.slice(0, 60));
}

/** The network of an address: /24 of IPv4, /48 of IPv6. */
export function networkOf(address: string): string {
  if (address.includes('.'))
    return `${address
      .slice(address.lastIndexOf(':') + 1)
      .split('.')
      .slice(0, 3)
      .join('.')}.0/24`;
  return `${address.split(':').slice(0, 3).join(':')}::/48`;
}

/** Returns an image without tag and digest, with its registry: `nginx:1.29` becomes `docker.io/library/nginx`. */
export const imageRepository = (image: string): string => repositoryOf(partsOf(image).name);

/** The registry of a repository as {@link imageRepository} returns it. */
export const registryOf = (repository: string): string => repository.split('/', 1)[0] ?? '';
