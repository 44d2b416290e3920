import type { KubeObject } from '../../api/metadata.ts';
import { mergePlacement, preferNode } from '../../jobs/template/placement.ts';
import { keyInNamespace, keyOf } from '../targets/image-key.ts';
import type { ImageJobState } from './image-job-state.ts';
import type { ImagePlace } from '../targets/image-targets.ts';
import { PARTS, inventoryJobName } from '../targets/image-names.ts';
import {
  type ImageJobSettings,
  type ImageJobParts,
  POD_DEADLINE,
  ROOT,
  withoutRoot,
  scannerUser,
  mount,
  container,
  vigil,
  imageJob,
} from './image-job.ts';

/** An image, and the namespace and node of its inventory Job. */
export interface InventoryJobInput extends Pick<ImagePlace, 'image' | 'scanIn' | 'pull'> {
  /** The preferred node, which has the image. */
  readonly node?: string;
}

/** The volume with the index of Java archives. */
const INDEX_VOLUME = 'java';
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
    args: ['prepare', `${ROOT}/work/cache`, ...(index === undefined ? [] : [`${ROOT}/${INDEX_VOLUME}`])],
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
    args: ['normalize', `${ROOT}/work/report.json`, ...target.folders],
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
  return imageJob({ ...settings, ...placeOf(input) }, { ...inventoryParts(settings, input, nodeLabels), spec: podSpec });
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
    args: ['rootfs', ...scannerArguments, `${ROOT}/target`],
    target: {
      mounts: [mount('target', true)],
      folders: [`${ROOT}/target`],
      volumes: [{ name: 'target', image: { reference: image.reference, pullPolicy: 'IfNotPresent' } }],
    },
  };
}

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

/** Returns the node label of an image's architecture, since a node mounts the image of its own platform from an index. */
function architectureOf({ platform }: ImagePlace['image']): Readonly<Record<string, string>> {
  const [, architecture] = platform?.split('/') ?? [];
  return architecture === undefined ? {} : { 'kubernetes.io/arch': architecture };
}

/** The scanner `vuln` is on although the database is empty: without it, Trivy does not read Java archives. */
const scannerArguments = [
  ...['--quiet', '--no-progress', '--scanners', 'vuln,secret', '--list-all-pkgs', '--offline-scan', '--disable-telemetry'],
  ...[
    '--timeout',
    `${POD_DEADLINE - 60}s`,
    '--skip-version-check',
    '--skip-db-update',
    '--skip-java-db-update',
    '--cache-dir',
    `${ROOT}/work/cache`,
  ],
  ...['--format', 'json', '--output', `${ROOT}/work/report.json`],
];

const scannerEnvironment = [
  { name: 'TMPDIR', value: `${ROOT}/work` },
  { name: 'HOME', value: `${ROOT}/work` },
];
