import type { ControlParameters } from '../../catalogue/controls/control.ts';
import { CredentialTest } from './credential-test.ts';
import { fieldsOf, isFields, listOf, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Fault, type Violation, type Outcome } from '../outcomes/outcome.ts';
import { networkJudges } from '../network/judges/network-judges.ts';
import { type Shape, shapeFaults } from './shape.ts';
import type { Subject } from './subject.ts';

/** Evaluates one object by code. Used for checks that are hard to write in CEL. */
export type BuiltinCheck = (subject: Subject, parameters: ControlParameters) => Outcome;

interface Findings {
  readonly violations: Violation[];
  readonly faults: Fault[];
}

const outcome = ({ violations: violations, faults }: Findings): Outcome =>
  violations.length + faults.length === 0 ? clean : { violations: violations, faults };

/** Visits the entries of a list field in every container. */
function eachEntry(
  subject: Subject,
  field: string,
  visit: (entry: unknown, path: string, container: string | undefined) => void,
  faults: Fault[],
): void {
  for (const { path, containers, broken } of subject.input.containers) {
    if (broken === true) faults.push({ path: subject.path(path), problem: 'expected a list' });
    for (const [index, container] of containers.entries()) {
      const at = `${path}[${index}]`;
      if (!isFields(container)) faults.push({ path: subject.path(at), problem: 'expected a map' });
      const list = fieldsOf(container)[field];
      if (list !== undefined && list !== null && !Array.isArray(list))
        faults.push({ path: subject.path(`${at}.${field}`), problem: 'expected a list' });
      for (const [position, entry] of listOf(list).entries())
        visit(entry, subject.path(`${at}.${field}[${position}]`), textOf(fieldsOf(container)['name']));
    }
  }
}

const variable: Shape = { name: 'string', value: 'string' };

const credentialInEnvironment: BuiltinCheck = (subject, parameters) => {
  const test = CredentialTest.for(parameters);
  const found: Findings = { violations: [], faults: [] };
  const visit = (entry: unknown, path: string, container: string | undefined): void => {
    found.faults.push(...shapeFaults(entry ?? '', variable, path));
    const { name, value } = fieldsOf(entry);
    if (typeof value !== 'string') return;
    if (test.matches(textOf(name) ?? '', value)) {
      found.violations.push({ path: `${path}.value`, label: textOf(name) ?? '', ...(container === undefined ? {} : { container }) });
    }
  };
  eachEntry(subject, 'env', visit, found.faults);
  return outcome(found);
};

const setting = /^\s*(?:export\s+|-\s+)?["']?([A-Za-z0-9_.-]+)["']?\s*[=:]\s*(.*)$/;
const inlineSetting = /"([A-Za-z0-9_.-]+)"\s*:\s*"([^"\n]*)"/g;
/** A text that is not a value of its own: the start of a YAML or JSON value on the next lines, or an empty value. */
const noValue = /^([|>][-+0-9]*|[[{]|\{\s*\}|\[\s*\]|null|~)$/;

/** Returns the value of a line without quotes, trailing comma and comment. */
function bareValue(text: string): string {
  const value = text.trim().replace(/,$/, '');
  const quoted = /^(["'])(.*?)\1(\s*[#;].*)?$/.exec(value);
  if (quoted !== null) return quoted[2] ?? '';
  const bare = value.replace(/(^|\s+)#.*$/, '');
  return noValue.test(bare) ? '' : bare;
}

/** Whether a text has a credential in any `key=value` or `key: value`. */
function hasCredential(text: string, test: CredentialTest): boolean {
  if (CredentialTest.hasCredentialPattern(text)) return true;
  const lines = text.split(/\r\n|\r|\n/).some((line) => {
    const [, name, value] = setting.exec(line) ?? [];
    return name !== undefined && value !== undefined && test.matches(name, bareValue(value));
  });
  return lines || [...text.matchAll(inlineSetting)].some(([, name = '', value = '']) => test.matches(name, value));
}

const credentialInConfigMap: BuiltinCheck = ({ object }, parameters) => {
  const test = CredentialTest.for(parameters);
  const data = object['data'];
  if (data === undefined || data === null) return clean;
  if (!isFields(data)) return { violations: [], faults: [{ path: 'data', problem: 'expected a map' }] };
  const found: Findings = { violations: [], faults: [] };
  for (const [key, value] of Object.entries(data)) {
    const path = `data['${key}']`;
    if (typeof value !== 'string') found.faults.push({ path, problem: 'expected a string' });
    else if (test.matches(key, value) || hasCredential(value, test)) found.violations.push({ path, label: key });
  }
  return outcome(found);
};

/** `--password=x`, also inside the text of a shell command. */
const option = /(?:^|\s)--?([A-Za-z][A-Za-z0-9_-]*)=(["']?)([^\s"']+)/g;
const mysqlPassword = /\b(?:mysql|mysqldump|mysqladmin|mariadb)\b.*\s-p([^\s=]+)/;

function commandHasCredential(words: readonly string[], test: CredentialTest): boolean {
  const line = words.join(' ');
  if (mysqlPassword.exec(line)?.[1]?.startsWith('$') === false) return true;
  for (const [, name = '', , value = ''] of line.matchAll(option)) if (test.matches(name, value)) return true;
  return words.some((word, index) => {
    const name = /^--?([A-Za-z][A-Za-z0-9_-]*)$/.exec(word)?.[1];
    const value = words[index + 1];
    return name !== undefined && value !== undefined && !value.startsWith('-') && test.matches(name, value);
  });
}

const commandLine: Shape = { command: ['string'], args: ['string'] };

const credentialInCommand: BuiltinCheck = (subject, parameters) => {
  const test = CredentialTest.for(parameters);
  const found: Findings = { violations: [], faults: [] };
  for (const { path, containers, broken } of subject.input.containers) {
    if (broken === true) found.faults.push({ path: subject.path(path), problem: 'expected a list' });
    for (const [index, container] of containers.entries()) {
      const faults = shapeFaults(container ?? '', commandLine, subject.path(`${path}[${index}]`));
      const { command, args, name } = fieldsOf(container);
      const words = [...listOf(command), ...listOf(args)].filter((word) => typeof word === 'string');
      const label = textOf(name);
      if (!commandHasCredential(words, test)) {
        found.faults.push(...faults);
        continue;
      }
      const field = listOf(args).length > 0 ? 'args' : 'command';
      found.violations.push({
        path: subject.path(`${path}[${index}].${field}`),
        ...(label === undefined ? {} : { label, container: label }),
      });
    }
  }
  return outcome(found);
};

/** The built-in checks, by the names that controls use. */
export const builtinChecks: Readonly<Record<string, BuiltinCheck>> = {
  credentialInEnvironment,
  credentialInConfigMap,
  credentialInCommand,
  ...Object.fromEntries(
    Object.entries(networkJudges).map(([name, judge]): [string, BuiltinCheck] => [
      name,
      ({ object }, parameters) => judge(object, parameters),
    ]),
  ),
};
