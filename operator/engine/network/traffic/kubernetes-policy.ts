import { directions, type Peer, policyRules, type PolicyRule } from '../network-policy.ts';
import { selectsSomePod } from '../selector-cover.ts';
import { type Destination, inNamespace, nameForMessages, type NetworkObject, type TrafficPolicy } from './traffic-policy.ts';

const isNobody = ({ addresses, pods }: Peer): boolean => addresses?.isEmpty !== false && (pods === undefined || !selectsSomePod(pods));
const allowsNothing = ({ peers }: PolicyRule): boolean => peers?.every(isNobody) === true;

function allows({ peers, ports }: PolicyRule, { address }: Destination): boolean {
  return ports.has('TCP', 80) && (peers === undefined || peers.some(({ addresses }) => addresses?.has(address) === true));
}

/** Reads a NetworkPolicy of Kubernetes. Returns undefined if the API server would refuse it. */
export function kubernetesPolicy(object: NetworkObject): TrafficPolicy | undefined {
  const namespace = object.reference.namespace ?? '';
  const { podSelector, rules, faults } = policyRules(object.body['spec'], namespace);
  if (faults.length > 0) return undefined;
  const isolates = directions.filter((direction) => rules[direction] !== undefined);
  return {
    name: nameForMessages(object),
    tier: 'network',
    selection: { namespace: [inNamespace(namespace)], pod: podSelector },
    isolates,
    closes: isolates.filter((direction) => rules[direction]?.every(allowsNothing) === true),
    decide: (destination) => (rules.Egress?.some((rule) => allows(rule, destination)) === true ? 'Allow' : undefined),
  };
}
