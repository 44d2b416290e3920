import type { Parameter } from '../controls/control.ts';
import type { Severity } from '../controls/severity.ts';

/** The category of every detection in lists and reports. */
export const BEHAVIOUR = 'Behaviour';

/**
 * What a detection reads. `watch`: objects as watches show them. `audit`: audit events of the API server. `audit-request`: audit events that
 * contain the request for a token.
 */
export type DetectionInput = 'watch' | 'audit' | 'audit-request';

/**
 * What a detection compares with. `invariant`: nothing, the behaviour is never normal. `first-seen`: what the same user or workload did before.
 * `rate`: how often it did so in ten minutes of the last 14 days.
 */
export type DetectionNormal = 'invariant' | 'first-seen' | 'rate';

/** A detection of behaviour in the cluster that is not normal. Data only: `operator/anomalies` has the code. */
export interface Detection {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** What the detection reports, in one or two sentences. */
  readonly description: string;
  /** Why an attacker does it, and what it leads to. */
  readonly why: string;
  /** What the person on call does next. */
  readonly next: string;
  /** Techniques of MITRE ATT&CK. */
  readonly techniques: readonly string[];
  /** The inputs without which the detection sees nothing. */
  readonly needs: readonly DetectionInput[];
  /** The inputs that add something, such as the user behind a change. */
  readonly adds?: readonly DetectionInput[];
  readonly normal: DetectionNormal;
  /**
   * The behaviour is reported while the detector learns if its user is new, and becomes normal only through an exception.
   */
  readonly sensitive: boolean;
  readonly parameters?: Readonly<Record<string, Parameter>>;
}

/** Returns the parameter of a rate: the number up to which nothing is reported. */
export const floor = (value: number, what: string): Readonly<Record<string, Parameter>> => ({
  floor: { description: `Up to this number of ${what} nothing is reported.`, type: 'int', default: value },
});
