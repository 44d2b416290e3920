import { type Fields, fieldsOf, groupOf, listOf, textOf, textsOf } from '../objects/kubernetes-object.ts';
import { isWorkloadKind } from '../objects/workload-kind.ts';
import { clean, type Outcome, skipped, type Violation } from '../outcomes/outcome.ts';
import { namedPort, servesWorkload } from '../network/exposure/ways-in.ts';
import type { CrossObjectCheck } from './cross-object-check.ts';
import { labelled, workloadsIn } from './selectable-pods.ts';
import { type Projection, type Snapshot, workloadOf } from './snapshot.ts';

const clusterScoped = /^(StorageClass|PriorityClass|RuntimeClass)\./;
const shortName = (kind: string): string => kind.split('.', 1)[0] ?? kind;

/**
 * What is known about a reference: the object exists, it does not, or it may be somewhere else. A set of files is seldom all of a cluster:
 * it proves that an object is missing only if it has others of that kind beside it.
 */
type Existence = 'exists' | 'missing' | { readonly unknown: string };

/** Why a set of files does not show whether an object exists. Undefined: it does. */
function unknownIn(snapshot: Snapshot, kind: string, namespace: string): string | undefined {
  if (!snapshot.isPartial || snapshot.in(namespace, kind).length > 0) return undefined;
  const where = namespace === '' ? '' : ` of namespace ${namespace}`;
  return `no ${shortName(kind)}${where} is among the files`;
}

function existenceOf(snapshot: Snapshot, kind: string, namespace: string, name: string): Existence {
  const home = clusterScoped.test(kind) ? '' : namespace;
  if (snapshot.find(kind, home, name) !== undefined) return 'exists';
  const unknown = unknownIn(snapshot, kind, home) ?? snapshot.operators.reasonFor(home, name);
  return unknown === undefined ? 'missing' : { unknown };
}

/** Returns a failure for what is missing, else a skip if something is not known, else a pass. */
function outcomeOf(found: readonly (readonly [Existence, Violation])[]): Outcome {
  const violations = found.filter(([existence]) => existence === 'missing').map(([, violation]) => violation);
  if (violations.length > 0) return { violations, faults: [] };
  const unknown = found.map(([existence]) => existence).find((existence) => typeof existence === 'object');
  return unknown === undefined ? clean : skipped(unknown.unknown);
}

/** Fails a workload that names a ConfigMap, a key of it, a claim or a class that does not exist. */
const missingReference: CrossObjectCheck = (workload, { snapshot }) => {
  const { references, prefix } = workloadOf(workload);
  if (references === undefined) return { violations: [], faults: [{ path: '', problem: 'the objects that it names were not read' }] };
  const namespace = workload.reference.namespace ?? '';
  return outcomeOf(
    references.map(({ kind, name, key, path }) => {
      const existence = existenceOf(snapshot, kind, namespace, name);
      const label = `${shortName(kind)} ${name}`;
      const lacksKey = existence === 'exists' && key !== undefined && !hasKey(snapshot.find(kind, namespace, name), key);
      return lacksKey ? ['missing', { path: prefix + path, label: `key ${key} of ${label}` }] : [existence, { path: prefix + path, label }];
    }),
  );
};

const hasKey = (configMap: Projection | undefined, key: string): boolean => textsOf(configMap?.body['keys']).includes(key);

/** The claims of an object: a claim itself, or those that a StatefulSet makes. */
function claimsOf({ groupKind, body }: Projection): readonly (readonly [path: string, name: unknown])[] {
  if (groupKind === 'PersistentVolumeClaim') return textOf(body['volumeName']) ? [] : [['spec.storageClassName', body['storageClassName']]];
  return listOf(body['claimClasses']).map((name, index) => [`spec.volumeClaimTemplates[${index}].spec.storageClassName`, name]);
}

/** Fails a claim whose StorageClass does not exist. A volume that an administrator made can name a class that nobody defined. */
const missingStorageClass: CrossObjectCheck = (subject, { snapshot }) => {
  const kind = 'StorageClass.storage.k8s.io';
  const ofVolumes = new Set(snapshot.all('PersistentVolume').map(({ body }) => body['storageClassName']));
  return outcomeOf(
    claimsOf(subject).flatMap(([path, name]) => {
      const text = textOf(name) ?? '';
      return text === '' || ofVolumes.has(text) ? [] : [[existenceOf(snapshot, kind, '', text), { path, label: text }] as const];
    }),
  );
};

/** Groups in which workloads were before they were in apps. */
const formerGroups: ReadonlySet<string> = new Set(['extensions', '']);
const homeless: ReadonlySet<string> = new Set(['Pod', 'PodTemplate', 'ReplicationController']);

/** The kind that a reference to a workload names, in the group that it is in today. */
function scaledKind({ kind, apiVersion }: Fields): string {
  const plain = textOf(kind) ?? '';
  const written = groupOf(apiVersion);
  const group = formerGroups.has(written) && !homeless.has(plain) ? 'apps' : written;
  return group === '' ? plain : `${plain}.${group}`;
}

/** Fails an autoscaler whose workload does not exist. */
const missingScaleTarget: CrossObjectCheck = ({ body, reference: { namespace = '' } }, { snapshot }) => {
  const target = fieldsOf(body['scaleTargetRef']);
  const kind = scaledKind(target);
  const name = textOf(target['name']) ?? '';
  if (!isWorkloadKind(kind)) return skipped(`it scales a ${kind}, which Vigil does not look for`);
  if (snapshot.find(kind, namespace, name) !== undefined) return clean;
  if (snapshot.isPartial && workloadsIn(snapshot, namespace).length === 0)
    return skipped(`no workload of namespace ${namespace} is among the files`);
  const unknown = snapshot.operators.reasonFor(namespace, name);
  if (unknown !== undefined) return skipped(unknown);
  return { violations: [{ path: 'spec.scaleTargetRef', label: `${shortName(kind)} ${name}` }], faults: [] };
};

/** Fails a Service if no pod that it selects has a port with the name of a targetPort. Numbers need not be declared by containers. */
const missingTargetPort: CrossObjectCheck = (service, { snapshot }) => {
  const named = listOf(service.body['ports']).flatMap((port, index) => {
    const { targetPort, protocol } = fieldsOf(port);
    return isPortName(targetPort) ? [{ name: targetPort, protocol, path: `spec.ports[${index}].targetPort` }] : [];
  });
  if (named.length === 0 || Object.keys(fieldsOf(service.body['selector'])).length === 0) return clean;
  const selected = workloadsIn(snapshot, service.reference.namespace ?? '').filter((workload) =>
    servesWorkload(service, labelled(workload)),
  );
  if (selected.length === 0) return skipped('its selector matches no workload');
  const known = new Set(selected.flatMap((workload) => workloadOf(workload).namedPorts));
  const missing = named.filter(({ name, protocol }) => !known.has(namedPort(protocol, name)));
  return missing.length === 0 ? clean : { violations: missing.map(({ name, path }) => ({ path, label: name })), faults: [] };
};

const isPortName = (targetPort: unknown): targetPort is string => typeof targetPort === 'string' && !/^\d*$/.test(targetPort);

/** A port of a backend by its number or its name. */
const hasPort = (service: Projection, port: unknown): boolean =>
  listOf(service.body['ports'])
    .map(fieldsOf)
    .some(({ port: number, name }) => port === number || (typeof port === 'string' && port === name));

/** The backends of an Ingress or a route, with the Service of each. */
function backendsOf({ body, reference }: Projection): readonly { name: string; namespace: string; port: unknown; path: string }[] {
  return listOf(body['backends'])
    .map(fieldsOf)
    .flatMap(({ name, namespace, port, path }) => {
      const service = textOf(name);
      if (service === undefined) return [];
      return [{ name: service, namespace: textOf(namespace) ?? reference.namespace ?? '', port, path: textOf(path) ?? 'spec' }];
    });
}

/** Fails a route whose backend Service does not exist. */
const missingBackend: CrossObjectCheck = (route, { snapshot }) =>
  outcomeOf(
    backendsOf(route).map(({ name, namespace, path }) => [
      existenceOf(snapshot, 'Service', namespace, name),
      { path, label: namespace === route.reference.namespace ? name : `${namespace}/${name}` },
    ]),
  );

/** Fails an Ingress or a route that names a port which its Service does not have. A Service that does not exist is for other controls. */
const missingBackendPort: CrossObjectCheck = (route, { snapshot }) => {
  const violations = backendsOf(route).flatMap(({ name, namespace, port, path }) => {
    const service = snapshot.find('Service', namespace, name);
    if (service === undefined || port === undefined || service.body['type'] === 'ExternalName' || hasPort(service, port)) return [];
    return [{ path, label: `port ${JSON.stringify(port)} of Service ${name}` }];
  });
  return violations.length === 0 ? clean : { violations, faults: [] };
};

/** The checks of references between objects, by the names that controls use. */
export const referenceChecks: Readonly<Record<string, CrossObjectCheck>> = {
  missingReference,
  missingStorageClass,
  missingScaleTarget,
  missingTargetPort,
  missingBackend,
  missingBackendPort,
};
