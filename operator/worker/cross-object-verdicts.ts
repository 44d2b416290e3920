import type { ApiResource } from '../api/api-resource.ts';
import { apiVersionOf } from '../api/api-resource.ts';
import { emptyEvaluation, type Evaluation, type CheckObserver } from '../engine/outcomes/evaluation.ts';
import { contextReads } from '../engine/context-reads.ts';
import { wholeCluster, type CrossObjectEvaluator, type PolicySet } from '../engine/policy-set.ts';
import { Snapshot } from '../engine/snapshot/snapshot.ts';
import { ListedObjects } from '../findings/namespace-marks.ts';
import { isForbidden, isNotFound } from '../kube/client/kube-api-error.ts';
import { unreadableReason } from './unreadable-reason.ts';
import { listPages, type ListClient } from '../kube/list.ts';
import { resourceOf, type Shard } from './shard.ts';

/** The inputs of a shard's cross-object checks. */
export interface CrossObjectWork {
  readonly client: ListClient;
  readonly set: PolicySet;
  readonly shard: Shard;
  readonly resources: readonly ApiResource[];
  readonly onPass: CheckObserver;
  readonly signal: AbortSignal;
  /** The time of the evaluation, in milliseconds since the epoch. */
  readonly now: number;
}

/** The verdicts of a shard's cross-object checks. */
export interface CrossObjectVerdicts {
  /** Evaluates one object. */
  readonly of: CrossObjectEvaluator['evaluate'];
  /** Evaluates a live pod on behalf of its owner. */
  readonly ofPod: CrossObjectEvaluator['evaluatePod'];
  /** Evaluates the cluster as a whole. */
  readonly ofCluster: () => Evaluation;
  /** The kinds that could not be read, each with the reason. */
  readonly unread: readonly { readonly resource: ApiResource; readonly message: string }[];
  /** The digests of the objects that were read. */
  readonly read: ListedObjects;
}

/** Objects per page. Small, because each object is dropped after it is reduced. */
const pageSize = 250;

/**
 * Reads the objects that a shard's cross-object checks need, reduced to the fields that these read. A kind that may not be read turns its
 * checks into errors. Throws on any other error of the API server.
 */
export async function crossObjectVerdicts(work: CrossObjectWork): Promise<CrossObjectVerdicts> {
  const { set, onPass, now } = work;
  const read = new ListedObjects();
  if (!set.needsSnapshot)
    return { of: () => emptyEvaluation, ofPod: () => emptyEvaluation, ofCluster: () => emptyEvaluation, unread: [], read };
  const snapshot = new Snapshot(set.snapshotContent());
  const unread = new Map<ApiResource, string>();
  for (const place of placesOf(work)) {
    try {
      await addAll({ snapshot, read }, work, place);
    } catch (error) {
      if (!isForbidden(error) && !isNotFound(error)) throw error;
      unread.set(place.resource, unreadableReason(place.resource, error));
    }
  }
  const options = { unreadable: new Map([...unread].map(([resource, message]) => [kindName(resource), message])), onPass, now };
  const evaluator = set.crossObjectEvaluator(snapshot, options);
  return {
    of: evaluator.evaluate,
    ofPod: evaluator.evaluatePod,
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

/** Returns the lists to read: those of the targets' namespaces if they are enough, else those of the whole cluster. */
function placesOf({ set, shard, resources }: CrossObjectWork): readonly Place[] {
  const kinds = [...new Set(shard.slices.map((slice) => resourceOf(slice, resources)))];
  const { clusterWide, inNamespace } = contextReads(set, kinds);
  const namespaces = [...new Set(shard.slices.flatMap(({ namespace }) => namespace ?? []))];
  return [
    ...clusterWide.map((resource) => ({ resource })),
    ...inNamespace.flatMap((resource) => namespaces.map((namespace) => ({ resource, namespace }))),
  ];
}
