import { createHash } from 'node:crypto';
import { LABELS, MANAGED_BY } from '../../api/group.ts';

/** The source of reports about configuration. */
export const SOURCE = 'vigil';
/** The source of reports about images. */
export const IMAGES_SOURCE = 'vigil-images';

/** Selects Vigil's reports of a source. */
export const reportSelector = (source: string): string => `${LABELS.managedBy}=${MANAGED_BY},${LABELS.source}=${source}`;

/** What tells one report from all others. */
export const reportKey = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

/** The object that a report is about, as far as its name goes. */
export interface NamedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Kinds that only one group of those that scanners meet has: their reports need no group in the name. */
const plainKinds: ReadonlySet<string> = new Set(
  [
    ...[
      'v1/Pod',
      'v1/Service',
      'v1/ServiceAccount',
      'v1/ConfigMap',
      'v1/Namespace',
      'v1/ReplicationController',
      'v1/PodTemplate',
      'v1/Node',
      'v1/PersistentVolume',
    ],
    ...[
      'apps/Deployment',
      'apps/StatefulSet',
      'apps/DaemonSet',
      'apps/ReplicaSet',
      'batch/Job',
      'batch/CronJob',
      'policy/PodDisruptionBudget',
    ],
    ...['networking.k8s.io/NetworkPolicy', 'networking.k8s.io/Ingress', 'autoscaling/HorizontalPodAutoscaler'],
    ...['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'].map((kind) => `rbac.authorization.k8s.io/${kind}`),
  ].map((kind) => kind.toLowerCase()),
);

/** The most characters of an object's name. */
const maximum = 253;

/** The group of an `apiVersion`; `v1` for the core group, so that it reads. */
const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : 'v1');

/**
 * The name of the report about an object: `<source>-<kind>-<name>` in lower case. Where that is not a legal name, is too
 * long, or the kind may belong to several groups, it is mended and ten characters of a hash over group, kind, namespace
 * and name follow, so that two objects never share a report.
 */
export function reportName(source: string, object: NamedObject): string {
  const plain = `${source}-${object.kind}-${object.name}`;
  const group = groupOf(object.apiVersion);
  const legal = plain
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/[.-]{2,}/g, (run) => '-'.repeat(run.length));
  const known = plainKinds.has(`${group}/${object.kind}`.toLowerCase());
  const unchanged = legal === `${source}-${object.kind.toLowerCase()}-${object.name}` && legal.length <= maximum && /[a-z0-9]$/.test(legal);
  if (known && unchanged) return legal;
  return `${legal.slice(0, maximum - 11).replace(/[^a-z0-9]+$/, '')}-${hashOf(object)}`;
}

/** The label keys by which the reports of one policy are found: the one that is written, and the one that Vigil before 0.2 wrote. */
export const policyLabels = (policy: string): readonly string[] => [
  ...new Set([policyLabel(policy), `${LABELS.policyPrefix}${shortHash(policy)}`]),
];

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10);
/** The most characters of a label key behind its prefix. */
const longestKey = 63;
const hashed = /^[0-9a-f]{10}$/;

/** The label key of one policy: its name, or a hash of it where the name is too long for a key, or looks like a hash. */
export const policyLabel = (policy: string): string =>
  `${LABELS.policyPrefix}${policy.length <= longestKey && !hashed.test(policy) ? policy : shortHash(policy)}`;

/** The policy that a label key names; undefined where it is no policy's label, or holds a hash. */
export function policyOfLabel(label: string): string | undefined {
  const name = label.startsWith(LABELS.policyPrefix) ? label.slice(LABELS.policyPrefix.length) : '';
  return name === '' || hashed.test(name) ? undefined : name;
}

/** The name of the report about an object where another's report has the usual one: with a hash of the object behind it. */
export function alternativeReportName(source: string, object: NamedObject): string {
  const name = reportName(source, object);
  return `${name.slice(0, maximum - 11).replace(/[^a-z0-9]+$/, '')}-${hashOf(object, source)}`;
}

const hashOf = ({ apiVersion, kind, namespace = '', name }: NamedObject, salt = ''): string =>
  createHash('sha256')
    .update([groupOf(apiVersion), kind, namespace, name, ...(salt === '' ? [] : [salt])].join('\0'))
    .digest('hex')
    .slice(0, 10);

/** A name as it is when it is a legal one and short enough; else mended, cut, and told from others by a hash. */
export function validName(name: string): string {
  return legalName(name) === name && name.length <= maximum && /[a-z0-9]$/.test(name) ? name : hashedName(name);
}

/** A name mended, cut, and told from others by a hash. */
export const hashedName = (name: string): string =>
  `${legalName(name)
    .slice(0, maximum - 11)
    .replace(/[^a-z0-9]+$/, '')}-${shortHash(name)}`;

const legalName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9.-]/g, '-');
