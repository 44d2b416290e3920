import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS, API_VERSION, LABELS, MANAGED_BY } from '../api/group.ts';
import { isFinished, type Scan } from '../api/kinds/scan.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import type { SelectedRulesOf } from '../engine/admission-policies/selected-rules.ts';
import { isConflict } from '../kube/client/kube-api-error.ts';
import { lastEvaluation, marksOf, triesOf, triesText, type GenerationTries } from '../policies/attempts/generation-tries.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Lister } from '../kube/watch/lister.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { RevisionOf } from '../policies/policy-revisions.ts';
import { generationMark, generationScanName, generationsScanName, type PolicyGeneration } from '../policies/attempts/generation-names.ts';

/** The most Scans of new generations that run at once. Later generations are scanned together when one of them has ended. */
const mostAtOnce = 4;
/** The most policies in a Scan of new generations. More policies are scanned in several Scans. */
const mostPolicies = 500;
/** Seconds for which a finished Scan of new generations is kept. */
const keptSeconds = 86_400;
/** Milliseconds between checks while too many Scans run. */
const requeueInterval = 1000;
/** Milliseconds that the watch may take to deliver a Scan that was created. */
const watchPatience = 60_000;

/** The only key of the queue: all policies are checked together. */
export const GENERATIONS_KEY = 'generations';

/**
 * Creates Scans for new generations of policies without delay: one Scan per policy if they arrive one by one, and a common Scan if many
 * arrive, such as from a repository.
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

/** The dependencies of {@link scanGenerations}. */
export interface GenerationScanDependencies {
  readonly client: Pick<KubeClient, 'create'>;
  readonly log: Pick<Logger, 'info'>;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly revisionOf: RevisionOf;
  /** Default: policies select no ValidatingAdmissionPolicies. */
  readonly selectedRules?: SelectedRulesOf;
  readonly scans: Lister<Scan>;
  readonly policies: Pick<Lister<SecurityPolicy>, 'list'>;
}

/** Created Scans that the watch has not delivered yet, with the generations that they scan. */
export type MadeScans = Map<string, { readonly marks: string; readonly at: number }>;

/**
 * Creates a Scan of the generations that no Scan has evaluated and that may be tried now. A generation that Scans failed to evaluate is
 * retried with increasing pauses ({@link triesOf}) and reported by an Event on its policy.
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
    .map(({ policy, key }) => ({ policy, key, ...triesOf(key, scans, lastEvaluation(policy)) }));
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

/** Records an Event on each policy with the number of failed Scans and the time of the next one. */
function reportTries(
  { events }: Pick<GenerationScanDependencies, 'events'>,
  waiting: readonly ({ readonly policy: SecurityPolicy } & GenerationTries)[],
): void {
  for (const { policy, ...tries } of waiting) {
    const message = triesText(tries);
    if (message !== undefined) events.record(RESOURCES.policies, policy, { type: 'Warning', reason: 'NotEvaluated', message });
  }
}

/** Whether the current revision of a policy is known, valid and was not evaluated yet. */
function isNew(deps: Pick<GenerationScanDependencies, 'revisionOf' | 'selectedRules'>, policy: SecurityPolicy): boolean {
  if (policy.spec.admissionPolicies !== undefined && deps.selectedRules?.(policy) === undefined) return false;
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

/**
 * The Scan of the current revisions of these policies. Its name is the same for every leader, and differs for each try. The policies own
 * it: it is deleted with the last of them.
 */
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
