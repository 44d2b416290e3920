import type { Severity } from '../../catalogue/controls/severity.ts';
import type { Actor } from '../activity/actor.ts';
import type { FindingSubject } from '../activity/subject.ts';

/** What is compared with what is known. */
export interface FirstSeenKey {
  readonly kind: 'first-seen';
  /** Whose habits count: the key of a principal, or `ns:NAME`, `workload:KEY`. */
  readonly owner: string;
  /** What is done, without the owner. */
  readonly key: string;
  /** What is normal for the owner, as the beginning of a sentence that lists known keys. `undefined`: the keys are not readable. */
  readonly habit?: string;
  /** Every owner has the key one day: that others have it says nothing. */
  readonly common?: true;
}

/** What is counted. */
export interface CountedItem {
  readonly kind: 'rate';
  /** What is different from others of the series. */
  readonly item: string;
  readonly owner: string;
  /** The window in milliseconds. */
  readonly window: number;
  /** A whole day is compared as well, with so many times the floor. */
  readonly daily?: number;
  /** New items of 30 days are compared as well, with so many times the floor: who is slow takes one a day. */
  readonly slow?: number;
  readonly weight?: number;
}

/** Never normal. */
export interface NeverNormal {
  readonly kind: 'invariant';
  /** What was seen lasts as long as the object is as it is. The key tells a state that was there before from a new one. */
  readonly state?: string;
}

/** Something that a detection saw. Whether it is normal is decided by what is known. */
export interface Observation {
  readonly detection: string;
  readonly about: FindingSubject;
  /** The stable key of the workload, for one finding a workload. Default: the template of what it is about. */
  readonly workload?: string;
  /** What was seen, as a sentence without its full stop. `{count}` is replaced by the measured number. */
  readonly seen: string;
  /** What is normal, as a sentence. Default: from the habits of the owner. */
  readonly normal?: string;
  /** Default: the severity of the detection. */
  readonly severity?: Severity;
  readonly compared: FirstSeenKey | CountedItem | NeverNormal;
  /** Who did it, if the object names its author. Default: the actor of the activity. */
  readonly actor?: Actor;
  /** Nothing is reported: the behaviour is only learned. */
  readonly learnOnly?: boolean;
}
