import { shortHash } from '../../api/short-hash.ts';
import { quantityNumber } from '../../engine/schema/quantity-number.ts';
import { listAt, recordAt, textAt, textsAt, type Json } from './json.ts';
import { boundedName } from './bounded-name.ts';
import { imageRepository } from './template-names.ts';
import { suspiciousTemplate, suspiciousImage } from './suspicious-text.ts';

/** What gives a container access to its node. */
export type HostFeature = `capability ${string}` | `path ${string}` | 'privileged' | 'hostPID' | 'hostIPC' | 'hostNetwork' | 'hostProcess';

/** What detections read of a pod or of a pod template. */
export interface PodFacts {
  /** The repositories of the images, sorted. */
  readonly repositories: readonly string[];
  /** The names of the containers, sorted. */
  readonly containers: readonly string[];
  /** A digest of images, commands, arguments, hooks, probes, containers, volumes, and of the names of environment variables. */
  readonly digest: string;
  readonly account: string;
  readonly host: readonly HostFeature[];
  /** Each name of an ephemeral container with its image repository. */
  readonly ephemeral: readonly string[];
  /** What an image or a command says of itself, such as `miner xmrig`. */
  readonly suspicious?: string;
  /** CPU that one pod requests, in cores. */
  readonly cores: number;
  readonly node?: string;
  readonly addresses?: readonly string[];
}

/** Capabilities that lead to the node. */
const dangerous: ReadonlySet<string> = new Set(
  'ALL SYS_ADMIN SYS_PTRACE SYS_MODULE SYS_RAWIO SYS_BOOT NET_ADMIN DAC_READ_SEARCH BPF PERFMON MAC_ADMIN MAC_OVERRIDE SYSLOG'.split(' '),
);
/** Folders of the host that lead to the node. So do the folders above them. */
const sensitivePaths: readonly string[] = (
  '/etc /root /home /proc /sys /dev /boot /usr /bin /sbin /lib /var/lib/kubelet /var/lib/etcd /var/lib/docker /var/lib/containerd ' +
  '/var/run /run /var/lib/rancher /etc/kubernetes /var/lib/cni /opt/cni /var/spool/cron /var/log'
).split(' ');

/** The most characters of a path or a repository. The API server does not bound them. */
const longest = 300;

const repositoryOf = (container: unknown): string => boundedName(imageRepository(textAt(container, 'image')), longest);

/** Returns the facts of a pod spec. `status` is that of a Pod. */
export function podFacts(spec: Json, status: Json = {}): PodFacts {
  const regular = [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')];
  const ephemeral = listAt(spec, 'ephemeralContainers');
  const all = [...regular, ...ephemeral];
  const suspicious = all.map(suspicionOf).find((found) => found !== undefined);
  const addresses = listAt(status, 'podIPs')
    .map((address) => textAt(address, 'ip'))
    .filter((ip) => ip !== '');
  const node = textAt(spec, 'nodeName');
  return {
    repositories: [...new Set(regular.map((container) => repositoryOf(container)))].toSorted(),
    containers: regular.map((container) => textAt(container, 'name')).toSorted(),
    digest: digestOf(spec, regular),
    account: textAt(spec, 'serviceAccountName') || 'default',
    host: hostFeatures(spec, all),
    ephemeral: ephemeral.map((container) => `${textAt(container, 'name')} ${repositoryOf(container)}`),
    ...(suspicious === undefined ? {} : { suspicious }),
    cores: regular.reduce<number>((sum, container) => sum + (quantityNumber(recordAt(container, 'resources', 'requests')['cpu']) ?? 0), 0),
    ...(node === '' ? {} : { node }),
    ...(addresses.length === 0 ? {} : { addresses }),
  };
}

/** Defaults that the API server adds are no part of the digest, nor is what changes with each pod. */
function digestOf(spec: Json, containers: readonly unknown[]): string {
  const parts = containers.map((container) => [
    textAt(container, 'name'),
    textAt(container, 'image'),
    textsAt(container, 'command'),
    textsAt(container, 'args'),
    besides.map((path) => textsAt(container, ...path, 'exec', 'command')),
    listAt(container, 'env').map((variable) => textAt(variable, 'name')),
  ]);
  const volumes = listAt(spec, 'volumes')
    .map((volume) => [textAt(volume, 'name'), textAt(volume, 'hostPath', 'path'), textAt(volume, 'secret', 'secretName')])
    .filter(([name = '']) => !name.startsWith('kube-api-access-'));
  return shortHash(JSON.stringify([parts, volumes, textAt(spec, 'serviceAccountName')]), 16);
}

/** Where a container has further commands. */
const besides: readonly (readonly string[])[] = [
  ['lifecycle', 'postStart'],
  ['lifecycle', 'preStop'],
  ['livenessProbe'],
  ['readinessProbe'],
  ['startupProbe'],
];

/** What an image, a command or a value of the environment says of itself. Only the name of what is found is kept. */
function suspicionOf(container: unknown): string | undefined {
  const commands = [
    [...textsAt(container, 'command'), ...textsAt(container, 'args')],
    ...besides.map((path) => textsAt(container, ...path, 'exec', 'command')),
    ...listAt(container, 'env').map((variable) => [textAt(variable, 'value')]),
  ];
  return suspiciousImage(textAt(container, 'image')) ?? commands.map(suspiciousTemplate).find((found) => found !== undefined);
}

function hostFeatures(spec: Json, containers: readonly unknown[]): readonly HostFeature[] {
  const found = new Set<HostFeature>();
  for (const namespace of ['hostPID', 'hostIPC', 'hostNetwork'] as const) if (spec[namespace] === true) found.add(namespace);
  for (const context of [recordAt(spec, 'securityContext'), ...containers.map((container) => recordAt(container, 'securityContext'))]) {
    if (context['privileged'] === true) found.add('privileged');
    if (recordAt(context, 'windowsOptions')['hostProcess'] === true) found.add('hostProcess');
    for (const name of textsAt(context, 'capabilities', 'add')) {
      const capability = name.toUpperCase().replace(/^CAP_/, '');
      if (dangerous.has(capability)) found.add(`capability ${capability}`);
    }
  }
  for (const volume of listAt(spec, 'volumes')) {
    const path = sensitivePath(textAt(volume, 'hostPath', 'path'));
    if (path !== undefined) found.add(`path ${boundedName(path, longest)}`);
  }
  return [...found].toSorted();
}

/** The folder that a path of the host leads into, written so that `/etc/../` hides nothing. */
function sensitivePath(path: string): string | undefined {
  if (path === '') return undefined;
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  const plain = `/${steps.join('/')}`;
  const above = plain === '/' ? '/' : `${plain}/`;
  const leads = (folder: string): boolean => plain === folder || plain.startsWith(`${folder}/`) || folder.startsWith(above);
  return sensitivePaths.some(leads) ? plain : undefined;
}
