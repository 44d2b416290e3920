import { fails, objects, passes, type Row, type Tables } from '../control-table.ts';

const template = (spec: string): string => `{metadata: {labels: {app: web}}, spec: {${spec}}}`;
const container = 'containers: [{name: app, image: app:1}]';
const workload = (kind: string, spec: string, extra = ''): string =>
  `{apiVersion: apps/v1, kind: ${kind}, metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, template: ${template(spec)}${extra}}}`;
const deployment = (spec: string, extra = ''): string => workload('Deployment', spec, extra);
const pod = (spec: string): string => `{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {${spec}}}`;
const job = (spec: string): string => `{apiVersion: batch/v1, kind: Job, metadata: {name: load}, spec: {template: ${template(spec)}}}`;
const object = (apiVersion: string, kind: string, fields: string): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: it}, ${fields}}`;
const appPath = 'spec.containers[0]';
const app = (fields: string): string => pod(`containers: [{name: app, image: app:1, ${fields}}]`);

/** Fields with values that the API server cannot decode, and where it finds them. */
const types: readonly (readonly [what: string, yaml: string, path: string])[] = [
  ['a number as text', deployment(container, ', replicas: "2"'), 'spec.replicas'],
  ['a part of a number', deployment(container, ', replicas: 1.5'), 'spec.replicas'],
  ['a truth value as text', app('securityContext: {privileged: "true"}'), `${appPath}.securityContext.privileged`],
  ['a number for a text', app('env: [{name: PORT, value: 8080}]'), `${appPath}.env[0].value`],
  [
    'a truth value as a label',
    object('v1', 'ConfigMap', 'data: {}').replace('name: it', 'name: it, labels: {a: true}'),
    'metadata.labels.a',
  ],
  [
    'a number as an annotation with a domain',
    object('v1', 'ConfigMap', 'data: {}').replace('name: it', 'name: it, annotations: {example.com/order: 1}'),
    "metadata.annotations['example.com/order']",
  ],
  ['a map for a list', pod('containers: {name: app, image: app:1}'), 'spec.containers'],
  ['a text for a list', app('command: run'), `${appPath}.command`],
  ['a number in a list of texts', app('args: [run, 8080]'), `${appPath}.args[1]`],
  ['a list for a map', app('resources: []'), `${appPath}.resources`],
  ['a text in a list of maps', app('ports: ["80"]'), `${appPath}.ports[0]`],
  ['a size that is no quantity', app('resources: {limits: {memory: 64MB}}'), `${appPath}.resources.limits.memory`],
  ['a truth value for a port', object('v1', 'Service', 'spec: {ports: [{port: 80, targetPort: true}]}'), 'spec.ports[0].targetPort'],
  ['data that is no base64', object('v1', 'Secret', 'data: {password: "not base64"}'), 'data.password'],
  ['a list for a Secret', object('v1', 'Secret', 'data: [a]'), 'data'],
  [
    'a group that is no number',
    pod(`${container}, securityContext: {supplementalGroups: ["1"]}`),
    'spec.securityContext.supplementalGroups[0]',
  ],
];

const refused: readonly Row[] = [
  ...types.map(([what, yaml, path]) => fails(what, yaml, path)),
  fails('a Deployment without a selector', deployment(container).replace('selector: {matchLabels: {app: web}}, ', ''), 'spec.selector'),
  fails('a container without a name', pod('containers: [{image: app:1}]'), `${appPath}.name`),
  fails('a container with an empty image', pod('containers: [{name: app, image: ""}]'), `${appPath}.image`),
  fails('a pod without containers', pod('containers: []'), 'spec.containers'),
  fails('a port without its number', app('ports: [{name: http}]'), `${appPath}.ports[0].containerPort`),
  fails(
    'a rule of a Role without verbs',
    object('rbac.authorization.k8s.io/v1', 'Role', 'rules: [{apiGroups: [""], resources: [pods]}]'),
    'rules[0].verbs',
  ),
  passes(
    'a rule of a ClusterRole for a URL',
    object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'rules: [{verbs: [get], nonResourceURLs: [/healthz]}]'),
  ),
  fails('a policy of a Job', pod(`${container}, restartPolicy: Sometimes`), 'spec.restartPolicy'),
  fails('a Deployment whose pods end', deployment(`${container}, restartPolicy: Never`), 'spec.template.spec.restartPolicy'),
  fails('a Job whose pods never end, which is the default', job(container), 'spec.template.spec.restartPolicy'),
  passes('a Job whose pods end', job(`${container}, restartPolicy: Never`)),
  fails('a protocol in small letters', object('v1', 'Service', 'spec: {ports: [{port: 80, protocol: tcp}]}'), 'spec.ports[0].protocol'),
  fails(
    'a direction that no policy has',
    object('networking.k8s.io/v1', 'NetworkPolicy', 'spec: {podSelector: {}, policyTypes: [Ingress, egress]}'),
    'spec.policyTypes[1]',
  ),
  fails('two containers with one name', pod('containers: [{name: app, image: app:1}, {name: app, image: app:2}]'), 'spec.containers[1]'),
  fails('several values', app('imagePullPolicy: never, stdin: "no"'), [`${appPath}.imagePullPolicy`, `${appPath}.stdin`]),
  passes('a Deployment', deployment(container, ', replicas: 2')),
  passes('a Service without ports, for a name outside', object('v1', 'Service', 'spec: {type: ExternalName, externalName: example.com}')),
  passes(
    'a ReplicationController that takes its selector from the template',
    object('v1', 'ReplicationController', `spec: {template: ${template(container)}}`),
  ),
  passes('null for every kind of field', app('command: null, env: null, resources: null, stdin: null, workingDir: null')),
  passes('quantities as numbers and texts', app('resources: {limits: {cpu: 2, memory: 64Mi}, requests: {cpu: 0.5, memory: 1e3}}')),
  passes(
    'ports as names and numbers',
    object('v1', 'Service', 'spec: {ports: [{port: 80, name: a, targetPort: http}, {port: 81, name: b, targetPort: 8080}]}'),
  ),
  passes('sizes of huge pages from a field', app('env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.hugepages-2Mi}}}]')),
  passes('base64 in two lines', object('v1', 'Secret', 'data: {key: "aGVs\\nbG8="}')),
  passes('one port for two protocols', app('ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]')),
  passes(
    'a status that no user writes',
    pod(`${container}, nodeName: a`).replace('kind: Pod,', 'kind: Pod, status: {conditions: [{}], phase: Odd},'),
  ),
];

const unknown: readonly Row[] = [
  passes('a field that only the pods of Kubernetes 1.35 have', pod(`${container}, workloadRef: {name: a, podGroup: b}`)),
  fails(
    'this field beside the template of pods',
    deployment(container).replace('spec: {', 'spec: {workloadRef: {name: a}, '),
    'spec.workloadRef',
  ),
  fails('a field in other letters', app('imagePullpolicy: Always'), `${appPath}.imagePullpolicy`),
  fails('a mistyped field', app('securityContext: {runAsNonRot: true}'), `${appPath}.securityContext.runAsNonRot`),
  fails('a field of the security context beside it', app('runAsNonRoot: true'), `${appPath}.runAsNonRoot`),
  fails('a field of the Deployment in its pods', deployment(`${container}, replicas: 2`), 'spec.template.spec.replicas'),
  fails('a field of containers in the pod', pod(`${container}, livenessProbe: {}`), 'spec.livenessProbe'),
  fails('a field of the object as a whole', object('v1', 'ConfigMap', 'spec: {}'), 'spec'),
  fails('a label beside the labels', object('v1', 'ConfigMap', 'data: {}').replace('name: it', 'name: it, app: web'), 'metadata.app'),
  fails(
    'capabilities of the pod',
    pod(`${container}, securityContext: {capabilities: {drop: [ALL]}}`),
    'spec.securityContext.capabilities',
  ),
  passes('free keys of maps', object('v1', 'ConfigMap', 'data: {imge: a, "b.c": d}')),
  passes('a field of a later version', app('livenessProbe: {httpGet: {port: 80, protocol: HTTP2}}')),
  passes(
    'the schema of a CustomResourceDefinition',
    object(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'spec: {group: a.b, names: {kind: A, plural: as}, scope: Cluster, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-own: a}}}]}',
    ),
  ),
  passes(
    'the selector of a volume claim',
    workload(
      'StatefulSet',
      container,
      ', serviceName: web, volumeClaimTemplates: [{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]',
    ),
  ),
];

const repeated: readonly Row[] = [
  fails('a variable that is set twice', app('env: [{name: A, value: a}, {name: B, value: b}, {name: A, value: c}]'), `${appPath}.env[2]`),
  fails(
    'a port that is there twice',
    app('ports: [{containerPort: 80}, {containerPort: 80, name: http, protocol: TCP}]'),
    `${appPath}.ports[1]`,
  ),
  fails('a secret for pulling twice', pod(`${container}, imagePullSecrets: [{name: a}, {name: a}]`), 'spec.imagePullSecrets[1]'),
  passes('one port for two protocols', app('ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]')),
  passes('the same value of two variables', app('env: [{name: A, value: a}, {name: B, value: a}]')),
  passes('equal texts in a list', app('args: [a, a]')),
  passes(
    'the same variable of two containers',
    pod('containers: [{name: a, image: app:1, env: [{name: A}]}, {name: b, image: app:1, env: [{name: A}]}]'),
  ),
];

const deprecated: readonly Row[] = [
  fails('a beta version that the next Kubernetes removes', object('resource.k8s.io/v1beta1', 'ResourceClaim', 'spec: {}'), 'apiVersion'),
  fails('a version that is removed', object('storage.k8s.io/v1beta1', 'VolumeAttributesClass', 'driverName: a'), 'apiVersion'),
  fails('a version that was removed long ago', object('extensions/v1beta1', 'Ingress', 'spec: {}'), 'apiVersion'),
  passes('a stable version', object('resource.k8s.io/v1', 'ResourceClaim', 'spec: {}')),
  passes('a beta version that is not deprecated yet', object('scheduling.k8s.io/v1beta1', 'PodGroup', 'spec: {}')),
  passes('a version with a successor that is not deprecated', object('autoscaling/v1', 'HorizontalPodAutoscaler', 'spec: {}')),
];

/** Controls about the fields of manifests. */
export const table: Tables = {
  'invalid-field': objects(...refused),
  'unknown-field': objects(...unknown),
  'duplicate-list-item': objects(...repeated),
  'deprecated-api-version': objects(...deprecated),
};
