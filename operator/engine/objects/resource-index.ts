import type { ApiResource } from '../../api/api-resource.ts';
import { pluralOf } from './builtin-resources.ts';
import { fieldsOf, groupOf, type KubernetesObject, textOf, versionOf } from './kubernetes-object.ts';

/** Groups that serve the same objects under two names, as the API server knows them. */
const movedKinds: ReadonlyMap<string, string> = new Map([
  ['extensions/Ingress', 'networking.k8s.io'],
  ['extensions/NetworkPolicy', 'networking.k8s.io'],
  ['extensions/Deployment', 'apps'],
  ['extensions/DaemonSet', 'apps'],
  ['extensions/ReplicaSet', 'apps'],
  ['events.k8s.io/Event', ''],
]);

const key = (group: string, kind: string): string => `${movedKinds.get(`${group}/${kind}`) ?? group}/${kind}`;

/** Kinds outside of namespaces that older or optional APIs serve, and whose names do not tell. */
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

/** Whether an object of a kind that nobody declares lives in a namespace: it names one, or its kind does not sound cluster-scoped. */
function seemsNamespaced({ metadata }: KubernetesObject, kind: string): boolean {
  return (
    (textOf(fieldsOf(metadata)['namespace']) ?? '') !== '' ||
    !(knownClusterScoped.has(kind) || /^(Cluster|Global)[A-Z]|[a-z]Class$/.test(kind))
  );
}

/** Finds the resource of an object: what discovery, or the built-in kinds and the CRDs among the files, say. */
export class ResourceIndex {
  readonly #byKind = new Map<string, ApiResource[]>();
  readonly all: readonly ApiResource[];
  /** Whether objects can be had in every version that is served, as an API server converts them. */
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

  /** The resource of an object in the version that it is written in; where nothing is known, an English plural, and namespaced unless its name says otherwise. */
  of(object: KubernetesObject): ApiResource {
    const group = groupOf(object.apiVersion);
    const version = versionOf(object.apiVersion);
    const kind = textOf(object.kind) ?? '';
    const same = this.#byKind.get(key(group, kind));
    const exact = same?.find((resource) => resource.group === group && resource.version === version);
    if (exact !== undefined) return exact;
    const other = same?.[0];
    return {
      group,
      version,
      kind,
      resource: other?.resource ?? pluralOf(kind),
      namespaced: other?.namespaced ?? seemsNamespaced(object, kind),
    };
  }

  /** The same objects under every group and version that they are served by: for `matchPolicy: Equivalent`. */
  equivalents(resource: ApiResource): readonly ApiResource[] {
    return this.#byKind.get(key(resource.group, resource.kind)) ?? [resource];
  }
}
