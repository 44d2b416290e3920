import { type Fields, fieldsOf, listOf, textOf, textsOf } from '../../objects/kubernetes-object.ts';

/** A Service by its name. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** Returns the Service that a host of Istio names, such as `web`, `web.shop` and `web.shop.svc.cluster.local`. */
function serviceOf(host: string, namespace: string): ServiceName | undefined {
  const [name = '', own = namespace, service] = host.split('.');
  return service === undefined || service === 'svc' ? { name, namespace: own } : undefined;
}

const isGateway = (name: string): boolean => name !== 'mesh';

/** Whether a route applies to traffic that comes through a gateway. A match without `gateways` applies to those of the VirtualService. */
function appliesToGateway(route: Fields): boolean {
  const matches = listOf(route['match']).map(fieldsOf);
  return matches.length === 0 || matches.some(({ gateways }) => textsOf(gateways).length === 0 || textsOf(gateways).some(isGateway));
}

const destinationsOf = (route: Fields): readonly Fields[] =>
  [...listOf(route['route']), ...listOf(route['mirrors']), { destination: route['mirror'] }]
    .map(fieldsOf)
    .filter(({ weight }) => weight !== 0)
    .map(({ destination }) => fieldsOf(destination));

const routesOf = (spec: Fields): readonly Fields[] => ['http', 'tls', 'tcp'].flatMap((field) => listOf(spec[field]).map(fieldsOf));

/** Whether a VirtualService applies to traffic that comes through a gateway. Without `gateways` it is for the mesh only. */
export const isForGateways = (spec: Fields): boolean => textsOf(spec['gateways']).some(isGateway);

/** Returns the Services that the routes of a VirtualService of Istio for traffic through gateways lead to. */
export function servicesOfVirtualService(spec: Fields, namespace: string): readonly ServiceName[] {
  return routesOf(spec)
    .filter((route) => appliesToGateway(route))
    .flatMap(destinationsOf)
    .flatMap(({ host }) => serviceOf(textOf(host) ?? '', namespace) ?? [])
    .filter(({ name }) => name !== '');
}

/** Returns the VirtualServices to which a VirtualService delegates traffic through gateways. */
export function delegatesOf(spec: Fields, namespace: string): readonly ServiceName[] {
  return routesOf(spec)
    .filter((route) => appliesToGateway(route))
    .map(({ delegate }) => fieldsOf(delegate))
    .flatMap((delegate) => {
      const name = textOf(delegate['name']);
      return name === undefined ? [] : [{ name, namespace: textOf(delegate['namespace']) ?? namespace }];
    });
}
