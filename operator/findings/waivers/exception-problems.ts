import { catalogue, controlById } from '../../catalogue/controls/catalogue.ts';
import { frameworkVersions } from '../../catalogue/frameworks/framework.ts';
import { didYouMean } from '../../catalogue/suggestion.ts';
import type { ExceptionObject } from './waiver.ts';

/** Checks that are not controls: those about images. */
const otherChecks = ['image-approved', 'image-scan'];

/**
 * Returns what is wrong with an exception, each with the path of the field. An exception with a problem covers nothing. `rules` contains the
 * names of the rules of all policies. Pure.
 */
export function exceptionProblems({ spec }: ExceptionObject, rules: ReadonlySet<string>): readonly string[] {
  return [...checkProblems(spec, rules), ...endProblems(spec)];
}

function checkProblems({ checks }: ExceptionObject['spec'], rules: ReadonlySet<string>): readonly string[] {
  return checks.flatMap(({ name, framework, vulnerability }, index) => {
    const at = `spec.checks[${index}]`;
    const pattern = Object.entries({ name, framework, vulnerability }).find(([, value]) => value?.includes('*'));
    if (pattern) return [`${at}.${pattern[0]}: '${pattern[1] ?? ''}' is a pattern; name each check`];
    if (name !== undefined && controlById(name) === undefined && !rules.has(name) && !otherChecks.includes(name)) {
      const known = [...catalogue.map(({ id }) => id), ...rules, ...otherChecks];
      return [`${at}.name: no control and no rule of a policy has the name '${name}'${didYouMean(name, known)}`];
    }
    const names = frameworkVersions().map((each) => each.name);
    if (framework !== undefined && !names.includes(framework))
      return [`${at}.framework: no framework '${framework}'${didYouMean(framework, names)}; the frameworks are ${names.join(', ')}`];
    return [];
  });
}

function endProblems({ expiresAt }: ExceptionObject['spec']): readonly string[] {
  if (expiresAt === undefined || Number.isFinite(Date.parse(expiresAt))) return [];
  return [`spec.expiresAt: '${expiresAt}' is not a time in RFC 3339, such as 2027-02-28T00:00:00Z`];
}
