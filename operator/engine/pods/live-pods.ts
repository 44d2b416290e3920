import type { Evaluation } from '../outcomes/evaluation.ts';
import {
  controllerOf,
  type Fields,
  fieldsOf,
  groupKindOf,
  type KubernetesObject,
  listOf,
  nameOf,
  namespaceOf,
  textOf,
} from '../objects/kubernetes-object.ts';
import type { ResourceReference, ObjectFinding } from '../../findings/finding.ts';
import { isWorkloadKind } from '../objects/workload-kind.ts';

/** The evaluation of an owner together with its live pods. */
export interface JoinedEvaluation {
  readonly evaluation: Evaluation;
  /** Checks that the owner's template passed and one of its pods fails, by policy. */
  readonly overturned: readonly { readonly policy: string; readonly check: string }[];
}

/** The maximum number of pods with different specs that are evaluated for one owner. A rollout has two. */
const mostShapes = 20;

const identity = (groupKind: string, namespace: string, name: string): string => `${groupKind}/${namespace}/${name}`;

/** Returns the key of a workload: kind, namespace and name. */
export const workloadKey = (object: KubernetesObject): string => identity(groupKindOf(object), namespaceOf(object), nameOf(object) ?? '');

function ownerKeyOf(object: KubernetesObject): string | undefined {
  const owner = controllerOf(object);
  const groupKind = owner && groupKindOf(owner as unknown as KubernetesObject);
  return owner && groupKind !== undefined && isWorkloadKind(groupKind) ? identity(groupKind, namespaceOf(object), owner.name) : undefined;
}

const isTokenVolume = (name: unknown): boolean => /^kube-api-access-[a-z0-9]{5}$/.test(textOf(name) ?? '');

function withoutToken(container: unknown): unknown {
  const mounts = fieldsOf(container)['volumeMounts'];
  if (!Array.isArray(mounts)) return container;
  return { ...fieldsOf(container), volumeMounts: mounts.filter((mount) => !isTokenVolume(fieldsOf(mount)['name'])) };
}

/** Returns a pod without the fields that Kubernetes sets at creation and scheduling: node, token volume, tolerations. */
function withoutInjectedFields(pod: KubernetesObject): KubernetesObject {
  const { nodeName, priority, preemptionPolicy, tolerations, volumes, ...spec } = fieldsOf(pod['spec']);
  const lists = ['containers', 'initContainers', 'ephemeralContainers'].filter((field) => Array.isArray(spec[field]));
  const kept = listOf(volumes).filter((volume) => !isTokenVolume(fieldsOf(volume)['name']));
  return {
    ...pod,
    spec: {
      ...spec,
      ...Object.fromEntries(lists.map((field) => [field, listOf(spec[field]).map(withoutToken)])),
      ...(kept.length > 0 ? { volumes: kept } : {}),
    },
  };
}

function isLive(pod: KubernetesObject): boolean {
  const phase = fieldsOf(pod['status'])['phase'];
  return fieldsOf(pod.metadata)['deletionTimestamp'] === undefined && phase !== 'Succeeded' && phase !== 'Failed';
}

/**
 * Pods that a pod-bearing kind controls. They are no targets: but where one differs from its owner's template, by what was
 * injected or is left of an earlier rollout, what it adds is a failure of its owner.
 */
export class LivePods {
  readonly #parents = new Map<string, string>();
  /** By direct owner, then by spec. */
  readonly #pods = new Map<string, Map<string, KubernetesObject>>();
  #byTop: ReadonlyMap<string, readonly KubernetesObject[]> | undefined;

  /** Adds a pod with an owner, or an object between pods and their top owner. Ignores other objects. */
  add(object: KubernetesObject): void {
    const owner = ownerKeyOf(object);
    if (owner === undefined) return;
    this.#byTop = undefined;
    if (groupKindOf(object) !== 'Pod') {
      this.#parents.set(workloadKey(object), owner);
      return;
    }
    if (!isLive(object)) return;
    const pod = withoutInjectedFields(object);
    const shape = JSON.stringify(pod['spec']);
    const shapes = this.#pods.get(owner) ?? new Map<string, KubernetesObject>();
    this.#pods.set(owner, shapes);
    const known = shapes.get(shape);
    // Pods with the same spec are represented by the first of them by name, whatever their order.
    if (known === undefined ? shapes.size < mostShapes : (nameOf(pod) ?? '') < (nameOf(known) ?? '')) shapes.set(shape, pod);
  }

  /**
   * Adds the failures of its pods to an owner's evaluation, for checks that the owner does not fail. `evaluate` evaluates a pod on behalf
   * of the owner.
   */
  join(owner: KubernetesObject, own: Evaluation, evaluate: (pod: KubernetesObject) => Evaluation): JoinedEvaluation {
    const pods = this.#under(workloadKey(owner));
    if (pods.length === 0) return { evaluation: own, overturned: [] };
    const failing = new Set(own.results.filter(({ verdict }) => verdict === 'fail').map(checkOf));
    const added = new Map<string, ObjectFinding>();
    for (const pod of pods) {
      for (const result of evaluate(pod).results) {
        const check = checkOf(result);
        if (result.verdict === 'fail' && !failing.has(check) && !added.has(check)) added.set(check, ofPod(result, nameOf(pod) ?? ''));
      }
    }
    return added.size === 0 ? { evaluation: own, overturned: [] } : withPodResults(own, added);
  }

  /** Returns the pods of a top owner, sorted by name. */
  #under(owner: string): readonly KubernetesObject[] {
    this.#byTop ??= this.#grouped();
    return this.#byTop.get(owner) ?? [];
  }

  #grouped(): ReadonlyMap<string, readonly KubernetesObject[]> {
    const grouped = new Map<string, KubernetesObject[]>();
    for (const [direct, pods] of this.#pods) {
      let top = direct;
      for (let parent = this.#parents.get(top); parent !== undefined && parent !== direct; parent = this.#parents.get(top)) top = parent;
      grouped.set(top, [...(grouped.get(top) ?? []), ...pods.values()]);
    }
    for (const pods of grouped.values()) pods.sort((a, b) => ((nameOf(a) ?? '') < (nameOf(b) ?? '') ? -1 : 1));
    return grouped;
  }
}

const checkOf = ({ policy, check }: ObjectFinding): string => `${policy ?? ''}/${check}`;
const ofPod = (result: ObjectFinding, pod: string): ObjectFinding => ({ ...result, pod, message: `${result.message} (live pod ${pod})` });

function withPodResults(own: Evaluation, added: ReadonlyMap<string, ObjectFinding>): JoinedEvaluation {
  const listed = new Map(own.results.map((result) => [checkOf(result), result.verdict]));
  const overturned = [...added.values()]
    .filter((result) => (listed.get(checkOf(result)) ?? 'pass') === 'pass')
    .map(({ policy, check }) => ({ policy: policy ?? own.policies[0] ?? '', check }));
  const passes = new Map(own.passes);
  for (const { policy } of overturned) passes.set(policy, Math.max((passes.get(policy) ?? 0) - 1, 0));
  const results = [...own.results.filter((result) => !added.has(checkOf(result))), ...added.values()];
  return { evaluation: { results, passes, policies: own.policies }, overturned };
}

/** Returns the reference that identifies a workload in results. */
export const workloadReference = (object: KubernetesObject): ResourceReference => ({
  apiVersion: textOf(object.apiVersion) ?? '',
  kind: textOf(object.kind) ?? '',
  namespace: namespaceOf(object),
  name: nameOf(object) ?? '',
  ...((uid: string | undefined): Fields => (uid === undefined ? {} : { uid }))(textOf(fieldsOf(object.metadata)['uid'])),
});
