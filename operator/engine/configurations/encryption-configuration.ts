import { fieldsOf, isFields, type KubernetesObject, listOf } from '../objects/kubernetes-object.ts';
import { clean, type Fault, type Outcome } from '../outcomes/outcome.ts';

/** The providers of apiserver.config.k8s.io/v1. Their keys are never read. */
const providers = ['aesgcm', 'aescbc', 'secretbox', 'identity', 'kms'] as const;

const faulty = (path: string, problem: string): Outcome => ({ violations: [], faults: [{ path, problem }] });

/** Whether the name of a resource in the configuration stands for Secrets. */
const coversSecrets = (name: unknown): boolean => name === 'secrets' || name === '*.' || name === '*.*';

/** Returns the fault of an entry that the API server refuses. */
function entryFault(entry: unknown, path: string): Fault | undefined {
  const { resources, providers: list } = fieldsOf(entry);
  if (!isFields(entry)) return { path, problem: 'expected a map' };
  if (!Array.isArray(resources) || resources.length === 0) return { path: `${path}.resources`, problem: 'expected a list of resources' };
  if (!Array.isArray(list) || list.length === 0) return { path: `${path}.providers`, problem: 'expected a list of providers' };
  const broken = list.findIndex((provider) => providers.filter((name) => isFields(fieldsOf(provider)[name])).length !== 1);
  return broken < 0 ? undefined : { path: `${path}.providers[${broken}]`, problem: `expected one of ${providers.join(', ')}` };
}

/**
 * Fails if the API server writes Secrets to etcd without encryption: the first entry for Secrets has `identity` as first provider, or no entry
 * is for them. `aesgcm` fails with a low severity, because its keys must be changed often.
 */
export function secretsEncryption(object: KubernetesObject): Outcome {
  const entries = object['resources'] ?? [];
  if (!Array.isArray(entries)) return faulty('resources', 'expected a list');
  const faults = entries.map((entry, index) => entryFault(entry, `resources[${index}]`)).filter((fault) => fault !== undefined);
  if (faults.length > 0) return { violations: [], faults };
  const at = entries.findIndex((entry) => listOf(fieldsOf(entry)['resources']).some(coversSecrets));
  if (at < 0) return { violations: [{ path: 'resources' }], faults: [], message: 'no provider is set for secrets' };
  const [first] = listOf(fieldsOf(entries[at])['providers']);
  const path = `resources[${at}].providers[0]`;
  if (isFields(fieldsOf(first)['identity'])) return { violations: [{ path }], faults: [] };
  if (!isFields(fieldsOf(first)['aesgcm'])) return clean;
  return {
    violations: [{ path }],
    faults: [],
    severity: 'low',
    message: 'aesgcm is only safe if its key is changed before 200,000 writes',
  };
}
