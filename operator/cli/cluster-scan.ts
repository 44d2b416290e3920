import { type ApiResource, apiVersionOf, RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS } from '../api/group.ts';
import type { KubeObject, ObjectMeta } from '../api/metadata.ts';
import { type ContextReads, contextReads } from '../engine/context-reads.ts';
import type { Evaluation } from '../engine/outcomes/evaluation.ts';
import { CustomWorkloadCounts } from '../engine/objects/custom-workload-counts.ts';
import { fieldsOf, groupKindOf, type KubernetesObject } from '../engine/objects/kubernetes-object.ts';
import { LivePods, workloadReference } from '../engine/pods/live-pods.ts';
import { bareNamespace, type EvaluationContext, type NamespaceFacts, type PolicySet, type SnapshotOptions } from '../engine/policy-set.ts';
import { mergeEvaluations } from '../worker/target-record.ts';
import { Snapshot } from '../engine/snapshot/snapshot.ts';
import type { ResourceReference, ObjectFinding } from '../findings/finding.ts';
import { applyWaivers } from '../findings/waivers/apply-waivers.ts';
import { inlineOf } from '../findings/waivers/inline-exceptions.ts';
import type { WaiverTarget } from '../findings/waivers/waiver.ts';
import { type WaiverInputs, WaiverSet } from '../findings/waivers/waiver-set.ts';
import { isWorkloadKind } from '../engine/objects/workload-kind.ts';
import { Credentials } from '../kube/client/credentials.ts';
import { discoverResources, serverVersion } from '../kube/discovery.ts';
import { isForbidden, isNotFound, KubeApiError } from '../kube/client/kube-api-error.ts';
import { KubeClient } from '../kube/client/kube-client.ts';
import type { ConvertedObject } from '../engine/rules/rule-check.ts';
import { ConvertedObjects } from '../worker/converted-objects.ts';
import { listAll, listPages } from '../kube/list.ts';
import { RuleCounts } from './input/rule-counts.ts';
import type { ManifestError } from '../manifests/manifest.ts';
import type { ScanResult } from '../output/scan-result.ts';

/** A connection to a cluster, with its resources and its version. */
export interface Cluster {
  readonly client: KubeClient;
  /** The context of the kubeconfig. Errors use it as the name of the cluster. */
  readonly name: string;
  readonly resources: readonly ApiResource[];
  readonly kubernetesVersion: string;
  /** The API server returns an object in every served version. */
  readonly converts: true;
}

/** The cluster cannot be scanned: there is no kubeconfig, the context does not exist, or the API server does not answer. */
export class ClusterConnectionError extends Error {
  override readonly name = 'UnreachableCluster';
}

/** Connects to the cluster of a context of the kubeconfig, or of the current context. Throws {@link ClusterConnectionError}. */
export async function connectCluster(context: string | undefined, given?: KubeClient): Promise<Cluster> {
  try {
    const client = given ?? new KubeClient(new Credentials({ context }));
    const [resources, kubernetesVersion] = await Promise.all([discoverResources(client), serverVersion(client)]);
    return { client, name: client.credentials.context, resources, kubernetesVersion, converts: true };
  } catch (failure) {
    throw new ClusterConnectionError(failure instanceof Error ? failure.message : String(failure), { cause: failure });
  }
}

/** Vigil never reads Secrets. */
const isSecret = ({ group, resource }: ApiResource): boolean => group === '' && resource === 'secrets';
const kindName = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);

/** How the scan uses the objects of a resource. */
interface ResourceUse {
  readonly evaluated: boolean;
  readonly inSnapshot: boolean;
  /** Whether its objects are read in all namespaces, although only one namespace is evaluated. */
  readonly clusterWide: boolean;
}

function factsOf({ name, labels, annotations = {} }: ObjectMeta): NamespaceFacts {
  return { name, labels: { ...bareNamespace(name).labels, ...labels }, annotations };
}

/** The options of {@link scanCluster}. */
export interface ClusterScanOptions {
  /** The namespace whose objects are evaluated. Default: all namespaces. */
  readonly namespace?: string | undefined;
  /** Receives the verdicts of rules. */
  readonly counts?: RuleCounts | undefined;
  /** The exceptions that apply. Default: none. */
  readonly exceptions?: Omit<WaiverInputs, 'namespaceLabels'> | undefined;
  /** The time at which exceptions apply, in milliseconds since the epoch. */
  readonly now?: number;
}

class ClusterScan {
  readonly #cluster: Cluster;
  readonly #set: PolicySet;
  readonly #namespace: string | undefined;
  readonly #counts: RuleCounts;
  readonly #now: number;
  readonly #waivers: WaiverSet | undefined;
  /** By kind, namespace and name: what exceptions select an evaluated object by. Empty without exceptions. */
  readonly #selectable = new Map<string, Pick<WaiverTarget, 'labels' | 'inline'>>();
  readonly #snapshot: Snapshot;
  readonly #namespaces = new Map<string, NamespaceFacts>();
  readonly #terminating = new Set<string>();
  readonly #unreadable = new Map<string, string>();
  readonly #live = new LivePods();
  readonly #converted: ConvertedObjects;
  /** The evaluations of workloads. They are joined with those of their live Pods after all Pods are read. */
  readonly #workloads: { readonly owner: KubernetesObject; readonly own: Evaluation; readonly facts: EvaluationContext }[] = [];
  readonly #custom = new CustomWorkloadCounts();
  readonly #results: ObjectFinding[] = [];
  readonly #errors: ManifestError[] = [];
  readonly #summary = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };

  constructor(
    cluster: Cluster,
    set: PolicySet,
    { namespace, counts = new RuleCounts(), exceptions, now = Date.now() }: ClusterScanOptions,
  ) {
    this.#cluster = cluster;
    this.#converted = new ConvertedObjects(cluster.client, new AbortController().signal);
    this.#set = set;
    this.#snapshot = new Snapshot(set.snapshotContent());
    this.#namespace = namespace;
    this.#counts = counts;
    this.#now = now;
    this.#waivers = exceptions && new WaiverSet({ ...exceptions, namespaceLabels: (name) => this.#namespaces.get(name)?.labels });
  }

  async run(): Promise<ScanResult> {
    await this.#readNamespaces();
    const targets = new Set(this.#set.targets.filter((resource) => !isSecret(resource)));
    const { clusterWide, inNamespace } = this.#contextReads([...targets]);
    const context = new Set([...clusterWide, ...inNamespace]);
    if (this.#set.targets.some(isSecret)) this.#fail('Vigil does not read Secrets from a cluster. Scan their manifests instead');
    for (const resource of new Set([...targets, ...context]))
      await this.#resource(resource, {
        evaluated: targets.has(resource),
        inSnapshot: context.has(resource),
        clusterWide: clusterWide.includes(resource),
      });
    const options = { unreadable: this.#unreadable, now: this.#now };
    const among = this.#crossObject(options);
    const crossObject = this.#set.crossObjectEvaluator(this.#snapshot, options);
    for (const { owner, own, facts } of this.#workloads) {
      const reportAt = workloadReference(owner);
      const together = mergeEvaluations(own, among.get(keyOf(reportAt)));
      among.delete(keyOf(reportAt));
      const ofPod = (pod: KubernetesObject): Evaluation =>
        mergeEvaluations(this.#set.evaluate(pod, { ...facts, reportAt }), crossObject.evaluatePod(pod, owner));
      this.#add(this.#live.join(owner, together, ofPod).evaluation);
    }
    for (const evaluation of among.values()) this.#add(evaluation);
    const customWorkloads = this.#custom.list();
    const scan = { results: sorted(this.#results), summary: this.#summary, errors: this.#errors };
    return customWorkloads.length === 0 ? scan : { ...scan, customWorkloads };
  }

  /** Evaluates the cross-object checks. Returns the evaluations by object. */
  #crossObject(options: Omit<SnapshotOptions, 'only'>): Map<string, Evaluation> {
    if (!this.#set.needsSnapshot) return new Map();
    const only = (reference: ResourceReference): boolean => this.#isWanted(reference);
    const evaluations = this.#set.evaluateSnapshot(this.#snapshot, { ...options, only });
    return new Map(evaluations.map((evaluation) => [keyOf(evaluation.resource), evaluation]));
  }

  /** Returns the resources that checks read beside the evaluated objects. With --namespace, few of them are read in all namespaces. */
  #contextReads(targets: readonly ApiResource[]): ContextReads {
    if (this.#namespace === undefined) return contextReads(this.#set, [...targets, undefined]);
    const kinds = targets.filter((resource) => resource.namespaced || kindName(resource) === 'Namespace');
    return contextReads(this.#set, kinds, { oneNamespace: true });
  }

  /** Lists all namespaces: scopes select them by labels. */
  async #readNamespaces(): Promise<void> {
    try {
      const namespaces = await listAll<KubeObject>(this.#cluster.client, RESOURCES.namespaces, { metadataOnly: true });
      for (const { metadata } of namespaces) this.#namespaces.set(metadata.name, factsOf(metadata));
      for (const { metadata } of namespaces) if (metadata.deletionTimestamp !== undefined) this.#terminating.add(metadata.name);
      if (this.#namespace !== undefined && !this.#namespaces.has(this.#namespace)) this.#fail(`namespace ${this.#namespace} not found`);
    } catch (failure) {
      this.#listFailed(RESOURCES.namespaces, failure);
    }
  }

  /** Lists one resource page by page. Evaluates each object, and adds it to the snapshot for cross-object checks. */
  async #resource(resource: ApiResource, use: ResourceUse): Promise<void> {
    const namespace = resource.namespaced && !use.clusterWide ? this.#namespace : undefined;
    try {
      let from: string | undefined;
      for await (const { items, next } of listPages<KubeObject>(this.#cluster.client, resource, { namespace })) {
        const forms = use.evaluated ? this.#set.requiredVersions(resource) : [];
        const converted = await this.#converted.read(forms, { items, namespace, from });
        for (const item of items) this.#object({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind }, use, converted(item));
        from = next;
      }
    } catch (failure) {
      this.#listFailed(resource, failure);
    }
  }

  #object(object: KubeObject & KubernetesObject, { evaluated, inSnapshot }: ResourceUse, converted: ConvertedObject): void {
    const { namespace, name } = object.metadata;
    const reference = resourceReference(object);
    const home = object.kind === 'Namespace' && object.apiVersion === 'v1' ? name : namespace;
    if (home !== undefined && this.#terminating.has(home)) return;
    if (this.#set.isOwned(object)) this.#live.add(object);
    if (inSnapshot) this.#snapshot.add(object, this.#set.isOwned(object));
    if (!evaluated || !this.#isWanted(reference)) return;
    if (!this.#set.isOwned(object)) this.#custom.add(object);
    this.#remember(object.metadata, keyOf(reference));
    this.#evaluate(object, home, converted);
  }

  #evaluate(object: KubernetesObject, home: string | undefined, converted: ConvertedObject): void {
    const facts = home === undefined ? {} : { namespace: this.#namespaces.get(home) ?? bareNamespace(home) };
    const own = this.#set.evaluate(object, { ...facts, converted, onPass: this.#counts.onPass, onUnmatched: this.#counts.onUnmatched });
    if (own.policies.length === 0 || groupKindOf(object) === 'Pod' || !isWorkloadKind(groupKindOf(object))) this.#add(own);
    else this.#workloads.push({ owner: referenceOf(object), own, facts });
  }

  /** Returns whether an object is in the namespace of --namespace, or is that Namespace. Always true without --namespace. */
  #isWanted({ kind, namespace, name }: { readonly kind: string; readonly namespace?: string | undefined; readonly name: string }): boolean {
    if (this.#namespace === undefined) return true;
    return namespace === this.#namespace || (kind === 'Namespace' && name === this.#namespace);
  }

  #add({ results, passes }: Evaluation): void {
    this.#counts.add({ results });
    for (const found of results) {
      const result = this.#afterExceptions(found);
      this.#results.push(result);
      if (result.verdict !== 'pass') this.#summary[result.verdict] += 1;
    }
    for (const count of passes.values()) this.#summary.pass += count;
  }

  #remember(metadata: ObjectMeta, key: string): void {
    if (this.#waivers) this.#selectable.set(key, selectableOf(metadata));
  }

  #afterExceptions(result: ObjectFinding): ObjectFinding {
    if (!this.#waivers) return result;
    const target = { ...result.resource, ...this.#selectable.get(keyOf(result.resource)) };
    return applyWaivers([result], target, this.#waivers, this.#now)[0] ?? result;
  }

  /** Reports a list that failed with an answer of the API server. The checks that need it are errors. Throws other failures. */
  #listFailed(resource: ApiResource, failure: unknown): void {
    if (!(failure instanceof KubeApiError)) throw failure;
    this.#unreadable.set(kindName(resource), failure.message);
    this.#custom.addUnreadable(resource, failure.message);
    const may = isForbidden(failure) ? 'cannot list' : isNotFound(failure) ? 'no longer served:' : 'could not list';
    this.#fail(`${may} ${resource.resource}${resource.group === '' ? '' : ` of ${resource.group}`}: ${failure.message}`);
  }

  #fail(message: string): void {
    this.#errors.push({ source: { file: `cluster ${this.#cluster.name}` }, message });
  }
}

function resourceReference({ apiVersion = '', kind = '', metadata: { namespace, name } }: KubeObject): ResourceReference {
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

const keyOf = ({ apiVersion, kind, namespace = '', name }: Omit<ResourceReference, 'uid'>): string =>
  [apiVersion, kind, namespace, name].join('/');

function selectableOf({ labels = {}, annotations, creationTimestamp }: ObjectMeta): Pick<WaiverTarget, 'labels' | 'inline'> {
  const inline = inlineOf(annotations?.[ANNOTATIONS.except], creationTimestamp);
  return inline === undefined ? { labels } : { labels, inline };
}

/** Returns the type, the name, the namespace, the labels and the UID of a workload. */
function referenceOf(object: KubernetesObject): KubernetesObject {
  const { name, namespace, labels, uid } = fieldsOf(object.metadata);
  return { apiVersion: object.apiVersion, kind: object.kind, metadata: { name, namespace, labels, uid } };
}

/** Sorts results by namespace, kind and name. Keeps the order of the results of one object. */
function sorted(results: readonly ObjectFinding[]): readonly ObjectFinding[] {
  const key = ({ resource: { namespace = '', kind, apiVersion, name } }: ObjectFinding): string =>
    [namespace, kind, apiVersion, name].join('\u0000');
  const keyed = results.map((result) => ({ result, key: key(result) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ result }) => result);
}

/** Scans a cluster, or only one namespace of it. Lists the resources that the policies need, but never Secrets. */
export function scanCluster(cluster: Cluster, set: PolicySet, options: ClusterScanOptions = {}): Promise<ScanResult> {
  return new ClusterScan(cluster, set, options).run();
}
