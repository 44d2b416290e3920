import { ANNOTATIONS, LABELS, MANAGED_BY } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { shortHash } from '../scan/names.ts';
import { databaseArguments, type ImageDatabase } from './image-database.ts';
import { keyIn, keyOf } from './image-key.ts';
import { volumeImage } from './image-job-template.ts';
import type { ImagePlace } from './image-targets.ts';

/** What the pods of image Jobs run. */
export interface ImageJobSettings {
  readonly namespace: string;
  /** Vigil's own image. */
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly imagePullSecrets: readonly { readonly name: string }[];
  /** The scanner's image, with its program at `/usr/local/bin/trivy`. */
  readonly scanner: string;
  /** An image with an index of Java archives in `/java-db`. */
  readonly javaIndex?: string | undefined;
}

/** An image, and where it is looked into. */
export interface InventoryJobInput extends Pick<ImagePlace, 'image' | 'inside' | 'pull'> {
  /** Has the image: best to run there. */
  readonly node?: string;
}

/** What a Job is for: the value of its label `vigil.dev/part`. */
export const PARTS = { inventory: 'image-inventory', match: 'image-match' } as const;
/** The container whose log is the stream. */
export const STREAM_CONTAINER = 'vigil';
/** The volume with the index of Java archives. */
const INDEX_VOLUME = 'java';
/** The index of Java archives that the Job of an inventory has; undefined for none. */
export const javaIndexOf = (job: KubeObject): string | undefined => volumeImage(job, INDEX_VOLUME);
/** Seconds that a pod may take. */
const deadline = 900;
const root = '/vigil';
/** The user that pulls. */
const nobody = 65_532;

/** Twelve characters that stand for an image, by what it is kept under, in names. */
export const imageHash = (key: string): string => shortHash(key, 12);
/** The Job that takes an image's inventory. */
export const inventoryJobName = (key: string): string => `vigil-inventory-${imageHash(key)}`;

/**
 * The Job that takes one image's inventory, in Vigil's namespace or in another with its pull secrets: the scanner over the image, with empty databases and without
 * a token, and Vigil's `normalize` after it. The image is a volume, or the scanner pulls it.
 */
export function inventoryJob(settings: ImageJobSettings, input: InventoryJobInput): KubeObject {
  const { image, inside, pull = false } = input;
  const { spec, args, target } = pull ? pulling(image) : mounting(input);
  // Where nodes mount no images, they mount none with an index either.
  const index = pull ? undefined : settings.javaIndex;
  const indexMounts = index === undefined ? [] : [mount(INDEX_VOLUME, true)];
  const prepare = {
    ...vigil(settings),
    name: 'prepare',
    args: ['prepare', `${root}/work/cache`, ...(index === undefined ? [] : [`${root}/${INDEX_VOLUME}`])],
    volumeMounts: [mount('work'), ...indexMounts],
  };
  const scanner = {
    ...container('trivy', settings.scanner, { memory: '1Gi' }),
    imagePullPolicy: 'IfNotPresent',
    command: ['trivy'],
    args,
    env: scannerEnvironment,
    volumeMounts: [...target.mounts, mount('work'), ...indexMounts],
  };
  const normalize = {
    ...vigil(settings),
    args: ['normalize', `${root}/work/report.json`, ...target.folders],
    volumeMounts: [...target.mounts, mount('work', true)],
  };
  const whole = {
    ...spec,
    initContainers: [prepare, scanner],
    containers: [normalize],
    volumes: [
      ...target.volumes,
      { name: 'work', emptyDir: { sizeLimit: '1Gi' } },
      ...(index === undefined ? [] : [{ name: INDEX_VOLUME, image: { reference: index, pullPolicy: 'IfNotPresent' } }]),
    ],
  };
  const key = inside ? keyIn(keyOf(image), inside.namespace) : keyOf(image);
  const at = inside ? { namespace: inside.namespace, imagePullSecrets: inside.pullSecrets.map((name) => ({ name })) } : {};
  return job({ ...settings, ...at }, { name: inventoryJobName(key), part: PARTS.inventory, images: [key], spec: whole });
}

/** How a scanner comes by an image. */
interface Way {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
  readonly target: { readonly mounts: readonly unknown[]; readonly folders: readonly string[]; readonly volumes: readonly unknown[] };
}

/** As a volume, without network. Root of a user namespace reads what root owns; it is nobody on the node. */
function mounting({ image, node }: InventoryJobInput): Way {
  const near =
    node === undefined ? {} : { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preference(node)] } } };
  return {
    spec: { ...near, nodeSelector: { ...linux, ...architectureOf(image) } },
    args: ['rootfs', ...scannerArguments, `${root}/target`],
    target: {
      mounts: [mount('target', true)],
      folders: [`${root}/target`],
      volumes: [{ name: 'target', image: { reference: image.reference, pullPolicy: 'IfNotPresent' } }],
    },
  };
}

/** What needs nothing of root's: no user namespace, which not all nodes have. */
const asAnybody = {
  hostUsers: undefined,
  securityContext: { runAsNonRoot: true, runAsUser: nobody, runAsGroup: nobody, seccompProfile: { type: 'RuntimeDefault' } },
};

/** From its registry, by any node and any user: nothing is mounted that root owns, and no credentials are at hand. */
function pulling({ reference, platform }: ImagePlace['image']): Way {
  return {
    spec: asAnybody,
    args: ['image', ...scannerArguments, '--image-src', 'remote', ...(platform === undefined ? [] : ['--platform', platform]), reference],
    target: { mounts: [], folders: [], volumes: [] },
  };
}

/** What is matched, and with what. */
export interface MatchingJobInput {
  readonly database: ImageDatabase;
  /** By what they are kept under. */
  readonly images: readonly string[];
  /** That hold their inventories. */
  readonly configMaps: readonly string[];
  /** Nodes may mount no images: the scanner's own image then copies the program, as any user. */
  readonly pull?: boolean;
}

/** The Job that matches inventories, kept in these ConfigMaps, against the database: mounted, or fetched by the pod. */
export function matchingJob(settings: ImageJobSettings, { database, images, configMaps, pull = false }: MatchingJobInput): KubeObject {
  // A database that is an image has to be mounted, and where that is possible the scanner is, too.
  const copied = pull && !('image' in database);
  const { args, ...rest } = copied ? copying(settings) : mountingScanner(settings, database);
  const match = {
    ...vigil(settings),
    args: ['match', ...args, ...databaseArguments(database)],
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '1Gi' } },
    volumeMounts: [mount('input', true), ...rest.mounts, mount('work')],
  };
  const spec = {
    ...rest.spec,
    containers: [match],
    volumes: [
      { name: 'input', projected: { sources: configMaps.map((name) => ({ configMap: { name } })) } },
      ...rest.volumes,
      { name: 'work', emptyDir: { sizeLimit: '2Gi' } },
    ],
  };
  const name = `vigil-match-${shortHash(JSON.stringify([database, configMaps]), 12)}`;
  return job(settings, { name, part: PARTS.match, images, spec });
}

/** How matching comes by the scanner, and by a database that is an image. */
interface MatchWay {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
  readonly mounts: readonly unknown[];
  readonly volumes: readonly unknown[];
}

function mountingScanner({ scanner }: ImageJobSettings, database: ImageDatabase): MatchWay {
  // What a tag means may change; a digest is never pulled twice.
  const volume = (name: string, reference: string, pullPolicy: string): unknown => ({ name, image: { reference, pullPolicy } });
  return {
    spec: {},
    args: [],
    mounts: [mount('trivy', true), ...('image' in database ? [mount('database', true)] : [])],
    volumes: [volume('trivy', scanner, 'IfNotPresent'), ...('image' in database ? [volume('database', database.image, 'Always')] : [])],
  };
}

function copying({ scanner }: ImageJobSettings): MatchWay {
  const program = `${root}/work/trivy`;
  const copy = {
    ...container('trivy', scanner, { memory: '256Mi' }),
    imagePullPolicy: 'IfNotPresent',
    command: ['cp', '/usr/local/bin/trivy', program],
    volumeMounts: [mount('work')],
  };
  return { spec: { ...asAnybody, initContainers: [copy] }, args: [`--scanner=${program}`], mounts: [], volumes: [] };
}

/** The name by which the pieces of an image's inventory begin, where several lie in one folder. */
export const inventoryDocumentName = (digest: string): string => `inventory-${imageHash(digest)}`;

const linux = { 'kubernetes.io/os': 'linux' };

/** Of an index, a node mounts the image of its own platform. */
function architectureOf({ platform }: ImagePlace['image']): Readonly<Record<string, string>> {
  const [, architecture] = platform?.split('/') ?? [];
  return architecture === undefined ? {} : { 'kubernetes.io/arch': architecture };
}

const preference = (node: string): unknown => ({
  weight: 100,
  preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] },
});

const mount = (name: string, readOnly = false): unknown => ({ name, mountPath: `${root}/${name}`, ...(readOnly ? { readOnly } : {}) });

/** Asked for vulnerabilities too, of which it knows none: without that it would not look into Java archives. */
const scannerArguments = [
  ...['--quiet', '--no-progress', '--scanners', 'vuln,secret', '--list-all-pkgs', '--offline-scan', '--disable-telemetry'],
  ...[
    '--timeout',
    `${deadline - 60}s`,
    '--skip-version-check',
    '--skip-db-update',
    '--skip-java-db-update',
    '--cache-dir',
    `${root}/work/cache`,
  ],
  ...['--format', 'json', '--output', `${root}/work/report.json`],
];

const scannerEnvironment = [
  { name: 'TMPDIR', value: `${root}/work` },
  { name: 'HOME', value: `${root}/work` },
];

const container = (name: string, image: string, { memory }: { readonly memory: string }): Readonly<Record<string, unknown>> => ({
  name,
  image,
  resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  terminationMessagePolicy: 'FallbackToLogsOnError',
});

const vigil = ({ image, imagePullPolicy }: ImageJobSettings): Readonly<Record<string, unknown>> => ({
  ...container(STREAM_CONTAINER, image, { memory: '256Mi' }),
  imagePullPolicy,
});

interface JobParts {
  readonly name: string;
  readonly part: string;
  readonly images: readonly string[];
  readonly spec: Readonly<Record<string, unknown>>;
}

function job({ namespace, imagePullSecrets }: ImageJobSettings, { name, part, images, spec }: JobParts): KubeObject {
  const labels = { [LABELS.managedBy]: MANAGED_BY, [LABELS.part]: part };
  const annotations = { [ANNOTATIONS.images]: images.join(' ') };
  const pod = {
    restartPolicy: 'Never',
    // The pod's own deadline leaves its log; the Job's deletes it and is only an outer bound.
    activeDeadlineSeconds: deadline,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostUsers: false,
    terminationGracePeriodSeconds: 5,
    nodeSelector: linux,
    ...(imagePullSecrets.length > 0 ? { imagePullSecrets } : {}),
    securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } },
    ...spec,
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels, annotations },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: deadline + 300,
      ttlSecondsAfterFinished: 3600,
      podReplacementPolicy: 'Failed',
      template: { metadata: { labels, annotations }, spec: pod },
    },
  } as KubeObject;
}
