import { fails, objects, passes, type Row, type Tables } from '../../control-table.ts';

const app = 'containers: [{name: app, image: app:1}]';
const pod = (spec: string): string => `{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {${spec}}}`;
const container = (fields: string, spec = ''): string => pod(`${spec}containers: [{name: app, image: app:1, ${fields}}]`);
const at = 'spec.containers[0]';
const workload = (kind: string, spec: string, labels = '{app: web}'): string =>
  `{apiVersion: apps/v1, kind: ${kind}, metadata: {name: web}, spec: {${spec}selector: {matchLabels: {app: web}}, template: {metadata: {labels: ${labels}}, spec: {${app}}}}}`;
const cronJob = (schedule: string, name = 'load'): string =>
  `{apiVersion: batch/v1, kind: CronJob, metadata: {name: ${name}}, spec: {schedule: "${schedule}", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, ${app}}}}}}}`;
const object = (apiVersion: string, kind: string, fields: string, metadata = 'name: it'): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {${metadata}}, ${fields}}`;
const service = (spec: string): string => object('v1', 'Service', `spec: {${spec}}`);
const ingress = (spec: string): string => object('networking.k8s.io/v1', 'Ingress', `spec: {${spec}}`);
const route = (host: string, path = '/', pathType = 'Prefix', backend = 'service: {name: web, port: {number: 80}}'): string =>
  ingress(`rules: [{host: "${host}", http: {paths: [{path: "${path}", pathType: ${pathType}, backend: {${backend}}}]}}]`);
const budget = (spec: string): string => object('policy/v1', 'PodDisruptionBudget', `spec: {${spec}, selector: {}}`);
const claim = (spec: string): string => object('v1', 'PersistentVolumeClaim', `spec: {${spec}}`);
const role = (rule: string): string => object('rbac.authorization.k8s.io/v1', 'ClusterRole', `rules: [{${rule}}]`);
const labelled = (labels: string): string => object('v1', 'ConfigMap', 'data: {}', `name: it, labels: {${labels}}`);
const named = (apiVersion: string, kind: string, name: string, fields = 'spec: {}'): string =>
  object(apiVersion, kind, fields, `name: "${name}"`);

const bound = (kind: string, roleRef: string, subject: string): string =>
  object('rbac.authorization.k8s.io/v1', kind, `roleRef: {apiGroup: rbac.authorization.k8s.io, ${roleRef}}, subjects: [${subject}]`);

/** What the API server refuses: a title, the object, and the path. */
const refused: readonly (readonly [title: string, yaml: string, path: string])[] = [
  ['a port above the highest', container('ports: [{containerPort: 65536}]'), `${at}.ports[0].containerPort`],
  ['a host port that is not the port, on the network of the node', container('ports: [{containerPort: 80, hostPort: 81}]', 'hostNetwork: true, '), `${at}.ports[0].hostPort`],
  ['a name of a port that is too long', container('ports: [{containerPort: 80, name: http-and-metrics}]'), `${at}.ports[0].name`],
  ['a request above its limit', container('resources: {requests: {cpu: 2}, limits: {cpu: 1500m}}'), `${at}.resources.requests['cpu']`],
  ['a limit below zero', container('resources: {limits: {memory: -1Gi}}'), `${at}.resources.limits['memory']`],
  ['a mount of no volume', container('volumeMounts: [{name: data, mountPath: /data}]'), `${at}.volumeMounts[0].name`],
  ['two mounts at one path', container('volumeMounts: [{name: a, mountPath: /x}, {name: b, mountPath: /x}]', 'volumes: [{name: a}, {name: b}], '), `${at}.volumeMounts[1].mountPath`],
  ['a volume with two sources', pod(`volumes: [{name: a, emptyDir: {}, hostPath: {path: /x}}], ${app}`), 'spec.volumes[0]'],
  ['a path of the node that leads back', pod(`volumes: [{name: a, hostPath: {path: /srv/../etc}}], ${app}`), 'spec.volumes[0].hostPath.path'],
  ['a container with capital letters in its name', pod('containers: [{name: App, image: app:1}]'), `${at}.name`],
  ['a volume with a point in its name', pod(`volumes: [{name: a.b, emptyDir: {}}], ${app}`), 'spec.volumes[0].name'],
  ['an image with a space behind it', pod('containers: [{name: app, image: "app:1 "}]'), `${at}.image`],
  ['a probe without an action', container('livenessProbe: {periodSeconds: 5}'), `${at}.livenessProbe`],
  ['a probe with two actions', container('readinessProbe: {exec: {command: [a]}, tcpSocket: {port: 80}}'), `${at}.readinessProbe`],
  ['a liveness probe that must succeed twice', container('livenessProbe: {successThreshold: 2, exec: {command: [a]}}'), `${at}.livenessProbe.successThreshold`],
  ['a hook without an action', container('lifecycle: {preStop: {}}'), `${at}.lifecycle.preStop`],
  ['privileged without escalation', container('securityContext: {privileged: true, allowPrivilegeEscalation: false}'), `${at}.securityContext`],
  ['a profile of the node without its name', container('securityContext: {seccompProfile: {type: Localhost}}'), `${at}.securityContext.seccompProfile.localhostProfile`],
  ['a name of a profile for the default one', pod(`securityContext: {appArmorProfile: {type: RuntimeDefault, localhostProfile: x}}, ${app}`), 'spec.securityContext.appArmorProfile.localhostProfile'],
  ['a value and a source', container('env: [{name: A, value: b, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]'), `${at}.env[0].valueFrom`],
  ['a source of nothing', container('env: [{name: A, valueFrom: {}}]'), `${at}.env[0].valueFrom`],
  ['a toleration of a value that exists', pod(`tolerations: [{key: a, operator: Exists, value: b}], ${app}`), 'spec.tolerations[0].value'],
  ['a toleration without key and operator', pod(`tolerations: [{effect: NoSchedule}], ${app}`), 'spec.tolerations[0].operator'],
  ['a selector of other pods', workload('Deployment', '', '{app: shop}'), 'spec.selector'],
  ['a number of replicas below zero', workload('StatefulSet', 'replicas: -1, '), 'spec.replicas'],
  ['a number of replicas above the highest', workload('Deployment', 'replicas: 3000000000, '), 'spec.replicas'],
  ['a schedule of three fields', cronJob('* * *'), 'spec.schedule'],
  ['a schedule at the 25th hour', cronJob('0 25 * * *'), 'spec.schedule'],
  ['a schedule on the seventh day, which is 0', cronJob('0 0 * * 7'), 'spec.schedule'],
  ['a schedule with a time zone', cronJob('TZ=UTC 0 0 * * *'), 'spec.schedule'],
  ['a long name of a CronJob', cronJob('@daily', 'a'.repeat(53)), 'metadata.name'],
  ['a name with capital letters', named('v1', 'ConfigMap', 'Web', 'data: {}'), 'metadata.name'],
  ['a name with _', named('apps/v1', 'Deployment', 'web_1', 'spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}}'), 'metadata.name'],
  ['a namespace with a point', named('v1', 'Namespace', 'a.b'), 'metadata.name'],
  ['a role with a slash', named('rbac.authorization.k8s.io/v1', 'ClusterRole', 'a/b', 'rules: []'), 'metadata.name'],
  ['a label with a space', labelled('a: "b c"'), "metadata.labels['a']"],
  ['a label whose value is too long', labelled(`a: ${'b'.repeat(64)}`), "metadata.labels['a']"],
  ['a key of a label with two slashes', labelled('a/b/c: d'), "metadata.labels['a/b/c']"],
  ['several ports without names', service('ports: [{port: 80}, {port: 81, name: b}]'), 'spec.ports[0].name'],
  ['one port twice', service('ports: [{port: 80, name: a}, {port: 80, name: b}]'), 'spec.ports[1]'],
  ['one name twice', service('ports: [{port: 80, name: a}, {port: 81, name: a}]'), 'spec.ports[1].name'],
  ['a target port above the highest', service('ports: [{port: 80, targetPort: 70000}]'), 'spec.ports[0].targetPort'],
  ['a Service without ports', service('selector: {a: b}'), 'spec.ports'],
  ['an external name of nothing', service('type: ExternalName'), 'spec.externalName'],
  ['an Ingress of nothing', ingress('tls: []'), 'spec'],
  ['a host with a scheme', route('https://example.com'), 'spec.rules[0].host'],
  ['a host with a star inside', route('a.*.example.com'), 'spec.rules[0].host'],
  ['an address as a host', route('10.0.0.1'), 'spec.rules[0].host'],
  ['a path without a slash', route('a.example.com', 'shop'), 'spec.rules[0].http.paths[0].path'],
  ['a path that leads back', route('a.example.com', '/a/../b'), 'spec.rules[0].http.paths[0].path'],
  ['a backend of nothing', route('a.example.com', '/', 'Prefix', ''), 'spec.rules[0].http.paths[0].backend'],
  ['a port with name and number', route('a.example.com', '/', 'Prefix', 'service: {name: web, port: {name: http, number: 80}}'), 'spec.rules[0].http.paths[0].backend.service.port'],
  ['a budget with two bounds', budget('minAvailable: 1, maxUnavailable: 1'), 'spec'],
  ['a budget of a text', budget('minAvailable: "1"'), 'spec.minAvailable'],
  ['an autoscaler whose lowest is above the highest', object('autoscaling/v2', 'HorizontalPodAutoscaler', 'spec: {minReplicas: 3, maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}'), 'spec.minReplicas'],
  ['a claim of nothing', claim('accessModes: [ReadWriteOnce], resources: {requests: {storage: 0}}'), 'spec.resources.requests.storage'],
  ['a short name of an access mode', claim('accessModes: [RWO], resources: {requests: {storage: 1Gi}}'), 'spec.accessModes[0]'],
  ['a rule for resources without groups', role('resources: [pods], verbs: [get]'), 'rules[0].apiGroups'],
  ['a rule for resources and URLs', role('apiGroups: [""], resources: [pods], nonResourceURLs: [/x], verbs: [get]'), 'rules[0]'],
  ['an account without a namespace, for the cluster', object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}, subjects: [{kind: ServiceAccount, name: a}]'), 'subjects[0].namespace'],
  ['a subject of a kind that nobody is', bound('RoleBinding', 'kind: Role, name: a', '{kind: user, name: a}'), 'subjects[0].kind'],
  ['an account in a group of kinds', bound('RoleBinding', 'kind: Role, name: a', '{kind: ServiceAccount, name: a, namespace: b, apiGroup: rbac.authorization.k8s.io}'), 'subjects[0].apiGroup'],
  ['a Role for the cluster', bound('ClusterRoleBinding', 'kind: Role, name: a', '{kind: User, name: a}'), 'roleRef.kind'],
  ['a role with a slash in a binding', bound('RoleBinding', 'kind: Role, name: a/b', '{kind: User, name: a}'), 'roleRef.name'],
  ['a DaemonSet without a selector', workload('DaemonSet', '').replace('selector: {matchLabels: {app: web}}, ', ''), 'spec.selector'],
  ['a network that is none', object('networking.k8s.io/v1', 'NetworkPolicy', 'spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}'), 'spec.ingress[0].from[0].ipBlock.cidr'],
]; // prettier-ignore

/** What it accepts. */
const accepted: readonly (readonly [title: string, yaml: string])[] = [
  ['the highest port', container('ports: [{containerPort: 65535, name: http, hostPort: 0}]')],
  ['the port as host port, on the network of the node', container('ports: [{containerPort: 80, hostPort: 80}]', 'hostNetwork: true, ')],
  ['another host port of an init container, on the network of the node', pod(`hostNetwork: true, initContainers: [{name: init, image: app:1, ports: [{containerPort: 80, hostPort: 81}]}], ${app}`)],
  ['a target port of 0, which stands for the port', service('ports: [{port: 80, targetPort: 0}]')],
  ['a field that volumes do not have, beside a source', pod(`volumes: [{name: a, configMap: {name: a}, readOnly: true}], ${app}`)],
  ['a grace period below zero, before Kubernetes 1.37', pod(`terminationGracePeriodSeconds: -1, ${app}`)],
  ['a request that is the limit, in other words', container('resources: {requests: {cpu: 1.5}, limits: {cpu: 1500m}}')],
  ['a volume without a source', container('volumeMounts: [{name: data, mountPath: /data}]', 'volumes: [{name: data}], ')],
  ['a source of nothing beside another', pod(`volumes: [{name: a, emptyDir: null, configMap: {name: a}}], ${app}`)],
  ['a mount of a claim of the StatefulSet', '{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {serviceName: web, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: app:1, volumeMounts: [{name: data, mountPath: /data}]}]}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}}'],
  ['a readiness probe that must succeed twice', container('readinessProbe: {successThreshold: 2, exec: {command: [a]}}')],
  ['SYS_ADMIN without its prefix', container('securityContext: {capabilities: {add: [SYS_ADMIN]}, allowPrivilegeEscalation: false}')],
  ['an empty value and a source', container('env: [{name: A, value: "", valueFrom: {fieldRef: {fieldPath: metadata.name}}}]')],
  ['every taint', pod(`tolerations: [{operator: Exists}], ${app}`)],
  ['more labels than the selector has', workload('DaemonSet', '', '{app: web, tier: front}')],
  ['a schedule with steps, lists and names', cronJob('*/15 0,12 1-15 JAN-MAR MON')],
  ['a schedule by a word', cronJob('@every 1h30m')],
  ['a name with points', named('v1', 'ConfigMap', 'kube-root-ca.crt', 'data: {}')],
  ['a role with a colon', named('rbac.authorization.k8s.io/v1', 'ClusterRole', 'System:Web', 'rules: []')],
  ['a label without a value, and one with a domain', labelled('a: "", example.com/b_c: d.e-f_g')],
  ['an annotation with capital letters before the slash', object('v1', 'ConfigMap', 'data: {}', 'name: it, annotations: {Example.com/a: "b c"}')],
  ['one port of two protocols', service('ports: [{port: 53, name: a}, {port: 53, name: b, protocol: UDP}]')],
  ['a Service of no address without ports', service('clusterIP: None, selector: {a: b}')],
  ['a wildcard', route('*.example.com')],
  ['a pattern that is left to the controller', route('a.example.com', '/shop(/|$)(.*)', 'ImplementationSpecific')],
  ['a budget of a percentage', budget('maxUnavailable: 25%')],
  ['an image with a space behind it, in a template', '{apiVersion: v1, kind: PodTemplate, metadata: {name: it}, template: {spec: {containers: [{name: app, image: "app:1 "}]}}}'],
  ['a budget with a colon in its name', named('policy/v1', 'PodDisruptionBudget', 'a:b', 'spec: {minAvailable: 1, selector: {}}')],
  ['a rule for URLs', role('nonResourceURLs: [/metrics], verbs: [get]')],
  ['an account without a namespace, in a namespace', object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}, subjects: [{kind: ServiceAccount, name: a}]')],
]; // prettier-ignore

const rows: readonly Row[] = [...refused.map((row) => fails(...row)), ...accepted.map((row) => passes(...row))];

/** What the API server refuses beyond the schema of a kind. Each row agrees with the validation of Kubernetes 1.36. */
export const table: Tables = { 'invalid-field': objects(...rows) };
