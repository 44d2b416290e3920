import type { ExceptionCheck, ExceptionTarget } from '../../api/kinds/security-exception.ts';
import { catalogue, controlById } from '../../catalogue/controls/catalogue.ts';
import { detectionById, detections } from '../../catalogue/detections/detections.ts';
import { frameworkVersions } from '../../catalogue/frameworks/framework.ts';
import { didYouMean } from '../../catalogue/suggestion.ts';
import { isDate } from './inline-exceptions.ts';
import type { ExceptionObject } from './waiver.ts';

/** Checks that are not controls: those about images, and a summary of further anomalies. */
const otherChecks = ['image-scan', 'more-anomalies'];

/** Whether a control, a detection, a rule of a policy or another check has the name. */
const isCheck = (name: string, rules: ReadonlySet<string>): boolean =>
  controlById(name) !== undefined || detectionById(name) !== undefined || rules.has(name) || otherChecks.includes(name);

/**
 * Returns what is wrong with an exception, each with the path of the field. `rules` contains the names of the rules of all policies. Pure.
 */
export function exceptionProblems({ spec }: ExceptionObject, rules: ReadonlySet<string>): readonly string[] {
  const targets = (spec.targets ?? []).flatMap((target, index) =>
    targetProblems(target).map((problem) => `spec.targets[${index}].${problem}`),
  );
  const checks = spec.checks.flatMap((check, index) => checkProblems(check, rules).map((problem) => `spec.checks[${index}]${problem}`));
  return [...targets, ...checks, ...endProblems(spec)];
}

/**
 * Returns the part of an exception without problems: an entry with a problem covers nothing, and the others count. Undefined if no entry is
 * left, or if the end cannot be read. Pure.
 */
export function validPart<T extends ExceptionObject>(exception: T, rules: ReadonlySet<string>): T | undefined {
  const { spec } = exception;
  const checks = spec.checks.filter((check) => checkProblems(check, rules).length === 0);
  // Without targets, an exception covers everything in its namespace: one whose targets are all wrong must cover nothing.
  const targets = spec.targets?.filter((target) => targetProblems(target).length === 0);
  if (checks.length === 0 || targets?.length === 0 || endProblems(spec).length > 0) return undefined;
  return withParts(exception, { checks, ...(targets ? { targets } : {}) });
}

/** Returns the exception with fewer checks or targets. The exception itself if these are all that it has. */
function withParts<T extends ExceptionObject>(exception: T, parts: Pick<ExceptionObject['spec'], 'checks' | 'targets'>): T {
  const { spec } = exception;
  const isWhole = parts.checks.length === spec.checks.length && parts.targets?.length === spec.targets?.length;
  return isWhole ? exception : { ...exception, spec: { ...spec, ...parts } };
}

/** Returns why an entry of the targets selects nothing, each with the field. */
function targetProblems({ apiGroup, kind, names, containers }: ExceptionTarget): readonly string[] {
  const patterns = Object.entries({ apiGroup, kind, containers: containers?.find((name) => name.includes('*')) });
  const problems = patterns.flatMap(([field, value]) =>
    value?.includes('*') ? [`${field}: '${value}' is a pattern; omit ${field} for all`] : [],
  );
  if (apiGroup?.includes('/')) problems.push(`apiGroup: '${apiGroup}' has a version; write '${apiGroup.slice(0, apiGroup.indexOf('/'))}'`);
  if (kind !== undefined && /^[a-z]/.test(kind)) problems.push(`kind: '${kind}' is not a kind; kinds begin with a capital letter`);
  return [...problems, ...foreignNames(kind, names)];
}

/** The API server takes nearly any name for objects of RBAC, and any for users and groups. */
const nameOfKind: ReadonlyMap<string | undefined, RegExp> = new Map([
  ...['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'].map((kind) => [kind, /^[^/%]+$/] as const),
  ...['User', 'Group'].map((kind) => [kind, /^/] as const),
]);

/** Returns a name that no object of a kind can have. */
function foreignNames(kind: string | undefined, names: readonly string[] = []): readonly string[] {
  const pattern = nameOfKind.get(kind) ?? /^[-a-zA-Z0-9.:*]+$/;
  const foreign = names.find((name) => !pattern.test(name));
  return foreign === undefined
    ? []
    : [`names: '${foreign}' is no name of an object; only with kind User or Group, or a kind of RBAC, names have other characters`];
}

/** Returns why an entry of the checks selects nothing, as what follows the path of the entry: `.name: …`, or `: …` for the whole entry. */
function checkProblems(check: ExceptionCheck, rules: ReadonlySet<string>): readonly string[] {
  const shape = shapeProblem(check);
  if (shape !== undefined) return [`: ${shape}`];
  const { name, framework, vulnerability } = check;
  const patterns = Object.entries({ name, framework, vulnerability }).flatMap(([field, value]) =>
    value?.includes('*') ? [`.${field}: '${value}' is a pattern; name each check`] : [],
  );
  if (patterns.length > 0) return patterns;
  const problems = [nameProblem(name, rules), frameworkProblem(framework)];
  return problems.flatMap((problem) => (problem === undefined ? [] : [`.${problem}`]));
}

/** Returns why no check has a name, such as `name: no control …`. Undefined if one has it, or without a name. */
export function nameProblem(name: string | undefined, rules: ReadonlySet<string>): string | undefined {
  if (name === undefined || isCheck(name, rules)) return undefined;
  const known = [...[...catalogue, ...detections].map(({ id }) => id), ...rules, ...otherChecks];
  return `name: no control and no rule of a policy has the name '${name}'${didYouMean(name, known)}`;
}

function frameworkProblem(framework: string | undefined): string | undefined {
  const names = frameworkVersions().map((each) => each.name);
  if (framework === undefined || names.includes(framework)) return undefined;
  return `framework: no framework '${framework}'${didYouMean(framework, names)}; the frameworks are ${names.join(', ')}`;
}

/** Returns why the fields of a check do not fit together. The API server refuses such a check, but files have not passed it. */
function shapeProblem({ name, framework, vulnerability, package: inPackage, untilFixed }: ExceptionCheck): string | undefined {
  const isOne = [name, framework, vulnerability].filter((value) => value !== undefined).length === 1;
  if (!isOne) return 'set exactly one of name, framework and vulnerability';
  const isPlain = inPackage === undefined && untilFixed === undefined;
  return vulnerability === undefined && !isPlain ? 'package and untilFixed require vulnerability' : undefined;
}

function endProblems({ expiresAt }: ExceptionObject['spec']): readonly string[] {
  if (expiresAt === undefined || (expiresAt.includes('T') && isDate(expiresAt))) return [];
  return [`spec.expiresAt: '${expiresAt}' is not a time in RFC 3339, such as 2027-02-28T00:00:00Z`];
}
