import { createHash } from 'node:crypto';
import { LABELS, MANAGED_BY } from '../../api/group.ts';

/** The source of reports about configuration. */
export const SOURCE = 'vigil';
/** The source of reports about images. */
export const IMAGES_SOURCE = 'vigil-images';

/** Returns the label selector of Vigil's reports with a source. */
export const reportSelector = (source: string): string => `${LABELS.managedBy}=${MANAGED_BY},${LABELS.source}=${source}`;

/** Returns the unique key of a report: `<namespace>/<name>`, with an empty namespace for a ClusterPolicyReport. */
export const reportKey = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

/** The fields of an object that determine the name of its report. */
export interface NamedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Kinds that exist in one API group only. The names of their reports need no hash of the group. */
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

/** The maximum length of an object's name in characters. */
const maximum = 253;

/** Returns the group of an `apiVersion`, and `v1` for the core group. */
const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : 'v1');

/**
 * Returns the name of the report about an object: `<source>-<kind>-<name>` in lower case. If that is not a valid name, is too long, or the
 * kind can exist in several API groups, the name is made valid and ends in ten characters of a hash of group, kind, namespace and name.
 * Thus two objects never share a report.
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

/** Returns the label keys of the reports of one policy: the current key, and the key that Vigil before 0.2 wrote. */
export const policyLabels = (policy: string): readonly string[] => [
  ...new Set([policyLabel(policy), `${LABELS.policyPrefix}${shortHash(policy)}`]),
];

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10);
/** The maximum length of a label key after its prefix, in characters. */
const longestKey = 63;
const hashed = /^[0-9a-f]{10}$/;

/** Returns the label key of a policy. It ends in the name of the policy, or in a hash if the name is too long or has the format of a hash. */
export const policyLabel = (policy: string): string =>
  `${LABELS.policyPrefix}${policy.length <= longestKey && !hashed.test(policy) ? policy : shortHash(policy)}`;

/** Returns the policy that a label key names. Undefined if the key is not the label of a policy, or contains a hash. */
export function policyOfLabel(label: string): string | undefined {
  const name = label.startsWith(LABELS.policyPrefix) ? label.slice(LABELS.policyPrefix.length) : '';
  return name === '' || hashed.test(name) ? undefined : name;
}

/** Returns the alternative name of the report about an object, with a hash. Used if another writer's report has the usual name. */
export function alternativeReportName(source: string, object: NamedObject): string {
  const name = reportName(source, object);
  return `${name.slice(0, maximum - 11).replace(/[^a-z0-9]+$/, '')}-${hashOf(object, source)}`;
}

const hashOf = ({ apiVersion, kind, namespace = '', name }: NamedObject, salt = ''): string =>
  createHash('sha256')
    .update([groupOf(apiVersion), kind, namespace, name, ...(salt === '' ? [] : [salt])].join('\0'))
    .digest('hex')
    .slice(0, 10);

/** Returns a name unchanged if it is valid, and otherwise {@link hashedName}. */
export function validName(name: string): string {
  return legalName(name) === name && name.length <= maximum && /[a-z0-9]$/.test(name) ? name : hashedName(name);
}

/** Makes a name valid, shortens it, and adds a hash that makes it unique. */
export const hashedName = (name: string): string =>
  `${legalName(name)
    .slice(0, maximum - 11)
    .replace(/[^a-z0-9]+$/, '')}-${shortHash(name)}`;

const legalName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9.-]/g, '-');
