import { errs, fails, objects, passes, pods, type Tables } from '../control-table.ts';

const windows = (line: string): string => `os: {name: windows}\n${line}`;
const host = (path: string): string => `volumes: [{name: h, hostPath: {path: ${path}}}]`;
const drops = (list: string): string => `containers: [{name: a, securityContext: {capabilities: {drop: ${list}}}}]`;
const adds = (list: string): string => `containers: [{name: a, securityContext: {capabilities: {add: ${list}}}}]`;
const account = (name: string, line = ''): string =>
  `---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: ${name}, namespace: shop}${line}}`;
const path = 'spec.volumes[0].hostPath.path';

/** CONTROLS.md §3. */
export const table: Tables = {
  'read-only-root-filesystem': pods(
    passes(
      'true everywhere',
      'initContainers: [{name: i, securityContext: {readOnlyRootFilesystem: true}}]\ncontainers: [{name: a, securityContext: {readOnlyRootFilesystem: true}}]',
    ),
    passes('Windows pods', windows('containers: [{name: a}]')),
    fails('unset', 'containers: [{name: a}]', 'spec.containers[0].securityContext.readOnlyRootFilesystem'),
    fails(
      'false',
      'containers: [{name: a, securityContext: {readOnlyRootFilesystem: false}}]',
      'spec.containers[0].securityContext.readOnlyRootFilesystem',
    ),
    fails(
      'an ephemeral container',
      'ephemeralContainers: [{name: e}]',
      'spec.ephemeralContainers[0].securityContext.readOnlyRootFilesystem',
    ),
  ),
  'drop-net-raw': pods(
    passes('NET_RAW', drops('[NET_RAW]')),
    passes('ALL', drops('[CHOWN, ALL]')),
    passes('in small letters', drops('[net_raw]')),
    passes('Windows pods', windows('containers: [{name: a}]')),
    fails('unset', 'containers: [{name: a}]', 'spec.containers[0].securityContext.capabilities.drop'),
    fails('others', drops('[SYS_ADMIN]'), 'spec.containers[0].securityContext.capabilities.drop'),
    fails('CAP_NET_RAW is another name', drops('[CAP_NET_RAW]'), 'spec.containers[0].securityContext.capabilities.drop'),
  ),
  'dangerous-capabilities': pods(
    passes('harmless ones', adds('[CHOWN, NET_BIND_SERVICE, SYS_CHROOT]')),
    passes('dropped ones', drops('[SYS_ADMIN]')),
    passes('those that a parameter leaves out', adds('[NET_ADMIN]'), { parameters: { capabilities: ['SYS_ADMIN'] } }),
    fails('SYS_ADMIN', adds('[CHOWN, SYS_ADMIN]'), 'spec.containers[0].securityContext.capabilities.add[1]'),
    fails(
      'with prefix and in small letters',
      adds('[CAP_BPF, cap_sys_ptrace, net_raw]'),
      [0, 1, 2].map((index) => `spec.containers[0].securityContext.capabilities.add[${index}]`),
    ),
    fails(
      'ALL in an init container',
      'initContainers: [{name: i, securityContext: {capabilities: {add: [ALL]}}}]',
      'spec.initContainers[0].securityContext.capabilities.add[0]',
    ),
    fails('parameters in whatever spelling', adds('[CHOWN]'), 'spec.containers[0].securityContext.capabilities.add[0]', {
      parameters: { capabilities: ['cap_chown'] },
    }),
  ),
  'container-runtime-socket': pods(
    passes('another folder', host('/var/lib/docker')),
    passes('a socket elsewhere', host('/data/docker.sock')),
    passes('another socket', host('/run/dbus/system_bus_socket')),
    fails('docker', host('/var/run/docker.sock'), path),
    fails('with a slash', host('/run/docker.sock/'), path),
    fails('containerd', host('/run/containerd/containerd.sock'), path),
    fails('containerd of k3s', host('/run/k3s/containerd/containerd.sock'), path),
    fails('cri-o', host('/var/run/crio/crio.sock'), path),
    fails(
      'cri-dockerd and podman',
      'volumes: [{name: a, hostPath: {path: /run/cri-dockerd.sock}}, {name: b, hostPath: {path: /run/podman/podman.sock}}]',
      [path, 'spec.volumes[1].hostPath.path'],
    ),
    fails('the folder of one', host('/run/containerd'), path),
    fails('the folder of all', host('/var/run/'), path),
  ),
  'host-path-sensitive': pods(
    passes('a folder of its own', host('/data')),
    passes('below a sensitive one', host('/var/log/app')),
    passes('an emptyDir', 'volumes: [{name: v, emptyDir: {}}]'),
    passes('by parameter', host('/etc'), { parameters: { paths: ['/srv'] } }),
    ...[
      '/',
      '/boot',
      '/dev',
      '/etc',
      '/lib',
      '/lib64',
      '/proc',
      '/root',
      '/run',
      '/sys',
      '/usr',
      '/bin',
      '/sbin',
      '/var',
      '/var/run',
      '/var/lib',
      '/var/lib/docker',
      '/var/lib/kubelet',
      '/var/lib/containerd',
      '/etc/kubernetes',
      '/etc/cni',
      '/opt/cni',
    ].map((folder) => fails(folder, host(folder), path)),
    fails('with a slash', host('/etc/'), path),
    errs('a number', host('7'), path),
  ),
  'host-path-writable': pods(
    errs('volumes that are no list', 'volumes: x\ncontainers: [{name: a, volumeMounts: [{name: h, mountPath: /d}]}]', 'spec.volumes'),
    errs(
      'readOnly as a string',
      `${host('/data')}\ncontainers: [{name: a, volumeMounts: [{name: h, mountPath: /d, readOnly: "true"}]}]`,
      'spec.containers[0].volumeMounts[0]',
    ),
    passes('read-only', `${host('/data')}\ncontainers: [{name: a, volumeMounts: [{name: h, mountPath: /d, readOnly: true}]}]`),
    passes('another volume', 'volumes: [{name: h, emptyDir: {}}]\ncontainers: [{name: a, volumeMounts: [{name: h, mountPath: /d}]}]'),
    passes('not mounted', `${host('/data')}\ncontainers: [{name: a}]`),
    fails(
      'unset',
      `${host('/data')}\ncontainers: [{name: a, volumeMounts: [{name: x, mountPath: /x}, {name: h, mountPath: /d}]}]`,
      'spec.containers[0].volumeMounts[1]',
    ),
    fails(
      'false, in an init container',
      `${host('/data')}\ninitContainers: [{name: i, volumeMounts: [{name: h, mountPath: /d, readOnly: false}]}]`,
      'spec.initContainers[0].volumeMounts[0]',
    ),
  ),
  'run-as-root-group': pods(
    passes('unset', 'containers: [{name: a}]'),
    passes(
      'others',
      'securityContext: {runAsGroup: 1000, fsGroup: 1, supplementalGroups: [5]}\ncontainers: [{name: a, securityContext: {runAsGroup: 7}}]',
    ),
    passes('user 0 is another control', 'securityContext: {runAsUser: 0}'),
    fails('the pod, every field', 'securityContext: {runAsGroup: 0, fsGroup: 0, supplementalGroups: [1, 0]}', [
      'spec.securityContext.runAsGroup',
      'spec.securityContext.fsGroup',
      'spec.securityContext.supplementalGroups[1]',
    ]),
    fails(
      'a container',
      'securityContext: {runAsGroup: 5}\ncontainers: [{name: a, securityContext: {runAsGroup: 0}}]',
      'spec.containers[0].securityContext.runAsGroup',
    ),
  ),
  'automount-service-account-token': pods(
    errs('a string', 'automountServiceAccountToken: "false"\ncontainers: [{name: a}]', 'spec.automountServiceAccountToken'),
    passes('the pod says no', 'automountServiceAccountToken: false\ncontainers: [{name: a}]'),
    passes(
      'its service account says no',
      `serviceAccountName: app\ncontainers: [{name: a}]\n${account('app', ', automountServiceAccountToken: false')}`,
    ),
    passes(
      'the default service account says no',
      `containers: [{name: a}]\n${account('default', ', automountServiceAccountToken: false')}`,
    ),
    passes(
      'the deprecated field names it',
      `serviceAccount: app\ncontainers: [{name: a}]\n${account('app', ', automountServiceAccountToken: false')}`,
    ),
    fails('unset', 'containers: [{name: a}]', 'spec.automountServiceAccountToken'),
    fails(
      'the pod wins over its service account',
      `automountServiceAccountToken: true\nserviceAccountName: app\n${account('app', ', automountServiceAccountToken: false')}`,
      'spec.automountServiceAccountToken',
    ),
    fails(
      'another account says no',
      `serviceAccountName: app\n${account('other', ', automountServiceAccountToken: false')}`,
      'spec.automountServiceAccountToken',
    ),
  ),
  'default-service-account': pods(
    errs('a number', 'serviceAccountName: 5\ncontainers: [{name: a}]', 'spec.serviceAccountName'),
    passes('one of its own', 'serviceAccountName: app\ncontainers: [{name: a}]'),
    passes('no token', 'automountServiceAccountToken: false\ncontainers: [{name: a}]'),
    passes('the account mounts none', `containers: [{name: a}]\n${account('default', ', automountServiceAccountToken: false')}`),
    fails('unset', 'containers: [{name: a}]', 'spec.serviceAccountName'),
    fails('by name', 'serviceAccountName: default\ncontainers: [{name: a}]', 'spec.serviceAccountName'),
    fails('an empty name', 'serviceAccountName: ""', 'spec.serviceAccountName'),
  ),
  'security-context-missing': pods(
    passes('both', 'securityContext: {runAsNonRoot: true}\ncontainers: [{name: a, securityContext: {privileged: false}}]'),
    passes(
      'ephemeral containers need none',
      'securityContext: {runAsUser: 1}\ncontainers: [{name: a, securityContext: {privileged: false}}]\nephemeralContainers: [{name: e}]',
    ),
    fails('neither', 'containers: [{name: a}]', ['spec.securityContext', 'spec.containers[0].securityContext']),
    fails('an empty one', 'securityContext: {}\ncontainers: [{name: a, securityContext: {privileged: false}}]', 'spec.securityContext'),
    fails(
      'an init container',
      'securityContext: {runAsUser: 1}\ninitContainers: [{name: i, securityContext: {}}]\ncontainers: [{name: a, securityContext: {privileged: false}}]',
      'spec.initContainers[0].securityContext',
    ),
  ),
  'default-namespace': objects(
    errs(
      'a template whose metadata is no map',
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {template: {metadata: x, spec: {}}}}',
      'spec.template.metadata',
    ),
    fails(
      'a Service kubernetes of another group',
      '{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: kubernetes, namespace: default}}',
      'metadata.namespace',
    ),
    passes('another one', '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}, spec: {template: {spec: {}}}}'),
    passes('cluster-scoped kinds', '{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a, namespace: b}}'),
    passes('the Service kubernetes', '{apiVersion: v1, kind: Service, metadata: {name: kubernetes}}'),
    passes('its EndpointSlice', '{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: kubernetes}}'),
    passes('the root certificate', '{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt}}'),
    passes('the default service account', '{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}'),
    fails('by name', '{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: default}, spec: {}}', 'metadata.namespace'),
    fails(
      'by saying nothing',
      '{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: {}}}}}}',
      'metadata.namespace',
    ),
    fails('an empty one', '{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: ""}}', 'metadata.namespace'),
    fails(
      'a name that is exempt for another kind',
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: kubernetes}}',
      'metadata.namespace',
    ),
    fails(
      'a kind that nobody knows',
      '{apiVersion: example.com/v1, kind: Widget, metadata: {name: a, namespace: default}}',
      'metadata.namespace',
    ),
    fails('a generated name', '{apiVersion: v1, kind: Pod, metadata: {generateName: a-}, spec: {}}', 'metadata.namespace'),
  ),
  'run-as-high-uid': pods(
    errs('a string, of the pod', 'securityContext: {runAsUser: "20000"}\ncontainers: [{name: a}]', 'spec.securityContext.runAsUser'),
    passes('high', 'securityContext: {runAsUser: 10000}\ncontainers: [{name: a}]'),
    passes('Windows pods', windows('containers: [{name: a}]')),
    fails(
      'low',
      'securityContext: {runAsUser: 20000}\ncontainers: [{name: a, securityContext: {runAsUser: 9999}}]',
      'spec.containers[0].securityContext.runAsUser',
    ),
    fails('unset', 'containers: [{name: a}]', 'spec.containers[0].securityContext.runAsUser'),
  ),
  'share-process-namespace': pods(
    passes('unset', 'containers: [{name: a}]'),
    fails('true', 'shareProcessNamespace: true', 'spec.shareProcessNamespace'),
  ),
  'host-users': pods(
    passes('not root', 'securityContext: {runAsUser: 5}\ncontainers: [{name: a}]'),
    passes('root in a user namespace', 'hostUsers: false\nsecurityContext: {runAsUser: 0}\ncontainers: [{name: a}]'),
    fails('root', 'securityContext: {runAsUser: 0}\ncontainers: [{name: a}]', 'spec.containers[0].securityContext.runAsUser'),
    fails('capabilities', adds('[CHOWN]'), 'spec.containers[0].securityContext.capabilities.add[0]'),
  ),
  'git-repo-volume': pods(
    passes('others', 'volumes: [{name: v, emptyDir: {}}]'),
    fails('one', 'volumes: [{name: v, gitRepo: {repository: r}}]', 'spec.volumes[0].gitRepo'),
  ),
  'sudo-in-command': pods(
    passes('pseudo', 'containers: [{name: a, command: [pseudo, sudoers]}]'),
    fails('a word of its own', 'containers: [{name: a, command: [sh, -c, "sudo app"], args: [sudo]}]', [
      'spec.containers[0].command[2]',
      'spec.containers[0].args[0]',
    ]),
  ),
};
