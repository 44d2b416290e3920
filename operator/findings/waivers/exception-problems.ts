import type { ExceptionCheck } from '../../api/kinds/security-exception.ts';
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
 * Returns what is wrong with an exception, each with the path of the field. An exception with a problem covers nothing. `rules` contains the
 * names of the rules of all policies. Pure.
 */
export function exceptionProblems({ spec }: ExceptionObject, rules: ReadonlySet<string>): readonly string[] {
  return [...checkProblems(spec, rules), ...endProblems(spec)];
}

function checkProblems({ checks }: ExceptionObject['spec'], rules: ReadonlySet<string>): readonly string[] {
  return checks.flatMap((check, index) => {
    const at = `spec.checks[${index}]`;
    const shape = shapeProblem(check);
    if (shape !== undefined) return [`${at}: ${shape}`];
    const { name, framework, vulnerability } = check;
    const pattern = Object.entries({ name, framework, vulnerability }).find(([, value]) => value?.includes('*'));
    if (pattern) return [`${at}.${pattern[0]}: '${pattern[1] ?? ''}' is a pattern; name each check`];
    return [nameProblem(name, rules), frameworkProblem(framework)].flatMap((problem) =>
      problem === undefined ? [] : [`${at}.${problem}`],
    );
  });
}

function nameProblem(name: string | undefined, rules: ReadonlySet<string>): string | undefined {
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
