import { fieldsOf, groupKindOf, isFields, type KubernetesObject, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Fault, type Outcome, type Violation } from '../outcomes/outcome.ts';

/** Names and addresses of the node of the API server, and of Services. */
const insideCluster = /^(localhost|127(\.\d+){3}|\[::1\]|[a-z0-9-]+\.[a-z0-9-]+\.svc(\.[a-z0-9.-]+\.(local|internal))?)$/i;

interface ClientConfig {
  readonly path: string;
  readonly value: unknown;
  readonly name: string | undefined;
}

function clientConfigs(object: KubernetesObject): readonly ClientConfig[] {
  if (groupKindOf(object) === 'CustomResourceDefinition.apiextensions.k8s.io') {
    const conversion = fieldsOf(fieldsOf(object['spec'])['conversion']);
    if (conversion['strategy'] !== 'Webhook') return [];
    return [{ path: 'spec.conversion.webhook.clientConfig', value: fieldsOf(conversion['webhook'])['clientConfig'], name: undefined }];
  }
  const { webhooks } = object;
  if (!Array.isArray(webhooks)) return [];
  return webhooks.map((webhook: unknown, index) => ({
    path: `webhooks[${index}].clientConfig`,
    value: fieldsOf(webhook)['clientConfig'],
    name: textOf(fieldsOf(webhook)['name']),
  }));
}

function hostOf(url: string): string | undefined {
  const [, host] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@?#]*@)?(\[[^\]]*\]|[^/:?#]*)/i.exec(url) ?? [];
  return host;
}

/** Judges one clientConfig. Undefined if it names a Service, or a host inside of the cluster. */
function judged({ path, value, name }: ClientConfig): Violation | Fault | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isFields(value)) return { path, problem: 'expected a map' };
  const url = value['url'] ?? '';
  if (typeof url !== 'string') return { path: `${path}.url`, problem: 'expected a string' };
  if (url === '' || insideCluster.test(hostOf(url) ?? '')) return undefined;
  return { path: `${path}.url`, ...(name === undefined ? {} : { label: name }) };
}

/** Fails for webhooks that the API server calls outside of the cluster: their URL names another host than a Service or the node itself. */
export function webhookOutside(object: KubernetesObject): Outcome {
  const { webhooks } = object;
  if (webhooks !== undefined && webhooks !== null && !Array.isArray(webhooks))
    return { ...clean, faults: [{ path: 'webhooks', problem: 'expected a list' }] };
  const found = clientConfigs(object)
    .map(judged)
    .filter((entry) => entry !== undefined);
  if (found.length === 0) return clean;
  return { violations: found.filter((entry) => !('problem' in entry)), faults: found.filter((entry) => 'problem' in entry) };
}
