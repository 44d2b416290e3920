import { type Fields, fieldsOf, listOf, textMapOf, textOf } from '../../objects/kubernetes-object.ts';
import { isControllerLabel, type LabelledWorkload, podLabelsWith } from '../../pods/controller-labels.ts';
import { addressOf, loopback } from '../address-set.ts';
import type { NetworkObject, NetworkObjects } from '../traffic/traffic-policy.ts';
import { isAttached, mayRefer, routeKinds } from './gateway-route.ts';
import { isPublic } from './load-balancer.ts';
import { delegatesOf, isForGateways, type ServiceName, servicesOfVirtualService } from './virtual-service.ts';

const ingressKinds = ['Ingress.networking.k8s.io', 'Ingress.extensions', 'Ingress'];
const openShiftRoute = 'Route.route.openshift.io';
const virtualService = 'VirtualService.networking.istio.io';

/** Annotations of Ingresses whose load balancer is inside of the network of the cloud. */
const internalIngresses: readonly (readonly [string, string])[] = [
  ['alb.ingress.kubernetes.io/scheme', 'internal'],
  ['kubernetes.io/ingress.class', 'gce-internal'],
  ['appgw.ingress.kubernetes.io/use-private-ip', 'true'],
];

/** A port that is open on the node. */
export interface HostPort {
  readonly path: string;
  readonly port: number;
  readonly hostIP: string | undefined;
}

const namesOf = (route: NetworkObject): readonly ServiceName[] =>
  listOf(route.body['backends'])
    .map(fieldsOf)
    .flatMap(({ name, namespace }) => {
      const service = textOf(name);
      return service === undefined ? [] : [{ name: service, namespace: textOf(namespace) ?? route.reference.namespace ?? '' }];
    });

interface Entrance {
  readonly object: NetworkObject;
  readonly services: readonly ServiceName[];
}

/** The VirtualServices for gateways, and those to which they delegate. A delegate cannot delegate further. */
function virtualEntrances(objects: NetworkObjects): readonly Entrance[] {
  const roots = objects.all(virtualService).filter(({ body }) => isForGateways(fieldsOf(body['spec'])));
  const delegates = roots
    .flatMap(({ body, reference }) => delegatesOf(fieldsOf(body['spec']), reference.namespace ?? ''))
    .flatMap(({ namespace, name }) => objects.find(virtualService, namespace, name) ?? []);
  return [...roots, ...delegates].map((object) => ({
    object,
    services: servicesOfVirtualService(fieldsOf(object.body['spec']), object.reference.namespace ?? ''),
  }));
}

function entrances(objects: NetworkObjects, internal: readonly string[]): readonly Entrance[] {
  const ingresses = [...ingressKinds, openShiftRoute]
    .flatMap((kind) => objects.all(kind))
    .filter(({ annotations }) => !internalIngresses.some(([key, value]) => annotations[key] === value))
    .map((object) => ({ object, services: namesOf(object) }));
  const routes = routeKinds
    .flatMap((kind) => objects.all(kind))
    .filter((route) => isAttached(route, objects, internal))
    .map((object) => ({ object, services: namesOf(object).filter((service) => mayRefer(object, service, objects)) }));
  return [...ingresses, ...routes, ...virtualEntrances(objects)];
}

const keyOf = ({ namespace, name }: ServiceName): string => `${namespace}/${name}`;

/** The names of what leads from outside to each Service: `Ingress shop`, by `namespace/name`. */
function entrancesByService(objects: NetworkObjects, internal: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { object, services } of entrances(objects, internal))
    for (const service of services) {
      const list = found.get(keyOf(service)) ?? [];
      list.push(`${object.reference.kind} ${object.reference.name}`);
      found.set(keyOf(service), list);
    }
  return found;
}

/** Whether a Service selects pods with these labels. A Service without a selector and an ExternalName Service select none. */
export function serves({ body }: NetworkObject, labels: Readonly<Record<string, string>>): boolean {
  const selector = Object.entries(fieldsOf(body['selector']));
  return body['type'] !== 'ExternalName' && selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}

/** Whether a Service selects pods of a workload, also by the labels that its controller adds to them. */
export const servesWorkload = (service: NetworkObject, workload: LabelledWorkload): boolean =>
  serves(service, podLabelsWith(textMapOf(service.body['selector']), workload));

/** A port of a container as a Service can name it, such as `TCP http`. */
export const namedPort = (protocol: unknown, name: string): string => `${textOf(protocol) ?? 'TCP'} ${name}`;

/**
 * Whether some port of a Service leads to the pods of a workload. A port that `targetPort` names must be one of a container, of the same
 * protocol; otherwise the pods are no endpoints of it.
 */
function leadsTo({ body }: NetworkObject, namedPorts: readonly string[]): boolean {
  const ports = listOf(body['ports']).map(fieldsOf);
  return (
    ports.length === 0 ||
    ports.some(
      ({ targetPort, protocol }) =>
        typeof targetPort !== 'string' || /^\d*$/.test(targetPort) || namedPorts.includes(namedPort(protocol, targetPort)),
    )
  );
}

function opensNodes({ body, annotations }: NetworkObject, internal: readonly string[]): boolean {
  if (listOf(body['externalIPs']).length > 0 || body['type'] === 'NodePort') return true;
  return body['type'] === 'LoadBalancer' && isPublic(body, annotations, internal);
}

/** The Services of a namespace by the first label of their selector that a template can have. */
function byLabel(services: readonly NetworkObject[]): ReadonlyMap<string, readonly NetworkObject[]> {
  return Map.groupBy(services, ({ body }) => {
    const [first] = Object.entries(textMapOf(body['selector'])).filter(([key]) => !isControllerLabel(key));
    return first === undefined ? '' : first.join('\u0000');
  });
}

/** What leads to pods from outside of the cluster. Computed once for the objects. */
export class WaysIn {
  readonly #objects: NetworkObjects;
  readonly #internal: readonly string[];
  readonly #entrances: ReadonlyMap<string, readonly string[]>;
  readonly #services = new Map<string, ReadonlyMap<string, readonly NetworkObject[]>>();

  /** `internal`: the annotations that make a load balancer internal, as `key=value` or `key`. */
  constructor(objects: NetworkObjects, internal: readonly string[]) {
    this.#objects = objects;
    this.#internal = internal;
    this.#entrances = entrancesByService(objects, internal);
  }

  /**
   * Returns the Services, Ingresses and routes that lead to the pods of a workload, such as `Service web`. Sorted. `namedPorts`: the ports of
   * its containers that have a name, see {@link namedPort}.
   */
  to(namespace: string, workload: LabelledWorkload, namedPorts: readonly string[]): readonly string[] {
    const serving = this.#serving(namespace, workload).filter((service) => leadsTo(service, namedPorts));
    const found = serving.flatMap((service) => [
      ...(opensNodes(service, this.#internal) ? [`Service ${service.reference.name}`] : []),
      ...(this.#entrances.get(keyOf({ namespace, name: service.reference.name })) ?? []),
    ]);
    return [...new Set(found)].sort();
  }

  #serving(namespace: string, workload: LabelledWorkload): readonly NetworkObject[] {
    const known = this.#services.get(namespace) ?? byLabel(this.#objects.in(namespace, 'Service'));
    this.#services.set(namespace, known);
    return ['', ...Object.entries(workload.podLabels).map((label) => label.join('\u0000'))]
      .flatMap((label) => known.get(label) ?? [])
      .filter((service) => servesWorkload(service, workload));
  }
}

/** Whether a host port can be reached from other hosts. */
export function isOpenHostPort({ hostIP }: HostPort): boolean {
  const address = addressOf(hostIP ?? '');
  return address === undefined || !loopback.has(address);
}

/** Returns the host ports of a pod: those of containers that run as long as the pod. */
export function hostPortsOf(spec: Fields): readonly HostPort[] {
  return ['initContainers', 'containers'].flatMap((list) =>
    listOf(spec[list]).flatMap((container, index) => {
      const { ports, restartPolicy } = fieldsOf(container);
      if (ports === undefined || (list === 'initContainers' && restartPolicy !== 'Always')) return [];
      return listOf(ports).flatMap((entry, position): readonly HostPort[] => {
        const { hostPort, hostIP } = fieldsOf(entry);
        if (typeof hostPort !== 'number' || hostPort === 0) return [];
        return [{ path: `spec.${list}[${index}].ports[${position}].hostPort`, port: hostPort, hostIP: textOf(hostIP) }];
      });
    }),
  );
}
