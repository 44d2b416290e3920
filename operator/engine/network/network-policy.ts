import { isFields, isUnset } from '../objects/kubernetes-object.ts';
import type { Fault } from '../outcomes/outcome.ts';
import { type AddressSet, networkOf } from './address-set.ts';
import { IntervalSet } from './interval-set.ts';
import { type LabelRequirement, requirementsOf } from './label-requirement.ts';
import { PortSet, portsOf } from './port-set.ts';
import { namespaceNameLabel, type PodSelection } from './selector-cover.ts';

/** A direction of traffic. */
export type Direction = 'Ingress' | 'Egress';
export const directions: readonly Direction[] = ['Ingress', 'Egress'];

/** One entry of `from` or `to`: the addresses of a block, or selected pods. */
export interface Peer {
  readonly path: string;
  readonly addresses?: AddressSet;
  readonly pods?: PodSelection;
}

/** A rule of a policy. It allows traffic with a peer, if the port is one of `ports`. Without `peers`, the peer can be anyone. */
export interface PolicyRule {
  readonly path: string;
  readonly peers?: readonly Peer[];
  readonly ports: PortSet;
}

/** A NetworkPolicy as the network applies it. A direction that is absent is not restricted by the policy. */
export interface PolicyRules {
  readonly podSelector: readonly LabelRequirement[];
  readonly rules: Readonly<Partial<Record<Direction, readonly PolicyRule[]>>>;
  /** Why the API server would refuse the policy. */
  readonly faults: readonly Fault[];
}

/** The directions of a policy: `policyTypes`, by default Ingress, and Egress if the policy has egress rules. */
function directionsOf(types: unknown, egress: unknown, faults: Fault[]): readonly Direction[] {
  if (Array.isArray(types) && types.length > 0) {
    for (const [index, type] of types.entries())
      if (type !== 'Ingress' && type !== 'Egress')
        faults.push({ path: `spec.policyTypes[${index}]`, problem: 'expected Ingress or Egress' });
    return directions.filter((direction) => types.includes(direction));
  }
  if (!isUnset(types) && !Array.isArray(types)) faults.push({ path: 'spec.policyTypes', problem: 'expected a list' });
  return Array.isArray(egress) && egress.length > 0 ? directions : ['Ingress'];
}

function blockOf(block: unknown, path: string, faults: Fault[]): AddressSet {
  if (!isFields(block)) {
    faults.push({ path, problem: 'expected a map' });
    return IntervalSet.of<bigint>([]);
  }
  const { cidr } = block;
  const except = block['except'] ?? [];
  const whole = typeof cidr === 'string' ? networkOf(cidr) : undefined;
  if (whole === undefined) faults.push({ path: `${path}.cidr`, problem: 'expected a network in CIDR notation' });
  if (!Array.isArray(except)) faults.push({ path: `${path}.except`, problem: 'expected a list' });
  const excepted = (Array.isArray(except) ? except : []).map((entry: unknown, index) => {
    const network = typeof entry === 'string' ? networkOf(entry) : undefined;
    if (network === undefined) faults.push({ path: `${path}.except[${index}]`, problem: 'expected a network in CIDR notation' });
    else if (whole !== undefined && (!whole.covers(network) || network.covers(whole)))
      faults.push({ path: `${path}.except[${index}]`, problem: 'expected a part of cidr' });
    return network ?? IntervalSet.of<bigint>([]);
  });
  return (whole ?? IntervalSet.of<bigint>([])).without(IntervalSet.union(excepted));
}

function peerOf(item: unknown, path: string, namespace: string, faults: Fault[]): Peer {
  if (!isFields(item)) {
    faults.push({ path, problem: 'expected a map' });
    return { path };
  }
  const { ipBlock, namespaceSelector, podSelector } = item;
  const selects = !isUnset(namespaceSelector) || !isUnset(podSelector);
  if (!isUnset(ipBlock)) {
    if (selects) faults.push({ path, problem: 'ipBlock cannot be combined with a selector' });
    return { path, addresses: blockOf(ipBlock, `${path}.ipBlock`, faults) };
  }
  if (!selects) {
    faults.push({ path, problem: 'expected ipBlock, namespaceSelector or podSelector' });
    return { path };
  }
  const own: LabelRequirement = { key: namespaceNameLabel, operator: 'In', values: [namespace] };
  const pod = requirementsOf(podSelector, `${path}.podSelector`, faults);
  return {
    path,
    pods: { namespace: isUnset(namespaceSelector) ? [own] : requirementsOf(namespaceSelector, `${path}.namespaceSelector`, faults), pod },
  };
}

function ruleOf(
  given: unknown,
  path: string,
  side: 'from' | 'to',
  context: { readonly namespace: string; readonly faults: Fault[] },
): PolicyRule {
  const { namespace, faults } = context;
  // The API server reads null in a list of rules as an empty rule, which allows everything.
  const item = given ?? {};
  if (!isFields(item)) {
    faults.push({ path, problem: 'expected a map' });
    return { path, peers: [], ports: PortSet.all };
  }
  const ports = portsOf(item['ports'], `${path}.ports`, faults);
  const peers = item[side] ?? [];
  if (!Array.isArray(peers)) {
    faults.push({ path: `${path}.${side}`, problem: 'expected a list' });
    return { path, peers: [], ports };
  }
  if (peers.length === 0) return { path, ports };
  return { path, ports, peers: peers.map((peer, index) => peerOf(peer, `${path}.${side}[${index}]`, namespace, faults)) };
}

/** Reads the spec of a NetworkPolicy. The faults are also those of the rules that `policyTypes` leaves out. */
export function policyRules(spec: unknown, namespace: string): PolicyRules {
  const faults: Fault[] = [];
  if (!isFields(spec))
    return { podSelector: [], rules: {}, faults: isUnset(spec) ? faults : [{ path: 'spec', problem: 'expected a map' }] };
  const read = (field: 'ingress' | 'egress', side: 'from' | 'to'): readonly PolicyRule[] => {
    const list = spec[field] ?? [];
    if (Array.isArray(list)) return list.map((item, index) => ruleOf(item, `spec.${field}[${index}]`, side, { namespace, faults }));
    faults.push({ path: `spec.${field}`, problem: 'expected a list' });
    return [];
  };
  const podSelector = requirementsOf(spec['podSelector'], 'spec.podSelector', faults);
  const all = { Ingress: read('ingress', 'from'), Egress: read('egress', 'to') };
  const applied = directionsOf(spec['policyTypes'], spec['egress'], faults);
  return { podSelector, rules: Object.fromEntries(applied.map((direction) => [direction, all[direction]])), faults };
}
