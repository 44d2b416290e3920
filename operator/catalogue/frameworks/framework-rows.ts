import type { Framework, Requirement } from './framework.ts';

/** How often a control came to which verdict, over all targets of a policy. */
export interface ControlTally {
  readonly pass: number;
  readonly fail: number;
  readonly error: number;
  readonly skip: number;
  /** Failures under an exception. */
  readonly excepted?: number;
}

/** What became of a requirement. */
export type RequirementState = 'passed' | 'failed' | 'excepted' | 'manual' | 'notEvaluated';

/** One requirement's outcome, with the reason where it is not simply passed or failed. */
export interface RequirementOutcome {
  readonly requirement: Requirement;
  readonly state: RequirementState;
  readonly reason?: string;
  /** Failures, passes: of all its controls together. */
  readonly failures: number;
  readonly passes: number;
  /** Checks that could not be evaluated. */
  readonly errors: number;
}

/** A policy's `status.frameworks` row. */
export interface FrameworkRow {
  readonly name: string;
  readonly version: string;
  readonly passed: number;
  readonly failed: number;
  readonly manual: number;
  readonly notEvaluated: number;
  readonly excepted: number;
}

const none: ControlTally = { pass: 0, fail: 0, error: 0, skip: 0 };

/** The sum of the tallies of a requirement's controls. */
function total(requirement: Requirement, tallies: ReadonlyMap<string, ControlTally>): Required<ControlTally> {
  const sum = { pass: 0, fail: 0, error: 0, skip: 0, excepted: 0 };
  for (const id of requirement.controls) {
    const tally = tallies.get(id) ?? none;
    sum.pass += tally.pass;
    sum.fail += tally.fail;
    sum.error += tally.error;
    sum.skip += tally.skip;
    sum.excepted += tally.excepted ?? 0;
  }
  return sum;
}

function stateOf(requirement: Requirement, sum: Required<ControlTally>): readonly [RequirementState, string?] {
  if (requirement.controls.length === 0) return ['manual', requirement.manual ?? 'No control covers it: a person must judge.'];
  if (sum.fail > 0) return ['failed'];
  if (sum.excepted > 0) return ['excepted'];
  if (sum.error > 0) return ['notEvaluated', 'Some of its checks could not be evaluated.'];
  if (requirement.manual !== undefined) return ['manual', requirement.manual];
  if (sum.pass > 0) return ['passed'];
  return ['notEvaluated', sum.skip > 0 ? 'Its checks were skipped.' : 'Nothing in scope that its controls judge.'];
}

const incomplete: readonly [RequirementState, string] = ['notEvaluated', 'Not every target could be scanned.'];

/**
 * Every requirement of a framework with what became of it: an entry fails when any of its controls fails, and passes only
 * when every target was judged (`complete`).
 */
export function requirementOutcomes(
  framework: Framework,
  tallies: ReadonlyMap<string, ControlTally>,
  complete = true,
): readonly RequirementOutcome[] {
  return framework.requirements.map((requirement) => {
    const sum = total(requirement, tallies);
    const found = stateOf(requirement, sum);
    // Without a failure or an error, what was not scanned may hold either: neither a pass nor "nothing in scope" is proved.
    const unproved = found[0] === 'passed' || (found[0] === 'notEvaluated' && sum.error + sum.skip === 0);
    const [state, reason] = unproved && !complete ? incomplete : found;
    return { requirement, state, failures: sum.fail, passes: sum.pass, errors: sum.error, ...(reason === undefined ? {} : { reason }) };
  });
}

/** The row of a policy's `status.frameworks`: how many requirements came to which state. */
export function frameworkRow(framework: Framework, tallies: ReadonlyMap<string, ControlTally>, complete = true): FrameworkRow {
  const row = { name: framework.name, version: framework.version, passed: 0, failed: 0, manual: 0, notEvaluated: 0, excepted: 0 };
  for (const { state } of requirementOutcomes(framework, tallies, complete)) row[state] += 1;
  return row;
}
