import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS, API_VERSION, LABELS, MANAGED_BY } from '../api/group.ts';
import { isFinished, type Scan } from '../api/scan.ts';
import type { SecurityPolicy } from '../api/security-policy.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import { isConflict } from '../kube/kube-api-error.ts';
import { generationMark, generationScanName, generationsScanName, type PolicyGeneration } from './ledger/names.ts';
import { marksOf, triesOf, triesText, type GenerationTries } from './generation-tries.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { RevisionOf } from '../policies/policy-revisions.ts';

/** So many scans of new generations run at once; what comes meanwhile is scanned together as soon as one of them has ended. */
const mostAtOnce = 4;
/** The most policies in one Scan of new generations: more of them are scanned one after the other. */
const mostPolicies = 500;
/** How long a Scan is kept that new generations made, in seconds. */
const keptSeconds = 86_400;
/** Milliseconds between looks while there are too many. */
const requeueInterval = 1000;
/** How long a Scan that was made may take to come with the watch, in milliseconds. */
const watchPatience = 60_000;

/** Looks at all policies under one key: whose new generation has to be scanned is a question about all of them. */
export const GENERATIONS_KEY = 'generations';

/**
 * Has new generations of policies scanned at once: one by one where they come one by one; together where many come, as when a
 * repository of them is applied.
 */
export function generationScanController(deps: GenerationScanDependencies & ControllerBasics): Controller {
  const made: MadeScans = new Map();
  return new Controller({
    name: 'generation',
    log: deps.log,
    observe: deps.observe,
    reconcile: () => scanGenerations(deps, made),
  });
}

/** What {@link scanGenerations} uses. */
export interface GenerationScanDependencies {
  readonly client: Pick<KubeClient, 'create'>;
  readonly log: Pick<Logger, 'info'>;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly revisionOf: RevisionOf;
  readonly scans: Lister<Scan>;
  readonly policies: Pick<Lister<SecurityPolicy>, 'list'>;
}

/** Scans that were made and that the watch has not told of yet, with the generations in them. */
export type MadeScans = Map<string, { readonly marks: string; readonly at: number }>;

/**
 * Makes a Scan of the generations that no Scan has evaluated and that may be tried now. One that Scans have failed to evaluate is tried
 * again with growing pauses ({@link triesOf}), and an Event at the policy says so.
 */
export async function scanGenerations(deps: GenerationScanDependencies, made: MadeScans): Promise<ReconcileResult> {
  const scans = deps.scans.list();
  for (const [name, { at }] of made) if (deps.scans.get(name) || performance.now() - at > watchPatience) made.delete(name);
  const unseen = [...made.values()].map(({ marks }) => marks).join(' ');
  const waiting = deps.policies
    .list()
    .filter((policy) => isNew(deps, policy))
    .map((policy) => ({ policy, key: keyOf(deps, policy) }))
    .filter(({ key }) => !unseen.includes(generationMark(key)))
    .map(({ policy, key }) => ({ policy, key, ...triesOf(key, scans) }));
  reportTries(deps, waiting);
  const now = deps.clock();
  const due = waiting.filter(({ next }) => next !== undefined && next <= now);
  const later = waiting.flatMap(({ next }) => (next !== undefined && next > now ? [next - now] : []));
  const wait = later.length > 0 ? { requeueAfter: Math.min(...later) } : {};
  if (due.length === 0) return wait;
  const running = scans.filter((scan) => marksOf(scan) !== '' && !isFinished(scan)).length + made.size;
  if (running >= mostAtOnce) return { requeueAfter: requeueInterval };
  const taken = due.slice(0, mostPolicies);
  const scan = scanOf(
    taken.map(({ key }) => key),
    (name) => deps.scans.get(name) !== undefined,
  );
  const { name } = scan.metadata;
  try {
    await deps.client.create(RESOURCES.scans, scan);
    const again = taken.filter(({ ended }) => ended > 0).length;
    deps.log.info({ policies: taken.length, again, scan: name }, 'scan of new policy generations created');
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  made.set(name, { marks: marksOf(scan), at: performance.now() });
  return due.length > mostPolicies ? { requeueAfter: requeueInterval } : wait;
}

/** Says at each policy how often Scans have failed to evaluate it, and when it is tried again. */
function reportTries(
  { events }: Pick<GenerationScanDependencies, 'events'>,
  waiting: readonly ({ readonly policy: SecurityPolicy } & GenerationTries)[],
): void {
  for (const { policy, ...tries } of waiting) {
    const message = triesText(tries);
    if (message !== undefined) events.record(RESOURCES.policies, policy, { type: 'Warning', reason: 'NotEvaluated', message });
  }
}

/** Whether a policy can be evaluated as it is now, and has not been, or by another catalogue. */
function isNew(deps: Pick<GenerationScanDependencies, 'revisionOf'>, policy: SecurityPolicy): boolean {
  const { metadata, status } = policy;
  const { generation, deletionTimestamp } = metadata;
  const accepted = status?.conditions?.some(
    ({ type, status: holds, observedGeneration }) => type === 'Stalled' && holds === 'False' && observedGeneration === generation,
  );
  return deletionTimestamp === undefined && accepted === true && status?.evaluatedRevision !== deps.revisionOf(policy);
}

function keyOf({ revisionOf }: Pick<GenerationScanDependencies, 'revisionOf'>, policy: SecurityPolicy): PolicyGeneration {
  const { name, uid = '', generation = 0 } = policy.metadata;
  return { name, uid, generation, revision: revisionOf(policy) };
}

/** The Scan of these policies' present revisions; its name is the same whoever makes it, and another for each try. It goes with the last of its policies. */
function scanOf(policies: readonly PolicyGeneration[], isTaken: (name: string) => boolean): Scan {
  const keys = policies.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const [first] = keys;
  const base = first !== undefined && keys.length === 1 ? generationScanName(first) : generationsScanName(keys);
  let name = base;
  for (let attempt = 2; isTaken(name); attempt++) name = `${base}-t${attempt}`;
  return {
    metadata: {
      name,
      labels: { [LABELS.managedBy]: MANAGED_BY },
      annotations: { [ANNOTATIONS.generations]: keys.map(generationMark).join(' ') },
      ownerReferences: keys.map((key) => ({ apiVersion: API_VERSION, kind: 'SecurityPolicy', name: key.name, uid: key.uid })),
    },
    spec: { policies: keys.map((key) => key.name), ttlSecondsAfterFinished: keptSeconds },
  };
}
