import type { Scan } from '../../../operator/api/kinds/scan.ts';
import { home } from '../../e2e/installation.ts';
import { kubectl } from '../../integration/cluster-access.ts';
import type { EndState } from '../end-state.ts';
import type { ScenarioRun } from '../fault-lab.ts';
import type { FaultRule } from '../fault-proxy.ts';
import { callsOf } from './call-kinds.ts';

/** One fault, and the expected result. */
export interface Scenario {
  readonly name: string;
  /** The kind of the fault. Every test run has one scenario of each kind, the long run has all. */
  readonly kind: string;
  /** Whether it represents its kind in every run. */
  readonly quick?: boolean;
  readonly flags?: readonly string[];
  /** Whether the operator runs within this process, with the clock of the run. */
  readonly inProcess?: boolean;
  /** The faults of calls. Each rule must have been applied at least once at the end of the scan. */
  readonly rules?: (run: ScenarioRun) => readonly FaultRule[];
  /** Whether rules may remain unused: the number of status writes differs by one or two between runs. */
  readonly perhaps?: boolean;
  /** Called before the policy is created. */
  readonly prepare?: (run: ScenarioRun) => Promise<void> | void;
  /** Called while the scan runs. */
  readonly act?: (run: ScenarioRun) => Promise<void>;
  /** Called at the end in any case. */
  readonly undo?: (run: ScenarioRun) => Promise<void> | void;
  /** The template of the scan's pods. */
  readonly template?: Scan['spec']['scan'];
  /** Checks the end state if it differs from that of a run without a fault. */
  readonly expect?: (end: EndState, run: ScenarioRun, wanted: EndState) => void;
  /** Whether another scan has the normal result after the fault has ended. */
  readonly recovers?: boolean;
  /** Whether reports may be written again with another content, because a user edited them meanwhile. */
  readonly rewrites?: boolean;
  /** Seconds until the scan must have ended. Default: 90, far more than it needs. */
  readonly seconds?: number;
}

/** A rule that runs a function at a call of a kind, before it is forwarded or after it was processed. */
export function at(call: string, work: () => Promise<void> | void, more: { skip?: number; when?: 'before' | 'after' } = {}): FaultRule {
  const { skip = 0, when = 'before' } = more;
  return { name: `at ${call}`, match: callsOf(call), skip, action: { kind: 'run', when, work } };
}

/** Runs kubectl in Vigil's namespace. */
export const inHome = (...args: readonly string[]): string => kubectl(['-n', home, ...args]);
