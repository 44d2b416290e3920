import { LABELS, MANAGED_BY } from '../../api/group.ts';

/** A toleration, as in a Pod. */
export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly effect?: string;
  readonly [field: string]: unknown;
}

/** Node, pod and anti affinity of a Pod. Only node affinity is typed, because Vigil adds to it. */
export interface Affinity {
  readonly nodeAffinity?: {
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly unknown[];
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** The fields of a pod's spec that decide on which nodes it runs and with which priority. */
export interface Placement {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly affinity?: Affinity;
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[];
  readonly priorityClassName?: string;
}

/** Tolerations that the API server adds to every pod. */
const added = new Set(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);
const isOwn = ({ key, effect }: Toleration): boolean => !(effect === 'NoExecute' && added.has(key ?? ''));

/** Selects the pods of Jobs. */
const jobPods = { matchLabels: { [LABELS.managedBy]: MANAGED_BY } };

/**
 * The placement of the pods of Jobs, from the operator's own pod: the same node selector, tolerations, node affinity, priority class and
 * topology spread constraints. Whoever places the operator on a tainted node pool wants all of Vigil there.
 */
export function placementOf({ nodeSelector, affinity, priorityClassName, ...pod }: Placement = {}): Placement {
  const tolerations = pod.tolerations?.filter(isOwn) ?? [];
  return {
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(tolerations.length > 0 ? { tolerations } : {}),
    // Pod affinity and anti-affinity only apply to the operator itself.
    ...(affinity?.nodeAffinity ? { affinity: { nodeAffinity: affinity.nodeAffinity } } : {}),
    ...spreadOf(pod.topologySpreadConstraints),
    ...(priorityClassName ? { priorityClassName } : {}),
  };
}

function spreadOf(constraints: Placement['topologySpreadConstraints'] = []): Placement {
  if (constraints.length === 0) return {};
  return { topologySpreadConstraints: constraints.map(({ matchLabelKeys, ...constraint }) => ({ ...constraint, labelSelector: jobPods })) };
}

/** Merges two placements field by field; the first one wins. Adds the selector for Linux. */
export function mergePlacement(
  { nodeSelector, tolerations, affinity, topologySpreadConstraints, priorityClassName }: Placement,
  own: Placement,
): Placement {
  const given = {
    ...(tolerations ? { tolerations } : {}),
    ...(affinity ? { affinity } : {}),
    ...(topologySpreadConstraints ? { topologySpreadConstraints } : {}),
    ...(priorityClassName ? { priorityClassName } : {}),
  };
  return { ...own, ...given, nodeSelector: { ...(nodeSelector ?? own.nodeSelector), 'kubernetes.io/os': 'linux' } };
}

/** A placement that prefers a node. */
export function preferNode({ affinity, ...placement }: Placement, node: string | undefined): Placement {
  if (node === undefined) return affinity ? { ...placement, affinity } : placement;
  const preference = { weight: 100, preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] } };
  const { preferredDuringSchedulingIgnoredDuringExecution: preferred = [], ...nodes } = affinity?.nodeAffinity ?? {};
  const nodeAffinity = { ...nodes, preferredDuringSchedulingIgnoredDuringExecution: [...preferred, preference] };
  return { ...placement, affinity: { ...affinity, nodeAffinity } };
}
