import { LABELS, MANAGED_BY } from '../../api/group.ts';

/** A toleration, as in a Pod. */
export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly effect?: string;
  readonly [field: string]: unknown;
}

/** Node, pod and anti affinity, as in a Pod; of nodes, what Vigil adds to. */
export interface Affinity {
  readonly nodeAffinity?: {
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly unknown[];
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** On which nodes pods may run, and how important they are: the fields of a pod's spec. */
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

/** What the pods of Jobs are selected by. */
const jobPods = { matchLabels: { [LABELS.managedBy]: MANAGED_BY } };

/**
 * Where the pods of Jobs go, by where the operator's own pod goes: the same node selector, tolerations, affinity to nodes and priority class,
 * and spread over the same topologies. Who puts the operator on a tainted pool means all of Vigil.
 */
export function placementOf({ nodeSelector, affinity, priorityClassName, ...pod }: Placement = {}): Placement {
  const tolerations = pod.tolerations?.filter(isOwn) ?? [];
  return {
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(tolerations.length > 0 ? { tolerations } : {}),
    // What the operator is to be near of, or apart from, is said of it alone.
    ...(affinity?.nodeAffinity ? { affinity: { nodeAffinity: affinity.nodeAffinity } } : {}),
    ...spreadOf(pod.topologySpreadConstraints),
    ...(priorityClassName ? { priorityClassName } : {}),
  };
}

function spreadOf(constraints: Placement['topologySpreadConstraints'] = []): Placement {
  if (constraints.length === 0) return {};
  return { topologySpreadConstraints: constraints.map(({ matchLabelKeys, ...constraint }) => ({ ...constraint, labelSelector: jobPods })) };
}

/** The fields of a pod's spec: each of them as the first says, else as the second does; always on Linux. */
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

/** Placement that would best be on one node. */
export function preferNode({ affinity, ...placement }: Placement, node: string | undefined): Placement {
  if (node === undefined) return affinity ? { ...placement, affinity } : placement;
  const preference = { weight: 100, preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] } };
  const { preferredDuringSchedulingIgnoredDuringExecution: preferred = [], ...nodes } = affinity?.nodeAffinity ?? {};
  const nodeAffinity = { ...nodes, preferredDuringSchedulingIgnoredDuringExecution: [...preferred, preference] };
  return { ...placement, affinity: { ...affinity, nodeAffinity } };
}
