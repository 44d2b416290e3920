import { fails, objects, passes, type Row, skips, type Tables } from '../../control-table.ts';

const documents = (...parts: readonly string[]): string => parts.join('\n---\n');
const object = (apiVersion: string, kind: string, name: string, fields = '', namespace = 'shop'): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: ${name}, namespace: ${namespace}}${fields === '' ? '' : `, ${fields}`}}`;
const pod = (spec: string, container = ''): string =>
  object('v1', 'Pod', 'web', `spec: {containers: [{name: app, image: app:1${container}}]${spec === '' ? '' : `, ${spec}`}}`);
const deployment = (name: string, ports = ''): string =>
  object(
    'apps/v1',
    'Deployment',
    name,
    `spec: {selector: {matchLabels: {app: ${name}}}, template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: a, image: a:1, ports: [${ports}]}]}}}`,
  );
const configMap = (name: string, data = 'a: b', namespace = 'shop'): string =>
  object('v1', 'ConfigMap', name, `data: {${data}}`, namespace);
const other = configMap('other');
const fromMap = (name: string, more = ''): string => `, envFrom: [{configMapRef: {name: ${name}${more}}}]`;
const variable = (name: string, key: string, more = ''): string =>
  `, env: [{name: A, valueFrom: {configMapKeyRef: {name: ${name}, key: ${key}${more}}}}]`;
const claim = (name: string, spec: string): string =>
  object('v1', 'PersistentVolumeClaim', name, `spec: {accessModes: [ReadWriteOnce], ${spec}}`);
const storageClass = (name: string): string =>
  `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: ${name}}, provisioner: a.b}`;
const volume = (source: string): string => `volumes: [{name: v, ${source}}]`;

const workloads: readonly Row[] = [
  fails('a ConfigMap that does not exist', documents(pod('', fromMap('config')), other), 'spec.containers[0].envFrom[0].configMapRef.name'),
  fails(
    'a key that the ConfigMap does not have',
    documents(pod('', variable('other', 'b')), other),
    'spec.containers[0].env[0].valueFrom.configMapKeyRef',
  ),
  fails(
    'a volume of a ConfigMap that does not exist',
    documents(pod(volume('configMap: {name: config}')), other),
    'spec.volumes[0].configMap.name',
  ),
  fails(
    'a key of a volume that the ConfigMap does not have',
    documents(pod(volume('configMap: {name: other, items: [{key: a, path: a}, {key: b, path: b}]}')), other),
    'spec.volumes[0].configMap.items[1].key',
  ),
  fails(
    'a ConfigMap in a projected volume',
    documents(pod(volume('projected: {sources: [{configMap: {name: config}}]}')), other),
    'spec.volumes[0].projected.sources[0].configMap.name',
  ),
  fails(
    'a ConfigMap of another namespace',
    documents(pod('', fromMap('config')), configMap('config', 'a: b', 'bank'), other),
    'spec.containers[0].envFrom[0].configMapRef.name',
  ),
  fails(
    'a claim that does not exist',
    documents(pod(volume('persistentVolumeClaim: {claimName: data}')), claim('dtaa', '')),
    'spec.volumes[0].persistentVolumeClaim.claimName',
  ),
  fails(
    'a priority class that does not exist',
    documents(pod('priorityClassName: high'), '{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: low}, value: 1}'),
    'spec.priorityClassName',
  ),
  fails(
    'a runtime class that does not exist',
    documents(pod('runtimeClassName: gvisor'), '{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: kata}, handler: kata}'),
    'spec.runtimeClassName',
  ),
  fails(
    'one that exists and one that does not',
    documents(pod(volume('configMap: {name: config}'), fromMap('other')), other),
    'spec.volumes[0].configMap.name',
  ),
  skips('a ConfigMap of files without any in its namespace', documents(pod('', fromMap('config')), configMap('config', 'a: b', 'bank'))),
  skips('a class of files without any', pod('priorityClassName: high')),
  passes(
    'all that is needed',
    documents(pod(volume('persistentVolumeClaim: {claimName: data}'), variable('other', 'a')), other, claim('data', '')),
  ),
  passes(
    'binary data is a key too',
    documents(pod('', variable('config', 'b')), object('v1', 'ConfigMap', 'config', 'binaryData: {b: YQ==}')),
  ),
  passes('an optional ConfigMap', documents(pod('', fromMap('config', ', optional: true')), other)),
  passes('an optional key', documents(pod('', variable('other', 'b', ', optional: true')), other)),
  passes('what every namespace has', documents(pod(volume('configMap: {name: kube-root-ca.crt}')), other)),
  passes(
    'a class of every cluster',
    documents(
      pod('priorityClassName: system-node-critical'),
      '{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: low}, value: 1}',
    ),
  ),
  passes('a Secret is not looked for', documents(pod('', ', envFrom: [{secretRef: {name: gone}}]'), object('v1', 'Secret', 'other'))),
];

const storage: readonly Row[] = [
  fails('a class that does not exist', documents(claim('data', 'storageClassName: fats'), storageClass('fast')), 'spec.storageClassName'),
  fails(
    'the class of the second claim of a StatefulSet',
    documents(
      object(
        'apps/v1',
        'StatefulSet',
        'db',
        'spec: {selector: {}, serviceName: db, template: {metadata: {}, spec: {containers: [{name: a, image: a}]}}, volumeClaimTemplates: [{metadata: {name: a}, spec: {storageClassName: fast}}, {metadata: {name: b}, spec: {storageClassName: fats}}]}',
      ),
      storageClass('fast'),
    ),
    'spec.volumeClaimTemplates[1].spec.storageClassName',
  ),
  passes('a class that exists', documents(claim('data', 'storageClassName: fast'), storageClass('fast'))),
  passes('the default class', documents(claim('data', ''), storageClass('fast'))),
  passes('no class', documents(claim('data', 'storageClassName: ""'), storageClass('fast'))),
  passes(
    'the class of a volume that an administrator made',
    documents(
      claim('data', 'storageClassName: manual'),
      storageClass('fast'),
      '{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {storageClassName: manual}}',
    ),
  ),
  passes('a claim that names its volume', documents(claim('data', 'storageClassName: manual, volumeName: a'), storageClass('fast'))),
  skips('files without any class', claim('data', 'storageClassName: fast')),
];

const autoscaler = (target: string): string =>
  object('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', `spec: {maxReplicas: 2, scaleTargetRef: {${target}}}`);
const scaled: readonly Row[] = [
  fails(
    'a Deployment that does not exist',
    documents(autoscaler('apiVersion: apps/v1, kind: Deployment, name: wbe'), deployment('web')),
    'spec.scaleTargetRef',
  ),
  fails(
    'another kind of the same name',
    documents(autoscaler('apiVersion: apps/v1, kind: StatefulSet, name: web'), deployment('web')),
    'spec.scaleTargetRef',
  ),
  passes('a Deployment that exists', documents(autoscaler('apiVersion: apps/v1, kind: Deployment, name: web'), deployment('web'))),
  passes(
    'a Deployment in its former group',
    documents(autoscaler('apiVersion: extensions/v1beta1, kind: Deployment, name: web'), deployment('web')),
  ),
  skips('a kind that is no workload', documents(autoscaler('apiVersion: example.com/v1, kind: Fleet, name: web'), deployment('web'))),
  skips('files without workloads', autoscaler('apiVersion: apps/v1, kind: Deployment, name: web')),
];

const service = (ports: string, more = 'selector: {app: web}', name = 'web'): string =>
  object('v1', 'Service', name, `spec: {ports: [${ports}], ${more}}`);
const targets: readonly Row[] = [
  fails(
    'a name that no container has',
    documents(service('{port: 80, targetPort: htpt}'), deployment('web', '{name: http, containerPort: 8080}')),
    'spec.ports[0].targetPort',
  ),
  fails(
    'the name of a port of another workload',
    documents(service('{port: 80, targetPort: http}'), deployment('web'), deployment('shop', '{name: http, containerPort: 80}')),
    'spec.ports[0].targetPort',
  ),
  passes('the name of a port', documents(service('{port: 80, targetPort: http}'), deployment('web', '{name: http, containerPort: 8080}'))),
  passes('a number that no container declares', documents(service('{port: 80, targetPort: 9090}'), deployment('web'))),
  passes('the number as text', documents(service('{port: 80, targetPort: "9090"}'), deployment('web'))),
  passes('a Service without a selector', documents(service('{port: 80, targetPort: http}', 'type: ClusterIP'), deployment('web'))),
  skips('a selector that matches nothing', documents(service('{port: 80, targetPort: http}'), deployment('shop'))),
];

const route = (backend: string, kind = 'HTTPRoute'): string =>
  object('gateway.networking.k8s.io/v1', kind, 'web', `spec: {rules: [{backendRefs: [${backend}]}]}`);
const ingress = (port: string): string =>
  object(
    'networking.k8s.io/v1',
    'Ingress',
    'web',
    `spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {${port}}}}}]}}]}`,
  );
const backends: readonly Row[] = [
  fails('a Service that does not exist', documents(route('{name: wbe, port: 80}'), service('{port: 80}')), 'spec.rules[0].backendRefs[0]'),
  fails(
    'the second backend of a GRPCRoute',
    documents(route('{name: web, port: 80}, {name: wbe, port: 80}', 'GRPCRoute'), service('{port: 80}')),
    'spec.rules[0].backendRefs[1]',
  ),
  fails(
    'a Service of another namespace',
    documents(route('{name: pay, namespace: bank, port: 80}'), object('v1', 'Service', 'other', 'spec: {ports: [{port: 80}]}', 'bank')),
    'spec.rules[0].backendRefs[0]',
  ),
  passes('a Service that exists', documents(route('{name: web, port: 80}'), service('{port: 80}'))),
  passes(
    'a backend of another kind',
    documents(route('{name: web, group: net.gke.io, kind: ServiceImport}'), service('{port: 80}', 'selector: {app: a}', 'b')),
  ),
  passes('a backend without traffic', documents(route('{name: wbe, port: 80, weight: 0}'), service('{port: 80}'))),
  skips('files without Services', route('{name: web, port: 80}')),
];
const ports: readonly Row[] = [
  fails(
    'a number that the Service does not have',
    documents(ingress('number: 8080'), service('{port: 80, targetPort: 8080}')),
    'spec.rules[0].http.paths[0].backend',
  ),
  fails(
    'a name that the Service does not have',
    documents(ingress('name: htpt'), service('{port: 80, name: http}')),
    'spec.rules[0].http.paths[0].backend',
  ),
  fails('a port of a route', documents(route('{name: web, port: 8080}'), service('{port: 80}')), 'spec.rules[0].backendRefs[0]'),
  passes('a number', documents(ingress('number: 80'), service('{port: 80}'))),
  passes('a name', documents(ingress('name: http'), service('{port: 80, name: http}'))),
  passes(
    'a Service that does not exist is for another control',
    documents(ingress('number: 80'), service('{port: 81}', 'selector: {app: a}', 'b')),
  ),
  passes(
    'a Service for a name outside',
    documents(ingress('number: 443'), service('{port: 80}', 'type: ExternalName, externalName: example.com')),
  ),
];

/** Controls about objects that others name. */
export const table: Tables = {
  'workload-reference-missing': objects(...workloads),
  'storage-class-missing': objects(...storage),
  'autoscaler-target-missing': objects(...scaled),
  'service-target-port-missing': objects(...targets),
  'route-dangling-backend': objects(...backends),
  'backend-port-missing': objects(...ports),
};
