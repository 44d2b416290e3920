import { commandHasCredential } from './command-line.ts';
import type { CredentialTest } from './credential-test.ts';
import { looksMixed, looksRandom } from './literal-value.ts';
import { isPasswordName } from './secret-name.ts';

const setting = /^\s*(?:(?:export|set|ENV|SET|env)\s+|-\s+)?["']?([A-Za-z0-9_.-]+)["']?\s*[=:]\s*(.*)$/;
const inlineSetting = /"([A-Za-z0-9_.-]+)"\s*:\s*"([^"\n]*)"/g;
const element = /<([A-Za-z][A-Za-z0-9_.-]*)>([^<>\n]+)<\/\1>/g;
const attributes = /\bname="([^"\n]+)"\s+value="([^"\n]*)"/g;
/** A statement of SQL that sets a password. */
const statement = /\b(?:identified\s+by|password)\s+'([^'\n]+)'/gi;
/** Settings of Redis, whose name and value are separated by a space. */
const spaced = /^\s*(?:requirepass|masterauth)\s+(\S+)/;
/** A line of two words, as in configurations of Fluentd and nginx. */
const twoWords = /^\s*([A-Za-z][A-Za-z0-9_.-]*)\s+(\S+)\s*$/;
/** A field of a map in braces in YAML. */
const flowField = /[{,]\s*([A-Za-z][A-Za-z0-9_.-]*):\s+([^\s,{}[\]"']+)\s*(?=[,}])/g;
const yaml = /\.ya?ml$/i;
const comment = /^\s*(#|\/\/(\s|$)|;|--\s|\*)/;
/** A text that is not a value of its own: the start of a YAML or JSON value on the next lines, a tag or alias, or an operator. */
const noValue = /^([|>][-+0-9]*|[[{].*|null|~|!\w+.*|\*\w+|=.*)$/;

/** Programs, in which only texts in quotes are literals. */
const program = /\.(py|js|mjs|cjs|ts|tsx|jsx|rb|go|java|kt|php|lua|pl|cs|groovy|scala|rs|tpl|tmpl|jsonnet|rego|cue|star)$/i;
/** Configurations in which a line of two words is a setting. */
const directives = /\.(conf|cfg|cnf)$/i;
/** Files with texts for people, in which a value can be a sentence. */
const properties = /\.properties$/i;
const script = /\.(sh|bash|ksh|zsh)$|^#!.*\b(ba|k|z|da|a)?sh\b/i;

/** Files, whose name does not name their content as a whole. */
const file = /\.[A-Za-z][A-Za-z0-9]{0,10}$/;

/** Returns the value of a line without quotes, trailing comma and comment. Empty if it has none. */
function bareValue(text: string, onlyQuoted: boolean): string {
  const value = text.trim().replace(/[,;]$/, '');
  const quoted = /^(["'])(.*?)\1(\s*([#;]|\/\/).*)?$/.exec(value);
  if (quoted !== null) return quoted[2] ?? '';
  if (onlyQuoted) return '';
  const bare = value.replace(/(^|\s+)#.*$/, '');
  return noValue.test(bare) ? '' : bare;
}

function wordsHaveSecret(line: string, test: CredentialTest, areDirectives: boolean): boolean {
  const words = twoWords.exec(line);
  if (words === null) return false;
  const [, name = '', value = ''] = words;
  const isValue = looksMixed(value) || looksRandom(value) || (areDirectives && isPasswordName(name) && /\d/.test(value));
  return isValue && test.isSecret(name, bareValue(value, false));
}

function lineHasSecret(line: string, test: CredentialTest, name: string): boolean {
  if (comment.test(line)) return false;
  const onlyQuoted = program.test(name);
  const [, password] = spaced.exec(line) ?? [];
  if (password !== undefined) return test.isSecret('password', password);
  if (!onlyQuoted && wordsHaveSecret(line, test, directives.test(name))) return true;
  return settingIsSecret(line, test, onlyQuoted);
}

function settingIsSecret(line: string, test: CredentialTest, onlyQuoted: boolean): boolean {
  const [, name, value] = setting.exec(line) ?? [];
  return name !== undefined && value !== undefined && test.isSecret(name, bareValue(value, onlyQuoted));
}

/** Whether a property is a secret, or has a credential inside of its value. */
const propertyHasCredential = (line: string, test: CredentialTest): boolean =>
  settingIsSecret(line, test, false) || test.hasCredential(setting.exec(line)?.[2] ?? line);

const linesOf = (text: string): readonly string[] => text.split(/\r\n|\r|\n/).filter((line) => !comment.test(line));

/** Whether a script calls a program with a credential in some line. */
const scriptHasCredential = (lines: readonly string[], test: CredentialTest): boolean =>
  lines.some((line) => /\s/.test(line.trim()) && commandHasCredential([line], test));

/** Whether the content of a file has a credential in any line or element. `name`: the name of the file. */
export function textHasCredential(name: string, text: string, test: CredentialTest): boolean {
  if (test.hasToken(text)) return true;
  const lines = linesOf(text);
  if (properties.test(name)) return lines.some((line) => propertyHasCredential(line, test));
  if ((script.test(name) || script.test(text)) && scriptHasCredential(lines, test)) return true;
  return linesHaveCredential(name, lines, test);
}

function linesHaveCredential(name: string, lines: readonly string[], test: CredentialTest): boolean {
  const plain = lines.join('\n');
  if (program.test(name) ? test.hasPassword(plain) : test.hasCredential(plain)) return true;
  if (lines.some((line) => lineHasSecret(line, test, name))) return true;
  if ([...plain.matchAll(statement)].some(([, password = '']) => test.isSecret('password', password))) return true;
  return [inlineSetting, element, attributes, ...(yaml.test(name) ? [flowField] : [])].some((pattern) =>
    [...plain.matchAll(pattern)].some(([, key = '', value = '']) => test.isSecret(key, value)),
  );
}

/** Whether the value of a variable has a credential: by its name, or inside of a value that is a document. */
export function variableHasCredential(name: string, value: string, test: CredentialTest): boolean {
  return test.matches(name, value) || (/[\n{]/.test(value) && textHasCredential('', value.slice(0, 100_000), test));
}

/** Whether an entry of a ConfigMap has a credential. The key names the value, unless it is the name of a file or has several lines. */
export function entryHasCredential(key: string, value: string, test: CredentialTest): boolean {
  const isFile = program.test(key) || (file.test(key) && /[\r\n]/.test(value.trim()));
  return (!isFile && test.isSecret(key.replace(/\.(txt|key|pem)$/, ''), value.trim())) || textHasCredential(key, value, test);
}

/** The beginning of a private key in DER: a sequence with version 0, then the algorithm (PKCS #8) or the modulus (PKCS #1). */
const derKey = /^\x30\x82..\x02\x01\x00(\x30.\x06|\x02\x82)/s;

/** Whether an entry of `binaryData` has a credential: a private key, or a text with one. */
export function binaryHasCredential(key: string, base64: string, test: CredentialTest): boolean {
  const content = Buffer.from(base64, 'base64').toString('latin1');
  if (derKey.test(content)) return true;
  return content.includes('\u0000') ? test.hasToken(content) : textHasCredential(key, content, test);
}

/** Annotations with a copy of the object, or a hash of a Secret. */
const copied =
  /^(kubectl\.kubernetes\.io\/last-applied-configuration|(.*[./-])?(checksum|hash|sha256)[./-].*|.*[./-](checksum|hash|sha256))$/;

/**
 * Whether an annotation has a credential. Names of annotations often refer to Secrets, so that a value under such a name counts only if it
 * looks random or the name is that of a password.
 */
export function annotationHasCredential(key: string, value: string, test: CredentialTest): boolean {
  if (copied.test(key)) return false;
  const text = value.slice(0, 100_000).trim();
  const name = key.slice(key.lastIndexOf('/') + 1);
  return test.hasCredential(text) || (test.isSecret(name, text) && (isPasswordName(name) || looksRandom(text) || looksMixed(text)));
}
