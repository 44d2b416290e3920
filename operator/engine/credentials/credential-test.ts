import type { ControlParameters } from '../../catalogue/controls/control.ts';
import { textsOf } from '../objects/kubernetes-object.ts';
import { hasPasswordInAddress } from './credential-url.ts';
import { isEncodedLogin, isLiteral, looksMixed, looksRandom } from './literal-value.ts';
import { isLoginName, isPasswordName, nameHint, type NameHint } from './secret-name.ts';
import { hasToken } from './token-patterns.ts';

const mostNames = 4096;
const mostCharacters = 10_000;

/** A setting inside of a value: of a connection string, a query or a list of options. */
const inner = /(?:^|[\s;?&,"'])(?:-D|--?)?([A-Za-z][A-Za-z0-9_.-]*(?: [A-Za-z]+)?)=("[^"]*"|'[^']*'|[^\s;&,"']+)/g;

/** A user and a password. */
const login = /^[^\s:/]+[:/][^\s:/]+$/;

const unquoted = (text: string): string => /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;

/** Whether a text in the place of a secret is a label or a sentence about it. */
const isSentence = (value: string): boolean =>
  value.split(/\s+/).length > 7 ||
  (/\s/.test(value) &&
    /\b(pass(word|wort|phrase|code)?|kennwort|wachtwoord|contraseña|senha|mot de passe|token|secret|key|credentials?)\b/i.test(value)) ||
  /^(Password|Passphrase|Token|Secret|Credentials?|API key)[.:?!]?$/.test(value);

/** Whether a value is the namespace and the name of an object, as in `--secret=shop/web-tls`. */
const isObjectName = (value: string): boolean =>
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(value) && !looksRandom(value);

/** Whether a literal can be the secret that its name announces. */
function isPlausible(name: string, value: string): boolean {
  if (/[\r\n]/.test(value) || /^[[{]/.test(value) || isSentence(value)) return false;
  const ofPassword = isPasswordName(name);
  if (!ofPassword && /secret$/i.test(name) && isObjectName(value)) return false;
  if (/^\d+$/.test(value)) return value.length >= (ofPassword ? 4 : 8);
  return ofPassword || !/\s/.test(value);
}

/** Detects credentials by the name and the value of a setting. */
export class CredentialTest {
  readonly #words: readonly string[];
  readonly #allowed: ReadonlySet<string>;
  /** Caches results, because the same names are frequent. */
  readonly #names = new Map<string, NameHint>();

  static readonly #known = new WeakMap<ControlParameters, CredentialTest>();

  /** Returns the test with these parameters. Created once. */
  static for(parameters: ControlParameters): CredentialTest {
    const known = CredentialTest.#known.get(parameters) ?? new CredentialTest(parameters);
    CredentialTest.#known.set(parameters, known);
    return known;
  }

  private constructor(parameters: ControlParameters) {
    this.#words = textsOf(parameters['names']).map((word) => word.toLowerCase().replace(/[-_. ]/g, ''));
    this.#allowed = new Set(textsOf(parameters['allowedNames']));
  }

  /** Whether a reader of the setting learns something to log in with. */
  matches(name: string, value: string): boolean {
    const text = value.trim().slice(0, mostCharacters);
    return this.isSecret(name, text) || this.hasCredential(text);
  }

  /** Whether a value is a secret because of its name: a literal under the name of one, or a text that looks random under a hint at one. */
  isSecret(name: string, value: string): boolean {
    const hint = this.#hint(name);
    if (hint === 'none' || !isLiteral(value)) return false;
    if (hint === 'strong') return isPlausible(name, value);
    if (isLoginName(name) && login.test(value)) return true;
    return looksRandom(value) || looksMixed(value) || isEncodedLogin(value);
  }

  /** Whether a text has a credential, whatever its name is: a token, an address with a password, or a setting with a secret. */
  hasCredential(text: string): boolean {
    return hasToken(text) || hasPasswordInAddress(text) || this.#hasSetting(text);
  }

  /** Whether a text has a token or key whose format shows what it is. */
  hasToken(text: string): boolean {
    return hasToken(text);
  }

  /** Whether a text has an address with a password. */
  hasPassword(text: string): boolean {
    return hasPasswordInAddress(text);
  }

  #hasSetting(text: string): boolean {
    if (!text.includes('=')) return false;
    for (const [, name = '', value = ''] of text.matchAll(inner)) if (this.isSecret(name, unquoted(value))) return true;
    return false;
  }

  #hint(name: string): NameHint {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const hint = this.#allowed.has(name) ? 'none' : nameHint(name, this.#words);
    if (this.#names.size >= mostNames) this.#names.clear();
    this.#names.set(name, hint);
    return hint;
  }
}
