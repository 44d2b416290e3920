import { listAt, recordAt, textAt, textsAt, type Json } from './json.ts';
import { certificateSubject } from './certificate-subject.ts';

/** The facts of a Service. */
export interface ServiceFacts {
  /** How it is reachable from outside: NodePort, LoadBalancer, externalIPs. Empty: it is not. */
  readonly exposure: readonly string[];
  readonly externalIPs: readonly string[];
  /** The name or a port is that of a dashboard, a database or a control plane. */
  readonly delicate: boolean;
}

/** The facts of a CertificateSigningRequest. */
export interface CertificateFacts {
  readonly signer: string;
  readonly requester: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly approved: boolean;
}

/** The facts of a Node. */
export interface NodeFacts {
  readonly addresses: readonly string[];
  /** The first address of its range of pods: the address of its bridge or tunnel is in this range. */
  readonly podRanges: readonly string[];
  /** What is the same for all nodes of its pool. */
  readonly pool: string;
}

const delicateWords =
  /dashboard|kubeflow|argocd|grafana|jenkins|rancher|etcd|redis|mongo|mysql|mariadb|postgres|elastic|kibana|jupyter|adminer|phpmyadmin|docker|kubelet|weave|octant|vault|consul/i;
const delicatePorts: ReadonlySet<number> = new Set([
  2375, 2376, 2379, 2380, 3306, 5432, 5601, 6379, 6443, 8001, 8888, 9200, 10250, 11211, 27017,
]);

/** Returns the facts of a Service. */
export function serviceFacts(service: Json): ServiceFacts {
  const spec = recordAt(service, 'spec');
  const externalIPs = textsAt(spec, 'externalIPs').slice(0, 8);
  const type = textAt(spec, 'type');
  const ports = listAt(spec, 'ports').map((port) => recordAt(port)['port']);
  return {
    exposure: [...(type === 'NodePort' || type === 'LoadBalancer' ? [type] : []), ...(externalIPs.length > 0 ? ['externalIPs'] : [])],
    externalIPs,
    delicate: delicateWords.test(textAt(service, 'metadata', 'name')) || ports.some((port) => delicatePorts.has(Number(port))),
  };
}

/** Returns the facts of a CertificateSigningRequest. The request itself is not kept. */
export function certificateFacts(request: Json): CertificateFacts {
  const { commonName, organizations } = certificateSubject(textAt(request, 'spec', 'request'));
  return {
    signer: textAt(request, 'spec', 'signerName'),
    requester: textAt(request, 'spec', 'username'),
    commonName,
    organizations,
    approved: listAt(request, 'status', 'conditions').some((condition) => textAt(condition, 'type') === 'Approved'),
  };
}

/** Labels that name the pool of a node, the most telling first. One pool has many types of instances, so these come last. */
const poolLabels: readonly string[] = [
  'eks.amazonaws.com/nodegroup',
  'cloud.google.com/gke-nodepool',
  'kubernetes.azure.com/agentpool',
  'agentpool',
  'karpenter.sh/nodepool',
  'node.kubernetes.io/pool',
  'node.kubernetes.io/instance-type',
];
const ipAddress = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]+)(?:\/\d+)?$/i;

/** Returns the facts of a Node. Network plugins write the addresses of their tunnels to annotations. */
export function nodeFacts(node: Json): NodeFacts {
  const labels = recordAt(node, 'metadata', 'labels');
  const controlPlane = 'node-role.kubernetes.io/control-plane' in labels ? ['control-plane'] : [];
  const named = poolLabels.find((label) => typeof labels[label] === 'string');
  const pool = named === undefined ? [] : [`${named.split('/').at(-1) ?? ''}=${textAt(labels, named)}`];
  const system = textAt(labels, 'kubernetes.io/os');
  const tunnels = Object.values(recordAt(node, 'metadata', 'annotations')).filter(
    (value): value is string => typeof value === 'string' && value.length < 64 && ipAddress.test(value),
  );
  const addresses = listAt(node, 'status', 'addresses')
    .map((address) => textAt(address, 'address'))
    .filter((address) => ipAddress.test(address));
  const ranges = textsAt(node, 'spec', 'podCIDRs');
  const own = textAt(node, 'spec', 'podCIDR');
  return {
    addresses: [...new Set([...addresses, ...tunnels.map((tunnel) => tunnel.replace(/\/\d+$/, ''))])].slice(0, 16),
    podRanges: ranges.length > 0 ? ranges.slice(0, 4) : own === '' ? [] : [own],
    pool: [...controlPlane, ...pool, ...(system === '' ? [] : [system])].join(' ') || 'unlabelled',
  };
}
