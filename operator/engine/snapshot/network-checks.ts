import type { ControlParameters } from '../../catalogue/controls/control.ts';
import type { Labels } from '../../api/label-match.ts';
import { fieldsOf, groupOf, listOf, textMapOf, textOf, textsOf } from '../objects/kubernetes-object.ts';
import { isEmptySelector, requiredLabels, selectorMatch } from '../objects/label-selector.ts';
import { clean, type Outcome, skipped } from '../outcomes/outcome.ts';
import { addressOf } from '../network/address-set.ts';
import { serves, servesWorkload } from '../network/exposure/ways-in.ts';
import { type Direction, directions } from '../network/network-policy.ts';
import { ciliumAccountLabel } from '../network/traffic/cilium-policy.ts';
import { calicoLabels } from '../network/traffic/calico-policy.ts';
import { namespacePolicies } from '../network/traffic/namespace-policies.ts';
import type { Destination, NamespaceIdentity, PodIdentity } from '../network/traffic/traffic-policy.ts';
import { ownLabels } from '../pods/controller-labels.ts';
import { labelled, somePodHas, workloadsIn } from './selectable-pods.ts';
import { type Projection, type Snapshot, workloadOf } from './snapshot.ts';
import type { CrossObjectCheck } from './cross-object-check.ts';

const failure = (path: string): Outcome => ({ violations: [{ path }], faults: [] });

const namespacePolicy: CrossObjectCheck = ({ reference: { name } }, { snapshot }) =>
  namespacePolicies(snapshot, name).hasPolicy ? clean : failure('metadata.name');

const defaultDeny: CrossObjectCheck = ({ reference: { name } }, { snapshot, parameters }) => {
  const wanted: readonly Direction[] =
    parameters['direction'] === 'Both' ? directions : parameters['direction'] === 'Egress' ? ['Egress'] : ['Ingress'];
  const found = wanted.map((direction) => namespacePolicies(snapshot, name).deniesByDefault(direction)).filter(({ isolated }) => !isolated);
  if (found.length === 0) return clean;
  const unknown = found.find((one) => one.unknown !== undefined)?.unknown;
  return unknown === undefined ? failure('metadata.name') : skipped(unknown);
};

const knownIdentities = new WeakMap<Projection, PodIdentity>();

/** Returns what policies read of the pods of a workload, with the labels that networks derive and its controller adds. Computed once for the checks of a workload. */
function podIdentity(workload: Projection, namespace: NamespaceIdentity): PodIdentity {
  const known = knownIdentities.get(workload);
  if (known?.namespace === namespace) return known;
  const { podLabels, serviceAccount } = workloadOf(workload);
  const derived = {
    [ciliumAccountLabel]: serviceAccount,
    [calicoLabels.podAccount]: serviceAccount,
    [calicoLabels.podNamespace]: namespace.name,
    [calicoLabels.orchestrator]: 'k8s',
  };
  const identity = { namespace, labels: { ...ownLabels(labelled(workload)), ...podLabels, ...derived } };
  knownIdentities.set(workload, identity);
  return identity;
}

/** Returns the path of the labels of a workload's pods. */
export const labelsPath = (workload: Projection): string => `${workloadOf(workload).prefix}metadata.labels`;

const onHostNetwork = skipped('NetworkPolicies do not apply to pods with hostNetwork: their traffic is that of the node');

const policyCoverage: CrossObjectCheck = (workload, { snapshot }) => {
  const policies = namespacePolicies(snapshot, workload.reference.namespace ?? '');
  const pod = podIdentity(workload, policies.namespace);
  const open = directions.map((direction) => ({ direction, ...policies.isolation(pod, direction) })).filter(({ isolated }) => !isolated);
  if (open.length === 0) return workloadOf(workload).hostNetwork ? onHostNetwork : clean;
  const failed = open.filter(({ unknown }) => unknown === undefined);
  if (failed.length === 0) return skipped(open[0]?.unknown ?? '');
  return { violations: failed.map(({ direction }) => ({ path: labelsPath(workload), label: direction })), faults: [] };
};

/** The names of the metadata service at 169.254.169.254. */
const metadataNames: readonly string[] = ['metadata.google.internal', 'metadata', 'instance-data', 'instance-data.ec2.internal'];
const linkLocal = addressOf('169.254.169.254');
/** The addresses of metadata services for clusters with IPv6. A policy that names no network of IPv6 is for a cluster without it. */
const ofIpv6Clusters: ReadonlySet<bigint | undefined> = new Set(['fd00:ec2::254', 'fd20:ce::254'].map(addressOf));

const knownDestinations = new WeakMap<ControlParameters, readonly Destination[]>();

/** Returns the destinations for the addresses of a control. The same parameters have the same destinations. */
function metadataDestinations(parameters: ControlParameters): readonly Destination[] {
  const known = knownDestinations.get(parameters);
  if (known !== undefined) return known;
  const destinations = textsOf(parameters['addresses'])
    .flatMap((text) => addressOf(text) ?? [])
    .map((address) => ({ address, names: address === linkLocal ? metadataNames : [] }));
  knownDestinations.set(parameters, destinations);
  return destinations;
}

const metadataEgress: CrossObjectCheck = (workload, { snapshot, parameters }) => {
  const policies = namespacePolicies(snapshot, workload.reference.namespace ?? '');
  const pod = podIdentity(workload, policies.namespace);
  const hasIpv6 = policies.namesIpv6(pod);
  const destinations = metadataDestinations(parameters).filter(({ address }) => hasIpv6 || !ofIpv6Clusters.has(address));
  const verdicts = destinations.map((destination) => policies.egress(pod, destination));
  if (verdicts.includes('Allow')) return failure(labelsPath(workload));
  if (workloadOf(workload).hostNetwork) return onHostNetwork;
  const unknown = verdicts.find((verdict) => typeof verdict === 'object');
  return unknown === undefined ? clean : skipped(unknown.unknown);
};

/**
 * Skips a selector of pods that files do not have: those that an operator makes, and those of kube-system, which come with the cluster.
 * Undefined: no such pods can be in the namespace.
 */
function selectsNone(snapshot: Snapshot, namespace: string, labels: Labels): Outcome | undefined {
  const workloads = workloadsIn(snapshot, namespace);
  if (snapshot.isPartial && namespace === 'kube-system' && workloads.length === 0)
    return skipped('no workload of kube-system is among the objects');
  const groups = new Set(workloads.map(({ reference }) => groupOf(reference.apiVersion)));
  const reason = snapshot.isPartial ? snapshot.operators.reasonForPods(namespace, labels, (group) => groups.has(group)) : undefined;
  return reason === undefined ? undefined : skipped(reason);
}

/** The keys that a selector's expressions read, without values. */
const keysOf = (selector: unknown): Labels =>
  Object.fromEntries(listOf(fieldsOf(selector)['matchExpressions']).map((expression) => [textOf(fieldsOf(expression)['key']) ?? '', '']));

const danglingPolicy: CrossObjectCheck = (policy, { snapshot }) => {
  const { podSelector } = fieldsOf(policy.body['spec']);
  if (isEmptySelector(podSelector)) return clean;
  const required = requiredLabels(podSelector);
  const namespace = policy.reference.namespace ?? '';
  if (somePodHas(snapshot, namespace, { selects: selectorMatch(podSelector), required })) return clean;
  return selectsNone(snapshot, namespace, { ...keysOf(podSelector), ...required }) ?? failure('spec.podSelector');
};

const danglingService: CrossObjectCheck = (service, { snapshot }) => {
  const required = textMapOf(service.body['selector']);
  if (service.body['type'] === 'ExternalName' || Object.keys(required).length === 0) return clean;
  const selects = (labels: Labels): boolean => serves(service, labels);
  const namespace = service.reference.namespace ?? '';
  if (somePodHas(snapshot, namespace, { selects, required })) return clean;
  return selectsNone(snapshot, namespace, required) ?? failure('spec.selector');
};

const sshPorts: ReadonlySet<unknown> = new Set([22, 2222, '22', '2222']);
/** Whether the name of a port is that of SSH: servers that do not run as root listen on another number. */
const isSshName = (name: unknown): boolean => /^(?:TCP )?(?:[a-z0-9-]+-)?sshd?$/.test(textOf(name) ?? '');
const opensSsh = (service: Projection): boolean =>
  listOf(service.body['ports'])
    .map(fieldsOf)
    .some(({ name, port, targetPort }) => sshPorts.has(port) || sshPorts.has(targetPort) || isSshName(targetPort) || isSshName(name));

const sshPort: CrossObjectCheck = (subject, { snapshot }) => {
  if (subject.groupKind === 'Service') return opensSsh(subject) ? failure('spec.ports') : clean;
  const { ports, namedPorts, prefix } = workloadOf(subject);
  if (ports.includes(22) || namedPorts.some(isSshName)) return failure(`${prefix}spec.containers`);
  const services = snapshot
    .in(subject.reference.namespace ?? '', 'Service')
    .filter((service) => servesWorkload(service, labelled(subject)) && opensSsh(service));
  return services.length === 0
    ? clean
    : { violations: services.map(({ reference }) => ({ path: labelsPath(subject), label: `Service ${reference.name}` })), faults: [] };
};

const danglingBackend: CrossObjectCheck = (ingress, { snapshot }) => {
  const namespace = ingress.reference.namespace ?? '';
  const missing = listOf(ingress.body['backends'])
    .map(fieldsOf)
    .map(({ name, path }) => ({ path: textOf(path) ?? 'spec', label: textOf(name) ?? '' }))
    .filter(({ label }) => snapshot.find('Service', namespace, label) === undefined);
  const violations = missing.filter(({ label }) => snapshot.operators.reasonFor(namespace, label) === undefined);
  if (violations.length > 0) return { violations, faults: [] };
  const [first] = missing;
  return first === undefined ? clean : skipped(snapshot.operators.reasonFor(namespace, first.label) ?? '');
};

/** The checks of NetworkPolicies, Services and Ingresses, by the names that controls use. */
export const networkChecks: Readonly<Record<string, CrossObjectCheck>> = {
  namespacePolicy,
  defaultDeny,
  policyCoverage,
  metadataEgress,
  danglingPolicy,
  danglingService,
  danglingBackend,
  sshPort,
};
