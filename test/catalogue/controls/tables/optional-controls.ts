import { errs, fails, objects, passes, pods, type Tables } from '../control-table.ts';

const together = (...documents: readonly string[]): string => documents.join('\n---\n');
const container = (fields: string, pod = ''): string => `${pod}\ncontainers: [{name: a, ${fields}}]`;
const object = (type: string, fields: string, metadata = ''): string => {
  const [apiVersion = '', kind = ''] = type.split(' ');
  return `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: it, namespace: shop, ${metadata}}, ${fields}}`;
};
const pod = (spec: string, metadata = ''): string => object('v1 Pod', `spec: ${spec}`, metadata);
const labelled = 'metadata: {labels: {app: web}}\nspec: {containers: [{name: a}]}';
const service = (spec: string, name = 'web'): string =>
  `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: shop}, spec: ${spec}}`;
const deployment = (replicas: string, label = 'web', namespace = 'shop'): string =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: ${namespace}}, spec: {${replicas} template: {metadata: {labels: {app: ${label}}}, spec: {}}}}`;
const budget = (spec: string): string => object('policy/v1 PodDisruptionBudget', `spec: ${spec}`);
const selectsWeb = 'selector: {matchLabels: {app: web}}';
const ingress = (spec: string, annotations = ''): string =>
  object('networking.k8s.io/v1 Ingress', `spec: ${spec}`, `annotations: {${annotations}}`);
const egress = (rules: string): string =>
  object('networking.k8s.io/v1 NetworkPolicy', `spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: ${rules}}`);
const secret = (fields: string, annotations = ''): string => object('v1 Secret', fields, `annotations: {${annotations}}`);
const rbac = 'rbac.authorization.k8s.io';
const binding = (kind: string, roleRef: string, subjects = '[]', metadata = ''): string =>
  `{apiVersion: ${rbac}/v1, kind: ${kind}, metadata: {name: it, ${kind === 'RoleBinding' ? 'namespace: shop, ' : ''}${metadata}}, roleRef: {apiGroup: ${rbac}, ${roleRef}}, subjects: ${subjects}}`;
const role = (kind: string, name: string, namespace = ''): string =>
  `{apiVersion: ${rbac}/v1, kind: ${kind}, metadata: {name: ${name}${namespace}}, rules: []}`;
const account = (name: string, namespace = 'shop'): string =>
  `{apiVersion: v1, kind: ServiceAccount, metadata: {name: ${name}, namespace: ${namespace}}}`;
const kubeSystem = (spec: string, labels = ''): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: it, namespace: kube-system, labels: {${labels}}}, spec: ${spec}}`;

/** More rows of the controls that are not essential. */
// prettier-ignore
export const table: Tables = {
  'run-as-high-gid': pods(
    passes('in the container', container('securityContext: {runAsGroup: 10000}')),
    passes('in the pod', container('image: a', 'securityContext: {runAsGroup: 10001}')),
    passes('of the container, not of the pod', container('securityContext: {runAsGroup: 20000}', 'securityContext: {runAsGroup: 1}')),
    fails('unset', container('image: a'), 'spec.containers[0].securityContext.runAsGroup'),
    fails('just below', container('securityContext: {runAsGroup: 9999}'), 'spec.containers[0].securityContext.runAsGroup'),
    passes('above a parameter', container('securityContext: {runAsGroup: 500}'), { parameters: { minimum: 500 } }),
  ),
  'share-process-namespace': pods(
    passes('false', 'shareProcessNamespace: false'),
    errs('a text', 'shareProcessNamespace: "true"', 'spec.shareProcessNamespace'),
  ),
  'ephemeral-container': objects(
    passes('none', pod('{containers: [{name: a}]}')),
    passes('an empty list', pod('{ephemeralContainers: []}')),
    fails('one', pod('{ephemeralContainers: [{name: debug}]}'), 'spec.ephemeralContainers[0]'),
    fails('two', pod('{ephemeralContainers: [{name: a}, {name: b}]}'), ['spec.ephemeralContainers[0]', 'spec.ephemeralContainers[1]']),
  ),
  'control-plane-scheduling': pods(
    passes('no toleration', 'containers: []'),
    passes('another toleration', 'tolerations: [{key: gpu, operator: Exists}]'),
    fails('of the control plane', 'tolerations: [{key: node-role.kubernetes.io/control-plane}]', 'spec.tolerations[0]'),
    fails('of the master', 'tolerations: [{key: a}, {key: node-role.kubernetes.io/master, effect: NoSchedule}]', 'spec.tolerations[1]'),
    fails('of everything', 'tolerations: [{operator: Exists}]', 'spec.tolerations[0]'),
    fails('of everything, with an empty key', 'tolerations: [{key: "", operator: Exists}]', 'spec.tolerations[0]'),
    passes('without a key and Exists', 'tolerations: [{operator: Equal}]'),
  ),
  'linux-hardening-missing': pods(
    fails('nothing', container('image: a'), 'spec.containers[0]'),
    passes('seccomp', container('securityContext: {seccompProfile: {type: RuntimeDefault}}')),
    passes('SELinux', container('securityContext: {seLinuxOptions: {level: s0}}')),
    passes('AppArmor', container('securityContext: {appArmorProfile: {type: RuntimeDefault}}')),
    passes('dropped capabilities', container('securityContext: {capabilities: {drop: [ALL]}}')),
    fails('no dropped capabilities', container('securityContext: {capabilities: {drop: []}}'), 'spec.containers[0]'),
    passes('seccomp of the pod', container('image: a', 'securityContext: {seccompProfile: {type: RuntimeDefault}}')),
    passes('SELinux of the pod', container('image: a', 'securityContext: {seLinuxOptions: {level: s0}}')),
    passes('AppArmor of the pod', container('image: a', 'securityContext: {appArmorProfile: {type: Localhost, localhostProfile: p}}')),
    passes('an annotation of AppArmor', `metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: runtime/default}}\nspec: {containers: [{name: a}]}`),
    fails('an annotation for another container', `metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/b: runtime/default}}\nspec: {containers: [{name: a}]}`, 'spec.containers[0]'),
    passes('Windows', container('image: a', 'os: {name: windows}')),
  ),
  'host-aliases': pods(
    passes('none', 'containers: []'),
    passes('an empty list', 'hostAliases: []'),
    fails('one', 'hostAliases: [{ip: 127.0.0.1, hostnames: [a]}]', 'spec.hostAliases'),
    errs('a text', 'hostAliases: a', 'spec.hostAliases'),
  ),
  'privileged-container-port': pods(
    passes('none', container('image: a')),
    passes('1024', container('ports: [{containerPort: 1024}]')),
    fails('1023', container('ports: [{containerPort: 8080}, {containerPort: 1023}]'), 'spec.containers[0].ports[1].containerPort'),
    errs('a text', container('ports: [{containerPort: "80"}]'), 'spec.containers[0].ports[0].containerPort'),
  ),
  'ssh-port-exposed': pods(
    passes('another port', container('ports: [{containerPort: 80}]')),
    fails('port 22 of a container', container('ports: [{containerPort: 80}, {containerPort: 22}]'), 'spec.containers'),
    fails('a Service with port 22', together(labelled, service('{selector: {app: web}, ports: [{port: 22}]}')), 'metadata.labels'),
    fails('a Service with target port 2222', together(labelled, service('{selector: {app: web}, ports: [{port: 80}, {port: 2022, targetPort: 2222}]}')), 'metadata.labels'),
    passes('a Service with another port', together(labelled, service('{selector: {app: web}, ports: [{port: 220}]}'))),
    passes('a Service of other pods', together(labelled, service('{selector: {app: db}, ports: [{port: 22}]}'))),
    passes('a Service without a selector', together(labelled, service('{ports: [{port: 22}]}'))),
  ),
  'sudo-in-command': pods(
    passes('a word with sudo in it', container('command: [pseudosudo, sudoers, sudo-rs, my_sudo]')),
    fails('in a script', container('args: [-c, "a && sudo b"]'), 'spec.containers[0].args[1]'),
    fails('as a path', container('command: [/usr/bin/sudo]'), 'spec.containers[0].command[0]'),
  ),
  'naked-pod': objects(
    fails('a pod without an owner', pod('{containers: []}'), 'metadata.ownerReferences'),
    passes('a pod with a controller', pod('{}', 'ownerReferences: [{apiVersion: a.b/v1, kind: Widget, name: w, uid: u, controller: true}]')),
    passes('a mirror pod', pod('{}', 'annotations: {kubernetes.io/config.mirror: x}')),
    fails('a pod with other annotations', pod('{}', 'annotations: {a: b}'), 'metadata.ownerReferences'),
  ),
  'kube-system-workload': objects(
    passes('another namespace', pod('{}')),
    fails('kube-system', kubeSystem('{}'), 'metadata.namespace'),
    passes('a component of the control plane', kubeSystem('{}', 'tier: control-plane, component: etcd')),
    fails('a tier without a component', kubeSystem('{}', 'tier: control-plane'), 'metadata.namespace'),
    fails('a component without the tier', kubeSystem('{}', 'tier: web, component: etcd'), 'metadata.namespace'),
    passes('of the cluster', kubeSystem('{priorityClassName: system-cluster-critical}')),
    passes('of a node', kubeSystem('{priorityClassName: system-node-critical}')),
    fails('with another priority', kubeSystem('{priorityClassName: high}'), 'metadata.namespace'),
    fails('a parameter', pod('{}'), 'metadata.namespace', { parameters: { namespaces: ['shop'] } }),
  ),
  'tiller-deployed': pods(
    passes('another image', container('image: a')),
    fails('the image', container('image: "gcr.io/kubernetes-helm/tiller:v2.17.0"'), 'spec.containers[0].image'),
    fails('the image by digest', container('image: "tiller@sha256:0"'), 'spec.containers[0].image'),
    fails('the image alone', container('image: tiller'), 'spec.containers[0].image'),
    passes('a name with tiller in it', container('image: "tiller-helper:1"')),
    passes('a folder of that name', container('image: "tiller/web:1"')),
    fails('the labels', 'metadata: {labels: {app: helm, name: tiller}}\nspec: {containers: []}', 'metadata.labels'),
    passes('one of the labels', 'metadata: {labels: {app: helm, name: web}}\nspec: {containers: []}'),
  ),
  'git-repo-volume': pods(
    passes('another volume', 'volumes: [{name: a, emptyDir: {}}]'),
    fails('the second volume', 'volumes: [{name: a, emptyDir: {}}, {name: b, gitRepo: {repository: x}}]', 'spec.volumes[1].gitRepo'),
  ),
  'pod-disruption-budget': objects(
    fails('none', deployment(''), 'spec.template.metadata.labels'),
    passes('one that selects the pods', together(deployment(''), budget(`{${selectsWeb}, maxUnavailable: 1}`))),
    fails('one for other pods', together(deployment(''), budget('{selector: {matchLabels: {app: db}}}')), 'spec.template.metadata.labels'),
    fails('one in another namespace', together(deployment('', 'web', 'web'), budget(`{${selectsWeb}}`)), 'spec.template.metadata.labels'),
    passes('one with an empty selector', together(deployment(''), budget('{selector: {}}'))),
  ),
  'pdb-zero-disruption': objects(
    passes('one may be unavailable', budget(`{${selectsWeb}, maxUnavailable: 1}`)),
    fails('none may be unavailable', budget(`{${selectsWeb}, maxUnavailable: 0}`), 'spec.maxUnavailable'),
    fails('0%', budget(`{${selectsWeb}, maxUnavailable: "0%"}`), 'spec.maxUnavailable'),
    fails('0 as a text', budget(`{${selectsWeb}, maxUnavailable: "0"}`), 'spec.maxUnavailable'),
    fails('all must be available', budget(`{${selectsWeb}, minAvailable: "100%"}`), 'spec.minAvailable'),
    passes('half must be available', budget(`{${selectsWeb}, minAvailable: "50%"}`)),
    fails('as many as there are', together(budget(`{${selectsWeb}, minAvailable: 2}`), deployment('replicas: 2,')), 'spec.minAvailable'),
    fails('more than there are', together(budget(`{${selectsWeb}, minAvailable: 3}`), deployment('replicas: 2,')), 'spec.minAvailable'),
    passes('fewer than there are', together(budget(`{${selectsWeb}, minAvailable: 1}`), deployment('replicas: 2,'))),
    fails('one replica by default', together(budget(`{${selectsWeb}, minAvailable: 1}`), deployment('')), 'spec.minAvailable'),
    passes('of other pods', together(budget(`{${selectsWeb}, minAvailable: 1}`), deployment('', 'db'))),
    passes('of another namespace', together(budget(`{${selectsWeb}, minAvailable: 1}`), deployment('', 'web', 'web'))),
  ),
  'deprecated-registry': pods(
    passes('a host that begins so', container('image: "k8s.gcr.io.example.org/a:1"')),
    fails('a parameter', container('image: "old.example.org/a:1"'), 'spec.containers[0].image', { parameters: { registries: ['old.example.org'] } }),
  ),
  'service-account-token-secret': objects(
    passes('no type', secret('data: {}')),
    errs('a type that is a number', secret('type: 5'), 'type'),
  ),
  'secret-last-applied': objects(
    passes('no annotation', secret('data: {}')),
    fails('data', secret('data: {}', `kubectl.kubernetes.io/last-applied-configuration: '{"data":{"a":"b"}}'`), "metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']"),
    fails('stringData', secret('data: {}', `kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"a":"b"}}'`), "metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']"),
    passes('neither', secret('data: {}', `kubectl.kubernetes.io/last-applied-configuration: '{"type":"Opaque"}'`)),
    passes('data in another annotation', secret('data: {}', `a: '{"data":{"a":"b"}}'`)),
  ),
  'projected-token-expiry': pods(
    passes('a day', 'volumes: [{name: t, projected: {sources: [{serviceAccountToken: {expirationSeconds: 86400}}]}}]'),
    fails('more', 'volumes: [{name: t, projected: {sources: [{configMap: {}}, {serviceAccountToken: {expirationSeconds: 86401}}]}}]', 'spec.volumes[0].projected.sources[1].serviceAccountToken.expirationSeconds'),
  ),
  'service-account-automount': objects(
    errs('a text', object('v1 ServiceAccount', 'automountServiceAccountToken: "no"'), 'automountServiceAccountToken'),
    fails('true', object('v1 ServiceAccount', 'automountServiceAccountToken: true'), 'automountServiceAccountToken'),
  ),
  'service-external-name-localhost': objects(
    passes('another name', service('{type: ExternalName, externalName: example.org}')),
    fails('localhost', service('{type: ExternalName, externalName: localhost}'), 'spec.externalName'),
    fails('localhost with a dot', service('{type: ExternalName, externalName: localhost.}'), 'spec.externalName'),
    fails('its address', service('{type: ExternalName, externalName: 127.0.0.1}'), 'spec.externalName'),
    passes('of another type', service('{type: ClusterIP, externalName: localhost}')),
    passes('without a type', service('{externalName: localhost}')),
  ),
  'exposed-sensitive-service': pods(
    fails('an admin interface', together('metadata: {labels: {app: web}}\nspec: {containers: [{name: a, image: "jenkins/jenkins:1"}]}', service('{type: LoadBalancer, selector: {app: web}}')), 'metadata.labels'),
    passes('another image', together(labelled, service('{type: LoadBalancer, selector: {app: web}}'))),
    passes('an admin interface inside the cluster', together('metadata: {labels: {app: web}}\nspec: {containers: [{name: a, image: "grafana/grafana:1"}]}', service('{selector: {app: web}}'))),
    ...['quay.io/jupyter/scipy-notebook:x', 'registry.example.com:5000/infra/kubernetes-dashboard@sha256:0', 'jenkins2:1', 'prom/prometheus'].map((image) =>
      fails(image, together(`metadata: {labels: {app: web}}\nspec: {containers: [{name: a, image: "${image}"}]}`, service('{type: LoadBalancer, selector: {app: web}}')), 'metadata.labels'),
    ),
    ...['quay.io/prometheus/node-exporter:v1', 'grafana/loki:3', 'unified/unified-api:1', 'grafana/grafana-operator:5', 'jenkins.example.com/shop:1', 'shop:grafana'].map((image) =>
      passes(image, together(`metadata: {labels: {app: web}}\nspec: {containers: [{name: a, image: "${image}"}]}`, service('{type: LoadBalancer, selector: {app: web}}'))),
    ),
    fails('a parameter with a slash', together('metadata: {labels: {app: web}}\nspec: {containers: [{name: a, image: "docker.io/apache/superset:4"}]}', service('{type: NodePort, selector: {app: web}}')), 'metadata.labels', { parameters: { names: ['apache/superset'] } }),
    fails('a parameter', together('metadata: {labels: {app: web}}\nspec: {containers: [{name: a, image: "mine:1"}]}', service('{type: NodePort, selector: {app: web}}')), 'metadata.labels', { parameters: { names: ['mine'] } }),
  ),
  'netpol-metadata-egress': pods(
    fails('no policy', labelled, 'metadata.labels'),
    passes('no egress at all', together(labelled, egress('[]'))),
    passes('to pods', together(labelled, egress('[{to: [{podSelector: {}}]}]'))),
    passes('to a network without the address', together(labelled, egress('[{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]'))),
    fails('to everywhere', together(labelled, egress('[{to: [{podSelector: {}}]}, {ports: [{port: 80}]}]')), 'metadata.labels'),
    fails('to every address', together(labelled, egress('[{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]')), 'metadata.labels'),
    fails('to its network', together(labelled, egress('[{to: [{podSelector: {}}, {ipBlock: {cidr: 169.254.0.0/16}}]}]')), 'metadata.labels'),
    fails('to the address', together(labelled, egress('[{to: [{ipBlock: {cidr: 169.254.169.254/32}}]}]')), 'metadata.labels'),
    passes('to its neighbour', together(labelled, egress('[{to: [{ipBlock: {cidr: 169.254.169.253/32}}]}]'))),
    passes('to every address except its network', together(labelled, egress('[{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.0.0/16]}}]}]'))),
    fails('to every address except another network', together(labelled, egress('[{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]')), 'metadata.labels'),
    fails('a policy of ingress', together(labelled, object('networking.k8s.io/v1 NetworkPolicy', 'spec: {podSelector: {}, policyTypes: [Ingress]}')), 'metadata.labels'),
  ),
  'ingress-dangling-backend': objects(
    fails('no default Service', ingress('{defaultBackend: {service: {name: web}}}'), 'spec.defaultBackend'),
    passes('a default Service', together(ingress('{defaultBackend: {service: {name: web}}}'), service('{}'))),
    passes('no backend', ingress('{rules: [{host: a.org}]}')),
  ),
  'rbac-port-forward': objects(passes('no rules', role('ClusterRole', 'it'))),
  'rbac-manage-workloads': objects(passes('no rules', role('ClusterRole', 'it'))),
  'ingress-host-empty': objects(
    passes('a host', ingress('{rules: [{host: a.org}]}')),
    passes('no rules', ingress('{}')),
    fails('no host', ingress('{rules: [{host: a.org}, {http: {}}]}'), 'spec.rules[1]'),
    fails('an empty host', ingress('{rules: [{host: ""}]}'), 'spec.rules[0]'),
  ),
  'ingress-default-backend': objects(
    passes('none', ingress('{rules: [{host: a.org}]}')),
    fails('a Service', ingress('{defaultBackend: {service: {name: web}}}'), 'spec.defaultBackend'),
    passes('an empty map', ingress('{defaultBackend: {}}')),
    errs('a text', ingress('{defaultBackend: web}'), 'spec.defaultBackend'),
  ),
  'ingress-nginx-paths': objects(
    passes('a path', ingress('{rules: [{http: {paths: [{path: /shop}]}}]}')),
    ...['/etc/passwd', '/x/root', '/var/run/secrets/a', '/var/run/kubernetes'].map((path) =>
      fails(path, ingress(`{rules: [{http: {paths: [{path: /shop}, {path: ${path}}]}}]}`), 'spec.rules[0].http.paths[1].path'),
    ),
  ),
  'service-account-missing': objects(
    passes('default', pod('{serviceAccountName: default}')),
    passes('unset', pod('{containers: []}')),
    fails('in another namespace', together(pod('{serviceAccountName: app}'), account('app', 'web')), 'spec.serviceAccountName'),
    fails('by the older field', pod('{serviceAccount: app}'), 'spec.serviceAccountName'),
  ),
  'rbac-dangling-binding': objects(
    passes('a Role that exists', together(binding('RoleBinding', 'kind: Role, name: r'), role('Role', 'r', ', namespace: shop'))),
    fails('no Role', binding('RoleBinding', 'kind: Role, name: r'), 'roleRef'),
    fails('a Role in another namespace', together(binding('RoleBinding', 'kind: Role, name: r'), role('Role', 'r', ', namespace: web')), 'roleRef'),
    fails('a ClusterRole of the name', together(binding('RoleBinding', 'kind: Role, name: r'), role('ClusterRole', 'r')), 'roleRef'),
    passes('a ClusterRole that exists', together(binding('ClusterRoleBinding', 'kind: ClusterRole, name: r'), role('ClusterRole', 'r'))),
    fails('no ClusterRole', binding('ClusterRoleBinding', 'kind: ClusterRole, name: r'), 'roleRef'),
    passes('a default role', binding('ClusterRoleBinding', 'kind: ClusterRole, name: edit')),
    passes('a role of Kubernetes', binding('ClusterRoleBinding', 'kind: ClusterRole, name: "system:node"')),
    passes('a role of Kubernetes for an account of a controller', binding('RoleBinding', 'kind: ClusterRole, name: "system:auth-delegator"')),
    fails('a role named like those of Kubernetes', binding('ClusterRoleBinding', 'kind: ClusterRole, name: "system:nodes"'), 'roleRef'),
    fails('a binding with the label of those of Kubernetes', binding('ClusterRoleBinding', 'kind: ClusterRole, name: r', '[]', 'labels: {kubernetes.io/bootstrapping: rbac-defaults}'), 'roleRef'),
    fails('no ServiceAccount', binding('ClusterRoleBinding', 'kind: ClusterRole, name: view', '[{kind: User, name: a}, {kind: ServiceAccount, name: app, namespace: shop}]'), 'subjects[1]'),
    passes('a ServiceAccount', together(binding('ClusterRoleBinding', 'kind: ClusterRole, name: view', '[{kind: ServiceAccount, name: app, namespace: shop}]'), account('app'))),
    passes('a ServiceAccount of the namespace', together(binding('RoleBinding', 'kind: ClusterRole, name: view', '[{kind: ServiceAccount, name: app}]'), account('app'))),
    fails('a ServiceAccount of another namespace', together(binding('RoleBinding', 'kind: ClusterRole, name: view', '[{kind: ServiceAccount, name: app}]'), account('app', 'web')), 'subjects[0]'),
    passes('the default ServiceAccount', binding('RoleBinding', 'kind: ClusterRole, name: view', '[{kind: ServiceAccount, name: default}]')),
    fails('both', binding('RoleBinding', 'kind: Role, name: r', '[{kind: ServiceAccount, name: app}]'), ['roleRef', 'subjects[0]']),
  ),
};
