import type { Severity } from '../../catalogue/controls/severity.ts';
import { lowered } from '../../catalogue/controls/severity.ts';
import type { Detection } from '../../catalogue/detections/detection.ts';
import { isControlPlane, isSystem, type Actor } from '../activity/actor.ts';
import type { Circumstances } from './circumstances.ts';
import type { CountedItem, FirstSeenKey, NeverNormal, Observation } from './observation.ts';
import type { KnownKeys } from './known-keys.ts';
import type { Rates } from './rates.ts';
import { isGrave, isSeenOnce, trustIn } from './seen-once.ts';
import { dateOf, placeOf, sentence, slowly, usual } from './sentences.ts';

const day = 86_400_000;
/** From so many keys on, a principal does everything: a GitOps controller, an operator of many things. */
const generalist = 200;
/** What a generalist must have done of a sensitive kind before more of it is no news. */
const practised = 10;
/** From so many others with the same behaviour on, the severity is one lower. */
const enoughPeers = 2;
const windowAfterUpgrade = 2 * 3_600_000;

/** What is normal if nothing like it was seen before. */
export const UNSEEN = 'it was not seen before';

/** Something that is not normal. */
export interface Abnormal {
  readonly severity: Severity;
  /** What was normal until then, as a sentence. */
  readonly normal: string;
  readonly seen: string;
  readonly measured?: number;
  readonly whileLearning: boolean;
  /** What an exception makes normal. */
  readonly baseline: BaselineReference;
  /** It was seen on one day only, while it was learned. */
  readonly once?: boolean;
}

/** A key of what is known, or a series of rates. */
export type BaselineReference =
  | { readonly kind: 'key'; readonly owner: string; readonly key: string }
  | { readonly kind: 'series'; readonly key: string }
  | { readonly kind: 'none' };

/** Decides whether what was seen is normal, and learns it. */
export class Normality {
  readonly known: KnownKeys;
  readonly rates: Rates;
  /** Until when system users are learned after a change of the server's version. */
  quietUntil = 0;

  constructor(known: KnownKeys, rates: Rates) {
    this.known = known;
    this.rates = rates;
  }

  /** The version of the API server has changed. */
  upgraded(at: number): void {
    this.quietUntil = at + windowAfterUpgrade;
  }

  /** The clock was set back. */
  setBack(now: number): void {
    this.known.setBack(now);
    this.rates.setBack(now);
    this.quietUntil = Math.min(this.quietUntil, now + windowAfterUpgrade);
  }

  /** Returns what is not normal about a observation, or undefined. */
  decide(detection: Detection, observation: Observation, circumstances: Circumstances): Abnormal | undefined {
    const { compared } = observation;
    if (compared.kind === 'rate') return this.#rate(detection, observation, compared, circumstances);
    return compared.kind === 'invariant'
      ? this.#never(detection, observation, compared, circumstances)
      : this.#firstSeen(detection, observation, compared, circumstances);
  }

  #never(detection: Detection, observation: Observation, { state }: NeverNormal, { seed, at }: Circumstances): Abnormal | undefined {
    const key = `${detection.id} ${state ?? ''}`;
    if (state !== undefined && this.known.isNormal('states', key)) {
      this.known.learn('states', key, at);
      return undefined;
    }
    if (state !== undefined) this.known.learn('states', key, at);
    if (seed) return undefined;
    return {
      severity: observation.severity ?? detection.severity,
      normal: sentence(observation.normal ?? 'it is never normal'),
      seen: sentence(observation.seen),
      // It is never normal, whatever is learned.
      whileLearning: false,
      baseline: { kind: 'none' },
    };
  }

  #firstSeen(detection: Detection, observation: Observation, compared: FirstSeenKey, circumstances: Circumstances): Abnormal | undefined {
    const { owner } = compared;
    const key = `${detection.id} ${compared.key}`;
    // The first list after a start shows again what was reported when it happened.
    if (circumstances.found && this.known.get(owner, key)?.reported !== undefined) return undefined;
    const once = this.#isOnce(detection, observation, compared, circumstances);
    if (!once && this.#isExpected(detection, observation, compared, circumstances)) {
      this.#learn(detection, observation, compared, circumstances);
      return undefined;
    }
    return this.#reported(detection, observation, { compared, key, once, circumstances });
  }

  /** A key that is not normal is reported, but for one that has become normal by now. */
  #reported(
    detection: Detection,
    observation: Observation,
    { compared, key, once, circumstances }: { compared: FirstSeenKey; key: string; once: boolean; circumstances: Circumstances },
  ): Abnormal | undefined {
    const { owner } = compared;
    const { at, learning } = circumstances;
    const normal = once ? this.#onceText(owner, key) : (observation.normal ?? this.#habit(detection, compared));
    const peers = this.#peersOf(compared, key);
    if (once) this.known.doubt(owner, key, at);
    if (this.known.report(owner, key, at, detection.sensitive && !once)) return undefined;
    const isShared = peers >= enoughPeers;
    return {
      severity: loweredIf(once || isShared, observation.severity ?? detection.severity),
      normal: sentence(isShared ? `${normal}; ${peers} others do the same` : normal),
      seen: sentence(observation.seen),
      whileLearning: learning,
      baseline: { kind: 'key', owner, key },
      ...(once ? { once } : {}),
    };
  }

  /** Whether a key is known from one day of learning only and is worth a word: neither others nor somebody who does everything does it. */
  #isOnce(detection: Detection, observation: Observation, compared: FirstSeenKey, circumstances: Circumstances): boolean {
    if (!isSeenOnce(this.known, { detection, observation, compared }, circumstances) || this.#isGeneralist(detection, circumstances.actor))
      return false;
    return this.#peersOf(compared, `${detection.id} ${compared.key}`) < enoughPeers;
  }

  #onceText(owner: string, key: string): string {
    const { first = 0 } = this.known.get(owner, key) ?? {};
    return `it was seen on one day only, ${dateOf(first)}, while Vigil was learning`;
  }

  /** How many others of the kind of the owner have a key as normal. */
  #peersOf({ owner, common }: FirstSeenKey, key: string): number {
    return common === true ? 0 : this.known.peers(owner, key) - (this.known.isNormal(owner, key) ? 1 : 0);
  }

  /** Whether a key is normal, is to be learned, or is what a practised principal does. */
  #isExpected(detection: Detection, observation: Observation, compared: FirstSeenKey, circumstances: Circumstances): boolean {
    if (this.known.isNormal(compared.owner, `${detection.id} ${compared.key}`)) return true;
    return this.#isLearned(detection, observation, circumstances) || this.#isPractice(detection, compared, circumstances);
  }

  /** Whether a new key is learned without a report. */
  #isLearned(detection: Detection, observation: Observation, circumstances: Circumstances): boolean {
    const { learnOnly, compared } = observation;
    const { actor, at, learning, seed } = circumstances;
    if (seed || learnOnly === true) return true;
    // What the bounds made forgotten may only seem to be new. What is sensitive is reported all the same.
    if (!detection.sensitive && compared.kind === 'first-seen' && this.known.isIncomplete(compared.owner)) return true;
    if (isSystem(actor) && at < this.quietUntil) return true;
    return learning && !this.#isReportedEarly(detection, observation, circumstances);
  }

  /** Whether behaviour is reported although it is still learned what is normal. */
  #isReportedEarly(detection: Detection, observation: Observation, { actor, at }: Circumstances): boolean {
    return detection.sensitive && (isGrave(detection, observation, actor) || this.isNewPrincipal(actor, at));
  }

  /** Learns a key of an owner, and that its actor does such things. */
  #learn(detection: Detection, observation: Observation, compared: FirstSeenKey, circumstances: Circumstances): void {
    const { actor, at, found } = circumstances;
    const { owner } = compared;
    this.known.learn(owner, `${detection.id} ${compared.key}`, at, trustIn(detection, observation, circumstances));
    if (owner !== actor.key && !found) this.known.learn(actor.key, `${detection.id} of ${placeOf(owner)}`, at);
  }

  /** Whether a principal was first seen less than a day ago. */
  isNewPrincipal(actor: Actor, at: number): boolean {
    if (isControlPlane(actor)) return false;
    const since = this.known.since(actor.key);
    return since === undefined || at - since < day;
  }

  /** Whether a key that was not reported yet is of somebody who does everything. */
  #isPractice(detection: Detection, { owner, key }: FirstSeenKey, { actor }: Circumstances): boolean {
    return this.known.get(owner, `${detection.id} ${key}`)?.reported === undefined && this.#isGeneralist(detection, actor);
  }

  #isGeneralist(detection: Detection, actor: Actor): boolean {
    if (actor.kind === 'anonymous' || this.known.count(actor.key) <= generalist) return false;
    return !detection.sensitive || this.known.count(actor.key, `${detection.id} `) >= practised;
  }

  /** What is normal for an owner, in words. */
  #habit(detection: Detection, { owner, habit }: FirstSeenKey): string {
    const prefix = `${detection.id} `;
    const keys = this.known.normal(owner, prefix, 5);
    if (keys.length === 0) return UNSEEN;
    const more = this.known.count(owner, prefix) - keys.length;
    const since = this.known.since(owner, prefix);
    const date = since === undefined ? '' : ` (since ${dateOf(since / 60_000)})`;
    return `${habit ?? 'known so far'} ${keys.map((key) => key.slice(0, 80)).join(', ')}${more > 0 ? ` and ${more} others` : ''}${date}`;
  }

  #rate(detection: Detection, observation: Observation, compared: CountedItem, circumstances: Circumstances): Abnormal | undefined {
    const { actor, at, learning, seed, floor } = circumstances;
    const isLearning = seed || observation.learnOnly === true || (learning && !(detection.sensitive && this.isNewPrincipal(actor, at)));
    const key = `${detection.id} ${compared.owner}`;
    const event = { item: compared.item, at, learning: isLearning, ...(compared.weight === undefined ? {} : { weight: compared.weight }) };
    const excess = this.rates.count(key, event, {
      window: compared.window,
      floor,
      daily: compared.daily ?? 0,
      slow: floor * (compared.slow ?? 0),
    });
    if (excess === undefined) return undefined;
    const value = Math.round(excess.value * 10) / 10;
    return {
      severity: observation.severity ?? detection.severity,
      normal: usual(excess, compared.window),
      seen: sentence(`${observation.seen.replace('{count}', String(value))}${slowly[excess.period]}`),
      measured: value,
      whileLearning: learning,
      baseline: { kind: 'series', key },
    };
  }

  /** An exception covers what was reported: it is normal from now on. */
  accept(reference: BaselineReference, at: number): void {
    if (reference.kind === 'key') this.known.learn(reference.owner, reference.key, at);
    if (reference.kind === 'series') this.rates.accept(reference.key);
  }
}

const loweredIf = (isLess: boolean, severity: Severity): Severity => (isLess ? lowered(severity) : severity);
