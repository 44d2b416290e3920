import { type Fields, fieldsOf, type KubernetesObject, listOf, textOf } from '../objects/kubernetes-object.ts';

type Projector = (object: KubernetesObject) => Fields;

const specOf = (object: KubernetesObject): Fields => fieldsOf(object['spec']);
const spec: Projector = (object) => ({ spec: object['spec'] });
const fields =
  (...names: readonly string[]): Projector =>
  (object) => {
    const of = specOf(object);
    return Object.fromEntries(names.filter((name) => of[name] !== undefined).map((name) => [name, of[name]]));
  };

/** The Service of a backend of an Ingress, and its port. */
function serviceOf(backend: unknown): { readonly name: string | undefined; readonly port: unknown } {
  const { service, serviceName: legacy, servicePort } = fieldsOf(backend);
  const { name, port } = fieldsOf(service);
  const { number, name: portName } = fieldsOf(port);
  const found = number ?? portName ?? servicePort;
  // An action of the AWS controller, which an annotation describes: there is no Service of that name.
  return { name: found === 'use-annotation' ? undefined : (textOf(name) ?? textOf(legacy)), port: found };
}

const ingressBackends: Projector = (object) => {
  const { rules, defaultBackend, backend } = specOf(object);
  const paths = listOf(rules).flatMap((rule, ruleIndex) =>
    listOf(fieldsOf(fieldsOf(rule)['http'])['paths']).map((path, index) => ({
      ...serviceOf(fieldsOf(path)['backend']),
      path: `spec.rules[${ruleIndex}].http.paths[${index}].backend`,
    })),
  );
  const whole = { ...serviceOf(defaultBackend ?? backend), path: 'spec.defaultBackend' };
  return { backends: [whole, ...paths].filter(({ name }) => name !== undefined) };
};

/** A backend of a route with its path. */
type BackendAt = readonly [backend: Fields, path: string];

const filterBackends = (filters: unknown, path: string): readonly BackendAt[] =>
  listOf(filters).map((filter, index): BackendAt => [
    fieldsOf(fieldsOf(fieldsOf(filter)['requestMirror'])['backendRef']),
    `${path}.filters[${index}].requestMirror.backendRef`,
  ]);

/** The backends of a rule of a route: those that receive traffic, and copies of it. */
function ruleBackends(rule: unknown, path: string): readonly BackendAt[] {
  const { backendRefs, filters } = fieldsOf(rule);
  const ofRule = listOf(backendRefs).map((backend, index): BackendAt => [fieldsOf(backend), `${path}.backendRefs[${index}]`]);
  return [...ofRule, ...filterBackends(filters, path), ...ofRule.flatMap(([backend, at]) => filterBackends(backend['filters'], at))];
}

const routeBackends: Projector = (object) => ({
  ...fields('parentRefs', 'hostnames')(object),
  backends: listOf(specOf(object)['rules'])
    .flatMap((rule, index) => ruleBackends(rule, `spec.rules[${index}]`))
    .filter(([{ kind, group, weight }]) => (kind ?? 'Service') === 'Service' && (group ?? '') === '' && weight !== 0)
    .map(([{ name, namespace, port }, path]) => ({ name, namespace, port, path })),
});

const openShiftBackends: Projector = (object) => {
  const { to, alternateBackends } = specOf(object);
  const backends = [to, ...listOf(alternateBackends)]
    .map(fieldsOf)
    .filter(({ kind, weight }) => (kind ?? 'Service') === 'Service' && weight !== 0);
  return { backends: backends.map(({ name }) => ({ name })) };
};

const calico = ['crd.projectcalico.org', 'projectcalico.org'];
const gateway = 'gateway.networking.k8s.io';
const admin = 'policy.networking.k8s.io';

const same = (project: Projector, kinds: readonly string[]): Record<string, Projector> =>
  Object.fromEntries(kinds.map((kind) => [kind, project]));

/** The cluster-scoped kinds among those of {@link networkProjections}. */
export const clusterNetworkKinds: readonly string[] = [
  'CiliumClusterwideNetworkPolicy.cilium.io',
  ...calico.flatMap((group) => [`GlobalNetworkPolicy.${group}`, `GlobalNetworkSet.${group}`]),
  ...['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'].map((kind) => `${kind}.${admin}`),
];

/** What the checks of networks read of objects, by kind. */
export const networkProjections: Readonly<Record<string, Projector>> = {
  ...same(spec, clusterNetworkKinds),
  ...same(spec, ['NetworkPolicy.networking.k8s.io', ...calico.flatMap((group) => [`NetworkPolicy.${group}`, `NetworkSet.${group}`])]),
  'CiliumNetworkPolicy.cilium.io': (object) => ({ spec: object['spec'], specs: object['specs'] }),
  'CiliumClusterwideNetworkPolicy.cilium.io': (object) => ({ spec: object['spec'], specs: object['specs'] }),
  Service: fields('type', 'selector', 'ports', 'externalIPs', 'loadBalancerSourceRanges', 'loadBalancerClass'),
  ...same(ingressBackends, ['Ingress.networking.k8s.io', 'Ingress.extensions', 'Ingress']),
  ...same(
    routeBackends,
    ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map((kind) => `${kind}.${gateway}`),
  ),
  [`Gateway.${gateway}`]: fields('gatewayClassName', 'listeners', 'infrastructure'),
  [`ReferenceGrant.${gateway}`]: fields('from', 'to'),
  'VirtualService.networking.istio.io': spec,
  'Route.route.openshift.io': openShiftBackends,
};
