import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import { RESOURCES } from '../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isNotFound } from '../kube/client/kube-api-error.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';

/** The name of the Service, of the ConfigMap with the certificate authority, and of the Secret that people create. */
export const AUDIT_NAME = 'vigil-audit';
/** The name of the port in the Service and the EndpointSlice. */
const PORT_NAME = 'https';

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * Writes the certificate authority to the ConfigMap `vigil-audit` as `ca.crt`, unless it has a certificate for the same key. The signature of the certificate differs between
 * processes, and a file on a control plane should not seem to be old.
 */
export const publishAuthority = async (client: Pick<KubeClient, 'apply' | 'get'>, namespace: string, authority: string): Promise<void> => {
  const key = { namespace, name: AUDIT_NAME };
  if (hasSameKey(await configMapData(client, key), authority)) return;
  const metadata = { ...key, labels: { [LABELS.managedBy]: MANAGED_BY } };
  await client.apply(RESOURCES.configMaps, { metadata, data: { 'ca.crt': authority } } as KubeObject, { manager: FIELD_MANAGERS.audit });
};

const configMapData = async (client: Pick<KubeClient, 'get'>, key: { namespace: string; name: string }): Promise<string | undefined> => {
  try {
    return (await client.get<ConfigMap>(RESOURCES.configMaps, key)).data?.['ca.crt'];
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};

const hasSameKey = (one: string | undefined, other: string): boolean => {
  if (one === undefined) return false;
  try {
    return new X509Certificate(one).publicKey.equals(new X509Certificate(other).publicKey);
  } catch {
    // Somebody edited the ConfigMap.
    return false;
  }
};

/** Makes this process the only endpoint of the Service. The type of an EndpointSlice cannot change, so each IP family has its own. */
export const publishAddress = async (
  client: Pick<KubeClient, 'apply'>,
  namespace: string,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<void> => {
  const addressType = isIPv6(address) ? 'IPv6' : 'IPv4';
  const slice: KubeObject & Record<string, unknown> = {
    metadata: {
      namespace,
      name: `${AUDIT_NAME}-${addressType.toLowerCase()}`,
      labels: {
        [LABELS.managedBy]: MANAGED_BY,
        'kubernetes.io/service-name': AUDIT_NAME,
        'endpointslice.kubernetes.io/managed-by': 'vigil.dev',
      },
    },
    addressType,
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: PORT_NAME, port, protocol: 'TCP' }],
  };
  await client.apply(RESOURCES.endpointSlices, slice, { manager: FIELD_MANAGERS.audit });
};
