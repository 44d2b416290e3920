import { type Fields, fieldsOf, groupKindOf, isFields, type KubernetesObject, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Outcome, skipped } from '../outcomes/outcome.ts';

const faulty = (path: string, problem: string): Outcome => ({ violations: [], faults: [{ path, problem }] });

/** The configuration of the plugin PodSecurity, and the prefix of its paths. */
interface Found {
  readonly configuration: Fields;
  readonly prefix: string;
}

/** Finds the configuration in an AdmissionConfiguration, or the outcome without it. */
function inPlugins(object: KubernetesObject): Found | Outcome {
  const plugins = object['plugins'] ?? [];
  if (!Array.isArray(plugins)) return faulty('plugins', 'expected a list');
  const at = plugins.findIndex((plugin) => fieldsOf(plugin)['name'] === 'PodSecurity');
  if (at < 0) return skipped('the plugin PodSecurity has no configuration here');
  const { configuration = null, path } = fieldsOf(plugins[at]);
  const prefix = `plugins[${at}].configuration`;
  if (configuration === null)
    return skipped(`the configuration of PodSecurity is ${(path ?? '') === '' ? 'not set' : 'in the file of path'}`);
  return isFields(configuration) ? { configuration, prefix: `${prefix}.` } : faulty(prefix, 'expected a map');
}

function podSecurityOf(object: KubernetesObject): Found | Outcome {
  return groupKindOf(object).startsWith('AdmissionConfiguration.') ? inPlugins(object) : { configuration: object, prefix: '' };
}

const isOutcome = (found: Found | Outcome): found is Outcome => !('configuration' in found);

const levels = ['privileged', 'baseline', 'restricted'];

/** Fails if namespaces without labels admit every pod. The default is privileged. */
export function podSecurityDefaults(object: KubernetesObject): Outcome {
  const found = podSecurityOf(object);
  if (isOutcome(found)) return found;
  const { configuration, prefix } = found;
  const defaults = configuration['defaults'] ?? {};
  if (!isFields(defaults)) return faulty(`${prefix}defaults`, 'expected a map');
  const enforce = (defaults['enforce'] ?? '') === '' ? 'privileged' : defaults['enforce'];
  const path = `${prefix}defaults.enforce`;
  if (typeof enforce !== 'string' || !levels.includes(enforce)) return faulty(path, `expected one of ${levels.join(', ')}`);
  return enforce === 'privileged' ? { violations: [{ path }], faults: [] } : clean;
}

/** Controllers create pods for everyone who can create workloads. */
const isController = (name: string): boolean => /^system:serviceaccount:kube-system:.+-controller$/.test(name);

/** Fails for exempted users that are controllers of kube-system: then Deployments and Jobs of everyone are exempted. */
export function podSecurityExemptions(object: KubernetesObject): Outcome {
  const found = podSecurityOf(object);
  if (isOutcome(found)) return found;
  const { configuration, prefix } = found;
  const exemptions = configuration['exemptions'] ?? {};
  if (!isFields(exemptions)) return faulty(`${prefix}exemptions`, 'expected a map');
  const users = exemptions['usernames'] ?? [];
  const path = `${prefix}exemptions.usernames`;
  if (!Array.isArray(users)) return faulty(path, 'expected a list');
  const violations = users.flatMap((user, index) => (isController(textOf(user) ?? '') ? [{ path: `${path}[${index}]` }] : []));
  return violations.length === 0 ? clean : { violations, faults: [] };
}
