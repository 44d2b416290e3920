import { fieldsOf, listOf, textMapOf, textOf, textsOf } from '../objects/kubernetes-object.ts';
import { isEmptySelector, selectorMatch } from '../objects/label-selector.ts';
import { clean, type Outcome } from '../outcomes/outcome.ts';
import { type Projection, type Snapshot, workloadOf } from './snapshot.ts';
import { workloadKinds } from '../objects/workload-kind.ts';
import type { CrossObjectCheck } from './cross-object-check.ts';

const policyKind = 'NetworkPolicy.networking.k8s.io';
const otherPolicyKinds = ['CiliumNetworkPolicy.cilium.io', 'NetworkPolicy.crd.projectcalico.org', 'NetworkPolicy.projectcalico.org'];
const clusterPolicyKinds = [
  'CiliumClusterwideNetworkPolicy.cilium.io',
  'GlobalNetworkPolicy.crd.projectcalico.org',
  'GlobalNetworkPolicy.projectcalico.org',
  'AdminNetworkPolicy.policy.networking.k8s.io',
  'BaselineAdminNetworkPolicy.policy.networking.k8s.io',
];
const ingressKinds = ['Ingress.networking.k8s.io', 'Ingress.extensions', 'Ingress'];

const failure = (path: string): Outcome => ({ violations: [{ path }], faults: [] });

/** The directions of a policy. Defaults to Ingress, and to Egress too if the policy has egress rules. */
function directions(policy: Projection): readonly string[] {
  const types = textsOf(policy.body['policyTypes']);
  if (types.length > 0) return types;
  return listOf(policy.body['egress']).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

const selects = (policy: Projection, labels: Readonly<Record<string, string>>): boolean =>
  selectorMatch(policy.body['podSelector'])(labels);

const namespacePolicy: CrossObjectCheck = ({ reference: { name } }, { snapshot }) => {
  const own = [policyKind, ...otherPolicyKinds].some((kind) => snapshot.in(name, kind).length > 0);
  return own || clusterPolicyKinds.some((kind) => snapshot.has(kind)) ? clean : failure('metadata.name');
};

const defaultDeny: CrossObjectCheck = ({ reference: { name } }, { snapshot, parameters }) => {
  const wanted = parameters['direction'] === 'Both' ? ['Ingress', 'Egress'] : [textOf(parameters['direction']) ?? 'Ingress'];
  const policies = snapshot.in(name, policyKind).filter(({ body }) => isEmptySelector(body['podSelector']));
  const denied = (direction: string): boolean =>
    policies.some((policy) => directions(policy).includes(direction) && listOf(policy.body[direction.toLowerCase()]).length === 0);
  return wanted.every(denied) ? clean : failure('metadata.name');
};

const covering = (workload: Projection, snapshot: Snapshot, direction: string): readonly Projection[] =>
  snapshot
    .in(workload.reference.namespace ?? '', policyKind)
    .filter((policy) => directions(policy).includes(direction) && selects(policy, workloadOf(workload).podLabels));

const labelsPath = (workload: Projection): string => `${workloadOf(workload).prefix}metadata.labels`;

const policyCoverage: CrossObjectCheck = (workload, { snapshot }) => {
  const open = ['Ingress', 'Egress'].filter((direction) => covering(workload, snapshot, direction).length === 0);
  if (open.length === 0) return clean;
  return { violations: open.map((label) => ({ path: labelsPath(workload), label })), faults: [] };
};

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const metadataAddress = numberOf('169.254.169.254');

function blockHasMetadata(cidr: string): boolean {
  const [address = '', bits = '32'] = cidr.split('/');
  if (!/^\d+(\.\d+){3}$/.test(address)) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(numberOf(address) / size) === Math.floor(metadataAddress / size);
}

function peerAllowsMetadata(peer: unknown): boolean {
  const block = fieldsOf(fieldsOf(peer)['ipBlock']);
  return blockHasMetadata(textOf(block['cidr']) ?? '') && !textsOf(block['except']).some(blockHasMetadata);
}

const metadataEgress: CrossObjectCheck = (workload, { snapshot }) => {
  const policies = covering(workload, snapshot, 'Egress');
  const open = policies
    .flatMap(({ body }) => listOf(body['egress']))
    .map((rule) => listOf(fieldsOf(rule)['to']))
    .some((peers) => peers.length === 0 || peers.some(peerAllowsMetadata));
  return policies.length === 0 || open ? failure(labelsPath(workload)) : clean;
};

/** Returns the workloads of a namespace, including those that a controller created. */
export function workloadsIn(snapshot: Snapshot, namespace: string): readonly Projection[] {
  return workloadKinds.flatMap((kind) => snapshot.in(namespace, kind));
}

/** Kinds that a rollout leaves behind without pods. */
const revisionKinds: ReadonlySet<string> = new Set(['ReplicaSet.apps', 'ReplicaSet.extensions', 'ReplicationController']);

/**
 * Returns the workloads of a namespace whose pods a selector can match. Workloads with an owner are left out, because their template may be
 * of an earlier revision. Their pods count. A ReplicaSet without replicas has no pods and is left out. A Deployment that is scaled to zero
 * is kept.
 */
function selectableIn(snapshot: Snapshot, namespace: string): readonly Projection[] {
  return workloadsIn(snapshot, namespace).filter((workload) => {
    if (workload.groupKind === 'Pod') return true;
    return !workload.owned && !(revisionKinds.has(workload.groupKind) && workloadOf(workload).replicas === 0);
  });
}

const danglingPolicy: CrossObjectCheck = (policy, { snapshot }) => {
  if (isEmptySelector(policy.body['podSelector'])) return clean;
  const found = selectableIn(snapshot, policy.reference.namespace ?? '').some((workload) =>
    selects(policy, workloadOf(workload).podLabels),
  );
  return found ? clean : failure('spec.podSelector');
};

/** Whether a Service selects pods with these labels. A Service without a selector and an ExternalName Service select none. */
function serves(service: Projection, labels: Readonly<Record<string, string>>): boolean {
  const selector = Object.entries(fieldsOf(service.body['selector']));
  return service.body['type'] !== 'ExternalName' && selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}

const danglingService: CrossObjectCheck = (service, { snapshot }) => {
  const selector = textMapOf(service.body['selector']);
  if (service.body['type'] === 'ExternalName' || Object.keys(selector).length === 0) return clean;
  const found = selectableIn(snapshot, service.reference.namespace ?? '').some((workload) =>
    serves(service, workloadOf(workload).podLabels),
  );
  return found ? clean : failure('spec.selector');
};

interface Backend {
  readonly name?: unknown;
  readonly namespace?: unknown;
  readonly path?: string;
}
const backendsOf = (route: Projection): readonly Backend[] => listOf(route.body['backends']) as readonly Backend[];

/** Returns the Ingresses in the Service's namespace, and the HTTPRoutes of all namespaces, that refer to the Service. */
function routesTo(service: Projection, snapshot: Snapshot): readonly Projection[] {
  const { name, namespace = '' } = service.reference;
  const ingresses = ingressKinds
    .flatMap((kind) => snapshot.in(namespace, kind))
    .filter((ingress) => backendsOf(ingress).some((backend) => backend.name === name));
  const routes = snapshot
    .all('HTTPRoute.gateway.networking.k8s.io')
    .filter((route) =>
      backendsOf(route).some((backend) => backend.name === name && (backend.namespace ?? route.reference.namespace) === namespace),
    );
  return [...ingresses, ...routes];
}

/**
 * Returns the Services, Ingresses and routes that expose a workload outside of the cluster, such as `Service web` and `Ingress shop`.
 * Sorted.
 */
function exposuresOf(workload: Projection, snapshot: Snapshot): readonly string[] {
  const services = snapshot
    .in(workload.reference.namespace ?? '', 'Service')
    .filter((service) => serves(service, workloadOf(workload).podLabels));
  const exposures = services.flatMap((service) => [
    ...(service.body['type'] === 'NodePort' || service.body['type'] === 'LoadBalancer' ? [`Service ${service.reference.name}`] : []),
    ...routesTo(service, snapshot).map(({ reference: { kind, name } }) => `${kind} ${name}`),
  ]);
  return [...new Set(exposures)].sort();
}

const internetExposed: CrossObjectCheck = (workload, { snapshot }) => {
  const exposures = exposuresOf(workload, snapshot);
  return exposures.length === 0 ? clean : { violations: exposures.map((label) => ({ path: labelsPath(workload), label })), faults: [] };
};

const sensitiveExposed: CrossObjectCheck = (workload, query) => {
  const texts = [workload.reference.name, ...workloadOf(workload).images];
  const sensitive = textsOf(query.parameters['names']).some((name) => texts.some((text) => text.includes(name)));
  return sensitive ? internetExposed(workload, query) : clean;
};

const danglingBackend: CrossObjectCheck = (ingress, { snapshot }) => {
  const violations = backendsOf(ingress)
    .filter(({ name }) => snapshot.find('Service', ingress.reference.namespace ?? '', textOf(name) ?? '') === undefined)
    .map(({ name, path }) => ({ path: path ?? 'spec', label: textOf(name) ?? '' }));
  return violations.length === 0 ? clean : { violations: violations, faults: [] };
};

const sshPorts: ReadonlySet<unknown> = new Set([22, 2222, '22', '2222']);
const opensSsh = (service: Projection): boolean =>
  listOf(service.body['ports'])
    .map(fieldsOf)
    .some(({ port, targetPort }) => sshPorts.has(port) || sshPorts.has(targetPort));

const sshPort: CrossObjectCheck = (subject, { snapshot }) => {
  if (subject.groupKind === 'Service') return opensSsh(subject) ? failure('spec.ports') : clean;
  const { ports, podLabels, prefix } = workloadOf(subject);
  if (ports.includes(22)) return failure(`${prefix}spec.containers`);
  const services = snapshot
    .in(subject.reference.namespace ?? '', 'Service')
    .filter((service) => serves(service, podLabels) && opensSsh(service));
  return services.length === 0
    ? clean
    : { violations: services.map(({ reference }) => ({ path: labelsPath(subject), label: `Service ${reference.name}` })), faults: [] };
};

/** The checks of networks and exposure, by the names that controls use. */
export const networkChecks: Readonly<Record<string, CrossObjectCheck>> = {
  namespacePolicy,
  defaultDeny,
  policyCoverage,
  metadataEgress,
  danglingPolicy,
  danglingService,
  internetExposed,
  sensitiveExposed,
  danglingBackend,
  sshPort,
};
