import { type Fields, fieldsOf, isFields, listOf, textOf, textsOf } from '../../objects/kubernetes-object.ts';
import type { Fault } from '../../outcomes/outcome.ts';
import { networkOf } from '../address-set.ts';
import { IntervalSet } from '../interval-set.ts';
import { type LabelRequirement, requirementsOf } from '../label-requirement.ts';
import { type Direction, directions } from '../network-policy.ts';
import { namespaceNameLabel, type PodSelection } from '../selector-cover.ts';
import { type Decision, type Destination, inNamespace, nameForMessages, type NetworkObject, type TrafficPolicy } from './traffic-policy.ts';

const namespaceLabelPrefix = 'io.cilium.k8s.namespace.labels.';
/** The label that Cilium derives from the service account of a pod. */
export const ciliumAccountLabel = 'io.cilium.k8s.policy.serviceaccount';

/** Splits the requirements of an endpointSelector by whether they read the labels of the namespace or of the pod. */
function selectionOf(requirements: readonly LabelRequirement[]): PodSelection {
  const namespace: LabelRequirement[] = [];
  const pod: LabelRequirement[] = [];
  for (const requirement of requirements) {
    const key = requirement.key.replace(/^(k8s|any):/, '');
    if (key === 'io.kubernetes.pod.namespace') namespace.push({ ...requirement, key: namespaceNameLabel });
    else if (key.startsWith(namespaceLabelPrefix)) namespace.push({ ...requirement, key: key.slice(namespaceLabelPrefix.length) });
    else pod.push({ ...requirement, key });
  }
  return { namespace, pod };
}

/** The fields of a rule that name peers. */
const peerFields = (rule: Fields): readonly string[] =>
  Object.keys(rule).filter((name) => /^(from|to)[A-Z]/.test(name) && name !== 'toPorts' && Array.isArray(rule[name]));

/** Whether a rule allows some traffic. An empty rule selects no peer, and allows nothing. */
function allowsSomething(rule: Fields): boolean {
  const peers = peerFields(rule);
  if (peers.length > 0) return peers.some((name) => listOf(rule[name]).length > 0);
  return listOf(rule['toPorts']).length > 0 || listOf(rule['icmps']).length > 0;
}

const internetEntities: ReadonlySet<string> = new Set(['all', 'world']);
const isIpv4 = (address: bigint): boolean => address < 1n << 32n;

const isInternetEntity = (entity: string, address: bigint): boolean =>
  internetEntities.has(entity) || entity === (isIpv4(address) ? 'world-ipv4' : 'world-ipv6');

function setHas(entry: unknown, address: bigint): boolean {
  const { cidr, except } = fieldsOf(entry);
  const excepted = IntervalSet.union(textsOf(except).flatMap((text) => networkOf(text) ?? []));
  return (
    networkOf(textOf(cidr) ?? '')
      ?.without(excepted)
      .has(address) === true
  );
}

/** Whether a name, or a pattern with `*`, is a name of the destination. */
function nameFits(entry: unknown, names: readonly string[]): boolean {
  const { matchName, matchPattern } = fieldsOf(entry);
  if (names.includes(textOf(matchName)?.toLowerCase() ?? '')) return true;
  const parts = textOf(matchPattern)?.toLowerCase().split('*');
  if (parts === undefined) return false;
  return parts.every((part) => part === '') || names.some((name) => wildcardFits(parts, name));
}

function wildcardFits(parts: readonly string[], name: string): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  return rest.every((part) => {
    const found = name.indexOf(part, at);
    at = found + part.length;
    return found >= 0 && at <= name.length - last.length;
  });
}

function peersFit(rule: Fields, { address, names }: Destination): boolean {
  if (peerFields(rule).length === 0) return allowsSomething(rule);
  return (
    textsOf(rule['toCIDR']).some((cidr) => networkOf(cidr)?.has(address) === true) ||
    listOf(rule['toCIDRSet']).some((entry) => setHas(entry, address)) ||
    textsOf(rule['toEntities']).some((entity) => isInternetEntity(entity, address)) ||
    listOf(rule['toFQDNs']).some((entry) => nameFits(entry, names))
  );
}

function portFits(entry: unknown): boolean {
  const { port, endPort, protocol = 'ANY' } = fieldsOf(entry);
  const first = Number(port);
  const last = typeof endPort === 'number' && endPort > first ? endPort : first;
  return (protocol === 'ANY' || protocol === 'TCP') && (first === 0 || (first <= 80 && 80 <= last));
}

const portsFit = (rule: Fields): boolean => {
  const ports = listOf(rule['toPorts']).map((entry) => listOf(fieldsOf(entry)['ports']));
  return ports.length === 0 || ports.some((entries) => entries.length === 0 || entries.some(portFits));
};

interface Section {
  readonly allow: readonly Fields[];
  readonly deny: readonly Fields[];
}

const sectionOf = (spec: Fields, direction: Direction): Section => {
  const field = direction.toLowerCase();
  return { allow: listOf(spec[field]).map(fieldsOf), deny: listOf(spec[`${field}Deny`]).map(fieldsOf) };
};

function isolatesIn(spec: Fields, direction: Direction): boolean {
  const chosen = fieldsOf(spec['enableDefaultDeny'])[direction.toLowerCase()];
  const { allow, deny } = sectionOf(spec, direction);
  return typeof chosen === 'boolean' ? chosen : allow.length + deny.length > 0;
}

function decisionOf({ allow, deny }: Section, destination: Destination): Decision {
  const fits = (rule: Fields): boolean => peersFit(rule, destination) && portsFit(rule);
  if (deny.some(fits)) return 'Deny';
  return allow.some(fits) ? 'Allow' : undefined;
}

const readsGroups = ({ allow, deny }: Section): boolean =>
  [...allow, ...deny].some((rule) =>
    listOf(rule['toCIDRSet'])
      .map(fieldsOf)
      .some((entry) => entry['cidrGroupRef'] !== undefined || entry['cidrGroupSelector'] !== undefined),
  );

function ruleSet(spec: Fields, object: NetworkObject): TrafficPolicy {
  const faults: Fault[] = [];
  const selection = selectionOf(requirementsOf(spec['endpointSelector'], 'spec.endpointSelector', faults));
  const { namespace } = object.reference;
  const isolates = directions.filter((direction) => isolatesIn(spec, direction));
  const egress = sectionOf(spec, 'Egress');
  const name = nameForMessages(object);
  const [fault] = faults;
  return {
    name,
    tier: 'network',
    selection: namespace === undefined ? selection : { ...selection, namespace: [...selection.namespace, inNamespace(namespace)] },
    isolates,
    closes: isolates.filter((direction) => !sectionOf(spec, direction).allow.some(allowsSomething)),
    decide: (destination) => decisionOf(egress, destination),
    ...(fault === undefined ? {} : { unreadableSelection: `${name}: ${fault.path}: ${fault.problem}` }),
    ...(readsGroups(egress) ? { unreadableRules: `${name} refers to a CiliumCIDRGroup, which Vigil does not read` } : {}),
  };
}

/**
 * Reads a CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy: a policy for each rule set of `spec` and `specs` that selects endpoints.
 * Rule sets for nodes select no pods.
 */
export function ciliumPolicies(object: NetworkObject): readonly TrafficPolicy[] {
  return [object.body['spec'], ...listOf(object.body['specs'])]
    .filter((spec) => isFields(spec))
    .filter((spec) => isFields(spec['endpointSelector']))
    .map((spec) => ruleSet(spec, object));
}
