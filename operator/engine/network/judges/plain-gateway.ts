import { type Fields, fieldsOf, groupKindOf, isFields, textOf } from '../../objects/kubernetes-object.ts';
import { clean, type Outcome } from '../../outcomes/outcome.ts';
import type { NetworkJudge } from './network-judge.ts';

const failure = (path: string): Outcome => ({ violations: [{ path }], faults: [] });
const fault = (path: string, problem: string): Outcome => ({ violations: [], faults: [{ path, problem }] });

/** How one entrance of a gateway takes HTTP: `other` if it takes something else. */
type Entrance = 'plain' | 'encrypted' | 'other';

/** A listener of the Gateway API. */
function listenerIs({ protocol }: Fields): Entrance {
  if (protocol === 'HTTP') return 'plain';
  return protocol === 'HTTPS' || protocol === 'TLS' ? 'encrypted' : 'other';
}

const plainProtocols: ReadonlySet<string> = new Set(['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB']);

/** A server of a Gateway of Istio. One that only redirects to HTTPS takes no HTTP. */
function serverIs({ port, tls }: Fields): Entrance {
  const protocol = textOf(fieldsOf(port)['protocol'])?.toUpperCase() ?? '';
  if (plainProtocols.has(protocol)) return fieldsOf(tls)['httpsRedirect'] === true ? 'other' : 'plain';
  return protocol === 'HTTPS' || protocol === 'TLS' ? 'encrypted' : 'other';
}

function judged(list: unknown, path: string, entranceIs: (entry: Fields) => Entrance): Outcome {
  if (list === undefined || list === null) return clean;
  if (!Array.isArray(list)) return fault(path, 'expected a list');
  const broken = list.findIndex((entry) => !isFields(entry));
  if (broken >= 0) return fault(`${path}[${broken}]`, 'expected a map');
  const entrances = list.map((entry) => entranceIs(fieldsOf(entry)));
  return entrances.includes('plain') && !entrances.includes('encrypted') ? failure(path) : clean;
}

/** A Route of OpenShift says itself whether HTTP is redirected (`Redirect`), refused (`None`, the default) or served (`Allow`). */
function plainRoute(tls: Fields): Outcome {
  if (Object.keys(tls).length === 0) return failure('spec.tls');
  return tls['insecureEdgeTerminationPolicy'] === 'Allow' ? failure('spec.tls.insecureEdgeTerminationPolicy') : clean;
}

/**
 * Fails for a Gateway that takes HTTP and no HTTPS, and for a Route of OpenShift without TLS or that serves HTTP as well. For a Gateway, HTTP
 * beside HTTPS, as for redirects, passes.
 */
export const plainGateway: NetworkJudge = (object) => {
  const spec = object['spec'] ?? {};
  if (!isFields(spec)) return fault('spec', 'expected a map');
  switch (groupKindOf(object)) {
    case 'Gateway.gateway.networking.k8s.io':
      return judged(spec['listeners'], 'spec.listeners', listenerIs);
    case 'Gateway.networking.istio.io':
      return judged(spec['servers'], 'spec.servers', serverIs);
    default:
      return plainRoute(fieldsOf(spec['tls']));
  }
};
