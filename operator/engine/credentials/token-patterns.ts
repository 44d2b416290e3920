import { isEncodedLogin } from './literal-value.ts';

/**
 * The formats of tokens by their issuers, as they document them. Each is the source of a regular expression that starts at a word boundary.
 * The formats are facts about the tokens; the expressions are Vigil's own.
 */
const tokenFormats: readonly string[] = [
  // Clouds
  '(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![0-9A-Za-z])',
  'AIza[0-9A-Za-z_-]{10}',
  'ya29\\.[0-9A-Za-z_-]{20}',
  'GOCSPX-[0-9A-Za-z_-]{20}',
  '[0-9A-Za-z_~.-]{3}8Q~[0-9A-Za-z_~.-]{31}',
  'dop_v1_[0-9a-f]{40}', 'doo_v1_[0-9a-f]{40}', 'dor_v1_[0-9a-f]{40}',
  'HRKU-[0-9A-Za-z_-]{30}',
  'FlyV1 fm[12]_[0-9A-Za-z+/=]{30}',
  'LTAI[0-9A-Za-z]{16}', 'AKID[0-9A-Za-z]{32}',
  // Forges and registries
  'gh[pousr]_[0-9A-Za-z]{10}', 'github_pat_[0-9A-Za-z_]{20}',
  'gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-[0-9A-Za-z_.-]{16}',
  'ATATT3[0-9A-Za-z_=-]{30}', 'ATCTT3[0-9A-Za-z_=-]{30}', 'ATBB[0-9A-Za-z]{28}',
  'npm_[0-9A-Za-z]{30}', 'pypi-AgE[0-9A-Za-z_-]{30}', 'dckr_(?:pat|oat)_[0-9A-Za-z_-]{20}', 'rubygems_[0-9a-f]{40}', 'oy2[0-9a-z]{43}(?![0-9A-Za-z])',
  'CCIPAT_[0-9A-Za-z_]{20}', 'bkua_[0-9a-f]{30}', 'sq[apu]_[0-9a-f]{40}',
  // Chat and mail
  'xox[a-z]-[0-9A-Za-z]', 'xapp-\\d-[0-9A-Z]{6}', 'SG\\.[0-9A-Za-z_-]{16,}\\.[0-9A-Za-z_-]{16}', 'key-[0-9a-f]{32}(?![0-9a-f])', 'SK[0-9a-f]{32}(?![0-9a-f])',
  '\\d{8,10}:AA[0-9A-Za-z_-]{32}', '[MNO][0-9A-Za-z_-]{23,25}\\.[0-9A-Za-z_-]{6}\\.[0-9A-Za-z_-]{27}', 're_[0-9A-Za-z]{8}_[0-9A-Za-z]{20}',
  // Payment and shops
  '[sr]k_(?:live|test)_[0-9A-Za-z]{10}', 'whsec_[0-9A-Za-z+/=]{20}', 'shp(?:at|ss|ca|pa)_[0-9A-Fa-f]{32}', 'sq0(?:csp|atp)-[0-9A-Za-z_-]{22}', 'rzp_live_[0-9A-Za-z]{14}',
  // Models
  'sk-ant-[0-9A-Za-z_-]{20}', 'sk-(?:proj|svcacct|admin)-[0-9A-Za-z_-]{20}', 'sk-[0-9A-Za-z]{32}', 'hf_[0-9A-Za-z]{30}', 'r8_[0-9A-Za-z]{30}', 'gsk_[0-9A-Za-z]{40}',
  // Operations
  'hv[sbr]\\.[0-9A-Za-z_-]{20}', '[0-9A-Za-z]{14}\\.atlasv1\\.[0-9A-Za-z_=-]{40}', 'gl(?:sa|c)_[0-9A-Za-z+/=]{20}', 'NRAK-[0-9A-Z]{20}', 'dapi[0-9a-f]{32}', 'pul-[0-9a-f]{40}',
  'sntry[su]_[0-9A-Za-z_=+/-]{30}', 'tskey-[a-z]+-[0-9A-Za-z]{10}', 'lin_api_[0-9A-Za-z]{30}', 'PMAK-[0-9a-f]{20}', 'figd_[0-9A-Za-z_-]{30}', 'dp\\.(?:pt|st|ct)\\.[0-9A-Za-z._-]{30}',
  'pscale_(?:tkn|pw|oauth)_[0-9A-Za-z._-]{30}', 'sbp_[0-9a-f]{40}', 'ntn_[0-9A-Za-z]{40}', 'pat[0-9A-Za-z]{14}\\.[0-9a-f]{64}', 'sk\\.eyJ[0-9A-Za-z_-]{20}', 'PTDT-[0-9A-Za-z]{20}',
  'AGE-SECRET-KEY-1[0-9A-Z]{20}',
  // Web tokens. Within a run of their characters only short ones: each begin would look at the whole rest of the run again.
  'eyJhbGciO', '(?<![_-])eyJ[0-9A-Za-z_-]{10,}\\.eyJ[0-9A-Za-z_-]{10,}\\.', 'eyJ[0-9A-Za-z_-]{10,300}\\.eyJ[0-9A-Za-z_-]{10,}\\.',
]; // prettier-ignore

const tokens = new RegExp(`(?<![0-9A-Za-z])(?:${tokenFormats.join('|')})`, 'g');

/** Shapes that are no single token: keys, addresses that hold a secret, and headers. */
const shapes: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----/,
  /PuTTY-User-Key-File-\d:/,
  /hooks\.slack\.com\/(?:services|workflows)\/T[0-9A-Za-z]+\/[0-9A-Za-z/]{10}/,
  /discord(?:app)?\.com\/api\/webhooks\/\d+\/[0-9A-Za-z_-]{20}/,
  /\.webhook\.office\.com\/webhookb2\/[0-9a-f-]{36}@[0-9a-f-]{36}\/IncomingWebhook\//,
  /[?&]sig=[0-9A-Za-z%+/]{40}/,
  /^["']?(?:Authorization:\s*)?Bearer\s+[^\s$<{]/i,
  /\bAuthorization["']?\s*[:=]\s*["']?Bearer\s+[0-9A-Za-z._~+/-]{8}/i,
];

/** Tokens of documentations, which open nothing. */
const isExample = (token: string, rest: string): boolean => /EXAMPLE|x{6}|X{6}|\*{4}/.test(token + rest.slice(0, 24));

const encodedPem = /LS0tLS1CRUdJTi[0-9A-Za-z+/]{10,60}/g;

/** Whether a text has a private key in PEM, encoded in base64, as in a kubeconfig. */
const hasEncodedKey = (text: string): boolean =>
  [...text.matchAll(encodedPem)].some(([encoded]) => Buffer.from(encoded, 'base64').toString('latin1').includes('PRIVATE KEY'));

const basic = /\bBasic\s+([0-9A-Za-z+/]{8,}={0,2})/g;
const hasBasicAuthorization = (text: string): boolean => [...text.matchAll(basic)].some(([, encoded = '']) => isEncodedLogin(encoded));

/** Every token has this many of these characters in a row. Most texts have not, and need no further test. */
const run = /[0-9A-Za-z_=+-]{12}/;

/** Whether a text has a token or key whose format shows what it is, whatever the name of the setting is. */
export function hasToken(text: string): boolean {
  if (!run.test(text) && !text.includes('PRIVATE KEY')) return false;
  for (const match of text.matchAll(tokens)) if (!isExample(match[0], text.slice(match.index + match[0].length))) return true;
  return shapes.some((shape) => shape.test(text)) || hasEncodedKey(text) || hasBasicAuthorization(text);
}
