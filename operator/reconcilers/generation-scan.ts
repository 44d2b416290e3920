import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS, API_VERSION, LABELS, MANAGED_BY } from '../api/group.ts';
import type { Scan } from '../api/scan.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import { Controller, type ReconcileResult } from '../controller/controller.ts';
import { isConflict } from '../kube/kube-api-error.ts';
import { generationMark, generationScanName, generationsScanName, type PolicyGeneration } from '../scan/names.ts';
import { isFinished } from '../scan/scan-status.ts';
import type { World } from './world.ts';

/** So many scans of new generations run at once; what comes meanwhile is scanned together as soon as one of them has ended. */
const mostAtOnce = 4;
/** The most policies in one Scan of new generations: more of them are scanned one after the other. */
const mostPolicies = 500;
/** How long a Scan is kept that new generations made, in seconds. */
const keptSeconds = 86_400;
/** Milliseconds between looks while there are too many. */
const lookAgain = 1000;
/** How long a Scan that was made may take to come with the watch, in milliseconds. */
const watchPatience = 60_000;

/** Looks at all policies under one key: whose new generation has to be scanned is a question about all of them. */
export const GENERATIONS_KEY = 'generations';

/**
 * Has new generations of policies scanned at once: one by one where they come one by one; together where many come, as when a
 * repository of them is applied.
 */
export function generationScanController(world: World): Controller {
  /** Scans that were made and that the watch has not told of yet, with the generations in them. */
  const made = new Map<string, { readonly marks: string; readonly at: number }>();
  return new Controller({
    name: 'generation',
    log: world.log,
    observe: world.observe,
    reconcile: () => scanGenerations(world, made),
  });
}

async function scanGenerations(world: World, made: Map<string, { readonly marks: string; readonly at: number }>): Promise<ReconcileResult> {
  const scans = world.scans.list();
  for (const [name, { at }] of made) if (world.scans.get(name) || performance.now() - at > watchPatience) made.delete(name);
  const tried = [...scans.map(marksOf), ...[...made.values()].map(({ marks }) => marks)].join(' ');
  const isTried = (key: PolicyGeneration): boolean =>
    tried.includes(generationMark(key)) || world.scans.get(generationScanName(key)) !== undefined;
  const waiting = world.policies.list().filter((policy) => isNew(policy) && !isTried(keyOf(policy)));
  if (waiting.length === 0) return {};
  const running = scans.filter((scan) => marksOf(scan) !== '' && !isFinished(scan)).length + made.size;
  if (running >= mostAtOnce) return { requeueAfter: lookAgain };
  const scan = scanOf(waiting.slice(0, mostPolicies));
  const { name } = scan.metadata;
  try {
    await world.client.create(RESOURCES.scans, scan);
    world.log.info({ policies: scan.spec.policies?.length, scan: name }, 'new generations are scanned');
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  made.set(name, { marks: marksOf(scan), at: performance.now() });
  return waiting.length > mostPolicies ? { requeueAfter: lookAgain } : {};
}

/** Whether a policy can be evaluated as it is now, and has not been. */
function isNew({ metadata, status }: SecurityPolicy): boolean {
  const { generation, deletionTimestamp } = metadata;
  const accepted = status?.conditions?.some(
    ({ type, status: holds, observedGeneration }) => type === 'Ready' && holds === 'True' && observedGeneration === generation,
  );
  return deletionTimestamp === undefined && accepted === true && status?.evaluatedGeneration !== generation;
}

const marksOf = ({ metadata }: Scan): string => metadata.annotations?.[ANNOTATIONS.generations] ?? '';

function keyOf({ metadata: { name, uid = '', generation = 0 } }: SecurityPolicy): PolicyGeneration {
  return { name, uid, generation };
}

/** The Scan of these policies' present generations; its name is the same whoever makes it, and however often. */
function scanOf(policies: readonly SecurityPolicy[]): Scan {
  const keys = policies.map(keyOf).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const [first] = keys;
  const alone = first !== undefined && keys.length === 1;
  return {
    metadata: {
      name: alone ? generationScanName(first) : generationsScanName(keys),
      labels: { [LABELS.managedBy]: MANAGED_BY },
      annotations: { [ANNOTATIONS.generations]: keys.map(generationMark).join(' ') },
      // One that is about a single policy goes with it.
      ...(alone ? { ownerReferences: [{ apiVersion: API_VERSION, kind: 'SecurityPolicy', name: first.name, uid: first.uid }] } : {}),
    },
    spec: { policies: keys.map(({ name }) => name), ttlSecondsAfterFinished: keptSeconds },
  };
}
