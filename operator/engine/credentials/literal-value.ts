/** Texts that are no credentials, although they stand where one could: references, templates, switches and settings. */
const references: readonly RegExp[] = [
  /^$/,
  /\$\([A-Za-z_][A-Za-z0-9_.-]*\)|\$\{[A-Za-z_][^}]*\}|^\$\{[A-Za-z_][^}]*$/,
  /^\$[A-Z_][A-Z0-9_]*$/,
  /^\$[a-z][a-z0-9-]*(:[A-Za-z][\w.-]*|(\.[A-Za-z][\w-]*)+\.[A-Za-z][\w-]*|\.\w*(secret|password|passwd|pw|token|key))$/i,
  /^\$\(|^`|^\$[0-9@*]$|EXAMPLE(KEY)?$/,
  /\{\{|^\{%|<%|^#\{|^%\(|^%[A-Z_]+%$|^@@?[A-Za-z_.]+@?@$|^__[A-Za-z_]+__$|^<[^<>]+>$|^\[[^[\]]+\]$/,
  /^(file:\/)?(\/|\.{1,2}\/|~\/)\S*$/,
  /^[A-Za-z]:\\/,
  // A path of words below another one, such as that of a secret in a store.
  /^[a-z][a-z_-]+(\/[a-z][a-z_-]*){2,}(\.[a-z]+)?$/,
  /^[a-z][a-z0-9+.-]*:\/\/\S*$/i,
  /^(env|file|vault|ref\+[a-z]+|secretref|ssm|sops|aws-sm|gcp-sm|azure-kv|op|kms|awskms|gcpkms|sm|keyring|bw|akv|k8s|kv|resolve):\S/i,
  /^arn:aws[a-z-]*:|^projects\/[^/]+\/secrets\/|^ENC\[|^ENC\(|^\$ANSIBLE_VAULT|^AgA[A-Za-z0-9+/]{60}|^vault\./,
  /^(true|false|yes|no|on|off|enabled?|disabled?|none|null|nil|undefined|unset|empty|n\/a|na|auto|automatic|always|never|required|optional|default|manual|generate|generated|random|strict|lax|basic|bearer|oauth2?|oidc|jwt|opaque|hidden|masked|redacted|string|str|number|integer|boolean|object|text)$/i,
  /^(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)$|^(jwt|simple),[a-z-]+=/,
  /^([*x•.-])\1{2,}$|^[-*.]+$/i,
  /^\$(__(file|env)\{|(2[aby]|argon2[a-z]*|apr1|1|5|6|y|pbkdf2[a-z0-9-]*|scrypt)\$)|^\{[A-Z0-9-]+\}|^SCRAM-SHA|^pbkdf2[_:]/,
  /^(your|insert|enter|put|replace|fill|todo|tbd|fixme|placeholder|redacted)([-_ ][a-z]+)*$/i,
  /^(replaceme|todo|tbd|fixme|placeholder|redacted|insert.*here)$/i,
  /^\d+(\.\d+)?\s*(ns|us|ms|s|m|h|d|w|y|sec|secs|seconds?|mins?|minutes?|hours?|days?|%|b|kb|mb|gb|[kmg]i?b?)$/i,
];

/** A reference to a variable or a property, with a value for when there is none: `${JWT_SECRET:value}`, `${DB_PASSWORD:-value}`. */
const withDefault = /^\$\{(?:[A-Z][A-Z0-9_]*|[a-z][\w-]*(?:\.[\w-]+)+):-?([^}$?+=:/-][^}$]*)\}$/;

/** Whether a value is a literal, and not a reference, a template, a switch or a setting. The default of a reference is a value. */
export function isLiteral(value: string): boolean {
  const fallback = withDefault.exec(value)?.[1];
  return !references.some((reference) => reference.test(fallback ?? value));
}

/** The bits of information of each character, by the frequencies in the text itself. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Whether a text is a user and a password in base64, as in the authorization header and in configurations of registries. */
export const isEncodedLogin = (text: string): boolean =>
  /^[0-9A-Za-z+/]{8,}={0,2}$/.test(text) && /^[ -~]+:[ -~]+$/.test(Buffer.from(text, 'base64').toString('latin1'));

/** Whether a text looks like a password that is no word: of letters in both cases and digits. */
export const looksMixed = (text: string): boolean =>
  text.length >= 8 && /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text) && /^[^\s.:/@-]+$/.test(text);

const identifier = /^[a-z0-9]+([-_.:/][a-z0-9]+)*$/i;

/** Whether a text looks random: long, without spaces, of letters and digits, and not of words. */
export function looksRandom(text: string): boolean {
  if (text.length < 16 || /\s/.test(text) || !/\d/.test(text) || !/[A-Za-z]/.test(text)) return false;
  if (/^[0-9a-f-]{36}$/i.test(text)) return false;
  const longest = Math.max(...text.split(/[-_.:/@]/).map((part) => part.length));
  if (identifier.test(text) && longest < 16) return false;
  return entropy(text) >= (/^[0-9a-f]+$/i.test(text) ? 2.9 : 3.5);
}
