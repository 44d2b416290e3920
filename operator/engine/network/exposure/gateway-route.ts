import { ownEntry } from '../../../api/own-entry.ts';
import { type Fields, fieldsOf, listOf, textOf, textsOf } from '../../objects/kubernetes-object.ts';
import { selectorMatch } from '../../objects/label-selector.ts';
import type { NetworkObject, NetworkObjects } from '../traffic/traffic-policy.ts';
import { isInternal } from './load-balancer.ts';

const group = 'gateway.networking.k8s.io';

/** The kinds of routes of the Gateway API. */
export const routeKinds: readonly string[] = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map(
  (kind) => `${kind}.${group}`,
);

/** The routes that a listener accepts if it does not list their kinds. */
const kindsOfProtocol: Readonly<Record<string, readonly string[]>> = {
  HTTP: ['HTTPRoute', 'GRPCRoute'],
  HTTPS: ['HTTPRoute', 'GRPCRoute'],
  TLS: ['TLSRoute', 'TCPRoute'],
  TCP: ['TCPRoute'],
  UDP: ['UDPRoute'],
};

/** Classes of Gateways with a load balancer inside of the network of the cloud. */
const internalClasses: ReadonlySet<string> = new Set(['gke-l7-rilb', 'gke-l7-rilb-mc', 'gke-l7-cross-regional-internal-managed-mc']);

function acceptsKind(listener: Fields, kind: string): boolean {
  const kinds = listOf(fieldsOf(listener['allowedRoutes'])['kinds']).map(fieldsOf);
  if (kinds.length > 0) return kinds.some((one) => one['kind'] === kind && (one['group'] ?? group) === group);
  const known = ownEntry(kindsOfProtocol, textOf(listener['protocol']) ?? '');
  return known === undefined || known.includes(kind);
}

function acceptsNamespace(listener: Fields, gateway: NetworkObject, namespace: string, objects: NetworkObjects): boolean {
  const { from = 'Same', selector } = fieldsOf(fieldsOf(listener['allowedRoutes'])['namespaces']);
  if (from === 'All') return true;
  if (from === 'Same') return gateway.reference.namespace === namespace;
  if (from !== 'Selector') return false;
  const labels = { ...objects.find('Namespace', '', namespace)?.labels, 'kubernetes.io/metadata.name': namespace };
  return selectorMatch(selector)(labels);
}

/** Whether two hosts, each perhaps with a wildcard for its first labels, have a name in common. */
function hostsMeet(a: string, b: string): boolean {
  if (a === b) return true;
  const inside = (wildcard: string, name: string): boolean =>
    wildcard.startsWith('*.') && name.replace(/^\*/, '').endsWith(wildcard.slice(1)) && name !== wildcard.slice(2);
  return inside(a, b) || inside(b, a);
}

function acceptsHost(listener: Fields, hostnames: readonly string[]): boolean {
  const host = textOf(listener['hostname']) ?? '';
  return host === '' || hostnames.length === 0 || hostnames.some((name) => hostsMeet(host, name));
}

function accepts(
  listener: Fields,
  route: NetworkObject,
  parent: Fields,
  context: { gateway: NetworkObject; objects: NetworkObjects },
): boolean {
  const { sectionName, port } = parent;
  if (sectionName !== undefined && sectionName !== listener['name']) return false;
  if (port !== undefined && port !== listener['port']) return false;
  return (
    acceptsKind(listener, route.reference.kind) &&
    acceptsNamespace(listener, context.gateway, route.reference.namespace ?? '', context.objects) &&
    acceptsHost(listener, textsOf(route.body['hostnames']))
  );
}

function isInternalGateway({ body, annotations }: NetworkObject, internal: readonly string[]): boolean {
  if (internalClasses.has(textOf(body['gatewayClassName']) ?? '')) return true;
  const service = fieldsOf(fieldsOf(body['infrastructure'])['annotations']);
  return [service, annotations].some((notes) => isInternal(notes, internal) || notes['networking.istio.io/service-type'] === 'ClusterIP');
}

/** Whether a route is attached to a Gateway that is reachable from outside. A Gateway that is not among the objects counts as such. */
export function isAttached(route: NetworkObject, objects: NetworkObjects, internal: readonly string[]): boolean {
  return listOf(route.body['parentRefs'])
    .map(fieldsOf)
    .some((parent) => {
      if ((parent['kind'] ?? 'Gateway') !== 'Gateway' || (parent['group'] ?? group) !== group) return parent['kind'] !== 'Service';
      const namespace = textOf(parent['namespace']) ?? route.reference.namespace ?? '';
      const gateway = objects.find(`Gateway.${group}`, namespace, textOf(parent['name']) ?? '');
      if (gateway === undefined) return true;
      if (isInternalGateway(gateway, internal)) return false;
      return listOf(gateway.body['listeners'])
        .map(fieldsOf)
        .some((listener) => accepts(listener, route, parent, { gateway, objects }));
    });
}

/** Whether a route may refer to a Service: it is in the same namespace, or a ReferenceGrant there permits it. */
export function mayRefer(
  route: NetworkObject,
  service: { readonly namespace: string; readonly name: string },
  objects: NetworkObjects,
): boolean {
  if (service.namespace === route.reference.namespace) return true;
  return objects.in(service.namespace, `ReferenceGrant.${group}`).some(({ body }) => {
    const from = listOf(body['from']).map(fieldsOf);
    const to = listOf(body['to']).map(fieldsOf);
    return (
      from.some(
        (one) => one['group'] === group && one['kind'] === route.reference.kind && one['namespace'] === route.reference.namespace,
      ) && to.some((one) => (one['group'] ?? '') === '' && one['kind'] === 'Service' && (one['name'] ?? service.name) === service.name)
    );
  });
}
