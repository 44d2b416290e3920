import { errs, fails, passes, pods, type Tables } from '../control-table.ts';

const windows = (line: string): string => `os: {name: windows}\n${line}`;
const hosted = (line: string): string => `hostUsers: false\n${line}`;
const allowed = [
  'configMap: {name: c}',
  'csi: {driver: d}',
  'downwardAPI: {items: []}',
  'emptyDir: {}',
  'ephemeral: {volumeClaimTemplate: {}}',
  'image: {reference: r}',
  'persistentVolumeClaim: {claimName: c}',
  'projected: {sources: []}',
  'secret: {secretName: s}',
];

/** CONTROLS.md §2. */
export const table: Tables = {
  'volume-types': pods(
    errs('a volume that is null', 'volumes: [null]\ncontainers: [{name: a}]', 'spec.volumes[0]'),
    passes('every type that is allowed', `volumes: [${allowed.map((source, index) => `{name: v${index}, ${source}}`).join(', ')}]`),
    passes('a name alone is an emptyDir', 'volumes: [{name: v}]'),
    passes('no volumes', 'volumes: []'),
    fails('hostPath', 'volumes: [{name: v, hostPath: {path: /}}]', 'spec.volumes[0]'),
    fails(
      'network storage and gitRepo',
      'volumes: [{name: a, nfs: {server: s, path: /}}, {name: b, emptyDir: {}}, {name: c, gitRepo: {repository: r}}, {name: d, cephfs: {monitors: [m]}}]',
      ['spec.volumes[0]', 'spec.volumes[2]', 'spec.volumes[3]'],
    ),
    fails('a source of a later Kubernetes', 'volumes: [{name: v, holographic: {}}]', 'spec.volumes[0]'),
    errs('text', 'volumes: [data]', 'spec.volumes[0]'),
  ),
  'privilege-escalation': pods(
    passes(
      'false everywhere',
      'initContainers: [{name: i, securityContext: {allowPrivilegeEscalation: false}}]\ncontainers: [{name: a, securityContext: {allowPrivilegeEscalation: false}}]',
    ),
    passes('Windows pods', windows('containers: [{name: a}]')),
    fails('Windows pods before 1.25', windows('containers: [{name: a}]'), 'spec.containers[0].securityContext.allowPrivilegeEscalation', {
      minor: 24,
    }),
    fails('unset', 'containers: [{name: a}]', 'spec.containers[0].securityContext.allowPrivilegeEscalation'),
    fails(
      'true',
      'containers: [{name: a, securityContext: {allowPrivilegeEscalation: true}}]',
      'spec.containers[0].securityContext.allowPrivilegeEscalation',
    ),
    fails(
      'an ephemeral container',
      'containers: [{name: a, securityContext: {allowPrivilegeEscalation: false}}]\nephemeralContainers: [{name: e}]',
      'spec.ephemeralContainers[0].securityContext.allowPrivilegeEscalation',
    ),
  ),
  'run-as-non-root': pods(
    passes('the pod', 'securityContext: {runAsNonRoot: true}\ncontainers: [{name: a}]'),
    passes('every container', 'containers: [{name: a, securityContext: {runAsNonRoot: true}}]'),
    passes('in a user namespace', hosted('containers: [{name: a}]')),
    fails('in a user namespace before 1.35', hosted('containers: [{name: a}]'), 'spec.containers[0].securityContext.runAsNonRoot', {
      minor: 34,
    }),
    fails('unset', 'containers: [{name: a}]', 'spec.containers[0].securityContext.runAsNonRoot'),
    fails(
      'a user alone does not count',
      'securityContext: {runAsUser: 1000}\ncontainers: [{name: a}]',
      'spec.containers[0].securityContext.runAsNonRoot',
    ),
    fails(
      'a container says false',
      'securityContext: {runAsNonRoot: true}\ncontainers: [{name: a, securityContext: {runAsNonRoot: false}}]',
      'spec.containers[0].securityContext.runAsNonRoot',
    ),
    fails(
      'the pod says false, whatever its containers say',
      'securityContext: {runAsNonRoot: false}\ncontainers: [{name: a, securityContext: {runAsNonRoot: true}}]',
      'spec.securityContext.runAsNonRoot',
    ),
    fails('Windows pods are not exempt', windows('containers: [{name: a}]'), 'spec.containers[0].securityContext.runAsNonRoot'),
  ),
  'run-as-user-root': pods(
    passes('unset', 'containers: [{name: a}]'),
    passes('another user', 'securityContext: {runAsUser: 1000}\ncontainers: [{name: a, securityContext: {runAsUser: 1}}]'),
    passes('in a user namespace', hosted('securityContext: {runAsUser: 0}')),
    fails('in a user namespace before 1.35', hosted('securityContext: {runAsUser: 0}'), 'spec.securityContext.runAsUser', { minor: 34 }),
    fails('the pod', 'securityContext: {runAsUser: 0}', 'spec.securityContext.runAsUser'),
    fails(
      'the pod, though its container differs',
      'securityContext: {runAsUser: 0}\ncontainers: [{name: a, securityContext: {runAsUser: 1000}}]',
      'spec.securityContext.runAsUser',
    ),
    fails(
      'a container',
      'securityContext: {runAsUser: 1000}\ncontainers: [{name: a, securityContext: {runAsUser: 0}}]',
      'spec.containers[0].securityContext.runAsUser',
    ),
    errs('text', 'securityContext: {runAsUser: "0"}', 'spec.securityContext.runAsUser'),
  ),
  'seccomp-required': pods(
    errs(
      'a profile of the pod that is a string',
      'securityContext: {seccompProfile: RuntimeDefault}\ncontainers: [{name: a}]',
      'spec.securityContext.seccompProfile',
    ),
    passes('the pod', 'securityContext: {seccompProfile: {type: RuntimeDefault}}\ncontainers: [{name: a}]'),
    passes('each container', 'containers: [{name: a, securityContext: {seccompProfile: {type: Localhost, localhostProfile: p}}}]'),
    passes('Windows pods', windows('containers: [{name: a}]')),
    fails(
      'unset',
      'initContainers: [{name: i}]\ncontainers: [{name: a, securityContext: {seccompProfile: {type: RuntimeDefault}}}]',
      'spec.initContainers[0].securityContext.seccompProfile.type',
    ),
    fails(
      'the pod is unconfined, its containers are not',
      'securityContext: {seccompProfile: {type: Unconfined}}\ncontainers: [{name: a, securityContext: {seccompProfile: {type: RuntimeDefault}}}]',
      'spec.securityContext.seccompProfile.type',
    ),
    fails(
      'a container is unconfined',
      'securityContext: {seccompProfile: {type: RuntimeDefault}}\ncontainers: [{name: a, securityContext: {seccompProfile: {type: Unconfined}}}]',
      'spec.containers[0].securityContext.seccompProfile.type',
    ),
    fails('Windows pods before 1.25', windows('containers: [{name: a}]'), 'spec.containers[0].securityContext.seccompProfile.type', {
      minor: 24,
    }),
  ),
  'capabilities-drop-all': pods(
    passes('ALL is dropped', 'containers: [{name: a, securityContext: {capabilities: {drop: [ALL]}}}]'),
    passes(
      'and NET_BIND_SERVICE added back',
      'containers: [{name: a, securityContext: {capabilities: {drop: [NET_RAW, ALL], add: [NET_BIND_SERVICE]}}}]',
    ),
    passes('Windows pods', windows('containers: [{name: a}]')),
    fails('nothing is dropped', 'containers: [{name: a}]', 'spec.containers[0].securityContext.capabilities.drop'),
    fails(
      'some are dropped',
      'containers: [{name: a, securityContext: {capabilities: {drop: [NET_RAW, SYS_ADMIN]}}}]',
      'spec.containers[0].securityContext.capabilities.drop',
    ),
    fails(
      'all in small letters',
      'containers: [{name: a, securityContext: {capabilities: {drop: [all]}}}]',
      'spec.containers[0].securityContext.capabilities.drop',
    ),
    fails(
      'another one is added',
      'containers: [{name: a, securityContext: {capabilities: {drop: [ALL], add: [CHOWN]}}}]',
      'spec.containers[0].securityContext.capabilities.add[0]',
    ),
    fails(
      'CAP_ is another name',
      'containers: [{name: a, securityContext: {capabilities: {drop: [ALL], add: [CAP_NET_BIND_SERVICE]}}}]',
      'spec.containers[0].securityContext.capabilities.add[0]',
    ),
  ),
  'proc-mount-restricted': pods(
    passes('unset', 'containers: [{name: a}]'),
    passes('Default', 'containers: [{name: a, securityContext: {procMount: Default}}]'),
    fails('Unmasked', 'containers: [{name: a, securityContext: {procMount: Unmasked}}]', 'spec.containers[0].securityContext.procMount'),
    fails(
      'in a user namespace, too',
      hosted('containers: [{name: a, securityContext: {procMount: Unmasked}}]'),
      'spec.containers[0].securityContext.procMount',
    ),
    fails(
      'an empty text is not Default',
      'containers: [{name: a, securityContext: {procMount: ""}}]',
      'spec.containers[0].securityContext.procMount',
    ),
  ),
};
