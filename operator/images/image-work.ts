import type { KubeObject } from '../api/metadata.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import { busyKeys } from './image-adoption.ts';
import type { ImageKeys } from './jobs/image-access.ts';
import { configuredDatabase, databaseName } from './matching/image-database.ts';
import { isPull } from './jobs/image-job-state.ts';
import { inventoryJob, matchingJob, type ImageJobSettings } from './jobs/image-job.ts';
import { untriedReference, type ImageLedger } from './ledger/image-ledger.ts';
import { inventoryInputs, matchInputs, inputsOf, type ScannerInputs } from './jobs/scanner-inputs.ts';
import { LONGEST_MATCH_AGE, planImages, withoutObsolete, type ImagePlan, type ImagePlanInput } from './image-plan.ts';
import type { ImageJob } from './jobs/image-job-list.ts';
import { maxAgeOf } from '../policies/policy-compliance.ts';
import type { ImageSettings } from './image-settings.ts';
import { PARTS } from './targets/image-names.ts';

/** From what there is, what is to be done, and the Jobs that do it. All pure. */

/** Milliseconds between matches of one image with one database, however soon verdicts are too old. */
const shortestMatchAge = 600_000;

/** A match is made anew as often as the most impatient of the policies wants it, within reason. */
export const matchAgeOf = (asking: readonly SecurityPolicy[]): number =>
  Math.max(shortestMatchAge, Math.min(LONGEST_MATCH_AGE, ...asking.map(maxAgeOf)));

/** What images are looked into with, by the operator's settings. */
export function currentInputs(settings: ImageSettings): ScannerInputs {
  const database = configuredDatabase(settings);
  return { scanner: settings.scannerImage, javaIndex: settings.javaIndexImage, database: database && databaseName(database) };
}

/** Whether a Job does its work with something else than what is wanted now: what it waits for may not even be there. */
export const isOutdated = ({ job, part }: ImageJob, means: ScannerInputs): boolean =>
  inputsOf(job) !== (part === PARTS.inventory ? inventoryInputs(means, isPull(job)) : matchInputs(means));

/** What a plan is made of. */
export interface WorkInput {
  readonly ledger: ImageLedger;
  readonly keys: ImageKeys;
  readonly running: readonly ImageJob[];
  readonly asking: readonly SecurityPolicy[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What is to be done now. */
export const workPlan = (settings: ImageSettings, input: WorkInput): ImagePlan => planImages(planInput(settings, input));

/** The ledger without failures of what need not be done any more. */
export const withoutObsoleteFailures = (settings: ImageSettings, input: WorkInput): ImageLedger =>
  withoutObsolete(planInput(settings, input));

function planInput(settings: ImageSettings, { ledger, keys: { places, blocked }, running, asking, now }: WorkInput): ImagePlanInput {
  const inventories = running.filter(({ part }) => part === PARTS.inventory);
  const about = busyKeys(
    running.flatMap(({ images }) => images),
    places.keys(),
  );
  return {
    ledger,
    wanted: places,
    unavailable: new Set([...blocked, ...about]),
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

/** The Jobs of a plan. */
export function workJobs(
  { inventories, match }: ImagePlan,
  { ledger, places }: { readonly ledger: ImageLedger; readonly places: ImageKeys['places'] },
  { pods, settings }: { readonly pods: Omit<ImageJobSettings, 'scanner' | 'javaIndex'>; readonly settings: ImageSettings },
): KubeObject[] {
  const whole: ImageJobSettings = { ...pods, scanner: settings.scannerImage, javaIndex: settings.javaIndexImage };
  const jobs = inventories.flatMap(({ key, ...near }) => {
    const place = places.get(key);
    if (!place) return [];
    const { image, references } = place;
    const reference = untriedReference(references, ledger[key]?.failure) ?? references[0] ?? image.reference;
    return [inventoryJob(whole, { ...place, ...near, image: { ...image, reference } })];
  });
  const database = configuredDatabase(settings);
  if (match.length === 0 || !database) return jobs;
  const configMaps = [...new Set(match.flatMap((key) => ledger[key]?.inventory?.configMaps ?? []))];
  const pull = match.every((key) => places.get(key)?.pull);
  return [...jobs, matchingJob(whole, { database, images: match, configMaps, pull })];
}
