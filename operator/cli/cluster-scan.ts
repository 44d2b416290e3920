import { type ApiResource, apiVersionOf, RESOURCES } from '../api/api-resource.ts';
import type { KubeObject, ObjectMeta } from '../api/metadata.ts';
import type { Evaluation } from '../engine/outcomes/evaluation.ts';
import { fieldsOf, groupKindOf, type KubernetesObject } from '../engine/objects/kubernetes-object.ts';
import { LivePods, workloadReference } from '../engine/pods/live-pods.ts';
import { bareNamespace, type EvaluationContext, type NamespaceFacts, type PolicySet } from '../engine/policy-set.ts';
import { Snapshot } from '../engine/snapshot/snapshot.ts';
import type { ResourceReference, ObjectFinding } from '../findings/finding.ts';
import { isWorkloadKind } from '../engine/objects/workload-kind.ts';
import { Credentials } from '../kube/credentials.ts';
import { discoverResources, serverVersion } from '../kube/discovery.ts';
import { isForbidden, isNotFound, KubeApiError } from '../kube/kube-api-error.ts';
import { KubeClient } from '../kube/kube-client.ts';
import type { ConvertedObject } from '../engine/rules/rule-check.ts';
import { ConvertedObjects } from '../worker/converted-objects.ts';
import { listAll, listPages } from '../kube/list.ts';
import type { ManifestError } from '../manifests/manifest.ts';
import type { ScanResult } from '../output/scan-result.ts';

/** A cluster that can be reached, and what compiling policies for it depends on. */
export interface Cluster {
  readonly client: KubeClient;
  /** What errors call it: the context of the kubeconfig. */
  readonly name: string;
  readonly resources: readonly ApiResource[];
  readonly kubernetesVersion: string;
  /** An object can be had in every version that is served. */
  readonly converts: true;
}

/** Why a cluster cannot be scanned at all: no kubeconfig, no such context, no answer. */
export class UnreachableCluster extends Error {
  override readonly name = 'UnreachableCluster';
}

/** Reaches the cluster of a context; of the current one when it is omitted. Throws {@link UnreachableCluster}. */
export async function reachCluster(context: string | undefined, given?: KubeClient): Promise<Cluster> {
  try {
    const client = given ?? new KubeClient(new Credentials({ context }));
    const [resources, kubernetesVersion] = await Promise.all([discoverResources(client), serverVersion(client)]);
    return { client, name: client.credentials.context, resources, kubernetesVersion, converts: true };
  } catch (failure) {
    throw new UnreachableCluster(failure instanceof Error ? failure.message : String(failure), { cause: failure });
  }
}

/** Groups whose objects matter outside their own namespace, too. */
const clusterWideGroups: ReadonlySet<string> = new Set(['rbac.authorization.k8s.io', 'gateway.networking.k8s.io']);
/** Vigil reads no Secrets, whatever asks for them. */
const isSecret = ({ group, resource }: ApiResource): boolean => group === '' && resource === 'secrets';
const kindName = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);

/** What is done with the objects of a resource. */
interface Use {
  readonly judged: boolean;
  readonly kept: boolean;
}

function factsOf({ name, labels, annotations = {} }: ObjectMeta): NamespaceFacts {
  return { name, labels: { ...bareNamespace(name).labels, ...labels }, annotations };
}

class ClusterScan {
  readonly #cluster: Cluster;
  readonly #set: PolicySet;
  readonly #namespace: string | undefined;
  readonly #snapshot = new Snapshot();
  readonly #namespaces = new Map<string, NamespaceFacts>();
  readonly #terminating = new Set<string>();
  readonly #unreadable = new Map<string, string>();
  readonly #live = new LivePods();
  readonly #converted: ConvertedObjects;
  /** Workloads with what they came to by themselves, until all their pods are read. */
  readonly #workloads: { readonly owner: KubernetesObject; readonly own: Evaluation; readonly facts: EvaluationContext }[] = [];
  readonly #results: ObjectFinding[] = [];
  readonly #errors: ManifestError[] = [];
  readonly #summary = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };

  constructor(cluster: Cluster, set: PolicySet, namespace: string | undefined) {
    this.#cluster = cluster;
    this.#converted = new ConvertedObjects(cluster.client, new AbortController().signal);
    this.#set = set;
    this.#namespace = namespace;
  }

  async run(): Promise<ScanResult> {
    await this.#readNamespaces();
    const targets = new Set(this.#set.targets.filter((resource) => !isSecret(resource)));
    const context = new Set(this.#set.context.filter((resource) => !isSecret(resource)));
    if (this.#set.targets.some(isSecret)) this.#fail('Secrets are never read from a cluster: check them in files');
    for (const resource of new Set([...targets, ...context]))
      await this.#resource(resource, { judged: targets.has(resource), kept: context.has(resource) });
    for (const { owner, own, facts } of this.#workloads) {
      const reportAt = workloadReference(owner);
      this.#take(this.#live.join(owner, own, (pod) => this.#set.evaluate(pod, { ...facts, reportAt })).evaluation);
    }
    if (this.#set.needsSnapshot) {
      const only = (reference: ResourceReference): boolean => this.#isWanted(reference);
      for (const evaluation of this.#set.evaluateSnapshot(this.#snapshot, { only, unreadable: this.#unreadable })) this.#take(evaluation);
    }
    return { results: sorted(this.#results), summary: this.#summary, errors: this.#errors };
  }

  /** Facts of every namespace: scopes ask for their labels. */
  async #readNamespaces(): Promise<void> {
    try {
      const namespaces = await listAll<KubeObject>(this.#cluster.client, RESOURCES.namespaces, { metadataOnly: true });
      for (const { metadata } of namespaces) this.#namespaces.set(metadata.name, factsOf(metadata));
      for (const { metadata } of namespaces) if (metadata.deletionTimestamp !== undefined) this.#terminating.add(metadata.name);
      if (this.#namespace !== undefined && !this.#namespaces.has(this.#namespace)) this.#fail(`there is no namespace ${this.#namespace}`);
    } catch (failure) {
      this.#refused(RESOURCES.namespaces, failure);
    }
  }

  /** Reads one resource page by page: judges each object, and keeps of it what cross-object checks read. */
  async #resource(resource: ApiResource, use: Use): Promise<void> {
    const namespace = resource.namespaced && !(use.kept && clusterWideGroups.has(resource.group)) ? this.#namespace : undefined;
    try {
      let from: string | undefined;
      for await (const { items, next } of listPages<KubeObject>(this.#cluster.client, resource, { namespace })) {
        const forms = use.judged ? this.#set.requiredVersions(resource) : [];
        const converted = await this.#converted.read(forms, { items, namespace, from });
        for (const item of items) this.#object({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind }, use, converted(item));
        from = next;
      }
    } catch (failure) {
      this.#refused(resource, failure);
    }
  }

  #object(object: KubeObject & KubernetesObject, { judged, kept }: Use, converted: ConvertedObject): void {
    const { namespace, name } = object.metadata;
    const home = object.kind === 'Namespace' && object.apiVersion === 'v1' ? name : namespace;
    if (home !== undefined && this.#terminating.has(home)) return;
    if (this.#set.isOwned(object)) this.#live.add(object);
    if (kept) this.#snapshot.add(object, this.#set.isOwned(object));
    if (judged && this.#isWanted({ kind: object.kind ?? '', namespace, name })) this.#judge(object, home, converted);
  }

  #judge(object: KubernetesObject, home: string | undefined, converted: ConvertedObject): void {
    const facts = home === undefined ? {} : { namespace: this.#namespaces.get(home) ?? bareNamespace(home) };
    const own = this.#set.evaluate(object, { ...facts, converted });
    if (own.policies.length === 0 || groupKindOf(object) === 'Pod' || !isWorkloadKind(groupKindOf(object))) this.#take(own);
    else this.#workloads.push({ owner: identityOf(object), own, facts });
  }

  /** With --namespace: what is in it, and the namespace itself. */
  #isWanted({ kind, namespace, name }: { readonly kind: string; readonly namespace?: string | undefined; readonly name: string }): boolean {
    if (this.#namespace === undefined) return true;
    return namespace === this.#namespace || (kind === 'Namespace' && name === this.#namespace);
  }

  #take({ results, passes }: Evaluation): void {
    for (const result of results) {
      this.#results.push(result);
      if (result.verdict !== 'pass') this.#summary[result.verdict] += 1;
    }
    for (const count of passes.values()) this.#summary.pass += count;
  }

  /** What may not be listed, or is not served any more, is told, and its checks are errors; every other answer is thrown. */
  #refused(resource: ApiResource, failure: unknown): void {
    if (!(failure instanceof KubeApiError)) throw failure;
    this.#unreadable.set(kindName(resource), failure.message);
    const may = isForbidden(failure) ? 'may not list' : isNotFound(failure) ? 'not served any more:' : 'could not list';
    this.#fail(`${may} ${resource.resource}${resource.group === '' ? '' : ` of ${resource.group}`}: ${failure.message}`);
  }

  #fail(message: string): void {
    this.#errors.push({ source: { file: `cluster ${this.#cluster.name}` }, message });
  }
}

/** As much of a workload as tells it from others. */
function identityOf(object: KubernetesObject): KubernetesObject {
  const { name, namespace, uid } = fieldsOf(object.metadata);
  return { apiVersion: object.apiVersion, kind: object.kind, metadata: { name, namespace, uid } };
}

/** By namespace, kind and name; the checks of one object stay in their order. */
function sorted(results: readonly ObjectFinding[]): readonly ObjectFinding[] {
  const key = ({ resource: { namespace = '', kind, apiVersion, name } }: ObjectFinding): string =>
    [namespace, kind, apiVersion, name].join('\u0000');
  const keyed = results.map((result) => ({ result, key: key(result) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ result }) => result);
}

/** Judges what is in a cluster: lists what the policies look at, and never Secrets. Only `namespace`, when it is given. */
export function scanCluster(cluster: Cluster, set: PolicySet, namespace?: string): Promise<ScanResult> {
  return new ClusterScan(cluster, set, namespace).run();
}
