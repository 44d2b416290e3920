import type { KubeObject } from '../../api/metadata.ts';
import { mergePlacement } from '../../jobs/template/placement.ts';
import { databaseArguments, databaseName, type ImageDatabase } from '../matching/image-database.ts';
import { shortHash } from '../../api/short-hash.ts';
import { PARTS } from '../targets/image-names.ts';
import { type ImageJobSettings, ROOT, withoutRoot, scannerUser, mount, container, vigil, imageJob } from './image-job.ts';

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
  return imageJob(settings, {
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
  const program = `${ROOT}/work/trivy`;
  const copy = {
    ...container('trivy', scanner, { memory: '256Mi' }),
    ...scannerUser,
    imagePullPolicy: 'IfNotPresent',
    command: ['cp', '/usr/local/bin/trivy', program],
    volumeMounts: [mount('work')],
  };
  return { spec: { ...withoutRoot, initContainers: [copy] }, args: [`--scanner=${program}`], mounts: [], volumes: [] };
}
