import { ownEntry } from '../../../api/own-entry.ts';
import { type Fields, fieldsOf, isFields, listOf, textOf, textsOf } from '../../objects/kubernetes-object.ts';
import type { Fault } from '../../outcomes/outcome.ts';
import { everyAddress, networkOf } from '../address-set.ts';
import { IntervalSet } from '../interval-set.ts';
import { requirementsOf } from '../label-requirement.ts';
import { type Direction, directions } from '../network-policy.ts';
import { type PodSelection, selectsEveryPod } from '../selector-cover.ts';
import { type Decision, type Destination, nameForMessages, type NetworkObject, type TrafficPolicy } from './traffic-policy.ts';

const actions: Readonly<Record<string, Decision>> = { Allow: 'Allow', Accept: 'Allow', Deny: 'Deny', Pass: 'Pass' };

/** The pods that `subject`, or an entry of `from` or `to`, selects. Undefined if it selects no pods. */
function podsOf(entry: Fields, path: string, faults: Fault[]): PodSelection | undefined {
  if (isFields(entry['namespaces'])) return { namespace: requirementsOf(entry['namespaces'], `${path}.namespaces`, faults), pod: [] };
  const { pods } = entry;
  if (!isFields(pods)) return undefined;
  return {
    namespace: requirementsOf(pods['namespaceSelector'], `${path}.pods.namespaceSelector`, faults),
    pod: requirementsOf(pods['podSelector'], `${path}.pods.podSelector`, faults),
  };
}

/** The ports of a rule: `ports` of AdminNetworkPolicy, or `protocols` of ClusterNetworkPolicy. */
const portsOf = (rule: Fields): readonly Fields[] => [...listOf(rule['ports']), ...listOf(rule['protocols'])].map(fieldsOf);

function numberFits(value: unknown): boolean {
  const { number, range } = fieldsOf(value);
  const { start, end } = fieldsOf(range);
  return number === 80 || (typeof start === 'number' && typeof end === 'number' && start <= 80 && 80 <= end);
}

function portFits({ portNumber, portRange, tcp }: Fields): boolean {
  const { protocol = 'TCP', port } = fieldsOf(portNumber);
  if (protocol === 'TCP' && port === 80) return true;
  const range = fieldsOf(portRange);
  if ((range['protocol'] ?? 'TCP') === 'TCP' && numberFits({ range })) return true;
  return isFields(tcp) && (tcp['destinationPort'] === undefined || numberFits(tcp['destinationPort']));
}

function peerFits(peer: Fields, { address, names }: Destination): boolean {
  const inNetworks = textsOf(peer['networks']).some((network) => networkOf(network)?.has(address) === true);
  return inNetworks || textsOf(peer['domainNames']).some((domain) => names.includes(domain.toLowerCase()));
}

function decisionOf(rules: readonly Fields[], destination: Destination): Decision {
  for (const rule of rules) {
    const ports = portsOf(rule);
    if (ports.length > 0 && !ports.some(portFits)) continue;
    if (
      listOf(rule['to'])
        .map(fieldsOf)
        .some((peer) => peerFits(peer, destination))
    )
      return ownEntry(actions, textOf(rule['action']) ?? '') ?? 'Unknown';
  }
  return undefined;
}

/** Whether a rule is about all pods, or all addresses of a family, on every port. */
function isAboutEveryone(rule: Fields): boolean {
  if (portsOf(rule).length > 0) return false;
  const peers = [...listOf(rule['from']), ...listOf(rule['to'])].map(fieldsOf);
  if (selectsEveryPod(peers.flatMap((peer) => podsOf(peer, '', []) ?? []))) return true;
  const addresses = IntervalSet.union(peers.flatMap((peer) => textsOf(peer['networks']).flatMap((network) => networkOf(network) ?? [])));
  return addresses.covers(everyAddress.ipv4) || addresses.covers(everyAddress.ipv6);
}

/** Whether the first rules deny everything, or a later one denies what the others leave. */
const isolatesBy = (rules: readonly Fields[]): boolean => rules.some((rule) => rule['action'] === 'Deny' && isAboutEveryone(rule));
const closesBy = (rules: readonly Fields[]): boolean => {
  const last = rules.findIndex((rule) => rule['action'] === 'Deny' && isAboutEveryone(rule));
  return last >= 0 && rules.slice(0, last).every(({ action }) => action === 'Deny');
};

function tierOf(object: NetworkObject, spec: Fields): TrafficPolicy['tier'] {
  if (object.reference.kind === 'ClusterNetworkPolicy') return textOf(spec['tier']) === 'Baseline' ? 'baseline' : 'admin';
  return object.reference.kind === 'BaselineAdminNetworkPolicy' ? 'baseline' : 'admin';
}

/**
 * Reads an AdminNetworkPolicy, a BaselineAdminNetworkPolicy or a ClusterNetworkPolicy (policy.networking.k8s.io). Returns undefined if it
 * selects no pods. It isolates pods only by rules that deny.
 */
export function adminPolicy(object: NetworkObject): TrafficPolicy | undefined {
  const spec = fieldsOf(object.body['spec']);
  const faults: Fault[] = [];
  const selection = podsOf(fieldsOf(spec['subject']), 'spec.subject', faults);
  if (selection === undefined) return undefined;
  const rulesIn = (direction: Direction): readonly Fields[] => listOf(spec[direction.toLowerCase()]).map(fieldsOf);
  const [fault] = faults;
  return {
    name: nameForMessages(object),
    tier: tierOf(object, spec),
    order: typeof spec['priority'] === 'number' ? spec['priority'] : 0,
    selection,
    isolates: directions.filter((direction) => isolatesBy(rulesIn(direction))),
    closes: directions.filter((direction) => closesBy(rulesIn(direction))),
    decide: (destination) => decisionOf(rulesIn('Egress'), destination),
    ...(fault === undefined ? {} : { unreadableSelection: `${nameForMessages(object)}: ${fault.path}: ${fault.problem}` }),
  };
}
