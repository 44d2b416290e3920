import type { Direction } from '../network-policy.ts';
import { selectsEveryPod } from '../selector-cover.ts';
import { adminPolicy } from './admin-policy.ts';
import { calicoPolicy } from './calico-policy.ts';
import { ciliumPolicies } from './cilium-policy.ts';
import { decideEgress, type EgressVerdict } from './egress-decision.ts';
import { kubernetesPolicy } from './kubernetes-policy.ts';
import { PolicyIndex } from './policy-index.ts';
import {
  type Destination,
  isAboutNamespaces,
  type NamespaceIdentity,
  type NetworkObject,
  type NetworkObjects,
  type PodIdentity,
  reaches,
  selectsWhole,
  type TrafficPolicy,
} from './traffic-policy.ts';

const calicoGroups = ['crd.projectcalico.org', 'projectcalico.org'] as const;

/** The kinds of policies in a namespace, and of the whole cluster. */
const namespacedKinds = [
  'NetworkPolicy.networking.k8s.io',
  'CiliumNetworkPolicy.cilium.io',
  ...calicoGroups.map((group) => `NetworkPolicy.${group}`),
];
const clusterKinds = [
  'CiliumClusterwideNetworkPolicy.cilium.io',
  ...calicoGroups.map((group) => `GlobalNetworkPolicy.${group}`),
  ...['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'].map((kind) => `${kind}.policy.networking.k8s.io`),
];

function networkSets(objects: NetworkObjects, namespace: string): readonly NetworkObject[] {
  return calicoGroups.flatMap((group) => [...objects.in('', `GlobalNetworkSet.${group}`), ...objects.in(namespace, `NetworkSet.${group}`)]);
}

const isCalico = ({ groupKind }: NetworkObject): boolean => groupKind.endsWith('.projectcalico.org');

function read(object: NetworkObject): readonly TrafficPolicy[] {
  if (object.groupKind.endsWith('.cilium.io')) return ciliumPolicies(object);
  const policy = object.groupKind === 'NetworkPolicy.networking.k8s.io' ? kubernetesPolicy(object) : adminPolicy(object);
  return policy === undefined ? [] : [policy];
}

/** The policies of objects that do not depend on other objects. Policies of the whole cluster are read once for all namespaces. */
const known = new WeakMap<NetworkObject, readonly TrafficPolicy[]>();

function policiesOf(object: NetworkObject, sets: readonly NetworkObject[]): readonly TrafficPolicy[] {
  if (isCalico(object)) return [calicoPolicy(object, sets)].map((policy) => withFamily(policy, object));
  const found = known.get(object) ?? read(object).map((policy) => withFamily(policy, object));
  known.set(object, found);
  return found;
}

const ipv6Network = /"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\/\d{1,3}"/;

function withFamily(policy: TrafficPolicy, { body }: NetworkObject): TrafficPolicy {
  return ipv6Network.test(JSON.stringify(body['spec'] ?? body['specs'] ?? null)) ? { ...policy, namesIpv6: true } : policy;
}

/** Whether traffic of pods is denied unless a rule allows it. `unknown`: why that cannot be told. */
export interface Isolation {
  readonly isolated: boolean;
  readonly unknown?: string;
}

/** The policies that say something about a destination. Of those in `allowing`, one that selects the pod stands for all. */
interface Deciding {
  readonly allowing: PolicyIndex;
  readonly others: PolicyIndex;
}

const decidesTogether = ({ tier, order, unreadableRules }: TrafficPolicy): boolean =>
  tier === 'network' && order === undefined && unreadableRules === undefined;

/** All policies that can select pods of one namespace. */
export class NamespacePolicies {
  readonly namespace: NamespaceIdentity;
  readonly #policies: readonly TrafficPolicy[];
  readonly #isolating = new Map<Direction, PolicyIndex>();
  readonly #deciding = new Map<Destination, Deciding>();
  readonly #unreadable: PolicyIndex;
  readonly #namingIpv6: PolicyIndex;

  constructor(namespace: NamespaceIdentity, policies: readonly TrafficPolicy[]) {
    this.namespace = namespace;
    // Sorted, so that the reason of a skip does not depend on the order of objects.
    this.#policies = policies.filter((policy) => reaches(policy, namespace)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.#unreadable = new PolicyIndex(this.#policies.filter(({ unreadableSelection }) => unreadableSelection !== undefined));
    this.#namingIpv6 = new PolicyIndex(this.#policies.filter(({ namesIpv6 }) => namesIpv6 === true));
  }

  /** Whether the namespace has a policy: one about it, or one about all of its pods. A policy that never denies does not count. */
  get hasPolicy(): boolean {
    return this.#policies.some(
      (policy) => (selectsWhole(policy) || isAboutNamespaces(policy)) && (policy.isolates.length > 0 || policy.tier !== 'network'),
    );
  }

  /** Whether all pods of the namespace, whatever their labels are, are denied all traffic that no other policy allows. */
  deniesByDefault(direction: Direction): Isolation {
    const closing = this.#policies.filter(({ closes }) => closes.includes(direction));
    const readable = closing.filter(({ unreadableSelection }) => unreadableSelection === undefined);
    const selections = readable.flatMap(({ selection, podCondition }) =>
      podCondition === undefined ? [{ namespace: [], pod: selection.pod }] : [],
    );
    if (selectsEveryPod(selections)) return { isolated: true };
    const unknown = closing.find(({ unreadableSelection }) => unreadableSelection !== undefined)?.unreadableSelection;
    return { isolated: false, ...(unknown === undefined ? {} : { unknown }) };
  }

  /** Whether some policy isolates a pod in a direction. */
  isolation(pod: PodIdentity, direction: Direction): Isolation {
    const index = this.#isolatingIn(direction);
    if (index.find(pod, ({ unreadableSelection }) => unreadableSelection === undefined) !== undefined) return { isolated: true };
    const unknown = index.find(pod)?.unreadableSelection;
    return { isolated: false, ...(unknown === undefined ? {} : { unknown }) };
  }

  /** Whether a pod can reach a destination, on TCP port 80. */
  egress(pod: PodIdentity, destination: Destination): EgressVerdict {
    const unknown = this.#unreadable.find(pod)?.unreadableSelection;
    if (unknown !== undefined) return { unknown };
    const { allowing, others } = this.#decidingOn(destination);
    const allowed = allowing.find(pod);
    const policies = [...others.selecting(pod), ...(allowed === undefined ? [] : [allowed])];
    return decideEgress(policies, destination, this.#isolatesEgress(pod));
  }

  /** Whether a policy of a pod names a network of IPv6. Where none does, the cluster can well have no IPv6. */
  namesIpv6(pod: PodIdentity): boolean {
    return this.#namingIpv6.find(pod) !== undefined;
  }

  /** Whether NetworkPolicies deny what no rule allows. Policies of the other tiers deny only by their rules. */
  #isolatesEgress(pod: PodIdentity): boolean {
    const isCertain = ({ tier, unreadableSelection }: TrafficPolicy): boolean => tier === 'network' && unreadableSelection === undefined;
    return this.#isolatingIn('Egress').find(pod, isCertain) !== undefined;
  }

  #isolatingIn(direction: Direction): PolicyIndex {
    const known = this.#isolating.get(direction);
    if (known !== undefined) return known;
    const index = new PolicyIndex(this.#policies.filter(({ isolates }) => isolates.includes(direction)));
    this.#isolating.set(direction, index);
    return index;
  }

  #decidingOn(destination: Destination): Deciding {
    const known = this.#deciding.get(destination);
    if (known !== undefined) return known;
    const policies = this.#policies.filter((policy) => policy.unreadableRules !== undefined || policy.decide(destination) !== undefined);
    const [allowing = [], others = []] = [true, false].map((wanted) =>
      policies.filter((policy) => (decidesTogether(policy) && policy.decide(destination) === 'Allow') === wanted),
    );
    const deciding = { allowing: new PolicyIndex(allowing), others: new PolicyIndex(others) };
    this.#deciding.set(destination, deciding);
    return deciding;
  }
}

interface Known {
  readonly size: number;
  readonly policies: NamespacePolicies;
}

const knownByNamespace = new WeakMap<NetworkObjects, Map<string, Known>>();

/** Returns the policies for the pods of a namespace. They are read once, and again after objects were added. */
export function namespacePolicies(objects: NetworkObjects, name: string): NamespacePolicies {
  const ofSnapshot = knownByNamespace.get(objects) ?? new Map<string, Known>();
  knownByNamespace.set(objects, ofSnapshot);
  const found = ofSnapshot.get(name);
  if (found?.size === objects.size) return found.policies;
  const lists = [...namespacedKinds.map((kind) => objects.in(name, kind)), ...clusterKinds.map((kind) => objects.in('', kind))];
  const sets = networkSets(objects, name);
  const namespace = objects.find('Namespace', '', name);
  const labels = { ...namespace?.labels, 'kubernetes.io/metadata.name': name, 'projectcalico.org/name': name };
  const policies = new NamespacePolicies(
    { name, labels },
    lists.flatMap((list) => list.flatMap((object) => policiesOf(object, sets))),
  );
  ofSnapshot.set(name, { size: objects.size, policies });
  return policies;
}
