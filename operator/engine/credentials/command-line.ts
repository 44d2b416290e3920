import type { CredentialTest } from './credential-test.ts';
import { isLiteral } from './literal-value.ts';

/** A program, and its option with a password. `end`: where the command ends. Two expressions: one for both would take quadratic time. */
interface PasswordOption {
  readonly program: RegExp;
  readonly option: RegExp;
  readonly end: RegExp;
}

const endOfLine = /\n/;
const endOfCommand = /[;&|]/;

/** The passwords that programs get by options whose names do not tell. */
const passwordOptions: readonly PasswordOption[] = [
  { program: /\b(?:mysql|mysqldump|mysqladmin|mariadb)\b/, option: /\s-p["']?([^\s="']+)/g, end: endOfLine },
  { program: /\bcurl\b/, option: /\s(?:-u|--user)[ =]?["']?[^\s:"'$]+:([^\s"']+)/g, end: endOfLine },
  { program: /\bredis-cli\b/, option: /\s(?:-a|--pass)[ =]["']?([^\s"']+)/g, end: endOfLine },
  {
    program: /\b(?:docker|podman|nerdctl|crane|skopeo|helm(?:\s+registry)?)\s+(?:auth\s+)?login\b/,
    option: /\s-p[ =]?["']?([^\s"'-][^\s"']*)/g,
    end: endOfCommand,
  },
  { program: /\b(?:sqlcmd|bcp)\b/, option: /\s-P\s*["']?([^\s"']+)/g, end: endOfCommand },
  { program: /\bopenssl\s+enc\b/, option: /\s-k\s+["']?([^\s"']+)/g, end: endOfCommand },
];

/** The passwords that programs get by position. */
const passwordPlaces: readonly RegExp[] = [
  /\bsshpass\s+-p\s*["']?([^\s"']+)/,
  /\bhtpasswd\s+-(?=[ac-zA-Z0-9]*b)[a-zA-Z0-9]+\s+(?:[^\s;&|]+\s+){1,2}["']?([^\s"';&|]+)/,
  /\brabbitmqctl\s+(?:-\S+\s+){0,8}(?:add_user|change_password)\s+\S+\s+["']?([^\s"']+)/,
  /\bmc\s+(?:alias\s+set|config\s+host\s+add)\s+\S+\s+\S+\s+\S+\s+["']?([^\s"']+)/,
  /\baws\s+configure\s+set\s+(?:\S+\.)?aws_secret_access_key\s+["']?([^\s"']+)/,
  /\becho\s+(?:-\w+\s+)?["']?[A-Za-z_][\w-]*:([^\s"':|]+)["']?\s*\|\s*(?:sudo\s+)?chpasswd\b/,
];

/** `--password=x`, and a setting after another option, as in `--from-literal=password=x`. Also inside the text of a shell command. */
const options: readonly RegExp[] = [
  /(?:^|\s)--?([A-Za-z][A-Za-z0-9_-]*)=["']?([^\s"']+)/g,
  /(?:^|\s)--?[A-Za-z][A-Za-z0-9_-]*[=\s]["']?([A-Za-z][A-Za-z0-9_.-]*)=["']?([^\s"',]+)/g,
];
/** `--password x` in the text of a shell command. */
const spacedOption = /(?:^|\s)--?([A-Za-z][A-Za-z0-9_-]*)\s+["']?([^\s"'-][^\s"']*)/g;

/** The values of an option of a program, in all its calls. */
function valuesOf({ program, option, end }: PasswordOption, text: string): readonly (string | undefined)[] {
  if (!program.test(text)) return [];
  return text.split(end).flatMap((part) => {
    const call = program.exec(part);
    return call === null ? [] : [...part.slice(call.index + call[0].length).matchAll(option)].map(([, value]) => value);
  });
}

/** Whether a program gets a password that is no reference to a variable. */
function hasProgramPassword(text: string): boolean {
  const isPassword = (value: string | undefined): boolean => value !== undefined && isLiteral(value) && !value.startsWith('$');
  return (
    passwordOptions.some((option) => valuesOf(option, text).some(isPassword)) ||
    passwordPlaces.some((pattern) => isPassword(pattern.exec(text)?.[1]))
  );
}

const someIsSecret = (pattern: RegExp, text: string, test: CredentialTest): boolean =>
  [...text.matchAll(pattern)].some(([, name = '', value = '']) => test.isSecret(name, value));

function nextWordIsSecret(words: readonly string[], test: CredentialTest): boolean {
  return words.some((word, index) => {
    const name = /^--?([A-Za-z][A-Za-z0-9_-]*)$/.exec(word)?.[1] ?? '';
    const value = words[index + 1] ?? '';
    return name !== '' && value !== '' && !value.startsWith('-') && test.isSecret(name, value);
  });
}

/** Whether the words of a command line have a credential, also in the text of a shell command. */
export function commandHasCredential(words: readonly string[], test: CredentialTest): boolean {
  const line = words.join(' ');
  if (hasProgramPassword(line) || test.hasCredential(line) || nextWordIsSecret(words, test)) return true;
  if (options.some((pattern) => someIsSecret(pattern, line, test))) return true;
  return words.some((word) => /\s/.test(word) && someIsSecret(spacedOption, word, test));
}
