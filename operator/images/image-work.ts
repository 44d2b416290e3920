import type { KubeObject } from '../api/metadata.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { busyKeys } from './image-adoption.ts';
import type { ImageKeys } from './jobs/image-access.ts';
import { configuredDatabase, databaseName } from './matching/image-database.ts';
import { isPull } from './jobs/image-job-state.ts';
import type { ImageJobSettings } from './jobs/image-job.ts';
import { untriedReference, type ImageLedger } from './ledger/image-ledger.ts';
import { inventoryInputs, matchInputs, inputsOf, type ScannerInputs } from './jobs/scanner-inputs.ts';
import { LONGEST_MATCH_AGE, planImages, withoutObsolete, type ImagePlan, type ImagePlanInput } from './image-plan.ts';
import type { ImageJob } from './jobs/image-job-list.ts';
import { maxAgeOf } from '../policies/policy-compliance.ts';
import type { ImageSettings } from './image-settings.ts';
import { PARTS } from './targets/image-names.ts';
import { inventoryJob } from './jobs/inventory-job.ts';
import { matchingJob } from './jobs/matching-job.ts';

/** Plans the image work and builds its Jobs. All functions are pure. */

/** The minimum number of milliseconds between two matches of an image against one database, even if a policy's `maxAge` is shorter. */
const minMatchAge = 600_000;

/**
 * Returns the milliseconds after which images are matched again: the shortest `maxAge` of the policies, between the minimum and
 * {@link LONGEST_MATCH_AGE}.
 */
export const matchAgeOf = (asking: readonly SecurityPolicy[]): number =>
  Math.max(minMatchAge, Math.min(LONGEST_MATCH_AGE, ...asking.map(maxAgeOf)));

/** Returns the scanner, Java index and database of the operator's settings. */
export function currentInputs(settings: ImageSettings): ScannerInputs {
  const database = configuredDatabase(settings);
  return { scanner: settings.scannerImage, javaIndex: settings.javaIndexImage, database: database && databaseName(database) };
}

/** Whether a Job uses another scanner, index or database than the current one. Such a Job may wait for an image that does not exist. */
export const isOutdated = ({ job, part }: ImageJob, inputs: ScannerInputs): boolean =>
  inputsOf(job) !== (part === PARTS.inventory ? inventoryInputs(inputs, isPull(job)) : matchInputs(inputs));

/** The state that a plan is made from. */
export interface WorkInput {
  readonly ledger: ImageLedger;
  readonly keys: ImageKeys;
  readonly running: readonly ImageJob[];
  /** The policies with `spec.images`. */
  readonly asking: readonly SecurityPolicy[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Returns the work to start now. */
export const workPlan = (settings: ImageSettings, input: WorkInput): ImagePlan => planImages(planInput(settings, input));

/** Returns the ledger without the failures of work that is no longer needed. */
export const withoutObsoleteFailures = (settings: ImageSettings, input: WorkInput): ImageLedger =>
  withoutObsolete(planInput(settings, input));

function planInput(settings: ImageSettings, { ledger, keys: { places, blocked }, running, asking, now }: WorkInput): ImagePlanInput {
  const inventories = running.filter(({ part }) => part === PARTS.inventory);
  const busy = busyKeys(
    running.flatMap(({ images }) => images),
    places.keys(),
  );
  return {
    ledger,
    wanted: places,
    unavailable: new Set([...blocked, ...busy]),
    busyNodes: inventories.flatMap(({ node }) => node ?? []),
    capacity: settings.imageJobs - inventories.length,
    perNode: settings.imageJobsPerNode,
    matchRunning: running.some(({ part }) => part === PARTS.match),
    runningInventories: inventories.length,
    inputs: currentInputs(settings),
    matchAge: matchAgeOf(asking),
    now,
  };
}

/** Returns the Jobs of a plan. */
export function workJobs(
  { inventories, match }: ImagePlan,
  { ledger, places }: { readonly ledger: ImageLedger; readonly places: ImageKeys['places'] },
  { pods, settings }: { readonly pods: Omit<ImageJobSettings, 'scanner' | 'javaIndex'>; readonly settings: ImageSettings },
): KubeObject[] {
  const jobSettings: ImageJobSettings = { ...pods, scanner: settings.scannerImage, javaIndex: settings.javaIndexImage };
  const jobs = inventories.flatMap(({ key, ...placement }) => {
    const place = places.get(key);
    if (!place) return [];
    const { image, references } = place;
    const reference = untriedReference(references, ledger[key]?.failure) ?? references[0] ?? image.reference;
    return [inventoryJob(jobSettings, { ...place, ...placement, image: { ...image, reference } })];
  });
  const database = configuredDatabase(settings);
  if (match.length === 0 || !database) return jobs;
  const configMaps = [...new Set(match.flatMap((key) => ledger[key]?.inventory?.configMaps ?? []))];
  const pull = match.every((key) => places.get(key)?.pull);
  return [...jobs, matchingJob(jobSettings, { database, images: match, configMaps, pull })];
}
