import type { Scan } from '../../../operator/api/scan.ts';
import { home } from '../../e2e/installation.ts';
import { kubectl } from '../../integration/cluster-access.ts';
import type { EndState } from '../end-state.ts';
import type { ScenarioRun } from '../fault-lab.ts';
import type { FaultRule } from '../fault-proxy.ts';
import { callsOf } from './call-kinds.ts';

/** One fault, and what it must come to. */
export interface Scenario {
  readonly name: string;
  /** What kind of fault it is: one of each kind is in every test run, all of them in the long one. */
  readonly kind: string;
  /** Stands for its kind in every run. */
  readonly quick?: boolean;
  readonly flags?: readonly string[];
  /** The operator runs within this process, by the run's own clock. */
  readonly inProcess?: boolean;
  /** What happens to calls. Each must have been taken at least once when the scan is over. */
  readonly rules?: (run: ScenarioRun) => readonly FaultRule[];
  /** The calls may end before the rules' turn: a status that is told once or twice makes runs differ by a write or two. */
  readonly perhaps?: boolean;
  /** Done before the policy is made. */
  readonly prepare?: (run: ScenarioRun) => Promise<void> | void;
  /** Done while the scan runs. */
  readonly act?: (run: ScenarioRun) => Promise<void>;
  /** Done afterwards, whatever happened. */
  readonly undo?: (run: ScenarioRun) => Promise<void> | void;
  /** How the scan's pods run. */
  readonly template?: Scan['spec']['scan'];
  /** What is expected at the end where it is not what a run without fault comes to. */
  readonly expect?: (end: EndState, run: ScenarioRun, wanted: EndState) => void;
  /** After the fault is undone, another scan comes to the same as one without a fault. */
  readonly recovers?: boolean;
  /** Reports may be written again with another content: a person wrote in between. */
  readonly rewrites?: boolean;
  /** Seconds until the scan must be over. Default 90: far more than it takes. */
  readonly seconds?: number;
}

/** Something is done when a call of this kind comes, before it goes on (or after it was carried out). */
export function at(call: string, work: () => Promise<void> | void, more: { skip?: number; when?: 'before' | 'after' } = {}): FaultRule {
  const { skip = 0, when = 'before' } = more;
  return { name: `at ${call}`, match: callsOf(call), skip, action: { kind: 'run', when, work } };
}

/** Runs kubectl in Vigil's namespace. */
export const inHome = (...args: readonly string[]): string => kubectl(['-n', home, ...args]);
