import type { Labels } from '../../../api/label-match.ts';
import type { Fields } from '../../objects/kubernetes-object.ts';
import { type LabelRequirement, labelsMeet } from '../label-requirement.ts';
import type { Direction } from '../network-policy.ts';
import type { PodSelection } from '../selector-cover.ts';

/** An object of the snapshot that the network reads. */
export interface NetworkObject {
  readonly reference: { readonly kind: string; readonly namespace?: string; readonly name: string };
  readonly groupKind: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly body: Fields;
}

/** The objects of a snapshot, by kind and namespace. */
export interface NetworkObjects {
  /** The number of all objects. */
  readonly size: number;
  all(groupKind: string): readonly NetworkObject[];
  in(namespace: string, groupKind: string): readonly NetworkObject[];
  find(groupKind: string, namespace: string, name: string): NetworkObject | undefined;
}

/** What policies read of a namespace. */
export interface NamespaceIdentity {
  readonly name: string;
  readonly labels: Labels;
}

/** What policies read of a pod. `labels` includes those that networks derive from its service account. */
export interface PodIdentity {
  readonly namespace: NamespaceIdentity;
  readonly labels: Labels;
}

/** An address outside of the pods, and the DNS names that lead to it. The traffic is to TCP port 80. */
export interface Destination {
  readonly address: bigint;
  readonly names: readonly string[];
}

/** What a policy says about traffic. Undefined: nothing. `Pass`: the policies of the next tier decide. `Unknown`: it cannot be read. */
export type Decision = 'Allow' | 'Deny' | 'Pass' | 'Unknown' | undefined;

/** A policy of any kind, as far as it can be read. */
export interface TrafficPolicy {
  /** The name for messages, such as `CiliumNetworkPolicy closed`. */
  readonly name: string;
  /** Policies of `admin` decide first, those of `baseline` last. */
  readonly tier: 'admin' | 'network' | 'baseline';
  /** The order among policies that decide one after the other. Undefined: all such policies decide together, and Deny wins. */
  readonly order?: number;
  /** The pods that the policy selects. */
  readonly selection: PodSelection;
  /** Further conditions on pods and namespaces that are no label selectors of Kubernetes. */
  readonly podCondition?: (labels: Labels) => boolean;
  readonly namespaceCondition?: (labels: Labels) => boolean;
  /** The directions in which the policy denies to the selected pods what no rule allows. */
  readonly isolates: readonly Direction[];
  /** The directions in which the policy allows nothing. */
  readonly closes: readonly Direction[];
  /** Whether the policy names a network of IPv6. */
  readonly namesIpv6?: boolean;
  /** Decides about egress. */
  decide(destination: Destination): Decision;
  /** Why it cannot be told which pods the policy selects. */
  readonly unreadableSelection?: string;
  /** Why it cannot be told what the policy allows to the selected pods. */
  readonly unreadableRules?: string;
}

/** Whether a policy can select pods of a namespace. */
export function reaches({ selection, namespaceCondition }: TrafficPolicy, { labels }: NamespaceIdentity): boolean {
  return labelsMeet(selection.namespace, labels) && namespaceCondition?.(labels) !== false;
}

/** Whether a policy selects a pod. */
export function selectsPod(policy: TrafficPolicy, { namespace, labels }: PodIdentity): boolean {
  return labelsMeet(policy.selection.pod, labels) && policy.podCondition?.(labels) !== false && reaches(policy, namespace);
}

/** Whether a policy selects every pod of the namespaces that it reaches. */
export const selectsWhole = ({ selection, podCondition }: TrafficPolicy): boolean =>
  selection.pod.length === 0 && podCondition === undefined;

/** Whether a policy is about some namespaces, and not about all of them. */
export const isAboutNamespaces = ({ selection, namespaceCondition }: TrafficPolicy): boolean =>
  selection.namespace.length > 0 || namespaceCondition !== undefined;

/** Returns the name of a policy for messages. */
export const nameForMessages = ({ reference: { kind, name } }: NetworkObject): string => `${kind} ${name}`;

/** The requirement that the namespace has a name. */
export const inNamespace = (name: string): LabelRequirement => ({ key: 'kubernetes.io/metadata.name', operator: 'In', values: [name] });
