import type { Framework, Requirement } from './framework.ts';

/** The number of targets of a policy by verdict, for one control. */
export interface ControlTally {
  readonly pass: number;
  readonly fail: number;
  readonly error: number;
  readonly skip: number;
  /** Failures that an exception covers. */
  readonly excepted?: number;
}

/** The outcome of a requirement. */
export type RequirementState = 'passed' | 'failed' | 'excepted' | 'manual' | 'notEvaluated';

/** The outcome of one requirement. It has a reason unless it passed or failed. */
export interface RequirementOutcome {
  readonly requirement: Requirement;
  readonly state: RequirementState;
  readonly reason?: string;
  /** The number of failures, and of passes, of all its controls. */
  readonly failures: number;
  readonly passes: number;
  /** The number of checks that could not be evaluated. */
  readonly errors: number;
}

/** One entry of `status.frameworks` of a policy: the number of requirements by state. */
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

/** Adds the tallies of all controls of a requirement. */
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
  if (requirement.controls.length === 0) return ['manual', requirement.manual ?? 'No control covers this requirement. Check it manually.'];
  if (sum.fail > 0) return ['failed'];
  if (sum.excepted > 0) return ['excepted'];
  if (sum.error > 0) return ['notEvaluated', 'Some of its checks could not be evaluated.'];
  if (requirement.manual !== undefined) return ['manual', requirement.manual];
  if (sum.pass > 0) return ['passed'];
  return ['notEvaluated', sum.skip > 0 ? 'Its checks were skipped.' : (requirement.unseen ?? 'The scope has no objects for its controls.')];
}

const incomplete: readonly [RequirementState, string] = ['notEvaluated', 'Not every target could be scanned.'];

/**
 * Returns the outcome of every requirement of a framework. A requirement fails if one of its controls fails. It passes only if every
 * target was evaluated (`complete`).
 */
export function requirementOutcomes(
  framework: Framework,
  tallies: ReadonlyMap<string, ControlTally>,
  complete = true,
): readonly RequirementOutcome[] {
  return framework.requirements.map((requirement) => {
    const sum = total(requirement, tallies);
    const found = stateOf(requirement, sum);
    // A target that was not scanned can have failures. So neither a pass nor "no objects in scope" is proved.
    const unproved = found[0] === 'passed' || (found[0] === 'notEvaluated' && sum.error + sum.skip === 0);
    const [state, reason] = unproved && !complete ? incomplete : found;
    return { requirement, state, failures: sum.fail, passes: sum.pass, errors: sum.error, ...(reason === undefined ? {} : { reason }) };
  });
}

/** Returns the entry of `status.frameworks` for a framework: the number of requirements by state. */
export function frameworkRow(framework: Framework, tallies: ReadonlyMap<string, ControlTally>, complete = true): FrameworkRow {
  const row = { name: framework.name, version: framework.version, passed: 0, failed: 0, manual: 0, notEvaluated: 0, excepted: 0 };
  for (const { state } of requirementOutcomes(framework, tallies, complete)) row[state] += 1;
  return row;
}
