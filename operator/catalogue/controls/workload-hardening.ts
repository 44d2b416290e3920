import type { Section } from './control.ts';
import { onWindows } from './exemptions.ts';

const container = (line: string): string => `containers:\n- name: app\n  ${line}\n`;
const hostPath = (path: string): string => `volumes:\n- name: host\n  hostPath: {path: ${path}}\n`;
/** A CEL expression: the path `item` as the kubelet reads it, without repeated slashes and `.`. The API server refuses `..`, which can lead anywhere. */
const cleanPath = "('/' + item.split('/').filter(part, !(part in ['', '.'])).join('/'))";
/** A CEL expression: the name of a capability in upper case and without the prefix CAP_. */
const bareCapability = (name: string): string =>
  `(${name}.upperAscii().startsWith('CAP_') ? ${name}.upperAscii().substring(4) : ${name}.upperAscii())`;
const sockets = ['docker', 'cri-dockerd', 'dockershim', 'containerd', 'crio', 'podman', 'isulad'];
/** A regular expression for the sockets, below the folders in which runtimes have them. containerd has one more for ttrpc. */
const socketPath = `^(/run|/var/run|/var/snap/microk8s/common/run)/(.*/)?(${sockets.join('|')})[.]sock([.]ttrpc)?$`;
/** A regular expression for the folders of a runtime that a user of the node runs. */
const userFolder = '^(/var)?/run/user(/[0-9]+(/(docker|podman|containerd))?)?$';
/** The folders with a socket in them, or in a folder below. */
const socketFolders = [
  '/',
  ...[
    '/run',
    '/run/containerd',
    '/run/k3s',
    '/run/k3s/containerd',
    '/run/k0s',
    '/run/crio',
    '/run/podman',
    '/run/docker',
    '/run/docker/containerd',
  ].flatMap((folder) => [folder, `/var${folder}`]),
  '/var/snap/microk8s',
  '/var/snap/microk8s/common',
  '/var/snap/microk8s/common/run',
];
/** A CEL expression: whether the container, or for a field that it leaves out the pod, sets a profile other than Unconfined. */
const profile = (field: string): string => {
  const confined = (holder: string): string => `(has(${holder}.${field}.type) && ${holder}.${field}.type != 'Unconfined')`;
  const [own, pod] = ['item.securityContext', 'object.spec.securityContext'];
  return `(has(${own}) && has(${own}.${field}) ? ${confined(own)} : has(${pod}) && has(${pod}.${field}) && ${confined(pod)})`;
};
/** A regular expression for disks and their partitions. Who reads a disk reads all files of the node. */
const disk = '^/dev/((sd|hd|vd|xvd)[a-z]{1,2}|nvme[0-9]+n[0-9]+|mmcblk[0-9]+|dm-[0-9]+|md[0-9]+)(p?[0-9]+)?$';
/** A regular expression for the folders in which users keep the keys of SSH, of clouds and of clusters. */
const userKeys = '^/home/[^/]+/[.](ssh|aws|azure|kube|docker|gnupg|config)(/.*)?$';
const appArmorAnnotation = "'container.apparmor.security.beta.kubernetes.io/' + item.name";
/** A CEL expression: whether one of the mechanisms that limit a program beyond the default capabilities is on. */
const hardened = [
  profile('seccompProfile'),
  profile('appArmorProfile'),
  '(has(item.securityContext) && has(item.securityContext.seLinuxOptions) && item.securityContext.seLinuxOptions.size() > 0)',
  '(has(object.spec.securityContext) && has(object.spec.securityContext.seLinuxOptions) && object.spec.securityContext.seLinuxOptions.size() > 0)',
  '(has(item.securityContext) && has(item.securityContext.capabilities) && has(item.securityContext.capabilities.drop) && item.securityContext.capabilities.drop.size() > 0)',
  `(has(object.metadata.annotations) && has(item.name) && ${appArmorAnnotation} in object.metadata.annotations && object.metadata.annotations[${appArmorAnnotation}] != 'unconfined')`,
].join(' || ');

/** CONTROLS.md §3: hardening of workloads beyond the Pod Security Standards. */
export const workloadHardening: Section = {
  title: 'Workload hardening beyond PSS',
  controls: [
    {
      id: 'read-only-root-filesystem',
      title: 'The root file system is read-only',
      severity: 'medium',
      essential: true,
      kinds: 'workloads',
      why: 'An attacker needs a writable file system to store tools or change programs.',
      fix: 'Set securityContext.readOnlyRootFilesystem: true, and mount an emptyDir for each path that the program writes to.',
      example: { before: container('securityContext: {}'), after: container('securityContext: {readOnlyRootFilesystem: true}') },
      message: 'readOnlyRootFilesystem is not true',
      placement: { cis: ['5.7.3/5.6.3'], nsa: ['PS.immutable'], nist: ['4.4.3'], mitre: ['T1611'] },
      theme: 'hardening',
      checks: [{ at: 'C*.securityContext.readOnlyRootFilesystem', type: 'bool', missing: 'fail', require: 'item == true' }],
      exemptions: [onWindows],
    },
    {
      id: 'drop-net-raw',
      sameFactAs: ['capabilities-drop-all'],
      title: 'Containers drop NET_RAW',
      severity: 'medium',
      essential: true,
      kinds: 'workloads',
      why: 'NET_RAW is in the default set. With it a container can forge packets and redirect the traffic of other pods.',
      fix: 'Set capabilities.drop: [ALL], or at least [NET_RAW].',
      example: { before: container('securityContext: {}'), after: container('securityContext: {capabilities: {drop: [NET_RAW]}}') },
      message: 'capabilities.drop does not have NET_RAW or ALL',
      placement: { cis: ['5.2.8'], mitre: ['T1557'] },
      theme: 'hardening',
      checks: [
        {
          at: 'C*.securityContext.capabilities.drop',
          type: 'list',
          missing: 'fail',
          require: "'ALL' in item || 'NET_RAW' in item || item.exists(name, name.upperAscii() in ['ALL', 'NET_RAW'])",
        },
      ],
      exemptions: [onWindows],
    },
    {
      id: 'dangerous-capabilities',
      title: 'Containers add no dangerous capabilities',
      severity: 'high',
      essential: true,
      kinds: 'workloads',
      why: 'Each of these capabilities is known to give access from the container to the node, its network or its kernel.',
      fix: 'Remove the capability from capabilities.add.',
      example: {
        before: container('securityContext: {capabilities: {add: [SYS_ADMIN]}}'),
        after: container('securityContext: {capabilities: {drop: [ALL]}}'),
      },
      message: 'capabilities.add has a dangerous capability',
      placement: { cis: ['5.2.8', '5.2.9/-'], nsa: ['PS.hardening'], nist: ['4.4.3'], mitre: ['T1611'] },
      theme: 'hardening',
      parameters: {
        capabilities: {
          description: 'Capabilities that containers must not add. The prefix CAP_ and upper or lower case make no difference.',
          type: 'strings',
          default: [
            'ALL', 'SYS_ADMIN', 'NET_ADMIN', 'NET_RAW', 'SYS_MODULE', 'SYS_PTRACE', 'SYS_RAWIO', 'SYS_BOOT', 'SYS_TIME',
            'SYSLOG', 'DAC_READ_SEARCH', 'BPF', 'PERFMON', 'MAC_ADMIN', 'MAC_OVERRIDE', 'SETPCAP', 'LINUX_IMMUTABLE',
          ], // prettier-ignore
        },
      },
      checks: [
        {
          at: 'C*.securityContext.capabilities.add[]',
          type: 'string',
          require: `!params.capabilities.exists(name, ${bareCapability('name')} == ${bareCapability('item')})`,
        },
      ],
    },
    {
      id: 'container-runtime-socket',
      title: 'Pods do not mount the socket of the container runtime',
      severity: 'critical',
      essential: true,
      kinds: 'workloads',
      why: 'With write access to the socket, an attacker can start privileged containers on the node without the API server.',
      fix: 'Remove the hostPath volume. Build images with a tool that needs no runtime, and read metrics from the kubelet.',
      example: { before: hostPath('/var/run/docker.sock'), after: 'volumes: []\n' },
      message: 'hostPath.path gives access to the socket of the container runtime',
      placement: { nsa: ['PS.hardening'], nist: ['4.5.5'], mitre: ['T1610', 'T1611'] },
      theme: 'hardening',
      checks: [
        {
          at: 'spec.volumes[].hostPath.path',
          type: 'string',
          require: `![${cleanPath}].exists(path, path in ${JSON.stringify(socketFolders)} || path.matches('${socketPath}') || path.matches('${userFolder}'))`,
        },
      ],
    },
    {
      id: 'host-path-sensitive',
      sameFactAs: ['container-runtime-socket'],
      title: 'Pods do not mount sensitive folders of the node',
      severity: 'high',
      essential: true,
      kinds: 'workloads',
      why: 'These folders hold the credentials, programs or devices of the node. Access to them gives control of the node.',
      fix: 'Remove the hostPath volume, or limit it to the one file that the program needs.',
      example: { before: hostPath('/etc'), after: 'volumes:\n- name: config\n  configMap: {name: config}\n' },
      message: 'hostPath.path is a sensitive folder of the node',
      placement: { cis: ['5.2.12/5.2.11'], nist: ['4.5.5'], mitre: ['T1611', 'T1552.001'] },
      theme: 'hardening',
      parameters: {
        paths: {
          description: 'Exact paths that pods must not mount, without a trailing slash.',
          type: 'strings',
          default: [
            '/', '/boot', '/dev', '/etc', '/home', '/lib', '/lib64', '/proc', '/root', '/run', '/sys', '/usr', '/bin', '/sbin', '/var', '/var/run',
            '/usr/bin', '/usr/sbin', '/usr/lib', '/usr/local', '/usr/local/bin', '/usr/local/sbin',
            '/var/lib', '/var/lib/docker', '/var/lib/kubelet', '/var/lib/containerd', '/var/lib/containers', '/etc/kubernetes', '/etc/cni', '/opt/cni',
          ], // prettier-ignore
        },
        folders: {
          description: 'Paths that pods must not mount, nor anything below them, without a trailing slash.',
          type: 'strings',
          default: [
            // The keys, data and pods of the cluster, as the distributions place them.
            '/etc/kubernetes', '/srv/kubernetes', '/etc/srv/kubernetes', '/etc/rancher', '/var/lib/etcd', '/var/lib/kubelet/pods', '/var/lib/kubelet/pki',
            '/var/lib/kubelet/kubeconfig', '/var/lib/kubelet/bootstrap-kubeconfig',
            '/var/lib/rancher', '/var/lib/k0s', '/var/lib/minikube', '/var/snap/microk8s',
            // The keys and accounts of the node, and what it runs by itself.
            '/root', '/boot', '/etc/shadow', '/etc/gshadow', '/etc/sudoers', '/etc/sudoers.d', '/etc/pam.d', '/etc/ssh', '/etc/ssl/private',
            '/etc/pki/tls/private', '/etc/systemd', '/etc/init.d', '/etc/crontab', '/etc/cron.d', '/etc/cron.hourly', '/etc/cron.daily', '/var/spool/cron',
            // Its memory, disks and first process.
            '/dev/mem', '/dev/kmem', '/dev/port', '/dev/disk', '/dev/mapper', '/proc/1', '/proc/kcore', '/proc/sysrq-trigger', '/proc/sys/kernel',
          ], // prettier-ignore
        },
      },
      checks: [
        {
          at: 'spec.volumes[].hostPath.path',
          type: 'string',
          require: `![${cleanPath}].exists(path, path in params.paths || params.folders.exists(folder, path == folder || path.startsWith(folder + '/')) || path.matches('${disk}') || path.matches('${userKeys}')) && !item.split('/').exists(part, part == '..')`,
        },
      ],
    },
    {
      id: 'host-path-writable',
      title: 'hostPath volumes are mounted read-only',
      severity: 'high',
      essential: true,
      kinds: 'workloads',
      why: 'With a writable hostPath volume the container can change files of the node.',
      fix: 'Set readOnly: true on the volumeMount.',
      example: {
        before: container('volumeMounts: [{name: host, mountPath: /host}]'),
        after: container('volumeMounts: [{name: host, mountPath: /host, readOnly: true}]'),
      },
      message: 'a hostPath volume is mounted without readOnly: true',
      placement: { cis: ['5.2.12/5.2.11'], nist: ['4.5.5'], mitre: ['T1611'] },
      theme: 'hardening',
      checks: [
        {
          at: 'C*.volumeMounts[]',
          type: 'map',
          given: 'spec.volumes[].hostPath',
          require:
            '(has(item.readOnly) && item.readOnly) || !object.spec.volumes.exists(v, has(v.hostPath) && has(v.name) && has(item.name) && v.name == item.name)',
        },
        { at: 'spec.volumes[].hostPath', type: 'map', require: 'true' },
      ],
    },
    {
      id: 'run-as-root-group',
      title: 'Containers do not use the root group',
      severity: 'medium',
      essential: true,
      kinds: 'workloads',
      why: 'Group 0 owns many files of images and nodes. A process in this group can often read or change them.',
      fix: 'Set runAsGroup, fsGroup and supplementalGroups to numbers other than 0.',
      example: { before: 'securityContext: {runAsGroup: 0}\n', after: 'securityContext: {runAsGroup: 10001, fsGroup: 10001}\n' },
      message: 'runAsGroup, fsGroup or supplementalGroups is 0',
      placement: { nsa: ['PS.nonroot'] },
      theme: 'hardening',
      checks: [
        {
          at: [
            'spec.securityContext.runAsGroup',
            'C*.securityContext.runAsGroup',
            'spec.securityContext.fsGroup',
            'spec.securityContext.supplementalGroups[]',
          ],
          type: 'int',
          require: 'item != 0',
        },
      ],
    },
    {
      id: 'run-as-high-uid',
      title: 'Containers use a user ID that no user of the node has',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'A low user ID can be a user of the node. After an escape the process can access the files of that user.',
      fix: 'Set runAsUser to 10000 or more.',
      example: { before: 'securityContext: {runAsUser: 1000}\n', after: 'securityContext: {runAsUser: 10001}\n' },
      message: 'runAsUser is not set or too low',
      placement: { cis: ['5.7.3/5.6.3'] },
      theme: 'hardening',
      parameters: { minimum: { description: 'The lowest allowed user ID.', type: 'int', default: 10000 } },
      checks: [
        {
          at: 'AM.securityContext.runAsUser',
          type: 'int',
          fallback: 'spec.securityContext.runAsUser',
          missing: 'fail',
          require: 'item >= params.minimum',
        },
      ],
      exemptions: [onWindows],
    },
    {
      id: 'run-as-high-gid',
      title: 'Containers use a group ID that no group of the node has',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'A low group ID can be a group of the node. After an escape the process can access the files of that group.',
      fix: 'Set runAsGroup to 10000 or more.',
      example: { before: 'securityContext: {runAsGroup: 1000}\n', after: 'securityContext: {runAsGroup: 10001}\n' },
      message: 'runAsGroup is not set or too low',
      placement: {},
      theme: 'hardening',
      parameters: { minimum: { description: 'The lowest allowed group ID.', type: 'int', default: 10000 } },
      checks: [
        {
          at: 'AM.securityContext.runAsGroup',
          type: 'int',
          fallback: 'spec.securityContext.runAsGroup',
          missing: 'fail',
          require: 'item >= params.minimum',
        },
      ],
      exemptions: [onWindows],
    },
    {
      id: 'share-process-namespace',
      title: 'Containers do not share a process namespace',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'With a shared process namespace each container sees the processes, environment and files of the others.',
      fix: 'Remove shareProcessNamespace.',
      example: { before: 'shareProcessNamespace: true\n', after: 'shareProcessNamespace: false\n' },
      message: 'shareProcessNamespace is true',
      placement: { nsa: ['PS.hardening'], nist: ['4.4.3'] },
      theme: 'hardening',
      checks: [{ at: 'spec.shareProcessNamespace', type: 'bool', require: '!item' }],
    },
    {
      id: 'host-users',
      title: 'Pods with root or added capabilities use a user namespace',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'In a user namespace, root in the container has no rights on the node.',
      fix: 'Set hostUsers: false, or run as another user without added capabilities.',
      example: { before: 'securityContext: {runAsUser: 0}\n', after: 'hostUsers: false\nsecurityContext: {runAsUser: 0}\n' },
      message: 'hostUsers is not false, and the pod runs as user 0 or adds capabilities',
      placement: { nist: ['4.5.2'] },
      theme: 'hardening',
      checks: [
        { at: ['C*.securityContext.runAsUser'], type: 'int', fallback: 'spec.securityContext.runAsUser', require: 'item != 0' },
        { at: 'C*.securityContext.capabilities.add[]', type: 'string', require: 'false' },
      ],
      exemptions: [{ when: 'has(object.spec.hostUsers) && object.spec.hostUsers == false' }, onWindows],
    },
    {
      id: 'ephemeral-container',
      title: 'Pods have no ephemeral containers',
      severity: 'low',
      essential: false,
      kinds: ['Pod'],
      why: 'An ephemeral container often has a shell and more rights than the workload. It remains until the pod ends.',
      fix: 'Delete the pod after debugging. Its controller creates a new one.',
      example: { before: 'ephemeralContainers: [{name: debugger, image: busybox}]\n', after: 'ephemeralContainers: []\n' },
      message: 'ephemeralContainers is not empty',
      placement: { nist: ['4.4.5'], mitre: ['T1609', 'T1610'] },
      theme: 'hardening',
      checks: [{ at: 'spec.ephemeralContainers[]', type: 'map', require: 'false' }],
    },
    {
      id: 'automount-service-account-token',
      sameFactAs: ['default-service-account-automount'],
      title: 'The service account token is not mounted by default',
      severity: 'medium',
      essential: true,
      kinds: ['workloads', 'ServiceAccount'],
      why: 'The token is a credential for the API server. An attacker in the container can use it, even if the program does not need it.',
      fix: 'Set automountServiceAccountToken: false on the pod or its ServiceAccount. If the program needs a token, use a projected volume.',
      example: { before: 'serviceAccountName: app\n', after: 'serviceAccountName: app\nautomountServiceAccountToken: false\n' },
      message: 'automountServiceAccountToken is not false',
      placement: { cis: ['5.1.6'], nsa: ['PS.tokens'], mitre: ['T1528'] },
      theme: 'access',
      crossObject: { check: 'tokenAutomount', reads: ['ServiceAccount'] },
    },
    {
      id: 'default-service-account',
      title: 'Workloads do not use the default service account',
      severity: 'medium',
      essential: true,
      kinds: 'workloads',
      why: 'All pods of the namespace without a serviceAccountName get the rights of the default service account.',
      fix: 'Create a ServiceAccount for the workload, and set it in serviceAccountName.',
      example: {
        before: 'containers: [{name: app, image: app}]\n',
        after: 'serviceAccountName: app\ncontainers: [{name: app, image: app}]\n',
      },
      message: 'the pod uses the ServiceAccount default and mounts its token',
      placement: { cis: ['5.1.5'], nsa: ['AA.rbac'], mitre: ['T1078.001'] },
      theme: 'access',
      crossObject: { check: 'defaultServiceAccount', reads: ['ServiceAccount'] },
    },
    {
      id: 'control-plane-scheduling',
      title: 'Workloads do not run on the control plane',
      severity: 'medium',
      essential: false,
      kinds: 'workloads',
      why: 'An escape from a pod on a control plane node gives access to the keys of the cluster.',
      fix: 'Remove the toleration or the nodeName.',
      example: {
        before: 'tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists}]\n',
        after: 'tolerations: []\n',
      },
      message: 'a toleration or nodeName allows control plane nodes',
      placement: { nist: ['4.3.4', '4.3.5'], mitre: ['T1610'] },
      theme: 'hardening',
      checks: [
        {
          at: 'spec.tolerations[]',
          type: 'map',
          // The taint of the control plane has the effect NoSchedule. A toleration of another effect does not help.
          require:
            "has(item.effect) && !(item.effect in ['', 'NoSchedule']) || (has(item.key) && item.key != '' ? !(item.key in ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']) : !(has(item.operator) && item.operator == 'Exists'))",
        },
        { at: 'spec.nodeName', type: 'string', templatesOnly: true, require: "item == ''" },
      ],
    },
    {
      id: 'linux-hardening-missing',
      title: 'Containers use seccomp, SELinux, AppArmor or drop capabilities',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'Without any of these, only the default set of capabilities protects the kernel from the program.',
      fix: 'Set seccompProfile.type: RuntimeDefault, and drop ALL capabilities.',
      example: { before: container('image: app'), after: container('securityContext: {seccompProfile: {type: RuntimeDefault}}') },
      message: 'none of seccompProfile, seLinuxOptions, appArmorProfile and capabilities.drop is set, or the profile is Unconfined',
      placement: { cis: ['5.7.3/5.6.3'], nsa: ['PS.hardening'] },
      theme: 'hardening',
      checks: [
        {
          at: 'AM',
          type: 'map',
          require: hardened,
        },
      ],
      exemptions: [onWindows],
    },
    {
      id: 'security-context-missing',
      title: 'Pods and containers have a security context',
      severity: 'low',
      essential: true,
      kinds: 'workloads',
      why: 'Without a security context, all settings have defaults that were chosen for compatibility and not for security.',
      fix: 'Set securityContext on the pod and on each container.',
      example: {
        before: container('image: app'),
        after: 'securityContext: {runAsNonRoot: true}\ncontainers:\n- name: app\n  securityContext: {allowPrivilegeEscalation: false}\n',
      },
      message: 'securityContext is not set',
      placement: { cis: ['5.7.3/5.6.3'] },
      theme: 'hardening',
      checks: [{ at: ['spec.securityContext', 'AM.securityContext'], type: 'map', missing: 'fail', require: 'true' }],
    },
    {
      id: 'host-aliases',
      title: 'Pods have no host aliases',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'Entries in /etc/hosts change the address of a name. DNS and its policies do not see the change.',
      fix: 'Remove hostAliases, and use a Service or DNS.',
      example: { before: 'hostAliases: [{ip: 10.0.0.1, hostnames: [db]}]\n', after: 'hostAliases: []\n' },
      message: 'hostAliases is set',
      placement: {},
      theme: 'hardening',
      checks: [{ at: 'spec.hostAliases', type: 'list', require: 'false' }],
    },
    {
      id: 'privileged-container-port',
      title: 'Container ports are 1024 or higher',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'A program needs a capability or root to listen on a port below 1024.',
      fix: 'Listen on port 1024 or higher, and map the port with the Service.',
      example: { before: container('ports: [{containerPort: 80}]'), after: container('ports: [{containerPort: 8080}]') },
      message: 'containerPort is below 1024',
      placement: {},
      theme: 'hardening',
      checks: [{ at: 'AM.ports[].containerPort', type: 'int', require: 'item >= 1024' }],
    },
    {
      id: 'ssh-port-exposed',
      title: 'Pods run no SSH server',
      severity: 'medium',
      essential: false,
      kinds: ['workloads', 'Service'],
      why: 'An SSH server gives access to the pod without the API server, its access rules and its audit log.',
      fix: 'Remove the SSH server, and use kubectl exec or kubectl debug.',
      example: { before: container('ports: [{containerPort: 22}]'), after: container('ports: [{containerPort: 8080}]') },
      message: 'the SSH port is open',
      placement: { mitre: ['T1021'] },
      theme: 'network',
      crossObject: { check: 'sshPort', reads: ['workloads', 'Service'] },
    },
    {
      id: 'sudo-in-command',
      title: 'Commands do not use sudo',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'sudo works only if the container has rights that it does not need.',
      fix: 'Start the program as the user that it needs, without sudo.',
      example: { before: container('command: [sudo, /app]'), after: container('command: [/app]') },
      message: 'command or args has sudo',
      placement: { mitre: ['T1548'] },
      theme: 'hardening',
      checks: [
        {
          at: ['C*.command[]', 'C*.args[]'],
          type: 'string',
          require: "!item.contains('sudo') || !item.matches('(^|[^A-Za-z0-9_.-])sudo($|[^A-Za-z0-9_.-])')",
        },
      ],
    },
    {
      id: 'naked-pod',
      title: 'Pods have a controller',
      severity: 'low',
      essential: false,
      kinds: ['Pod'],
      why: 'A pod without a controller is not replaced if its node fails, and is often not reviewed like a Deployment.',
      fix: 'Create it with a Deployment, a StatefulSet, a DaemonSet or a Job.',
      example: { before: 'kind: Pod\n', after: 'kind: Deployment\n' },
      message: 'metadata.ownerReferences has no controller',
      placement: {},
      theme: 'availability',
      checks: [
        {
          at: 'metadata.ownerReferences',
          type: 'list',
          missing: 'fail',
          require: 'item.exists(owner, has(owner.controller) && owner.controller == true)',
        },
      ],
      exemptions: [{ when: "has(object.metadata.annotations) && 'kubernetes.io/config.mirror' in object.metadata.annotations" }],
    },
    {
      id: 'default-namespace',
      title: 'The default namespace is not used',
      severity: 'low',
      essential: true,
      kinds: 'namespaced',
      why: 'Objects without a namespace are created in the default namespace. Access rules and policies cannot separate different applications there.',
      fix: 'Create a namespace for each application.',
      example: { before: 'metadata: {name: app}\n', after: 'metadata: {name: app, namespace: shop}\n' },
      message: 'metadata.namespace is default',
      placement: { cis: ['5.7.4/5.6.4', '5.7.1/5.6.1'], nsa: ['NS.namespaces'], nist: ['4.3.4'] },
      theme: 'hardening',
      checks: [{ at: 'metadata.namespace', type: 'string', require: "item != 'default'" }],
      exemptions: [
        {
          when: "(((object.apiVersion == 'v1' && object.kind in ['Service', 'Endpoints']) || (object.kind == 'EndpointSlice' && object.apiVersion.startsWith('discovery.k8s.io/'))) && object.metadata.name == 'kubernetes') || (object.apiVersion == 'v1' && object.kind == 'ConfigMap' && object.metadata.name == 'kube-root-ca.crt') || (object.apiVersion == 'v1' && object.kind == 'ServiceAccount' && object.metadata.name == 'default')",
        },
      ],
    },
    {
      id: 'kube-system-workload',
      title: 'System namespaces have only system components',
      severity: 'medium',
      essential: false,
      kinds: 'workloads',
      aboutSystemNamespaces: true,
      why: 'System namespaces are often exempt from policies. Other workloads must not use this exemption.',
      fix: 'Move the workload to another namespace.',
      example: { before: 'metadata: {name: app, namespace: kube-system}\n', after: 'metadata: {name: app, namespace: shop}\n' },
      message: 'metadata.namespace is a system namespace',
      placement: { cis: ['5.7.1/5.6.1'], nsa: ['NS.namespaces'], mitre: ['T1036'] },
      theme: 'hardening',
      parameters: {
        namespaces: { description: 'The system namespaces.', type: 'strings', default: ['kube-system', 'kube-public', 'kube-node-lease'] },
      },
      checks: [
        {
          at: 'metadata.namespace',
          type: 'string',
          require:
            "!(item in params.namespaces) || (has(object.metadata.labels) && 'tier' in object.metadata.labels && object.metadata.labels['tier'] == 'control-plane' && 'component' in object.metadata.labels) || (has(object.spec.priorityClassName) && object.spec.priorityClassName in ['system-cluster-critical', 'system-node-critical'])",
        },
      ],
    },
    {
      id: 'tiller-deployed',
      title: 'The Helm 2 server (Tiller) is not deployed',
      severity: 'high',
      essential: false,
      kinds: 'workloads',
      why: 'Tiller accepts commands without authentication and usually has all rights in the cluster.',
      fix: 'Move to Helm 3, and delete Tiller.',
      example: { before: container('image: gcr.io/kubernetes-helm/tiller:v2.17.0'), after: 'containers: []\n' },
      message: 'the image or labels are those of Helm 2 Tiller',
      placement: { mitre: ['T1610'] },
      theme: 'hardening',
      checks: [
        {
          at: 'C*.image',
          type: 'string',
          require: "!(item.contains('tiller') && item.matches('(^|/)tiller(:[^/]*|@.*)?$'))",
        },
        {
          at: 'metadata.labels',
          type: 'map',
          require: "!('app' in item && item['app'] == 'helm' && 'name' in item && item['name'] == 'tiller')",
        },
      ],
    },
    {
      id: 'git-repo-volume',
      title: 'Pods have no gitRepo volumes',
      severity: 'high',
      essential: false,
      kinds: 'workloads',
      why: 'The kubelet runs git on the node with the repository of the pod. The hooks of the repository also run on the node.',
      fix: 'Clone the repository into an emptyDir in an init container.',
      example: {
        before: 'volumes:\n- name: code\n  gitRepo: {repository: https://git.example.com/app}\n',
        after: 'volumes:\n- name: code\n  emptyDir: {}\n',
      },
      message: 'gitRepo volumes are not allowed',
      placement: { nist: ['4.5.5'], mitre: ['T1611'] },
      theme: 'hardening',
      checks: [{ at: 'spec.volumes[].gitRepo', type: 'map', require: 'false' }],
    },
  ],
};
