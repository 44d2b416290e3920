import {
  type Fields,
  fieldsOf,
  groupKindOf,
  isFields,
  type KubernetesObject,
  listOf,
  nameOf,
  textOf,
} from '../objects/kubernetes-object.ts';
import type { IncompletePod } from '../pods/incomplete-pod.ts';
import { inTemplate, type MissingTemplate, type ReferredTemplate, type SyntheticPod, syntheticPods } from '../pods/synthetic-pod.ts';
import type { Fault } from '../outcomes/outcome.ts';
import type { ContainerList, CheckInput } from './check-input.ts';

/** An object prepared for checks. For a workload, checks read its synthetic Pod. */
export interface Subject {
  readonly object: KubernetesObject;
  readonly groupKind: string;
  readonly isWorkload: boolean;
  /** The synthetic Pod of a workload; the object itself otherwise. */
  readonly input: CheckInput;
  /** Turns a path of the input into a path of the object. */
  path(path: string): string;
  /** Returns the name of the container or volume at a path of the input. */
  label(path: string): string | undefined;
  /** Why a workload has no pod to evaluate. */
  readonly fault?: Fault;
  /** Why the pod of a workload is evaluated with another object. */
  readonly skip?: string;
  /**
   * If the object does not describe all of the pod. The paths of the subject are then those of the pod, and this turns them into paths of
   * the object.
   */
  readonly incomplete?: IncompletePod & { readonly toPath: (path: string) => string };
}

const containerLists = ['spec.initContainers', 'spec.containers', 'spec.ephemeralContainers'] as const;
const noContainers: readonly ContainerList[] = [];
const named = /^spec\.(initContainers|containers|ephemeralContainers|volumes)\[(\d+)\]/;

function containersOf(spec: Fields): readonly ContainerList[] {
  const lists: ContainerList[] = [];
  for (const path of containerLists) {
    const containers = spec[path.slice(5)];
    if (containers === undefined || containers === null) continue;
    if (!Array.isArray(containers)) lists.push({ path, containers: [], broken: true });
    else if (containers.length > 0) lists.push({ path, containers });
  }
  return lists;
}

function labelIn(object: Fields, path: string): string | undefined {
  const match = named.exec(path);
  if (match === null) return undefined;
  const item = listOf(fieldsOf(object['spec'])[match[1] ?? ''])[Number(match[2])];
  return isFields(item) ? textOf(item['name']) : undefined;
}

const same = (path: string): string => path;
const noLabel = (): undefined => undefined;

/** Prepares an object for evaluation. A workload with several pod templates has a subject for each. */
export function subjectsOf(object: KubernetesObject): readonly Subject[] {
  const pods = syntheticPods(object);
  return pods.length === 0 ? [plainSubject(object, false)] : pods.map((pod) => podSubject(object, pod));
}

/** Prepares an object for evaluation. Of several pod templates, the first. */
export const subjectOf = (object: KubernetesObject): Subject => subjectsOf(object)[0] ?? plainSubject(object, false);

const plainSubject = (object: KubernetesObject, isWorkload: boolean): Subject => ({
  object,
  groupKind: groupKindOf(object),
  isWorkload,
  input: { object, containers: noContainers },
  path: same,
  label: noLabel,
});

function podSubject(object: KubernetesObject, synthetic: SyntheticPod | MissingTemplate | ReferredTemplate): Subject {
  if ('referred' in synthetic)
    return { ...plainSubject(object, true), skip: `its pods are those of ${synthetic.referred}, which are evaluated with that` };
  if (synthetic.pod === undefined) return { ...plainSubject(object, true), fault: { path: synthetic.path, problem: synthetic.problem } };
  const { pod, prefix, toPath, incomplete } = synthetic;
  const inObject = toPath ?? (prefix === '' ? same : (path: string) => inTemplate(prefix, path));
  return {
    object,
    groupKind: groupKindOf(object),
    isWorkload: true,
    input: { object: pod, containers: containersOf(pod.spec) },
    path: incomplete === undefined ? inObject : same,
    label: (path) => labelIn(pod, path),
    ...(incomplete === undefined ? {} : { incomplete: { ...incomplete, toPath: inObject } }),
  };
}

/** Returns the name of an object for messages: `Deployment shop/web`. */
export function describe(object: KubernetesObject): string {
  const namespace = textOf(fieldsOf(object.metadata)['namespace']);
  return `${textOf(object.kind) ?? 'object'} ${namespace === undefined ? '' : `${namespace}/`}${nameOf(object) ?? ''}`;
}
