import { errs, fails, passes, pods, type Tables } from '../control-table.ts';

const hosted = (line: string): string => `hostUsers: false\n${line}`;

/** CONTROLS.md §1. */
export const table: Tables = {
  'privileged-container': pods(
    passes('nothing is said', 'containers: [{name: a}]'),
    passes('it is false', 'containers: [{name: a, securityContext: {privileged: false}}]'),
    passes('it is null', 'containers: [{name: a, securityContext: {privileged: null}}]'),
    passes('SYS_ADMIN is another control', 'containers: [{name: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]'),
    fails('a container', 'containers: [{name: a, securityContext: {privileged: true}}]', 'spec.containers[0].securityContext.privileged'),
    fails(
      'one of two',
      'containers: [{name: a}, {name: b, securityContext: {privileged: true}}]',
      'spec.containers[1].securityContext.privileged',
    ),
    fails(
      'init, main and ephemeral containers, all listed',
      `initContainers: [{name: i, securityContext: {privileged: true}}]
containers: [{name: a, securityContext: {privileged: true}}]
ephemeralContainers: [{name: e, securityContext: {privileged: true}}]`,
      ['initContainers', 'containers', 'ephemeralContainers'].map((list) => `spec.${list}[0].securityContext.privileged`),
    ),
    errs(
      'text is no boolean',
      'containers: [{name: a, securityContext: {privileged: "true"}}]',
      'spec.containers[0].securityContext.privileged',
    ),
  ),
  'host-network': pods(
    passes('unset', 'containers: [{name: a}]'),
    passes('false', 'hostNetwork: false'),
    passes('host ports are another control', 'containers: [{name: a, ports: [{containerPort: 80, hostPort: 80}]}]'),
    fails('true', 'hostNetwork: true', 'spec.hostNetwork'),
    fails('true beside other host namespaces', 'hostNetwork: true\nhostPID: true\nhostIPC: true', 'spec.hostNetwork'),
    errs('a number', 'hostNetwork: 1', 'spec.hostNetwork'),
  ),
  'host-pid': pods(
    passes('unset', 'containers: [{name: a}]'),
    passes('false', 'hostPID: false'),
    passes('shared among the containers only', 'shareProcessNamespace: true'),
    fails('true', 'hostPID: true', 'spec.hostPID'),
    fails('true in a user namespace', hosted('hostPID: true'), 'spec.hostPID'),
  ),
  'host-ipc': pods(
    passes('unset', 'containers: [{name: a}]'),
    passes('false', 'hostIPC: false'),
    passes('another namespace of the host', 'hostPID: true'),
    fails('true', 'hostIPC: true', 'spec.hostIPC'),
    fails('true in a user namespace', hosted('hostIPC: true'), 'spec.hostIPC'),
  ),
  'host-path-volume': pods(
    passes('no volumes', 'containers: [{name: a}]'),
    passes('an emptyDir', 'volumes: [{name: v, emptyDir: {}}]'),
    passes('a claim', 'volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]'),
    passes('null is unset', 'volumes: [{name: v, hostPath: null}]'),
    fails('a hostPath', 'volumes: [{name: v, hostPath: {path: /data}}]', 'spec.volumes[0].hostPath'),
    fails(
      'among others, each listed',
      'volumes: [{name: u, emptyDir: {}}, {name: v, hostPath: {path: /a}}, {name: w, hostPath: {path: /b, type: File}}]',
      ['spec.volumes[1].hostPath', 'spec.volumes[2].hostPath'],
    ),
    errs('a list where a map belongs', 'volumes: [{name: v, hostPath: [/data]}]', 'spec.volumes[0].hostPath'),
  ),
  'host-port': pods(
    passes('a container port', 'containers: [{name: a, ports: [{containerPort: 80}]}]'),
    passes('zero', 'containers: [{name: a, ports: [{containerPort: 80, hostPort: 0}]}]'),
    passes('hostNetwork without ports', 'hostNetwork: true\ncontainers: [{name: a}]'),
    fails(
      'a host port',
      'containers: [{name: a, ports: [{containerPort: 80}, {containerPort: 81, hostPort: 81}]}]',
      'spec.containers[0].ports[1].hostPort',
    ),
    fails(
      'an init container',
      'initContainers: [{name: i, ports: [{containerPort: 80, hostPort: 80}]}]',
      'spec.initContainers[0].ports[0].hostPort',
    ),
    fails(
      'the server sets it under hostNetwork',
      'hostNetwork: true\ncontainers: [{name: a, ports: [{containerPort: 80}]}]',
      'spec.containers[0].ports[0].hostPort',
    ),
    errs('text', 'containers: [{name: a, ports: [{containerPort: 80, hostPort: "80"}]}]', 'spec.containers[0].ports[0].hostPort'),
  ),
  'host-probe-lifecycle': pods(
    passes(
      'probes without a host',
      'containers: [{name: a, livenessProbe: {httpGet: {port: 80}}, readinessProbe: {tcpSocket: {port: 80}}}]',
    ),
    passes('an empty host', 'containers: [{name: a, livenessProbe: {httpGet: {port: 80, host: ""}}}]'),
    passes(
      'a host header is no host',
      'containers: [{name: a, livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: Host, value: x}]}}}]',
    ),
    passes('exec', 'containers: [{name: a, lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}}]'),
    fails(
      'a liveness probe',
      'containers: [{name: a, livenessProbe: {httpGet: {port: 80, host: 10.0.0.1}}}]',
      'spec.containers[0].livenessProbe.httpGet.host',
    ),
    fails(
      '127.0.0.1 too',
      'containers: [{name: a, readinessProbe: {httpGet: {port: 80, host: 127.0.0.1}}}]',
      'spec.containers[0].readinessProbe.httpGet.host',
    ),
    fails(
      'a TCP startup probe of a sidecar',
      'initContainers: [{name: i, startupProbe: {tcpSocket: {port: 80, host: h}}}]',
      'spec.initContainers[0].startupProbe.tcpSocket.host',
    ),
    fails(
      'both hooks',
      'containers: [{name: a, lifecycle: {postStart: {httpGet: {port: 80, host: h}}, preStop: {tcpSocket: {port: 80, host: h}}}}]',
      ['spec.containers[0].lifecycle.postStart.httpGet.host', 'spec.containers[0].lifecycle.preStop.tcpSocket.host'],
    ),
  ),
  'windows-host-process': pods(
    passes('unset', 'os: {name: windows}\ncontainers: [{name: a}]'),
    passes('false', 'securityContext: {windowsOptions: {hostProcess: false}}'),
    passes('other options', 'securityContext: {windowsOptions: {runAsUserName: ContainerUser}}'),
    fails('the pod', 'securityContext: {windowsOptions: {hostProcess: true}}', 'spec.securityContext.windowsOptions.hostProcess'),
    fails(
      'a container, whatever the pod says',
      'securityContext: {windowsOptions: {hostProcess: false}}\ncontainers: [{name: a, securityContext: {windowsOptions: {hostProcess: true}}}]',
      'spec.containers[0].securityContext.windowsOptions.hostProcess',
    ),
  ),
  'capabilities-baseline': pods(
    passes(
      'the default set',
      'containers: [{name: a, securityContext: {capabilities: {add: [CHOWN, NET_BIND_SERVICE, SYS_CHROOT, AUDIT_WRITE]}}}]',
    ),
    passes('drops are no matter', 'containers: [{name: a, securityContext: {capabilities: {drop: [ALL]}}}]'),
    passes('an empty list', 'containers: [{name: a, securityContext: {capabilities: {add: []}}}]'),
    fails(
      'NET_RAW',
      'containers: [{name: a, securityContext: {capabilities: {add: [CHOWN, NET_RAW]}}}]',
      'spec.containers[0].securityContext.capabilities.add[1]',
    ),
    fails('case and prefix count', 'containers: [{name: a, securityContext: {capabilities: {add: [chown, CAP_CHOWN]}}}]', [
      'spec.containers[0].securityContext.capabilities.add[0]',
      'spec.containers[0].securityContext.capabilities.add[1]',
    ]),
    fails(
      'ALL in an ephemeral container',
      'ephemeralContainers: [{name: e, securityContext: {capabilities: {add: [ALL]}}}]',
      'spec.ephemeralContainers[0].securityContext.capabilities.add[0]',
    ),
    errs(
      'text where a list belongs',
      'containers: [{name: a, securityContext: {capabilities: {add: CHOWN}}}]',
      'spec.containers[0].securityContext.capabilities.add',
    ),
  ),
  'apparmor-profile': pods(
    passes('unset', 'containers: [{name: a}]'),
    passes(
      'RuntimeDefault and Localhost',
      'securityContext: {appArmorProfile: {type: RuntimeDefault}}\ncontainers: [{name: a, securityContext: {appArmorProfile: {type: Localhost, localhostProfile: p}}}]',
    ),
    passes(
      'annotations that keep a profile',
      'metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: localhost/p, container.apparmor.security.beta.kubernetes.io/b: ""}}\nspec: {containers: [{name: a}]}',
    ),
    passes('another annotation', 'metadata: {annotations: {apparmor.example.com/a: unconfined}}\nspec: {containers: [{name: a}]}'),
    fails('the pod', 'securityContext: {appArmorProfile: {type: Unconfined}}', 'spec.securityContext.appArmorProfile.type'),
    fails(
      'a container',
      'initContainers: [{name: i, securityContext: {appArmorProfile: {type: Unconfined}}}]',
      'spec.initContainers[0].securityContext.appArmorProfile.type',
    ),
    fails(
      'an annotation',
      'metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}}\nspec: {containers: [{name: a}]}',
      "metadata.annotations['container.apparmor.security.beta.kubernetes.io/a']",
    ),
    fails(
      'an annotation for a container that is not there',
      'metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/gone: unconfined}}\nspec: {containers: [{name: a}]}',
      "metadata.annotations['container.apparmor.security.beta.kubernetes.io/gone']",
    ),
  ),
  'selinux-options': pods(
    passes(
      'types of containers',
      'securityContext: {seLinuxOptions: {type: container_t, level: "s0:c1,c2"}}\ncontainers: [{name: a, securityContext: {seLinuxOptions: {type: container_kvm_t}}}]',
    ),
    passes('empty texts', 'securityContext: {seLinuxOptions: {type: "", user: "", role: ""}}'),
    passes('container_engine_t from 1.31 on', 'securityContext: {seLinuxOptions: {type: container_engine_t}}', { minor: 31 }),
    fails(
      'container_engine_t before',
      'securityContext: {seLinuxOptions: {type: container_engine_t}}',
      'spec.securityContext.seLinuxOptions.type',
      { minor: 30 },
    ),
    fails(
      'another type',
      'containers: [{name: a, securityContext: {seLinuxOptions: {type: spc_t}}}]',
      'spec.containers[0].securityContext.seLinuxOptions.type',
    ),
    fails('a user and a role', 'securityContext: {seLinuxOptions: {user: system_u, role: system_r}}', [
      'spec.securityContext.seLinuxOptions.user',
      'spec.securityContext.seLinuxOptions.role',
    ]),
  ),
  'proc-mount': pods(
    passes('Default', 'containers: [{name: a, securityContext: {procMount: Default}}]'),
    passes('unset', 'containers: [{name: a}]'),
    passes('in a user namespace from 1.35 on', hosted('containers: [{name: a, securityContext: {procMount: Unmasked}}]')),
    fails('Unmasked', 'containers: [{name: a, securityContext: {procMount: Unmasked}}]', 'spec.containers[0].securityContext.procMount'),
    fails(
      'in a user namespace before',
      hosted('containers: [{name: a, securityContext: {procMount: Unmasked}}]'),
      'spec.containers[0].securityContext.procMount',
      { minor: 34 },
    ),
  ),
  'seccomp-unconfined': pods(
    passes('unset', 'containers: [{name: a}]'),
    passes('RuntimeDefault', 'securityContext: {seccompProfile: {type: RuntimeDefault}}'),
    passes(
      'the annotation no longer counts',
      'metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined}}\nspec: {containers: [{name: a}]}',
    ),
    passes('the field did not count before 1.19', 'securityContext: {seccompProfile: {type: Unconfined}}', { minor: 18 }),
    fails('the pod', 'securityContext: {seccompProfile: {type: Unconfined}}', 'spec.securityContext.seccompProfile.type'),
    fails(
      'a container under a good pod',
      'securityContext: {seccompProfile: {type: RuntimeDefault}}\ncontainers: [{name: a, securityContext: {seccompProfile: {type: Unconfined}}}]',
      'spec.containers[0].securityContext.seccompProfile.type',
    ),
    fails(
      'annotations before 1.19',
      'metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined, container.seccomp.security.alpha.kubernetes.io/a: unconfined}}\nspec: {containers: [{name: a}]}',
      [
        "metadata.annotations['seccomp.security.alpha.kubernetes.io/pod']",
        "metadata.annotations['container.seccomp.security.alpha.kubernetes.io/a']",
      ],
      { minor: 18 },
    ),
  ),
  'unsafe-sysctls': pods(
    passes(
      'safe ones',
      'securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: "1"}, {name: kernel.shm_rmid_forced, value: "0"}]}',
    ),
    passes('no sysctls', 'securityContext: {sysctls: []}'),
    passes(
      'the newest safe ones',
      'securityContext: {sysctls: [{name: net.ipv4.tcp_notsent_lowat, value: "1"}, {name: net.ipv4.tcp_rmem, value: "1"}]}',
      { minor: 37 },
    ),
    ...(
      [
        ['net.ipv4.ip_local_reserved_ports', 27],
        ['net.ipv4.tcp_fin_timeout', 29],
        ['net.ipv4.tcp_wmem', 32],
        ['net.ipv4.tcp_slow_start_after_idle', 37],
      ] as const
    ).flatMap(([name, since]) => [
      passes(`${name} at 1.${since}`, `securityContext: {sysctls: [{name: ${name}, value: "1"}]}`, { minor: since }),
      fails(
        `${name} before 1.${since}`,
        `securityContext: {sysctls: [{name: ${name}, value: "1"}]}`,
        'spec.securityContext.sysctls[0].name',
        { minor: since - 1 },
      ),
    ]),
    fails(
      'an unsafe one',
      'securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: "1"}, {name: kernel.msgmax, value: "1"}]}',
      'spec.securityContext.sysctls[1].name',
    ),
  ),
};
