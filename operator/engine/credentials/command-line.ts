import type { CredentialTest } from './credential-test.ts';
import { isLiteral } from './literal-value.ts';

/** The passwords that programs get by position, or by options whose names do not tell. */
const programPasswords: readonly RegExp[] = [
  /\b(?:mysql|mysqldump|mysqladmin|mariadb)\b.*\s-p["']?([^\s="']+)/,
  /\bcurl\b.*\s(?:-u|--user)[ =]?["']?[^\s:"'$]+:([^\s"']+)/,
  /\bsshpass\s+-p\s*["']?([^\s"']+)/,
  /\bredis-cli\b.*\s(?:-a|--pass)[ =]["']?([^\s"']+)/,
  /\b(?:docker|podman|nerdctl|crane|skopeo|helm(?:\s+registry)?)\s+(?:auth\s+)?login\b[^;&|]*\s-p[ =]?["']?([^\s"'-][^\s"']*)/,
  /\b(?:sqlcmd|bcp)\b[^;&|]*\s-P\s*["']?([^\s"']+)/,
  /\bopenssl\s+enc\b[^;&|]*\s-k\s+["']?([^\s"']+)/,
  /\bhtpasswd\s+-[a-zA-Z0-9]*b[a-zA-Z0-9]*\s+(?:[^\s;&|]+\s+){1,2}["']?([^\s"';&|]+)/,
  /\brabbitmqctl\s+(?:-\S+\s+)*(?:add_user|change_password)\s+\S+\s+["']?([^\s"']+)/,
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
