import type { ControlCheck } from './control-check.ts';
import type { EvaluationBuilder } from '../outcomes/evaluation.ts';
import type { Fault, Violation, Outcome } from '../outcomes/outcome.ts';
import type { ResourceReference, ObjectFinding } from '../../findings/finding.ts';

/** A policy in results, and whether its passes are listed. */
export interface ResultOwner {
  readonly name: string;
  /** The policy's name in results. Null for a policy that Vigil builds itself. */
  readonly label: string | null;
  readonly listsPasses: boolean;
}

const maxNames = 5;
/** Up to this number of values, searching a list is faster than building a set. */
const few = 8;

/** Returns the distinct values that are set, in their order. Most lists have one value or repeat the same one. */
function distinct(violations: readonly Violation[], field: 'path' | 'label' | 'container'): readonly string[] {
  const values: string[] = [];
  let last: string | undefined;
  for (const violation of violations) {
    const value = violation[field];
    if (value === undefined || value === '' || value === last) continue;
    last = value;
    if (values.length < few ? !values.includes(value) : true) values.push(value);
  }
  return values.length <= few ? values : [...new Set(values)];
}

const ofVolume = /(^|\.)spec\.volumes\[/;

/** At most five names, such as `a, b and 3 more` of eight. */
function listed(names: readonly string[]): string {
  const rest = names.length > maxNames ? ` and ${names.length - maxNames} more` : '';
  return names.slice(0, maxNames).join(', ') + rest;
}

const place = (noun: string, names: readonly string[]): string => `${noun}${names.length === 1 ? '' : 's'} ${listed(names)}`;

/** The places of the violations, such as `pod, containers a, b`; empty if they are about the object as a whole. */
function placesOf(violations: readonly Violation[], containers: readonly string[], volumes: readonly Violation[]): string {
  const places: string[] = [];
  if (containers.length > 0) places.push(place(violations.some(isPodField) ? 'pod, container' : 'container', containers));
  if (volumes.length > 0) places.push(place('volume', distinct(volumes, 'label')));
  return places.join('; ');
}

function isPodField({ label, container }: Violation): boolean {
  return label === undefined && container === undefined;
}

/** `container a: message`, or `message: a, b` for names that are no containers and no volumes. At most five names each. */
function failureMessage(message: string, violations: readonly Violation[], containers: readonly string[]): string {
  const others = violations.filter(({ label, container }) => label !== undefined && label !== container);
  const volumes = others.filter(({ path }) => ofVolume.test(path));
  const places = placesOf(violations, containers, volumes);
  const names = distinct(
    others.filter((violation) => !volumes.includes(violation)),
    'label',
  );
  return `${places === '' ? '' : `${places}: `}${message}${names.length === 0 ? '' : `: ${listed(names)}`}`;
}

type Draft = { -readonly [Field in keyof ObjectFinding]: ObjectFinding[Field] };

function resultOf(
  verdict: ObjectFinding['verdict'],
  check: ControlCheck,
  owner: ResultOwner,
  { resource, message }: Pick<ObjectFinding, 'resource' | 'message'>,
): Draft {
  return {
    verdict,
    policy: owner.label,
    check: check.control.id,
    severity: check.severity,
    category: check.control.category,
    frameworks: check.frameworks,
    resource,
    message,
  };
}

function withPaths(result: Draft, paths: readonly string[]): Draft {
  if (paths[0] !== undefined) result.path = paths[0];
  if (paths.length > 1) result.paths = paths;
  return result;
}

function failure(check: ControlCheck, owner: ResultOwner, resource: ResourceReference, outcome: Outcome): ObjectFinding {
  const { violations, severity, bound } = outcome;
  const containers = distinct(violations, 'container');
  const result = resultOf('fail', check, owner, {
    resource,
    message: outcome.message ?? failureMessage(check.control.message, violations, containers),
  });
  withPaths(result, distinct(violations, 'path'));
  result.fix = check.control.fix;
  if (severity !== undefined && !check.severityIsSet) result.severity = severity;
  if (containers.length > 0) result.containers = containers;
  if (containers.length > 0 && violations.some(({ container }) => container === undefined)) result.elsewhere = true;
  if (bound !== undefined) result.bound = bound;
  return result;
}

/** Returns the message of an `error` result. */
export function faultMessage({ path, problem }: Fault): string {
  return path === '' ? `cannot be evaluated: ${problem}` : `cannot be evaluated: ${path}: ${problem}`;
}

function error(check: ControlCheck, owner: ResultOwner, resource: ResourceReference, faults: readonly Fault[]): ObjectFinding {
  const [first] = faults;
  const message = first === undefined ? 'cannot be evaluated' : faultMessage(first);
  return withPaths(resultOf('error', check, owner, { resource, message }), [...new Set(faults.map(({ path }) => path))]);
}

/** Adds the result of a control on one target. A pass is only counted unless the policy lists passes. */
export function addControlResult(
  builder: EvaluationBuilder,
  check: ControlCheck,
  owner: ResultOwner,
  { resource, outcome }: { resource: ResourceReference; outcome: Outcome },
): void {
  if (outcome.skip !== undefined) {
    builder.add(resultOf('skip', check, owner, { resource, message: outcome.skip }));
  } else if (outcome.violations.length > 0) {
    builder.add(failure(check, owner, resource, outcome));
  } else if (outcome.faults.length > 0) {
    builder.add(error(check, owner, resource, outcome.faults));
  } else {
    builder.addPass(owner.name, check.control.id);
    if (owner.listsPasses) builder.add(resultOf('pass', check, owner, { resource, message: check.control.title }));
  }
}
