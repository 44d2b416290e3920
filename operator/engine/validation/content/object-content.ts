import {
  type Fields,
  fieldsOf,
  groupKindOf,
  isFields,
  type KubernetesObject,
  listOf,
  namespaceOf,
  textOf,
} from '../../objects/kubernetes-object.ts';
import { policyRules } from '../../network/network-policy.ts';
import { quantityNumber } from '../../schema/quantity-number.ts';
import { type AddProblem, checkNotNegative, checkPort, isSet, lastName } from './content-problem.ts';
import { isDnsLabel, isDnsSubdomain, isPathSegment, isWildcardSubdomain } from '../../objects/name-forms.ts';

type ContentJudge = (object: KubernetesObject, add: AddProblem) => void;

const specOf = (object: KubernetesObject): Fields => fieldsOf(object['spec']);

/** The names of the ports of one Service. */
class SeenPorts {
  readonly #names = new Set<string>();

  /** Adds the problems of a port. `several`: whether the Service has others. */
  check(port: Fields, path: string, { add, several }: { add: AddProblem; several: boolean }): void {
    const name = textOf(port['name']) ?? '';
    if (name !== '') this.#checkName(name, path, add);
    else if (several) add(`${path}.name`, 'name is required if a Service has several ports');
    checkPort(port['port'], `${path}.port`, add);
    // The server replaces 0 by the port.
    if (port['targetPort'] !== 0) checkPort(port['targetPort'], `${path}.targetPort`, add);
  }

  #checkName(name: string, path: string, add: AddProblem): void {
    if (!isDnsLabel(name)) add(`${path}.name`, 'name must have only small letters, digits and -');
    if (this.#names.has(name)) add(`${path}.name`, 'name is that of another port');
    this.#names.add(name);
  }
}

const service: ContentJudge = (object, add) => {
  const { type, externalName, ports, clusterIP } = specOf(object);
  const list = listOf(ports).map(fieldsOf);
  if (type === 'ExternalName') {
    if (!externalName) add('spec.externalName', 'externalName is required for the type ExternalName');
  } else if (list.length === 0 && clusterIP !== 'None') add('spec.ports', 'ports is required');
  const seen = new SeenPorts();
  for (const [index, port] of list.entries()) seen.check(port, `spec.ports[${index}]`, { add, several: list.length > 1 });
};

const isHost = (host: string): boolean =>
  host.includes('*') ? isWildcardSubdomain(host) : isDnsSubdomain(host) && !/^\d+(\.\d+){3}$/.test(host);

function backendProblem(backend: unknown, path: string, add: AddProblem): void {
  if (!isFields(backend)) return;
  const { service: toService, resource } = backend;
  if (isSet(toService) === isSet(resource)) add(path, 'backend must have a service or a resource');
  const { name, number } = fieldsOf(fieldsOf(toService)['port']);
  if (isSet(toService) && !name === !number) add(`${path}.service.port`, 'port must have a name or a number');
}

/** Sequences that a path must not have, unless its type leaves it to the controller. */
const relative = /\/\/|\/\.\/|\/\.\.\/|%2f|%2F|\/\.\.$|\/\.$/;

function pathProblems(entry: Fields, path: string, add: AddProblem): void {
  backendProblem(entry['backend'], `${path}.backend`, add);
  const text = textOf(entry['path']) ?? '';
  const isExact = entry['pathType'] === 'Exact' || entry['pathType'] === 'Prefix';
  if (!text.startsWith('/') && (text !== '' || isExact)) add(`${path}.path`, 'path must begin with /');
  else if (isExact && relative.test(text)) add(`${path}.path`, 'path must not have //, /./, /../ or %2f');
}

const ingress: ContentJudge = (object, add) => {
  const { rules, defaultBackend } = specOf(object);
  if (listOf(rules).length === 0 && !isSet(defaultBackend)) add('spec', 'spec must have rules or defaultBackend');
  backendProblem(defaultBackend, 'spec.defaultBackend', add);
  for (const [index, rule] of listOf(rules).entries()) {
    const { host, http } = fieldsOf(rule);
    const path = `spec.rules[${index}]`;
    if (typeof host === 'string' && host !== '' && !isHost(host))
      add(`${path}.host`, 'host must be a name in small letters, without scheme, port and path, and with * only as its first part');
    for (const [at, entry] of listOf(fieldsOf(http)['paths']).entries()) pathProblems(fieldsOf(entry), `${path}.http.paths[${at}]`, add);
  }
};

const isPercent = /^\d+%$/;

const disruptionBudget: ContentJudge = (object, add) => {
  const spec = specOf(object);
  if (isSet(spec['minAvailable']) && isSet(spec['maxUnavailable'])) add('spec', 'spec must not have both minAvailable and maxUnavailable');
  for (const name of ['minAvailable', 'maxUnavailable']) {
    const value = spec[name];
    if (typeof value === 'string' && !isPercent.test(value)) add(`spec.${name}`, `${name} must be a whole number, or a text such as 50%`);
  }
  checkNotNegative(spec, ['minAvailable', 'maxUnavailable'], { path: 'spec', add });
};

const autoscaler: ContentJudge = (object, add) => {
  const { minReplicas, maxReplicas } = specOf(object);
  if (typeof maxReplicas === 'number' && maxReplicas < 1) add('spec.maxReplicas', 'maxReplicas must be at least 1');
  if (typeof minReplicas === 'number' && typeof maxReplicas === 'number' && minReplicas > maxReplicas)
    add('spec.minReplicas', 'minReplicas must not be above maxReplicas');
};

const accessModes: ReadonlySet<unknown> = new Set(['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod']);

const claim: ContentJudge = (object, add) => {
  const { accessModes: modes, resources } = specOf(object);
  for (const [index, mode] of listOf(modes).entries())
    if (!accessModes.has(mode)) add(`spec.accessModes[${index}]`, `accessModes must be among ${[...accessModes].join(', ')}`);
  const { storage } = fieldsOf(fieldsOf(resources)['requests']);
  if (!isSet(storage)) add('spec.resources.requests.storage', 'storage is required');
  else if ((quantityNumber(storage) ?? 1) <= 0) add('spec.resources.requests.storage', 'storage must be more than 0');
};

const rbac = 'rbac.authorization.k8s.io';
const subjectGroups: ReadonlyMap<unknown, string> = new Map([
  ['User', rbac],
  ['Group', rbac],
  ['ServiceAccount', ''],
]);

function subjectProblems({ kind, apiGroup, name }: Fields, path: string, add: AddProblem): void {
  const group = subjectGroups.get(kind);
  if (group === undefined) add(`${path}.kind`, 'kind must be User, Group or ServiceAccount');
  else if ((apiGroup ?? '') !== group) add(`${path}.apiGroup`, `apiGroup must be '${group}' for a ${String(kind)}`);
  if (!name) add(`${path}.name`, 'name is required');
  else if (kind === 'ServiceAccount' && !isDnsSubdomain(textOf(name) ?? '')) add(`${path}.name`, 'name is no name of a ServiceAccount');
}

/** `roles`: the kinds that `roleRef` can name. */
const binding =
  (roles: readonly unknown[]): ContentJudge =>
  (object, add) => {
    const { kind, name } = fieldsOf(object['roleRef']);
    if (!roles.includes(kind)) add('roleRef.kind', `kind must be ${roles.join(' or ')}`);
    if (typeof name === 'string' && !isPathSegment(name)) add('roleRef.name', "name must not have '/' or '%', nor be '.' or '..'");
    for (const [index, subject] of listOf(object['subjects']).entries()) {
      const fields = fieldsOf(subject);
      subjectProblems(fields, `subjects[${index}]`, add);
      if (roles.length === 1 && fields['kind'] === 'ServiceAccount' && !fields['namespace'])
        add(`subjects[${index}].namespace`, 'namespace is required for a ServiceAccount');
    }
  };

const role: ContentJudge = (object, add) => {
  for (const [index, rule] of listOf(object['rules']).entries()) {
    const { apiGroups, resources, nonResourceURLs } = fieldsOf(rule);
    const isAboutUrls = listOf(nonResourceURLs).length > 0;
    for (const [name, list] of Object.entries({ apiGroups, resources }))
      if (!isAboutUrls && listOf(list).length === 0) add(`rules[${index}].${name}`, `${name} is required in a rule for resources`);
    if (isAboutUrls && listOf(resources).length > 0) add(`rules[${index}]`, 'a rule must not have both resources and nonResourceURLs');
  }
};

const networkPolicy: ContentJudge = (object, add) => {
  for (const { path, problem } of policyRules(object['spec'], namespaceOf(object)).faults) add(path, `${lastName(path)}: ${problem}`);
};

/** What the API server refuses in kinds other than workloads. */
export const contentJudges: ReadonlyMap<string, ContentJudge> = new Map<string, ContentJudge>([
  ['Service', service],
  ['Ingress.networking.k8s.io', ingress],
  ['PodDisruptionBudget.policy', disruptionBudget],
  ['HorizontalPodAutoscaler.autoscaling', autoscaler],
  ['NetworkPolicy.networking.k8s.io', networkPolicy],
  ['PersistentVolumeClaim', claim],
  [`Role.${rbac}`, role],
  [`ClusterRole.${rbac}`, role],
  [`RoleBinding.${rbac}`, binding(['Role', 'ClusterRole'])],
  [`ClusterRoleBinding.${rbac}`, binding(['ClusterRole'])],
]);

/** Returns the judge for the content of an object. Undefined if its kind has none. */
export const contentJudgeOf = (object: KubernetesObject): ContentJudge | undefined => contentJudges.get(groupKindOf(object));
