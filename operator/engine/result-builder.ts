import type { ControlCheck } from './control-check.ts';
import type { EvaluationBuilder } from './evaluation.ts';
import type { Fault, Offence, Outcome } from './outcome.ts';
import type { ResourceReference, Result } from './verdict.ts';

/** A policy as results name it, and whether its passes are listed. */
export interface ResultOwner {
  readonly name: string;
  /** The name in results: null for a policy that has none of its own. */
  readonly label: string | null;
  readonly listsPasses: boolean;
}

const most = 5;

/** `message: a, b`, with at most five names. */
function failureMessage(message: string, offences: readonly Offence[]): string {
  const labels = [...new Set(offences.map(({ label }) => label).filter((label) => label !== undefined && label !== ''))];
  if (labels.length === 0) return message;
  const rest = labels.length > most ? ` and ${labels.length - most} more` : '';
  return `${message}${message.endsWith(' by') ? '' : ':'} ${labels.slice(0, most).join(', ')}${rest}`;
}

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)].filter((value) => value !== '');

function common(
  check: ControlCheck,
  owner: ResultOwner,
  resource: ResourceReference,
): Pick<Result, 'policy' | 'check' | 'category' | 'frameworks' | 'resource'> {
  return { policy: owner.label, check: check.control.id, category: check.control.category, frameworks: check.frameworks, resource };
}

function failure(check: ControlCheck, owner: ResultOwner, resource: ResourceReference, outcome: Outcome): Result {
  const paths = unique(outcome.offences.map(({ path }) => path));
  const containers = unique(outcome.offences.map(({ container }) => container ?? ''));
  return {
    verdict: 'fail',
    ...common(check, owner, resource),
    severity: check.severityIsSet ? check.severity : (outcome.severity ?? check.severity),
    ...(paths[0] === undefined ? {} : { path: paths[0] }),
    ...(paths.length > 1 ? { paths } : {}),
    message: failureMessage(check.control.message, outcome.offences),
    fix: check.control.fix,
    ...(containers.length > 0 ? { containers } : {}),
    ...(outcome.bound === undefined ? {} : { bound: outcome.bound }),
  };
}

/** What the message of an `error` result says of a fault. */
export function faultMessage({ path, problem }: Fault): string {
  return path === '' ? `cannot be judged: ${problem}` : `cannot be judged: ${path}: ${problem}`;
}

function error(check: ControlCheck, owner: ResultOwner, resource: ResourceReference, faults: readonly Fault[]): Result {
  const paths = unique(faults.map(({ path }) => path));
  const [first] = faults;
  return {
    verdict: 'error',
    ...common(check, owner, resource),
    severity: check.severity,
    ...(paths[0] === undefined ? {} : { path: paths[0] }),
    ...(paths.length > 1 ? { paths } : {}),
    message: first === undefined ? 'cannot be judged' : faultMessage(first),
  };
}

/** Turns a control's outcome into the one result of this check on this target; a pass may be only counted. */
export function addControlResult(
  builder: EvaluationBuilder,
  check: ControlCheck,
  owner: ResultOwner,
  { resource, outcome }: { resource: ResourceReference; outcome: Outcome },
): void {
  if (outcome.skip !== undefined) {
    builder.add({ verdict: 'skip', ...common(check, owner, resource), severity: check.severity, message: outcome.skip });
  } else if (outcome.offences.length > 0) {
    builder.add(failure(check, owner, resource, outcome));
  } else if (outcome.faults.length > 0) {
    builder.add(error(check, owner, resource, outcome.faults));
  } else {
    builder.passed(owner.name);
    if (owner.listsPasses)
      builder.add({ verdict: 'pass', ...common(check, owner, resource), severity: check.severity, message: check.control.title });
  }
}
