import type { ApiResource } from '../../api/api-resource.ts';
import { builtinKindOf } from '../schema/builtin-kind.ts';
import { pluralOf } from './builtin-resources.ts';
import { fieldsOf, groupKindOf, groupOf, type KubernetesObject, textOf, versionOf } from './kubernetes-object.ts';
import { isWorkloadKind } from './workload-kind.ts';

/** Kinds that the API server serves in two groups: from the other group to the preferred one. */
const movedKinds: ReadonlyMap<string, string> = new Map([
  ['extensions/Ingress', 'networking.k8s.io'],
  ['extensions/NetworkPolicy', 'networking.k8s.io'],
  ['extensions/Deployment', 'apps'],
  ['extensions/DaemonSet', 'apps'],
  ['extensions/ReplicaSet', 'apps'],
  ['events.k8s.io/Event', ''],
]);

const key = (group: string, kind: string): string => `${movedKinds.get(`${group}/${kind}`) ?? group}/${kind}`;

/** Cluster-scoped kinds of older or optional APIs. Their names do not show that they are cluster-scoped. */
const knownClusterScoped: ReadonlySet<string> = new Set([
  'PodSecurityPolicy',
  'SubjectAccessReview',
  'SelfSubjectAccessReview',
  'SelfSubjectRulesReview',
  'SelfSubjectReview',
  'TokenReview',
  'StorageVersion',
  'StorageVersionMigration',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
]);

/** The API groups of configuration files of the programs of Kubernetes. */
const isProgramGroup = (group: string): boolean =>
  /(^|\.)(config|kubeadm|audit)\.k8s\.io$/.test(group) || group === 'credentialprovider.kubelet.k8s.io';

/**
 * Whether an object of an unknown kind is likely namespaced: it has a namespace, or its kind does not have the name of a cluster-scoped
 * one.
 */
function seemsNamespaced({ apiVersion, metadata }: KubernetesObject, kind: string): boolean {
  if (isProgramGroup(groupOf(apiVersion))) return false;
  return (
    (textOf(fieldsOf(metadata)['namespace']) ?? '') !== '' ||
    !(knownClusterScoped.has(kind) || /^(Cluster|Global)[A-Z]|[a-z]Class$/.test(kind))
  );
}

/** Finds the resource of an object among those of discovery, or among the built-in kinds and the CRDs of the files. */
export class ResourceIndex {
  readonly #byKind = new Map<string, ApiResource[]>();
  readonly all: readonly ApiResource[];
  /** Whether objects are available in every served version, as the API server converts them. */
  readonly converts: boolean;

  constructor(resources: readonly ApiResource[], converts = false) {
    this.all = resources;
    this.converts = converts;
    for (const resource of resources) {
      const name = key(resource.group, resource.kind);
      const same = this.#byKind.get(name);
      if (same === undefined) this.#byKind.set(name, [resource]);
      else same.push(resource);
    }
  }

  /** Returns the first version of each kind that is wanted. The API server lists the preferred version first. */
  preferred(wanted: (resource: ApiResource) => boolean): readonly ApiResource[] {
    const chosen = new Map<string, ApiResource>();
    for (const resource of this.all) {
      const kind = `${resource.group}/${resource.kind}`;
      if (!chosen.has(kind) && wanted(resource)) chosen.set(kind, resource);
    }
    return [...chosen.values()];
  }

  /**
   * Returns the resource of an object in the object's version. For an unknown kind, the resource is the English plural, and it is
   * namespaced unless its name suggests otherwise. See {@link knows}.
   */
  of(object: KubernetesObject): ApiResource {
    const group = groupOf(object.apiVersion);
    const version = versionOf(object.apiVersion);
    const kind = textOf(object.kind) ?? '';
    const same = this.#byKind.get(key(group, kind));
    const exact = same?.find((resource) => resource.group === group && resource.version === version);
    if (exact !== undefined) return exact;
    const other = same?.[0] ?? builtinKindOf(group, version, kind);
    return {
      group,
      version,
      kind,
      resource: other?.resource ?? pluralOf(kind),
      namespaced: other?.namespaced ?? seemsNamespaced(object, kind),
    };
  }

  /** Whether the kind of an object is known, in any version, and with it whether it is namespaced. */
  knows(object: KubernetesObject): boolean {
    const group = groupOf(object.apiVersion);
    const kind = textOf(object.kind) ?? '';
    const isBuiltin = this.#byKind.has(key(group, kind)) || builtinKindOf(group, versionOf(object.apiVersion), kind) !== undefined;
    return isBuiltin || isWorkloadKind(groupKindOf(object));
  }

  /** Returns the resources of the same objects in every served group and version, for `matchPolicy: Equivalent`. */
  equivalents(resource: ApiResource): readonly ApiResource[] {
    return this.#byKind.get(key(resource.group, resource.kind)) ?? [resource];
  }
}
