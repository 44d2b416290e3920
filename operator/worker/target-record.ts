import { definedEntries } from '../api/defined-entries.ts';
import type { ApiResource } from '../api/api-resource.ts';
import { apiVersionOf } from '../api/api-resource.ts';
import { ANNOTATIONS } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { emptyEvaluation, type Evaluation } from '../engine/outcomes/evaluation.ts';
import type { Finding } from '../findings/finding.ts';
import { inlineOf } from '../findings/waivers/inline-exceptions.ts';
import type { RecordTarget, TargetRecord } from '../stream/stream-record.ts';

/** Returns the stream's record of one target. */
export function targetRecord(target: RecordTarget, { policies, passes, results }: Evaluation): TargetRecord {
  return {
    type: 'target',
    target,
    passes: Object.fromEntries(policies.map((policy) => [policy, passes.get(policy) ?? 0])),
    results: results.map(({ resource: _, ...finding }): Finding => finding),
  };
}

/** Returns the evaluation of an object with its cross-object results added. */
export function mergeEvaluations(own: Evaluation, among: Evaluation | undefined): Evaluation {
  if (among === undefined || among === emptyEvaluation) return own;
  const passes = new Map(own.passes);
  for (const [policy, count] of among.passes) passes.set(policy, (passes.get(policy) ?? 0) + count);
  return { results: [...own.results, ...among.results], passes, policies: own.policies };
}

/** Returns the reference to an object in a record. */
export function targetOf({ metadata }: KubeObject, resource: ApiResource): RecordTarget {
  const { name, namespace, uid, resourceVersion, labels, annotations, creationTimestamp: created } = metadata;
  const inline = inlineOf(annotations?.[ANNOTATIONS.except], created);
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name,
    ...definedEntries({ namespace, uid, resourceVersion, created, labels, inline }),
  };
}
