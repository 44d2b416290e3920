type Fields = Record<string, unknown>;

/** Deterministic random choices, so that a failed test can be repeated. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 up to, not including, `sides` (mulberry32). */
  below(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

export interface MutablePod {
  readonly metadata: Fields & { annotations: Record<string, string> };
  readonly spec: Fields & { containers: Fields[]; initContainers: Fields[]; volumes: Fields[] };
}

type Mutation = (pod: MutablePod, random: SeededRandom) => void;

const child = (parent: Fields, name: string): Fields => (parent[name] ??= {}) as Fields;
const podContext = (pod: MutablePod): Fields => child(pod.spec, 'securityContext');
const anyContainer = ({ spec }: MutablePod, random: SeededRandom): Fields => random.pick([...spec.initContainers, ...spec.containers]);
/** The security context of the pod or of one of its containers. */
const anyContext = (pod: MutablePod, random: SeededRandom): Fields =>
  random.below(3) === 0 ? podContext(pod) : child(anyContainer(pod, random), 'securityContext');

const set =
  (field: string, ...values: readonly unknown[]): Mutation =>
  ({ spec }, random) => {
    spec[field] = random.pick(values);
  };
const inContainer =
  (field: string, ...values: readonly unknown[]): Mutation =>
  (pod, random) => {
    child(anyContainer(pod, random), 'securityContext')[field] = random.pick(values);
  };
const inAnyContext =
  (field: string, ...values: readonly unknown[]): Mutation =>
  (pod, random) => {
    anyContext(pod, random)[field] = structuredClone(random.pick(values));
  };
const volume =
  (source: string, value: unknown): Mutation =>
  ({ spec }) => {
    spec.volumes.push({ name: `v${spec.volumes.length}`, [source]: value });
  };
const capability =
  (list: 'add' | 'drop', ...names: readonly string[]): Mutation =>
  (pod, random) => {
    const capabilities = child(child(anyContainer(pod, random), 'securityContext'), 'capabilities');
    capabilities[list] = [...((capabilities[list] as string[] | undefined) ?? []), random.pick(names)];
  };
const annotation =
  (prefix: string, perContainer: boolean, ...values: readonly string[]): Mutation =>
  (pod, random) => {
    const name = perContainer ? prefix + String(anyContainer(pod, random)['name']) : prefix;
    pod.metadata.annotations[name] = random.pick(values);
  };
const handlers = (random: SeededRandom): Fields => {
  const host = random.pick([{ host: '127.0.0.1' }, { host: '' }, { host: 'db.example.com' }, {}]);
  return random.pick([{ httpGet: { port: 80, ...host } }, { tcpSocket: { port: 80, ...host } }, { exec: { command: ['true'] } }]);
};
const probe: Mutation = ({ spec }, random) => {
  random.pick(spec.containers)[random.pick(['livenessProbe', 'readinessProbe', 'startupProbe'])] = handlers(random);
};
const hook: Mutation = ({ spec }, random) => {
  child(random.pick(spec.containers), 'lifecycle')[random.pick(['postStart', 'preStop'])] = handlers(random);
};
const port: Mutation = ({ spec }, random) => {
  const ports = ((random.pick(spec.containers)['ports'] as Fields[] | undefined) ?? []).slice();
  ports.push({ containerPort: 8000 + random.below(1000), ...random.pick([{}, { hostPort: 0 }, { hostPort: 9000 + random.below(1000) }]) });
  random.pick(spec.containers)['ports'] = ports;
};
const addContainer: Mutation = ({ spec }) => {
  spec.containers.push({ name: `extra${spec.containers.length}`, image: 'registry.k8s.io/pause', securityContext: {} });
};
const addSidecar: Mutation = ({ spec }) => {
  spec.initContainers.push({ name: `sidecar${spec.initContainers.length}`, image: 'registry.k8s.io/pause', restartPolicy: 'Always' });
};
const bareContainer: Mutation = (pod, random) => {
  delete anyContainer(pod, random)['securityContext'];
};
const barePod: Mutation = ({ spec }) => {
  delete spec['securityContext'];
};
const windows: Mutation = (pod, random) => {
  pod.spec['os'] = { name: 'windows' };
  if (random.below(3) > 0) return;
  pod.spec['hostNetwork'] = true;
  podContext(pod)['windowsOptions'] = { hostProcess: true };
};
const sysctl: Mutation = (pod, random) => {
  const names = [
    'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range',
    'net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ip_local_reserved_ports', 'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout',
    'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem', 'net.core.somaxconn', 'kernel.sem',
  ]; // prettier-ignore
  const context = podContext(pod);
  const before = (context['sysctls'] as Fields[] | undefined) ?? [];
  const name = random.pick(names);
  if (!before.some((entry) => entry['name'] === name)) context['sysctls'] = [...before, { name, value: '1' }];
};

/** Mutations of every field that the Pod Security Standards read, and of some other fields. */
const mutations: readonly Mutation[] = [
  set('hostNetwork', true, false),
  set('hostPID', true, false),
  set('hostIPC', true, false),
  set('hostUsers', true, false, false),
  set('os', { name: 'linux' }),
  set('automountServiceAccountToken', true, false),
  set('shareProcessNamespace', true),
  inContainer('privileged', true, false),
  inContainer('allowPrivilegeEscalation', true, false, false),
  inContainer('procMount', 'Default', 'Unmasked'),
  inContainer('readOnlyRootFilesystem', true, false),
  inAnyContext('runAsNonRoot', true, true, false),
  inAnyContext('runAsUser', 0, 1000),
  inAnyContext('runAsGroup', 0, 1000),
  inAnyContext('seccompProfile', { type: 'RuntimeDefault' }, { type: 'Unconfined' }, { type: 'Localhost', localhostProfile: 'a.json' }),
  inAnyContext('appArmorProfile', { type: 'RuntimeDefault' }, { type: 'Unconfined' }, { type: 'Localhost', localhostProfile: 'a' }),
  inAnyContext(
    'seLinuxOptions',
    { type: 'container_t' }, { type: 'container_init_t' }, { type: 'container_kvm_t' }, { type: 'container_engine_t' }, { type: 'spc_t' },
    { type: '' }, { user: 'system_u' }, { role: 'system_r' }, { level: 's0:c1,c2' }, {},
  ), // prettier-ignore
  inAnyContext('windowsOptions', { hostProcess: false }, { hostProcess: true }, { runAsUserName: 'app' }),
  capability('add', 'NET_BIND_SERVICE', 'CHOWN', 'KILL', 'NET_RAW', 'SYS_ADMIN', 'ALL', 'chown', 'CAP_CHOWN', 'MKNOD', 'SETPCAP'),
  capability('drop', 'ALL', 'ALL', 'all', 'NET_RAW', 'CAP_ALL'),
  sysctl,
  sysctl,
  port,
  probe,
  probe,
  hook,
  addContainer,
  addSidecar,
  bareContainer,
  barePod,
  windows,
  annotation('container.apparmor.security.beta.kubernetes.io/', true, 'runtime/default', 'localhost/a', 'unconfined'),
  annotation('seccomp.security.alpha.kubernetes.io/pod', false, 'runtime/default', 'docker/default', 'localhost/a', 'unconfined', 'other'),
  annotation('container.seccomp.security.alpha.kubernetes.io/', true, 'runtime/default', 'docker/default', 'localhost/a', 'unconfined'),
  annotation('container.seccomp.security.alpha.kubernetes.io/nobody', false, 'unconfined'),
  volume('hostPath', { path: '/data' }),
  volume('emptyDir', {}),
  volume('configMap', { name: 'c' }),
  volume('secret', { secretName: 's' }),
  volume('projected', { sources: [{ configMap: { name: 'c' } }] }),
  volume('downwardAPI', { items: [] }),
  volume('persistentVolumeClaim', { claimName: 'c' }),
  volume('csi', { driver: 'csi.example.com' }),
  volume('ephemeral', {
    volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  }),
  volume('image', { reference: 'registry.k8s.io/pause', pullPolicy: 'IfNotPresent' }),
  volume('nfs', { server: 'nfs.example.com', path: '/' }),
  volume('iscsi', { targetPortal: '10.0.0.1:3260', iqn: 'iqn.2001-04.com.example:storage.disk1', lun: 0 }),
  volume('gitRepo', { repository: 'https://git.example.com/a' }),
  volume('awsElasticBlockStore', { volumeID: 'v' }),
  volume('gcePersistentDisk', { pdName: 'p' }),
  volume('cephfs', { monitors: ['10.0.0.1:6789'] }),
  volume('fc', { targetWWNs: ['50060e801049cfd1'], lun: 0 }),
  volume('flexVolume', { driver: 'example.com/driver' }),
  volume('azureFile', { secretName: 's', shareName: 's' }),
  volume('rbd', { monitors: ['10.0.0.1:6789'], image: 'i' }),
  ({ spec }) => void spec.volumes.push({ name: `v${spec.volumes.length}` }),
];

const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** A pod that satisfies the restricted standard, or a bare one. */
function basePod(hardened: boolean): MutablePod {
  const container = (name: string): Fields => ({
    name,
    image: 'registry.k8s.io/pause',
    ...(hardened ? { securityContext: structuredClone(restricted) } : {}),
  });
  return {
    metadata: { annotations: {} },
    spec: {
      ...(hardened ? { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } } : {}),
      containers: [container('app')],
      initContainers: [container('setup')],
      volumes: [],
    },
  };
}

/** A pod with up to six mutations: mostly close to the limit, where one field decides. */
export function mutatedPod(random: SeededRandom): MutablePod {
  const pod = basePod(random.below(4) > 0);
  const count = random.pick([0, 1, 1, 1, 2, 2, 3, 4, 6]);
  for (let done = 0; done < count; done += 1) random.pick(mutations)(pod, random);
  return pod;
}
