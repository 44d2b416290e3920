import { expect } from 'chai';
import { isEncodedLogin, isLiteral, looksMixed, looksRandom } from '../../../operator/engine/credentials/literal-value.ts';
import { isLoginName, isPasswordName, nameHint, wordsOf, type NameHint } from '../../../operator/engine/credentials/secret-name.ts';

describe('a value that is no literal', () => {
  const groups: Readonly<Record<string, readonly string[]>> = {
    'is empty': [''],
    'refers to a variable': [
      '$(DB_PASS)',
      '${DB_PASS}',
      'a${x.y:-z}b',
      '$DB_PASS',
      '$(cat /run/x)',
      '`cat x`',
      '$1',
      '$@',
      '$*',
      'AKIAEXAMPLE',
      'EXAMPLEKEY',
    ],
    'is a template': [
      '{{ .Values.x }}',
      '{% if x %}',
      'a <%= x %>',
      '#{x}',
      '%(x)s',
      '%PASS%',
      '@db.pass@',
      '@@x@@',
      '__PASS__',
      '<password>',
      '[your key]',
    ],
    'is a path': ['/run/secrets/x', 'file:/run/x', './x', '../x', '~/x', 'C:\\secrets'],
    'is an address': ['https://example.org/x', 'vault+http://x'],
    'refers to a store': [
      'env:X',
      'file:x',
      'vault:x',
      'ref+awsssm:x',
      'secretref:x',
      'op:x',
      'k8s:x',
      'kms:x',
      'arn:aws:secretsmanager:x',
      'arn:aws-cn:x',
    ],
    'is encrypted': ['projects/p/secrets/s', 'ENC[AES256]', 'ENC(x)', '$ANSIBLE_VAULT;1.1', `AgA${'x'.repeat(60)}`, 'vault.db.pass'],
    'is a switch': [
      'true',
      'No',
      'enabled',
      'enable',
      'disabled',
      'NONE',
      'null',
      'n/a',
      'auto',
      'automatic',
      'default',
      'bearer',
      'oauth',
      'oauth2',
      'string',
      'text',
    ],
    'is a mask': ['***', 'xxxx', 'XXX', '•••', '...', '---', '-', '*.*'],
    'is a hash': [
      '$__file{x}',
      '$__env{x}',
      '$2a$10$x',
      '$2y$10$x',
      '$argon2id$v=19',
      '$apr1$x',
      '$6$x',
      '$pbkdf2-sha256$x',
      '$scrypt$x',
      '{SSHA}x',
      'SCRAM-SHA-256$x',
      'pbkdf2:x',
    ],
    'asks for a value': [
      'your',
      'your-password',
      'insert_here',
      'put your key',
      'changeme'.replace('changeme', 'replace-me'),
      'todo',
      'placeholder',
      'replaceme',
      'insert key here',
    ],
    'is a quantity': ['30s', '1.5 h', '10%', '5 minutes', '1 day', '64Mi', '10kb', '3 secs'],
  };
  for (const [what, values] of Object.entries(groups))
    for (const value of values) it(`${what}: ${value}`, () => expect(isLiteral(value)).to.equal(false));

  const literals = [
    ...[
      'hunter2',
      's3cret',
      'correct horse',
      'Pa$$word',
      '$ecret',
      'a$(',
      'price $5',
      '$db_pass',
      'x/run/secrets',
      'truely',
      'nonesuch',
      'xx',
      'yours',
    ],
    ...[
      'my-password',
      '30 parsecs',
      '12',
      'AgAshort',
      'EXAMPLE1',
      '100',
      'a__PASS__',
      '<b',
      '[x',
      'environment',
      'vault',
      'sm',
      '{x}y',
      'D:x',
      '-x',
      '%a%',
    ],
  ];
  for (const value of literals) it(`is not: ${value}`, () => expect(isLiteral(value)).to.equal(true));
});

describe('a text', () => {
  const rows: readonly [text: string, mixed: boolean, random: boolean, encoded: boolean][] = [
    ['Tr0ub4dor', true, false, false],
    ['Tr0ub4d', false, false, false],
    ['tr0ub4dor', false, false, false],
    ['TR0UB4DOR', false, false, false],
    ['Troubador', false, false, false],
    ['Tr0ub4dor.x', false, false, false],
    ['Tr0ub 4dor', false, false, false],
    ['Tr0ub:4dor', false, false, false],
    ['aB3dE6gH9jK2mN5p', true, true, false],
    ['aB3dE6gH9jK2mN5', true, false, false],
    ['aB3dE6gH 9jK2mN5p', false, false, false],
    ['abcdefghijklmnopq', false, false, false],
    ['1234567890123456', false, false, false],
    ['aaaaaaaaaaaaaaa1', false, false, false],
    ['550e8400-e29b-41d4-a716-446655440000', false, false, false],
    ['0123456789abcdef', false, true, false],
    ['0000000000000abc', false, false, false],
    ['web-frontend-7d4b9c-x2k4v1', false, false, false],
    ['web-aB3dE6gH9jK2mN5p', false, true, false],
    [Buffer.from('admin:hunter2').toString('base64'), true, true, true],
    [Buffer.from('a:b').toString('base64'), false, false, false],
    [Buffer.from('adminhunter2').toString('base64'), true, true, false],
    [Buffer.from('admin:h\u0001nter').toString('base64'), true, true, false],
    ['YWRtaW46aHVu dGVyMg', false, false, false],
  ];
  for (const [text, mixed, random, encoded] of rows)
    it(`${text} is ${[mixed && 'mixed', random && 'random', encoded && 'an encoded login'].filter((is) => is !== false).join(', ') || 'nothing of this'}`, () =>
      expect([looksMixed(text), looksRandom(text), isEncodedLogin(text)]).to.deep.equal([mixed, random, encoded]));
});

describe('the name of a setting', () => {
  const secrets = ['password', 'passwd', 'token', 'secret', 'apikey'];
  const hints: Readonly<Record<NameHint, readonly string[]>> = {
    strong: [
      ...[
        'password',
        'DB_PASSWORD',
        'dbPassword',
        'db.password',
        'rootpassword',
        'DB_PASS',
        'pw',
        'rootpw',
        'psk',
        'PGPASS',
        'userPass',
        'credentials',
      ],
      ...[
        'API_KEY',
        'apiKey',
        'secretAccessKey',
        'SSHPrivateKey',
        'signing_keys',
        'encryptionkey',
        'authkey',
        'pat',
        'clientKey',
        'clientkey',
      ],
      ...[
        'TOKEN_VALUE',
        'password1',
        'API_KEY_2',
        'apiKey3',
        'PASSWORD_BASE64',
        'password_old_2',
        'password-prod',
        'github token',
        'unseal_key',
        'cookie_key',
      ],
    ],
    weak: [
      'KEY',
      'auth',
      'SALT',
      'seed',
      'hash_salt',
      'signature',
      'cookie',
      'pepper',
      'nonce',
      'PIN',
      'secrets',
      'tokens',
      'Authorization',
      'keys',
    ],
    none: [
      ...[
        'USER',
        'compass',
        'monkey',
        'TOKEN_TTL',
        'PASSWORD_FILE_PATH',
        'MAX_TOKEN',
        'use_password',
        'isSecret',
        'public_key',
        'publicApiKey',
        'site_key',
      ],
      ...[
        'TLS_SECRET',
        'password_secret',
        'cert_secret',
        'cache_key',
        'primary_key',
        'password_key',
        'ETCD_INITIAL_CLUSTER_TOKEN',
        'value',
        '1',
        '',
      ],
    ],
  };
  for (const [hint, names] of Object.entries(hints))
    for (const name of names) it(`'${name}' has the hint ${hint}`, () => expect(nameHint(name, secrets)).to.equal(hint));

  const words: readonly [name: string, words: string][] = [
    ['clientSecret', 'client secret'],
    ['DB_PASS', 'db pass'],
    ['db.password', 'db password'],
    ['AWSSecretKey2', 'aws secret key2'],
    ['a1B', 'a1 b'],
    ['__x--', 'x'],
  ];
  for (const [name, expected] of words) it(`'${name}' has the words ${expected}`, () => expect(wordsOf(name).join(' ')).to.equal(expected));

  it('counts up to 300 characters', () => expect(wordsOf('x'.repeat(400)).join('')).to.have.length(300));

  it('is that of a login, or of a password', () => {
    expect(['NEO4J_AUTH', 'basicAuth', 'AUTH_BASIC', 'auth', 'NEO4J_AUTH_X'].filter(isLoginName)).to.deep.equal([
      'NEO4J_AUTH',
      'basicAuth',
    ]);
    expect(['PASSWORD', 'userPwd', 'PIN', 'pw', 'PINNED', 'pws', 'token', 'bypass_x'].filter(isPasswordName)).to.deep.equal([
      ...['PASSWORD', 'userPwd', 'PIN', 'pw', 'bypass_x'],
    ]);
  });
});
