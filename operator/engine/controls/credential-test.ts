import type { ControlParameters } from '../../catalogue/controls/control.ts';
import { textsOf } from '../objects/kubernetes-object.ts';

/** Values that are credentials by their look, whatever they are called. */
const credentialPatterns: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{10}/,
  /\bAIza[0-9A-Za-z_-]{10}/,
  /\bxox[a-z]-[A-Za-z0-9]/,
  /\beyJhbGciO/,
  /^["']?(Authorization:\s*)?Bearer\s+[^\s$<{]/i,
];

/** Values that only say where the credential is, or that there is none: empty, `$(REF)`, `{{tpl}}`, a file's path, true or false. */
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

/** Tells credentials from other settings, by name and value. */
export class CredentialTest {
  readonly #words: readonly string[];
  readonly #allowed: ReadonlySet<string>;
  /** The same names come again and again. */
  readonly #names = new Map<string, boolean>();

  static readonly #known = new WeakMap<ControlParameters, CredentialTest>();

  /** The test with these parameters; made once. */
  static for(parameters: ControlParameters): CredentialTest {
    const known = CredentialTest.#known.get(parameters) ?? new CredentialTest(parameters);
    CredentialTest.#known.set(parameters, known);
    return known;
  }

  private constructor(parameters: ControlParameters) {
    this.#words = textsOf(parameters['names']).map((word) => word.toLowerCase().replace(/[-_. ]/g, ''));
    this.#allowed = new Set(textsOf(parameters['allowedNames']));
  }

  /** Whether a setting holds a credential: its name says so and its value is a literal, or its value looks like one. */
  matches(name: string, value: string): boolean {
    const literal = value.trim().slice(0, 10_000);
    return CredentialTest.looksLikeOne(literal) || (this.isSecretName(name) && CredentialTest.isLiteral(literal));
  }

  /** Whether a name tells a secret. */
  isSecretName(name: string): boolean {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const plain = name.toLowerCase().replace(/[-_. ]/g, '');
    const secret = !this.#allowed.has(name) && this.#words.some((word) => plain.includes(word));
    if (this.#names.size >= mostNames) this.#names.clear();
    this.#names.set(name, secret);
    return secret;
  }

  /** Whether a value is a credential by its look. */
  static looksLikeOne(value: string): boolean {
    return credentialPatterns.some((look) => look.test(value));
  }

  /** Whether a value is meant as it stands, and is not a reference to somewhere else. */
  static isLiteral(value: string): boolean {
    return !references.some((reference) => reference.test(value));
  }
}
