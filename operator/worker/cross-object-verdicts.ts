import type { ApiResource } from '../api/api-resource.ts';
import { apiVersionOf } from '../api/api-resource.ts';
import type { KubernetesObject } from '../engine/objects/kubernetes-object.ts';
import { emptyEvaluation, type Evaluation, type PassObserver } from '../engine/outcomes/evaluation.ts';
import { contextReads } from '../engine/context-reads.ts';
import { wholeCluster, type PolicySet } from '../engine/policy-set.ts';
import { Snapshot } from '../engine/snapshot/snapshot.ts';
import { ListedObjects } from '../findings/namespace-marks.ts';
import { isForbidden, isNotFound } from '../kube/kube-api-error.ts';
import { unreadableReason } from './unreadable-reason.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listPages } from '../kube/list.ts';
import { resourceOf, type Shard } from './shard.ts';

/** What a shard's cross-object checks are judged by. */
export interface CrossObjectWork {
  readonly client: KubeClient;
  readonly set: PolicySet;
  readonly shard: Shard;
  readonly resources: readonly ApiResource[];
  readonly onPass: PassObserver;
  readonly signal: AbortSignal;
}

/** The verdicts of the checks that look at other objects than the judged one. */
export interface CrossObjectVerdicts {
  readonly of: (object: KubernetesObject) => Evaluation;
  readonly ofCluster: () => Evaluation;
  /** The kinds that could not be read, and why. */
  readonly unread: readonly { readonly resource: ApiResource; readonly message: string }[];
  /** What was read. */
  readonly read: ListedObjects;
}

/** Objects a page while the surroundings are read: few, since each is dropped as soon as it is reduced. */
const pageSize = 250;

/**
 * Reads what is around a shard's targets, as far as some check looks at it, reduced to the fields that count. What may not be
 * read makes its checks errors. Throws every other answer of the API server.
 */
export async function crossObjectVerdicts(work: CrossObjectWork): Promise<CrossObjectVerdicts> {
  const { set, onPass } = work;
  const read = new ListedObjects();
  if (!set.needsSnapshot) return { of: () => emptyEvaluation, ofCluster: () => emptyEvaluation, unread: [], read };
  const snapshot = new Snapshot();
  const unread = new Map<ApiResource, string>();
  for (const place of placesOf(work)) {
    try {
      await addAll({ snapshot, read }, work, place);
    } catch (error) {
      if (!isForbidden(error) && !isNotFound(error)) throw error;
      unread.set(place.resource, unreadableReason(place.resource, error));
    }
  }
  const options = { unreadable: new Map([...unread].map(([resource, message]) => [kindName(resource), message])), onPass };
  return {
    of: set.crossObjectEvaluator(snapshot, options),
    ofCluster: () => set.evaluateSnapshot(snapshot, { ...options, only: (reference) => reference === wholeCluster })[0] ?? emptyEvaluation,
    unread: [...unread].map(([resource, message]) => ({ resource, message })),
    read,
  };
}

async function addAll(
  { snapshot, read }: { readonly snapshot: Snapshot; readonly read: ListedObjects },
  { client, set, signal }: CrossObjectWork,
  { resource, namespace }: Place,
): Promise<void> {
  for await (const { items } of listPages(client, resource, { namespace, limit: pageSize, signal })) {
    for (const item of items) {
      const object = { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind };
      snapshot.add(object, set.isOwned(object));
      read.add(resource, item.metadata);
    }
  }
}

const kindName = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);

interface Place {
  readonly resource: ApiResource;
  readonly namespace?: string;
}

/** The lists to read: of the targets' namespaces where that is enough, else of the whole cluster. */
function placesOf({ set, shard, resources }: CrossObjectWork): readonly Place[] {
  const kinds = [...new Set(shard.slices.map((slice) => resourceOf(slice, resources)))];
  const { clusterWide, inNamespace } = contextReads(set, kinds);
  const namespaces = [...new Set(shard.slices.flatMap(({ namespace }) => namespace ?? []))];
  return [
    ...clusterWide.map((resource) => ({ resource })),
    ...inNamespace.flatMap((resource) => namespaces.map((namespace) => ({ resource, namespace }))),
  ];
}
