import type { Actor } from '../activity/actor.ts';

/** The circumstances of an observation. */
export interface Circumstances {
  readonly actor: Actor;
  readonly at: number;
  /** The inputs of the activity are still learned. */
  readonly learning: boolean;
  /** What is learned now must be seen on another day to be trusted, if it is sensitive. */
  readonly tentative: boolean;
  /** The activity is learned and raises nothing: a seed, or a replayed log. */
  readonly seed: boolean;
  /** The value of the detection's parameter `floor`. */
  readonly floor: number;
  /** The object was there at the first list after a start. */
  readonly found: boolean;
}
