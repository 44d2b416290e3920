import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { jobManifest } from '../../jobs/template/job-template.ts';
import { mergePlacement, preferNode, type Placement } from '../../jobs/template/placement.ts';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from '../../jobs/template/pod-security.ts';
import { databaseArguments, databaseName, type ImageDatabase } from '../matching/image-database.ts';
import { keyInNamespace, keyOf } from '../targets/image-key.ts';
import { imageJobAnnotation, type ImageJobState } from './image-job-state.ts';
import type { ImagePlace } from '../targets/image-targets.ts';
import { shortHash } from '../../api/short-hash.ts';
import { PARTS, inventoryJobName } from '../targets/image-names.ts';

/** The settings of the pods of image Jobs. */
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
  /** The placement of pods in Vigil's own namespace. */
  readonly placement?: Placement;
}

/** An image, and the namespace and node of its inventory Job. */
export interface InventoryJobInput extends Pick<ImagePlace, 'image' | 'scanIn' | 'pull'> {
  /** The preferred node, which has the image. */
  readonly node?: string;
}

/** The container whose log is the result stream. */
export const STREAM_CONTAINER = 'vigil';
/** The volume with the index of Java archives. */
const INDEX_VOLUME = 'java';
/** The deadline of a pod in seconds. */
const deadline = 900;
const root = '/vigil';
/** The user ID of the scanner if it does not run as root, which is the user of its image. */
const nobody = 65_532;

/**
 * Returns the Job that takes the inventory of one image, in Vigil's namespace or in another with its pull secrets. The scanner reads the
 * image with empty databases and without a ServiceAccount token; then Vigil's `normalize` prints the inventory. The image is an image
 * volume, or the scanner pulls it.
 */
export function inventoryJob(settings: ImageJobSettings, input: InventoryJobInput): KubeObject {
  const { image, pull = false } = input;
  const { spec, args, target, nodeLabels, user = {} } = pull ? pulling(image) : mounting(input);
  // A cluster without image volumes cannot mount the Java index either.
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
    ...user,
    env: scannerEnvironment,
    volumeMounts: [...target.mounts, mount('work'), ...indexMounts],
  };
  const normalize = {
    ...vigil(settings),
    args: ['normalize', `${root}/work/report.json`, ...target.folders],
    volumeMounts: [...target.mounts, mount('work', true)],
  };
  const podSpec = {
    ...spec,
    initContainers: [prepare, scanner],
    containers: [normalize],
    volumes: [
      ...target.volumes,
      { name: 'work', emptyDir: { sizeLimit: '1Gi' } },
      ...(index === undefined ? [] : [{ name: INDEX_VOLUME, image: { reference: index, pullPolicy: 'IfNotPresent' } }]),
    ],
  };
  return job({ ...settings, ...placeOf(input) }, { ...inventoryParts(settings, input, nodeLabels), spec: podSpec });
}

/** The namespace and the pull secrets of an inventory Job outside of Vigil's namespace. */
const placeOf = ({ scanIn }: InventoryJobInput): Partial<Pick<ImageJobSettings, 'namespace' | 'imagePullSecrets'>> =>
  scanIn ? { namespace: scanIn.namespace, imagePullSecrets: scanIn.pullSecrets.map((name) => ({ name })) } : {};

/** Returns the name, inputs and placement of an inventory Job. `nodeLabels` are added to its node selector. */
function inventoryParts(
  settings: ImageJobSettings,
  { image, scanIn, node, pull = false }: InventoryJobInput,
  nodeLabels: Readonly<Record<string, string>>,
): Omit<ImageJobParts, 'spec'> {
  const key = scanIn ? keyInNamespace(keyOf(image), scanIn.namespace) : keyOf(image);
  const mounted = {
    ...(settings.javaIndex === undefined ? {} : { javaIndex: settings.javaIndex }),
    ...(node === undefined ? {} : { node }),
  };
  const state: ImageJobState = { scanner: settings.scanner, reference: image.reference, ...(pull ? { pull } : mounted) };
  // Vigil's tolerations and priority class apply to Vigil's own namespace only.
  const placement = preferNode(mergePlacement({}, scanIn ? {} : (settings.placement ?? {})), state.node);
  return {
    name: inventoryJobName(key),
    part: PARTS.inventory,
    images: [key],
    state,
    placement: { ...placement, nodeSelector: { ...placement.nodeSelector, ...nodeLabels } },
  };
}

/** How the scanner accesses an image. */
interface ImageSource {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
  /** Labels that its node must have. */
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** The security context of the scanner, if it must not run as the user of its image. */
  readonly user?: Readonly<Record<string, unknown>>;
  readonly target: { readonly mounts: readonly unknown[]; readonly folders: readonly string[]; readonly volumes: readonly unknown[] };
}

/**
 * The image is a volume, and the scanner needs no network. It runs as root of a user namespace to read all files, without rights on the
 * node.
 */
function mounting({ image }: InventoryJobInput): ImageSource {
  return {
    spec: {},
    nodeLabels: architectureOf(image),
    args: ['rootfs', ...scannerArguments, `${root}/target`],
    target: {
      mounts: [mount('target', true)],
      folders: [`${root}/target`],
      volumes: [{ name: 'target', image: { reference: image.reference, pullPolicy: 'IfNotPresent' } }],
    },
  };
}

/** The pod settings of a scanner that does not need root: no user namespace, since not all nodes support it. */
const withoutRoot = {
  hostUsers: undefined,
  securityContext: RESTRICTED_POD,
};

/** The scanner's image runs as root by default, so a container without root needs a user ID. */
const scannerUser = { securityContext: { ...RESTRICTED_CONTAINER, runAsUser: nobody } };

/** The scanner pulls the image from its registry, on any node and without root: no image is mounted. It has no credentials. */
function pulling({ reference, platform }: ImagePlace['image']): ImageSource {
  return {
    spec: withoutRoot,
    nodeLabels: {},
    user: scannerUser,
    args: ['image', ...scannerArguments, '--image-src', 'remote', ...(platform === undefined ? [] : ['--platform', platform]), reference],
    target: { mounts: [], folders: [], volumes: [] },
  };
}

/** The inventories of a match Job, and the database. */
export interface MatchingJobInput {
  readonly database: ImageDatabase;
  /** The keys of the images. */
  readonly images: readonly string[];
  /** The ConfigMaps with their inventories. */
  readonly configMaps: readonly string[];
  /** Does not use image volumes: an init container copies the scanner's program from its image, without root. */
  readonly pull?: boolean;
}

/** Returns the Job that matches inventories against the database, which is mounted or which the pod downloads. */
export function matchingJob(settings: ImageJobSettings, { database, images, configMaps, pull = false }: MatchingJobInput): KubeObject {
  // A database image must be mounted, so the scanner's image can be mounted too.
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
  const state = { scanner: settings.scanner, database: databaseName(database) };
  return job(settings, {
    name,
    part: PARTS.match,
    images,
    state,
    inputs: configMaps,
    placement: mergePlacement({}, settings.placement ?? {}),
    spec,
  });
}

/** How a match Job accesses the scanner's program and a database image. */
interface MatchSource {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
  readonly mounts: readonly unknown[];
  readonly volumes: readonly unknown[];
}

function mountingScanner({ scanner }: ImageJobSettings, database: ImageDatabase): MatchSource {
  // Always pull the database: its tag may have moved. A digest is not pulled again.
  const volume = (name: string, reference: string, pullPolicy: string): unknown => ({ name, image: { reference, pullPolicy } });
  return {
    spec: {},
    args: [],
    mounts: [mount('trivy', true), ...('image' in database ? [mount('database', true)] : [])],
    volumes: [volume('trivy', scanner, 'IfNotPresent'), ...('image' in database ? [volume('database', database.image, 'Always')] : [])],
  };
}

function copying({ scanner }: ImageJobSettings): MatchSource {
  const program = `${root}/work/trivy`;
  const copy = {
    ...container('trivy', scanner, { memory: '256Mi' }),
    ...scannerUser,
    imagePullPolicy: 'IfNotPresent',
    command: ['cp', '/usr/local/bin/trivy', program],
    volumeMounts: [mount('work')],
  };
  return { spec: { ...withoutRoot, initContainers: [copy] }, args: [`--scanner=${program}`], mounts: [], volumes: [] };
}

/** Returns the node label of an image's architecture, since a node mounts the image of its own platform from an index. */
function architectureOf({ platform }: ImagePlace['image']): Readonly<Record<string, string>> {
  const [, architecture] = platform?.split('/') ?? [];
  return architecture === undefined ? {} : { 'kubernetes.io/arch': architecture };
}

const mount = (name: string, readOnly = false): unknown => ({ name, mountPath: `${root}/${name}`, ...(readOnly ? { readOnly } : {}) });

/** The scanner `vuln` is on although the database is empty: without it, Trivy does not read Java archives. */
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
  securityContext: RESTRICTED_CONTAINER,
  terminationMessagePolicy: 'FallbackToLogsOnError',
});

const vigil = ({ image, imagePullPolicy }: ImageJobSettings): Readonly<Record<string, unknown>> => ({
  ...container(STREAM_CONTAINER, image, { memory: '256Mi' }),
  imagePullPolicy,
});

/** The parts that differ between image Jobs. */
interface ImageJobParts {
  readonly name: string;
  readonly part: string;
  readonly images: readonly string[];
  readonly state: ImageJobState;
  /** The ConfigMaps that it reads. */
  readonly inputs?: readonly string[];
  readonly placement: Placement;
  readonly spec: Readonly<Record<string, unknown>>;
}

function job(
  { namespace, imagePullSecrets }: ImageJobSettings,
  { name, part, images, state, inputs = [], placement, spec }: ImageJobParts,
): KubeObject {
  return jobManifest({
    name,
    namespace,
    labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.part]: part },
    annotations: { [ANNOTATIONS.images]: images.join(' '), ...imageJobAnnotation(state) },
    inputs: JSON.stringify([images, state, inputs]),
    imagePullSecrets,
    placement,
    podDeadline: deadline,
    jobDeadline: deadline + 300,
    ttl: 3600,
    run: { backoffLimit: 0 },
    pod: {
      automountServiceAccountToken: false,
      hostUsers: false,
      securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } },
      ...spec,
    },
  });
}
