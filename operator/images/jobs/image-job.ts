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
  /** Where pods go in Vigil's own namespace. */
  readonly placement?: Placement;
}

/** An image, and where it is looked into. */
export interface InventoryJobInput extends Pick<ImagePlace, 'image' | 'scanIn' | 'pull'> {
  /** Has the image: best to run there. */
  readonly node?: string;
}

/** The container whose log is the stream. */
export const STREAM_CONTAINER = 'vigil';
/** The volume with the index of Java archives. */
const INDEX_VOLUME = 'java';
/** Seconds that a pod may take. */
const deadline = 900;
const root = '/vigil';
/** The user that the scanner runs as where its image, whose own user is root, runs as anybody. */
const nobody = 65_532;

/**
 * The Job that takes one image's inventory, in Vigil's namespace or in another with its pull secrets: the scanner over the image, with empty databases and without
 * a token, and Vigil's `normalize` after it. The image is a volume, or the scanner pulls it.
 */
export function inventoryJob(settings: ImageJobSettings, input: InventoryJobInput): KubeObject {
  const { image, pull = false } = input;
  const { spec, args, target, near, user = {} } = pull ? pulling(image) : mounting(input);
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
    ...user,
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
  return job({ ...settings, ...placeOf(input) }, { ...inventoryParts(settings, input, near), spec: whole });
}

/** The namespace of a Job for an inventory, and the pull secrets that are its own. */
const placeOf = ({ scanIn }: InventoryJobInput): Partial<Pick<ImageJobSettings, 'namespace' | 'imagePullSecrets'>> =>
  scanIn ? { namespace: scanIn.namespace, imagePullSecrets: scanIn.pullSecrets.map((name) => ({ name })) } : {};

/** What a Job for an inventory is called, what it is about, and where it goes: to a node with these labels. */
function inventoryParts(
  settings: ImageJobSettings,
  { image, scanIn, node, pull = false }: InventoryJobInput,
  near: Readonly<Record<string, string>>,
): Omit<ImageJobParts, 'spec'> {
  const key = scanIn ? keyInNamespace(keyOf(image), scanIn.namespace) : keyOf(image);
  const mounted = {
    ...(settings.javaIndex === undefined ? {} : { javaIndex: settings.javaIndex }),
    ...(node === undefined ? {} : { node }),
  };
  const state: ImageJobState = { scanner: settings.scanner, reference: image.reference, ...(pull ? { pull } : mounted) };
  // What is Vigil's is no other namespace's: there, no toleration and no priority.
  const placement = preferNode(mergePlacement({}, scanIn ? {} : (settings.placement ?? {})), state.node);
  return {
    name: inventoryJobName(key),
    part: PARTS.inventory,
    images: [key],
    state,
    placement: { ...placement, nodeSelector: { ...placement.nodeSelector, ...near } },
  };
}

/** How a scanner comes by an image. */
interface Way {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
  /** Labels that its node must have. */
  readonly near: Readonly<Record<string, string>>;
  /** Whom the scanner runs as, where its image does not fit. */
  readonly user?: Readonly<Record<string, unknown>>;
  readonly target: { readonly mounts: readonly unknown[]; readonly folders: readonly string[]; readonly volumes: readonly unknown[] };
}

/** As a volume, without network. Root of a user namespace reads what root owns; it is nobody on the node. */
function mounting({ image }: InventoryJobInput): Way {
  return {
    spec: {},
    near: architectureOf(image),
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
  securityContext: RESTRICTED_POD,
};

/** The scanner's own image runs as root: where it is run as anybody, it needs a user. */
const scannerUser = { securityContext: { ...RESTRICTED_CONTAINER, runAsUser: nobody } };

/** From its registry, by any node and any user: nothing is mounted that root owns, and no credentials are at hand. */
function pulling({ reference, platform }: ImagePlace['image']): Way {
  return {
    spec: asAnybody,
    near: {},
    user: scannerUser,
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
    ...scannerUser,
    imagePullPolicy: 'IfNotPresent',
    command: ['cp', '/usr/local/bin/trivy', program],
    volumeMounts: [mount('work')],
  };
  return { spec: { ...asAnybody, initContainers: [copy] }, args: [`--scanner=${program}`], mounts: [], volumes: [] };
}

/** Of an index, a node mounts the image of its own platform. */
function architectureOf({ platform }: ImagePlace['image']): Readonly<Record<string, string>> {
  const [, architecture] = platform?.split('/') ?? [];
  return architecture === undefined ? {} : { 'kubernetes.io/arch': architecture };
}

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
  securityContext: RESTRICTED_CONTAINER,
  terminationMessagePolicy: 'FallbackToLogsOnError',
});

const vigil = ({ image, imagePullPolicy }: ImageJobSettings): Readonly<Record<string, unknown>> => ({
  ...container(STREAM_CONTAINER, image, { memory: '256Mi' }),
  imagePullPolicy,
});

/** What tells one Job for images from another. */
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
