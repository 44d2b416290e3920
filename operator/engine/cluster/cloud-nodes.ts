import { fieldsOf, isFields, type KubernetesObject, textMapOf, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Outcome, skipped } from '../outcomes/outcome.ts';

const failed = (path: string): Outcome => ({ violations: [{ path }], faults: [] });
const faulty = (path: string, problem: string): Outcome => ({ violations: [], faults: [{ path, problem }] });

/** Addresses that no router of the internet forwards: none, RFC 1918, RFC 6598, RFC 4193, loopback and link-local. */
const isPrivate = (address: string): boolean =>
  address === '' ||
  /^(10|127|192\.168|169\.254|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(address) ||
  /^(f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|::1$)/i.test(address);

/** Fails for a Node with an external address that is not private. Skips a Node that has no addresses, such as one that did not join yet. */
export function nodeExternalAddress({ status }: KubernetesObject): Outcome {
  const path = 'status.addresses';
  const addresses = fieldsOf(status)['addresses'] ?? [];
  if (!Array.isArray(addresses)) return faulty(path, 'expected a list');
  if (addresses.length === 0) return skipped('the node has no addresses');
  const broken = addresses.findIndex((entry) => !isFields(entry) || typeof entry['address'] !== 'string');
  if (broken >= 0) return faulty(`${path}[${broken}]`, 'expected a type and an address');
  const violations = addresses.flatMap((entry, index) => {
    const { type, address } = fieldsOf(entry);
    return type === 'ExternalIP' && !isPrivate(textOf(address) ?? '') ? [{ path: `${path}[${index}]` }] : [];
  });
  return violations.length === 0 ? clean : { violations, faults: [] };
}

/** Why a Node is not judged as one of GKE. Undefined for nodes of GKE that run Linux. */
function notOfGke({ metadata }: KubernetesObject): string | undefined {
  const labels = textMapOf(fieldsOf(metadata)['labels']);
  if (labels['cloud.google.com/gke-nodepool'] === undefined) return 'the node is not one of GKE';
  return labels['kubernetes.io/os'] === 'windows' ? 'the node runs Windows' : undefined;
}

/** Fails for a Node of GKE without the label of the metadata server, which GKE sets for node pools with it. */
export function gkeMetadataServer(object: KubernetesObject): Outcome {
  const reason = notOfGke(object);
  if (reason !== undefined) return skipped(reason);
  const label = 'iam.gke.io/gke-metadata-server-enabled';
  const isEnabled = textMapOf(fieldsOf(object.metadata)['labels'])[label] === 'true';
  return isEnabled ? clean : failed(`metadata.labels['${label}']`);
}

/** Fails for a Node of GKE with another operating system than Container-Optimized OS. */
export function gkeNodeImage(object: KubernetesObject): Outcome {
  const path = 'status.nodeInfo.osImage';
  const reason = notOfGke(object);
  if (reason !== undefined) return skipped(reason);
  const image = fieldsOf(fieldsOf(object['status'])['nodeInfo'])['osImage'] ?? '';
  if (typeof image !== 'string') return faulty(path, 'expected a string');
  if (image === '') return skipped(`${path} is not set`);
  return image.startsWith('Container-Optimized OS') ? clean : failed(path);
}
