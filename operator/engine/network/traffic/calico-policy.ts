import { type Fields, fieldsOf, listOf, textOf, textsOf } from '../../objects/kubernetes-object.ts';
import { networkOf } from '../address-set.ts';
import { type Direction, directions } from '../network-policy.ts';
import { type CalicoSelector, calicoSelector, isEverything } from './calico-selector.ts';
import { type Decision, type Destination, inNamespace, nameForMessages, type NetworkObject, type TrafficPolicy } from './traffic-policy.ts';

/** The labels that Calico derives of a namespace, a pod's namespace and its service account. */
export const calicoLabels = {
  namespaceName: 'projectcalico.org/name',
  podNamespace: 'projectcalico.org/namespace',
  podAccount: 'projectcalico.org/serviceaccount',
  orchestrator: 'projectcalico.org/orchestrator',
} as const;

type Match = 'yes' | 'no' | 'unknown';
const answer = (value: boolean): Match => (value ? 'yes' : 'no');

const isTcp = (protocol: unknown): boolean =>
  protocol === 6 || protocol === '6' || (typeof protocol === 'string' && protocol.toUpperCase() === 'TCP');

function portFits(port: unknown): boolean {
  if (typeof port === 'number') return port === 80;
  const [, first = '', last = first] = /^(\d+)(?::(\d+))?$/.exec(textOf(port) ?? '') ?? [];
  return first !== '' && Number(first) <= 80 && 80 <= Number(last);
}

function portsFit({ ports, notPorts }: Fields): boolean {
  const allowed = listOf(ports);
  return (allowed.length === 0 || allowed.some(portFits)) && !listOf(notPorts).some(portFits);
}

function protocolFits({ protocol, notProtocol, ipVersion }: Fields, isIpv4: boolean): boolean {
  if (protocol !== undefined && !isTcp(protocol)) return false;
  if (notProtocol !== undefined && isTcp(notProtocol)) return false;
  return ipVersion === undefined || ipVersion === (isIpv4 ? 4 : 6);
}

const holds = (nets: unknown, address: bigint): boolean => textsOf(nets).some((net) => networkOf(net)?.has(address) === true);

/** Whether a NetworkSet with the labels of a selector has the address. Pods never have it. */
function selectorFits({ selector, namespaceSelector }: Fields, address: bigint, sets: readonly NetworkObject[]): Match {
  const text = textOf(selector) ?? '';
  const selects = calicoSelector(text);
  if (selects === undefined) return 'unknown';
  const isGlobal = /^\s*global\(\s*\)\s*$/.test(textOf(namespaceSelector) ?? '');
  const candidates = sets.filter(({ reference }) => namespaceSelector === undefined || !isGlobal || reference.namespace === undefined);
  return answer(candidates.some(({ labels, body }) => selects(labels) && holds(fieldsOf(body['spec'])['nets'], address)));
}

function destinationFits(fields: Fields, { address, names }: Destination, sets: readonly NetworkObject[]): Match {
  const { nets, notNets, selector, namespaceSelector, domains, serviceAccounts, services } = fields;
  if (serviceAccounts !== undefined || services !== undefined) return 'no';
  if (listOf(nets).length > 0 && !holds(nets, address)) return 'no';
  if (holds(notNets, address)) return 'no';
  if (listOf(domains).length > 0) return answer(textsOf(domains).some((domain) => names.includes(domain.toLowerCase())));
  if (selector === undefined && namespaceSelector === undefined) return 'yes';
  return selectorFits(fields, address, sets);
}

/** Whether a rule is about traffic to the destination. Conditions on the source are not evaluated. */
function ruleFits(rule: Fields, destination: Destination, sets: readonly NetworkObject[]): Match {
  const to = fieldsOf(rule['destination']);
  if (!protocolFits(rule, destination.address < 1n << 32n) || !portsFit(to)) return 'no';
  if (rule['icmp'] !== undefined) return 'no';
  const fits = destinationFits(to, destination, sets);
  const conditional = Object.keys(fieldsOf(rule['source'])).length > 0 || to['notSelector'] !== undefined;
  return fits === 'yes' && conditional ? 'unknown' : fits;
}

function decisionOf(rules: readonly Fields[], destination: Destination, sets: readonly NetworkObject[]): Decision {
  for (const rule of rules) {
    const action = textOf(rule['action']);
    if (action === 'Log') continue;
    const fits = ruleFits(rule, destination, sets);
    if (fits === 'unknown') return 'Unknown';
    if (fits === 'yes') return action === 'Allow' || action === 'Deny' || action === 'Pass' ? action : 'Unknown';
  }
  return undefined;
}

/** The directions of a policy: `types`, by default Ingress unless there are only egress rules, and Egress if there are egress rules. */
function typesOf({ types, ingress, egress }: Fields): readonly Direction[] {
  const named = textsOf(types);
  if (named.length > 0) return directions.filter((direction) => named.includes(direction));
  if (listOf(egress).length === 0) return ['Ingress'];
  return listOf(ingress).length === 0 ? ['Egress'] : directions;
}

const denies = (rules: readonly Fields[]): boolean => rules.every(({ action }) => action === 'Deny' || action === 'Log');

function selectionFault(name: string, spec: Fields): string | undefined {
  if (textOf(spec['serviceAccountSelector']) !== undefined)
    return `${name} selects by the labels of service accounts, which Vigil does not read`;
  const field = ['selector', 'namespaceSelector'].find(
    (one) => spec[one] !== undefined && calicoSelector(textOf(spec[one]) ?? '(') === undefined,
  );
  return field === undefined ? undefined : `${name}: spec.${field} cannot be read`;
}

function rulesFault(name: string, spec: Fields): string | undefined {
  const tier = textOf(spec['tier']) ?? 'default';
  return tier === 'default' ? undefined : `${name} is in the tier ${tier}, which Vigil does not evaluate`;
}

const conditionOf = (selector: string): CalicoSelector => calicoSelector(selector) ?? ((): boolean => true);

/** Reads a NetworkPolicy or GlobalNetworkPolicy of Calico. `sets`: the NetworkSets that its rules can refer to. */
export function calicoPolicy(object: NetworkObject, sets: readonly NetworkObject[]): TrafficPolicy {
  const spec = fieldsOf(object.body['spec']);
  const name = nameForMessages(object);
  const { namespace } = object.reference;
  const selector = textOf(spec['selector']) ?? '';
  const namespaceSelector = namespace === undefined ? textOf(spec['namespaceSelector']) : undefined;
  const unreadableSelection = selectionFault(name, spec);
  const unreadableRules = rulesFault(name, spec);
  const isolates = typesOf(spec);
  const egress = listOf(spec['egress']).map(fieldsOf);
  return {
    name,
    tier: 'network',
    order: typeof spec['order'] === 'number' ? spec['order'] : Infinity,
    selection: { namespace: namespace === undefined ? [] : [inNamespace(namespace)], pod: [] },
    ...(isEverything(selector) ? {} : { podCondition: conditionOf(selector) }),
    ...(namespaceSelector === undefined ? {} : { namespaceCondition: conditionOf(namespaceSelector) }),
    isolates,
    closes: isolates.filter((direction) => denies(listOf(spec[direction.toLowerCase()]).map(fieldsOf))),
    decide: (destination) => (isolates.includes('Egress') ? decisionOf(egress, destination, sets) : undefined),
    ...(unreadableSelection === undefined ? {} : { unreadableSelection }),
    ...(unreadableRules === undefined ? {} : { unreadableRules }),
  };
}
