import { detectionById } from '../catalogue/detections/detections.ts';
import type { Activity, ChangeActivity, RequestActivity } from './activity/activity.ts';
import { managerActor, isPerson, type Actor } from './activity/actor.ts';
import type { Learning } from './baseline/learning.ts';
import type { Circumstances } from './baseline/circumstances.ts';
import type { Abnormal, Normality } from './baseline/normality.ts';
import type { JudgeContext, JudgedChange, Observation } from './detections/judge.ts';
import { changeJudges, requestJudges } from './detections/judges.ts';
import type { ClusterInventory } from './inventory/cluster-inventory.ts';
import { findingOf, requestOf } from './results/finding-builder.ts';
import type { StoredFinding } from './results/finding-store.ts';

/** What is known while activities are judged. */
export interface JudgingParts {
  readonly inventory: ClusterInventory;
  readonly normality: Normality;
  readonly learning: Learning;
  readonly parameter: (detection: string, name: string) => number;
}

/** A finding with the circumstances that a sequence looks at. */
export interface Raised {
  readonly stored: StoredFinding;
  /** What was done, to tell two findings of one act from two acts. */
  readonly act: string;
  readonly isInstalled: boolean;
}

const day = 86_400_000;
const judgesOf = <J>(judges: Readonly<Record<string, J>>, names = Object.keys(judges)): readonly J[] =>
  names.flatMap((name) => judges[name] ?? []);
const judgesOfRequests = judgesOf(requestJudges);
/** Judges of addresses also see what Vigil itself does: its own token can be stolen too. */
const judgesOfOwnRequests = judgesOf(requestJudges, ['token-from-elsewhere', 'denied-requests']);
const judgesOfChanges = judgesOf(changeJudges);
const judgesOfStates = judgesOf(changeJudges, ['binding-to-everybody', 'host-takeover-pod', 'miner-or-tool', 'certificate-request']);

/** Who made a change: the user of its audit event, or the field manager. */
const actorOfChange = ({ request, manager }: ChangeActivity): Actor => request?.actor ?? managerActor(manager ?? 'unknown');

/** Runs the judges over activities, and decides with what is known whether they are normal. */
export class Judging {
  readonly #parts: JudgingParts;
  /** The user name of Vigil: its own work is normal. */
  ownUser = '';

  constructor(parts: JudgingParts) {
    this.#parts = parts;
  }

  /** Judges a request. `seed`: it is learned and raises nothing. */
  request(request: RequestActivity, seed: boolean): readonly Raised[] {
    const context = this.#context(request.at);
    const circumstances = this.circumstances(request, seed);
    const judges = request.actor.name === this.ownUser ? judgesOfOwnRequests : judgesOfRequests;
    return judges.flatMap((judge) => judge(request, context)).flatMap((observation) => this.decide(observation, request, circumstances));
  }

  /** Judges a change. `seed`: it is learned and raises nothing. */
  change(change: ChangeActivity, seed: boolean): readonly Raised[] {
    const actor = actorOfChange(change);
    if (actor.name === this.ownUser) return [];
    const raised = this.#judged({ ...change, actor }, seed);
    // The field manager of a usual change stands for its user while no audit events come.
    if (change.request === undefined || change.manager === undefined) return raised;
    const byManager: JudgedChange = { ...change, actor: managerActor(change.manager) };
    if (raised.length === 0) this.#learnManager(byManager);
    else this.#reportManager(byManager);
    return raised;
  }

  /** The keys of the states that an object is in. */
  states(change: ChangeActivity, facts: ChangeActivity['after']): readonly string[] {
    if (facts === undefined) return [];
    const { type, at, resource, object } = change;
    const judged: JudgedChange = { type, at, resource, object, operation: 'found', after: facts, actor: actorOfChange(change) };
    const context = this.#context(change.at);
    return judgesOfStates
      .flatMap((judge) => judge(judged, context))
      .flatMap(({ detection, compared }) =>
        compared.kind === 'invariant' && compared.state !== undefined ? [`${detection} ${compared.state}`] : [],
      );
  }

  /** Decides about one observation. Returns the finding, or nothing. */
  decide(observation: Observation, activity: Activity, circumstances: Omit<Circumstances, 'floor'>): readonly Raised[] {
    const detection = detectionById(observation.detection);
    if (detection === undefined) return [];
    const actor = observation.actor ?? circumstances.actor;
    const floor = this.#parts.parameter(detection.id, 'floor');
    const isNewcomer = this.#isNewcomer(actor, activity.at, circumstances.learning) && detection.id !== 'new-principal';
    const abnormal: Abnormal | undefined = this.#parts.normality.decide(detection, observation, { ...circumstances, actor, floor });
    if (abnormal === undefined) return [];
    // What was seen once while learning is one finding for each user and detection.
    const seen = abnormal.once === true ? { ...observation, workload: 'seen once while learning' } : observation;
    const stored = findingOf({ detection, observation: seen, abnormal, actor, activity, isNewcomer });
    return [{ stored, act: actOf(activity), isInstalled: this.#isInstalled(activity, actor) }];
  }

  #judged(change: JudgedChange, seed: boolean): readonly Raised[] {
    const circumstances = this.circumstances(change, seed);
    return this.#observations(change).flatMap((observation) => this.decide(observation, change, circumstances));
  }

  #learnManager(change: JudgedChange): void {
    const circumstances = this.circumstances(change, true);
    for (const observation of this.#observations(change))
      if (observation.compared.kind === 'first-seen') this.decide(observation, change, circumstances);
  }

  /** What was reported of a user is not reported again of the field manager, which the first list after a restart shows. */
  #reportManager(change: JudgedChange): void {
    const { known } = this.#parts.normality;
    for (const { detection, compared } of this.#observations({ ...change, operation: 'found' }))
      if (compared.kind === 'first-seen') known.report(compared.owner, `${detection} ${compared.key}`, change.at, true);
  }

  #observations(change: JudgedChange): readonly Observation[] {
    const context = this.#context(change.at);
    return judgesOfChanges.flatMap((judge) => judge(change, context));
  }

  #context(at: number): JudgeContext {
    const { inventory, normality, learning, parameter } = this.#parts;
    const isLearning = { watch: learning.isLearning('watch', at), audit: learning.isLearning('audit', at) };
    return { inventory, known: normality.known, learning: isLearning, parameter };
  }

  /** The circumstances of an activity. */
  circumstances(activity: Activity | JudgedChange, seed: boolean): Omit<Circumstances, 'floor'> {
    const { learning } = this.#parts;
    const actor = 'actor' in activity ? activity.actor : actorOfChange(activity);
    const { at } = activity;
    const ofWatch = activity.type === 'change' && learning.isLearning('watch', at);
    const ofAudit = (activity.type === 'request' || activity.request !== undefined) && learning.isLearning('audit', at);
    const isLearning = ofWatch || ofAudit;
    return {
      actor,
      at,
      seed,
      learning: isLearning,
      tentative: isLearning && learning.isLong,
      found: activity.type === 'change' && activity.operation === 'found',
    };
  }

  /** Whether a person appeared after learning, less than a day ago. */
  #isNewcomer(actor: Actor, at: number, learning: boolean): boolean {
    return !learning && isPerson(actor) && this.#parts.normality.isNewPrincipal(actor, at);
  }

  /** Whether a change is a part of a release, made by somebody who has been at work for a day. */
  #isInstalled(activity: Activity, actor: Actor): boolean {
    if (activity.type !== 'change' || (activity.after ?? activity.before)?.release === undefined) return false;
    const since = this.#parts.normality.known.since(actor.key);
    return since !== undefined && activity.at - since >= day;
  }
}

/** What was done, as an identity: a request, or a change of an object. */
function actOf(activity: Activity): string {
  const request = requestOf(activity);
  // A client may send all of its requests with one audit ID.
  if (request !== undefined) return [request.id, request.at, request.verb, request.path].join(' ');
  const { kind, namespace = '', name } = (activity as ChangeActivity).object;
  return `${kind}/${namespace}/${name}`;
}
