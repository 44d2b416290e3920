/** How a name hints at a secret. `strong`: a literal is one. `weak`: a literal that looks random is one. */
export type NameHint = 'none' | 'weak' | 'strong';

/** Words that name a secret only by themselves: `pass` also ends compass. */
const wholeWords: ReadonlySet<string> = new Set(['pass', 'pw', 'psk', 'creds', 'cred', 'credentials', 'passkey', 'dbpass', 'userpass', 'pgpass', 'mypass', 'authkey', 'requirepass', 'masterauth', 'signingkey', 'encryptionkey', 'masterkey', 'pat']); // prettier-ignore
/** What makes a key a secret. */
const secretKeys: ReadonlySet<string> = new Set([
  'api', 'access', 'private', 'secret', 'encryption', 'encrypt', 'decryption', 'decrypt', 'signing', 'sign', 'signature', 'master', 'auth', 'account', 'crypto', 'cipher', 'hmac', 'aes', 'rsa',
  'session', 'cookie', 'jwt', 'storage', 'shared', 'app', 'deploy', 'gpg', 'pgp', 'consumer', 'subscription', 'root', 'unseal', 'seal', 'recovery', 'authentication', 'admin',
]); // prettier-ignore
const weakWords: ReadonlySet<string> = new Set(['key', 'keys', 'auth', 'salt', 'seed', 'signature', 'sig', 'cookie', 'pepper', 'nonce', 'authorization', 'pin', 'secrets', 'tokens']); // prettier-ignore

/** Words before a secret that turn the name into a setting about secrets. */
const aboutBefore: ReadonlySet<string> = new Set(['max', 'min', 'num', 'number', 'total', 'count', 'enable', 'disable', 'use', 'allow', 'require', 'skip', 'has', 'is', 'existing', 'pull', 'sealed', 'show', 'hide', 'mask', 'redact', 'without', 'no']); // prettier-ignore
/** Words that say nothing, at the end of a name. */
const fillers: ReadonlySet<string> = new Set(['value', 'val', 'string', 'str', 'plain', 'plaintext', 'base64', 'b64', 'hex', 'raw', 'data', 'current', 'old', 'new', 'previous', 'prod', 'production', 'dev', 'test', 'staging', 'live', 'default', 'primary', 'secondary', 'main', 'backup', 'a', 'b', 'base']); // prettier-ignore

/** The words of a name in any notation, in lower case: `clientSecret`, `DB_PASS`, `db.password`. */
export function wordsOf(name: string): readonly string[] {
  return name
    .slice(0, 300)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

const isSecretWord = (word: string, secrets: readonly string[]): boolean =>
  wholeWords.has(word) || /.pw$/.test(word) || secrets.some((secret) => word.endsWith(secret));

function withoutFillers(words: readonly string[]): readonly string[] {
  let end = words.length;
  while (end > 1 && (fillers.has(words[end - 1] ?? '') || /^\d+$/.test(words[end - 1] ?? ''))) end -= 1;
  // A number at the end of a name counts settings of one kind: `PASSWORD2`.
  return [...words.slice(0, end - 1), ...words.slice(end - 1, end).map((last) => last.replace(/(?<=[a-z])\d+$/, ''))];
}

/** Whether the last words name a secret key, such as `api key` and `secret access key`. */
function isSecretKey(words: readonly string[]): boolean {
  const last = words.at(-1);
  if (last !== 'key' && last !== 'keys') return false;
  const before = words.at(-2) ?? '';
  return secretKeys.has(before);
}

/** Keys that open nothing. */
const openKeys: ReadonlySet<string> = new Set(['site', 'publishable', 'instrumentation', 'cache', 'partition', 'sort', 'primary', 'foreign', 'routing', 'object', 'row', 'group', 'index', 'host', 'password', 'token', 'credentials']); // prettier-ignore
/** What a Secret holds, in a name that refers to the Secret: `DB_PASSWORD_SECRET`. */
const secretContents: ReadonlySet<string> = new Set(['tls', 'password', 'credentials', 'credential', 'creds', 'cert', 'certificate', 'ca', 'ssl', 'registry', 'kubeconfig', 'key', 'config']); // prettier-ignore

/** Whether the last words name a Secret by what it holds (`DB_PASSWORD_SECRET`), a key of it (`DB_PASSWORD_SECRET_KEY`), or an open key. */
function isReference(words: readonly string[]): boolean {
  const [first = '', before = '', last = ''] = ['', '', '', ...words].slice(-3);
  if (last === 'secret') return secretContents.has(before);
  return last === 'key' && (openKeys.has(before) || (before === 'secret' && secretContents.has(first)));
}

function isAbout(words: readonly string[]): boolean {
  return words.includes('public') || words.slice(0, -1).some((word) => aboutBefore.has(word)) || isReference(words);
}

/**
 * Returns how a name hints at a secret. The last word decides: `TOKEN_TTL` is a time. `secrets`: the words that name one, in lower case and
 * without separators.
 */
export function nameHint(name: string, secrets: readonly string[]): NameHint {
  const words = withoutFillers(wordsOf(name));
  const last = words.at(-1) ?? '';
  const joined = words.join('');
  // The token of a new cluster of etcd is its name.
  if (isAbout(words) || joined.endsWith('initialclustertoken')) return 'none';
  if (isSecretKey(words) || isSecretWord(last, secrets) || joined === 'clientkey' || /(erlangcookie|rediscliauth)$/.test(joined))
    return 'strong';
  if (secrets.some((word) => joined.endsWith(word))) return 'strong';
  return weakWords.has(last) ? 'weak' : 'none';
}

/** Whether a name is of a user with a password, as in `NEO4J_AUTH: user/password`. */
export const isLoginName = (name: string): boolean => /(basic|neo4j)auth$/.test(wordsOf(name).join(''));

/** Whether a name is of a password, which people choose, and which can be short or of digits. */
export const isPasswordName = (name: string): boolean => wordsOf(name).some((word) => /pass|pwd|pin$|^pw$/.test(word));
