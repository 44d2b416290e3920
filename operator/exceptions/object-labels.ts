import { apiVersionOf } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { ReadClusterInfo } from '../kube/cluster-info.ts';
import { listAll, type ListClient } from '../kube/list.ts';
import type { RecordTarget } from '../stream/stream-record.ts';

type LabelsByName = ReadonlyMap<string, RecordTarget['labels']>;

/** Reads the labels of objects: one list of metadata for each kind and namespace. */
export class ObjectLabels {
  readonly #client: ListClient;
  readonly #clusterInfo: ReadClusterInfo;
  #lists = new Map<string, Promise<LabelsByName>>();

  constructor(client: ListClient, clusterInfo: ReadClusterInfo) {
    this.#client = client;
    this.#clusterInfo = clusterInfo;
  }

  /** Forgets what was read. */
  clear(): void {
    this.#lists = new Map();
  }

  /** Returns the labels of an object. Undefined if it does not exist, or if its kind is not served. Throws the errors of the API server. */
  async of(target: RecordTarget, signal: AbortSignal): Promise<RecordTarget['labels']> {
    const key = [target.apiVersion, target.kind, target.namespace ?? ''].join('/');
    const list = this.#lists.getOrInsertComputed(key, () => this.#read(target, signal));
    return (await list).get(target.name);
  }

  async #read({ apiVersion, kind, namespace }: RecordTarget, signal: AbortSignal): Promise<LabelsByName> {
    const { resources } = await this.#clusterInfo();
    const resource = resources.find((each) => each.kind === kind && apiVersionOf(each) === apiVersion);
    if (!resource) return new Map();
    const objects = await listAll<KubeObject>(this.#client, resource, { namespace, metadataOnly: true, signal });
    return new Map(objects.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  }
}
