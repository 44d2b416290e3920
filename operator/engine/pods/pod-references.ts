import { type Fields, fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';

/** An object that a pod needs before it starts. Secrets are left out: Vigil does not read them. */
export interface PodReference {
  readonly kind: 'ConfigMap' | 'PersistentVolumeClaim' | 'PriorityClass.scheduling.k8s.io' | 'RuntimeClass.node.k8s.io';
  readonly name: string;
  /** A key that the ConfigMap must have. */
  readonly key?: string;
  /** The path in the pod. */
  readonly path: string;
}

/** Every cluster has these, or makes them for each namespace. */
const given: ReadonlySet<string> = new Set([
  'ConfigMap kube-root-ca.crt',
  'ConfigMap openshift-service-ca.crt',
  'PriorityClass.scheduling.k8s.io system-cluster-critical',
  'PriorityClass.scheduling.k8s.io system-node-critical',
]);

type Kind = PodReference['kind'];

/** Returns a reference by name, and to a key of it. None if the name is not set, or if it is optional or given. */
function named(kind: Kind, name: unknown, path: string, from: Fields = {}): readonly PodReference[] {
  const text = textOf(name) ?? '';
  if (text === '' || from['optional'] === true || given.has(`${kind} ${text}`)) return [];
  const key = textOf(from['key']);
  return [{ kind, name: text, path, ...(key === undefined ? {} : { key }) }];
}

/** The references of a ConfigMap as a volume: to itself, and to the keys that it lists. */
function configMapVolume(source: unknown, path: string): readonly PodReference[] {
  const { name, optional, items } = fieldsOf(source);
  const keys = listOf(items).map((item, index) => [fieldsOf(item)['key'], `${path}.items[${index}].key`] as const);
  if (keys.length === 0) return named('ConfigMap', name, `${path}.name`, { optional });
  return keys.flatMap(([key, at]) => named('ConfigMap', name, at, { optional, key }));
}

function ofVolume(volume: Fields, path: string): readonly PodReference[] {
  const { configMap, projected, persistentVolumeClaim } = volume;
  return [
    ...configMapVolume(configMap, `${path}.configMap`),
    ...listOf(fieldsOf(projected)['sources']).flatMap((source, index) =>
      configMapVolume(fieldsOf(source)['configMap'], `${path}.projected.sources[${index}].configMap`),
    ),
    ...named('PersistentVolumeClaim', fieldsOf(persistentVolumeClaim)['claimName'], `${path}.persistentVolumeClaim.claimName`),
  ];
}

function ofContainer({ env, envFrom }: Fields, path: string): readonly PodReference[] {
  const variables = listOf(env).flatMap((variable, index) => {
    const reference = fieldsOf(fieldsOf(fieldsOf(variable)['valueFrom'])['configMapKeyRef']);
    return named('ConfigMap', reference['name'], `${path}.env[${index}].valueFrom.configMapKeyRef`, reference);
  });
  const whole = listOf(envFrom).flatMap((source, index) => {
    const { name, optional } = fieldsOf(fieldsOf(source)['configMapRef']);
    return named('ConfigMap', name, `${path}.envFrom[${index}].configMapRef.name`, { optional });
  });
  return [...variables, ...whole];
}

/** Returns the objects that a pod needs, with the path of each. */
export function podReferences(spec: Fields): readonly PodReference[] {
  const volumes = listOf(spec['volumes']).flatMap((volume, index) => ofVolume(fieldsOf(volume), `spec.volumes[${index}]`));
  const containers = ['initContainers', 'containers'].flatMap((list) =>
    listOf(spec[list]).flatMap((container, index) => ofContainer(fieldsOf(container), `spec.${list}[${index}]`)),
  );
  return [
    ...containers,
    ...volumes,
    ...named('PriorityClass.scheduling.k8s.io', spec['priorityClassName'], 'spec.priorityClassName'),
    ...named('RuntimeClass.node.k8s.io', spec['runtimeClassName'], 'spec.runtimeClassName'),
  ];
}
