import type { ControlParameters } from '../../catalogue/controls/control.ts';
import { textsOf } from '../objects/kubernetes-object.ts';

/** Patterns of values that are credentials, whatever their name. */
const credentialPatterns: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{10}/,
  /\bAIza[0-9A-Za-z_-]{10}/,
  /\bxox[a-z]-[A-Za-z0-9]/,
  /\beyJhbGciO/,
  /^["']?(Authorization:\s*)?Bearer\s+[^\s$<{]/i,
];

/** Patterns of values that are no credentials: empty, `$(REF)`, `{{tpl}}`, the path of a file, true or false. */
const references: readonly RegExp[] = [
  /^$/,
  /\$\([A-Za-z_][A-Za-z0-9_.-]*\)|\$\{[A-Za-z_][^}]*\}/,
  /^\$[A-Z_][A-Z0-9_]*$/,
  /\{\{/,
  /^(file:\/)?(\/|\.{1,2}\/|~\/)\S*$/,
  /^[A-Za-z]:\\/,
  /^(true|false)$/i,
];

const mostNames = 4096;

/** Detects credentials by the name and the value of a setting. */
export class CredentialTest {
  readonly #words: readonly string[];
  readonly #allowed: ReadonlySet<string>;
  /** Caches results, because the same names are frequent. */
  readonly #names = new Map<string, boolean>();

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

  /**
   * Whether a setting is a credential: its name is that of a secret and its value is a literal, or its value has the pattern of a
   * credential.
   */
  matches(name: string, value: string): boolean {
    const literal = value.trim().slice(0, 10_000);
    return CredentialTest.hasCredentialPattern(literal) || (this.isSecretName(name) && CredentialTest.isLiteral(literal));
  }

  /** Whether a name is that of a secret. */
  isSecretName(name: string): boolean {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const plain = name.toLowerCase().replace(/[-_. ]/g, '');
    const secret = !this.#allowed.has(name) && this.#words.some((word) => plain.includes(word));
    if (this.#names.size >= mostNames) this.#names.clear();
    this.#names.set(name, secret);
    return secret;
  }

  /** Whether a value has the pattern of a credential. */
  static hasCredentialPattern(value: string): boolean {
    return credentialPatterns.some((pattern) => pattern.test(value));
  }

  /** Whether a value is a literal and not a reference. */
  static isLiteral(value: string): boolean {
    return !references.some((reference) => reference.test(value));
  }
}
