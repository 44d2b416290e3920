import type { CredentialTest } from './credential-test.ts';
import { isLiteral } from './literal-value.ts';

/** The passwords that programs get by options without a name: those of MySQL, curl, sshpass and Redis. */
const programPasswords: readonly RegExp[] = [
  /\b(?:mysql|mysqldump|mysqladmin|mariadb)\b.*\s-p["']?([^\s="']+)/,
  /\bcurl\b.*\s(?:-u|--user)[ =]?["']?[^\s:"'$]+:([^\s"']+)/,
  /\bsshpass\s+-p\s*["']?([^\s"']+)/,
  /\bredis-cli\b.*\s(?:-a|--pass)[ =]["']?([^\s"']+)/,
];

/** `--password=x`, and a setting after another option, as in `--from-literal=password=x`. Also inside the text of a shell command. */
const options: readonly RegExp[] = [
  /(?:^|\s)--?([A-Za-z][A-Za-z0-9_-]*)=["']?([^\s"']+)/g,
  /(?:^|\s)--?[A-Za-z][A-Za-z0-9_-]*[=\s]["']?([A-Za-z][A-Za-z0-9_.-]*)=["']?([^\s"',]+)/g,
];
/** `--password x` in the text of a shell command. */
const spacedOption = /(?:^|\s)--?([A-Za-z][A-Za-z0-9_-]*)\s+["']?([^\s"'-][^\s"']*)/g;

/** Whether a program gets a password that is no reference to a variable. */
function hasProgramPassword(line: string): boolean {
  return programPasswords.some((pattern) => {
    const password = pattern.exec(line)?.[1];
    return password !== undefined && isLiteral(password) && !password.startsWith('$');
  });
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
