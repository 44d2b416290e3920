import { atLeast } from '../../catalogue/controls/severity.ts';
import type { Detection } from '../../catalogue/detections/detection.ts';
import { isControlPlane, type Actor } from '../activity/actor.ts';
import type { Circumstances } from './circumstances.ts';
import type { KnownKeys, Trust } from './known-keys.ts';
import type { FirstSeenKey, Observation } from './observation.ts';

/*
 * An attacker who acts while Vigil learns makes the act normal. So sensitive behaviour that was seen on one day only, while it was learned, is
 * reported once more when it is seen later. What is usual is seen on several days.
 */

/**
 * How far what is learned is trusted. A change is also learned for its field manager, as a seed: this is no second time, so it must not make
 * what was seen once trusted.
 */
export function trustIn(detection: Detection, { learnOnly }: Observation, circumstances: Circumstances): Trust {
  const { tentative, seed, found, actor } = circumstances;
  if (found) return 'full';
  if (seed || learnOnly === true) return 'same';
  return tentative && detection.sensitive && !isControlPlane(actor) ? 'tentative' : 'full';
}

/** Whether a key is known from one day of learning only, and is to be reported now. */
export function isSeenOnce(
  known: KnownKeys,
  {
    detection,
    observation,
    compared,
  }: { readonly detection: Detection; readonly observation: Observation; readonly compared: FirstSeenKey },
  { learning, seed, found, actor }: Circumstances,
): boolean {
  if (learning || seed || found || observation.learnOnly === true) return false;
  if (known.get(compared.owner, `${detection.id} ${compared.key}`)?.once !== true) return false;
  const own = observation.severity ?? detection.severity;
  // Who does the same to others on many days does it here as well. That is not enough for what is severe.
  return atLeast(own, 'high') || (atLeast(own, 'medium') && !known.hasPractice(actor.key, `${detection.id} `));
}

/** Whether behaviour is reported while it is learned, whoever does it: what has the highest severity. */
export const isGrave = ({ severity }: Detection, observation: Observation, actor: Actor): boolean =>
  (observation.severity ?? severity) === 'critical' && !isControlPlane(actor);
