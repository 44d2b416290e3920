import { errs, fails, objects, passes, pods, type Tables } from '../control-table.ts';

const variable = (name: string, value: string): string =>
  `containers: [{name: a, env: [{name: ${name}, value: ${JSON.stringify(value)}}]}]`;
const path = 'spec.containers[0].env[0].value';
const data = (entries: Readonly<Record<string, string>>): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'shop' }, data: entries });
const joined = (...parts: readonly string[]): string => parts.join('');
/** Concatenated, so that secret scanners do not report them. */
const lookalikes: readonly (readonly [string, string])[] = [
  ['a private key', joined('-----BEGIN RSA PRIV', 'ATE KEY-----\nMIIE')],
  ['an AWS key', joined('AKIA', 'ABCDEFGHIJKLMNOP')],
  ['a GitHub token', joined('ghp_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8')],
  ['a Google key', joined('AIza', 'SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q')],
  ['a Slack token', joined('xoxb', '-123456789012-abcdef')],
  ['a JWT', joined('eyJhbGciO', 'iJIUzI1NiJ9.e30.x')],
  ['a bearer token', 'Bearer abcdef123456'],
];

const noted = (key: string, value: unknown): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'it', namespace: 'shop', annotations: { [key]: value } },
    spec: {},
  });

/** CONTROLS.md §6. */
export const table: Tables = {
  'secret-env-var': pods(
    passes('a literal', variable('A', 'b')),
    passes(
      'a ConfigMap',
      'containers: [{name: a, env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: k}}}], envFrom: [{configMapRef: {name: c}}]}]',
    ),
    passes(
      'a Secret as a volume',
      'volumes: [{name: v, secret: {secretName: s}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /s}]}]',
    ),
    fails(
      'a key of a Secret',
      'containers: [{name: a, env: [{name: A, value: b}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]',
      'spec.containers[0].env[1].valueFrom.secretKeyRef',
    ),
    fails(
      'a whole Secret in an init container',
      'initContainers: [{name: i, envFrom: [{secretRef: {name: s}}]}]',
      'spec.initContainers[0].envFrom[0].secretRef',
    ),
  ),
  'credential-in-env-var': pods(
    errs('a variable that is a string', 'containers: [{name: a, env: ["PASSWORD=hunter2"]}]', 'spec.containers[0].env[0]'),
    errs('a name that is a number', 'containers: [{name: a, env: [{name: 5, value: x}]}]', 'spec.containers[0].env[0].name'),
    passes('an ordinary name', variable('LOG_LEVEL', 'debug')),
    passes('from a Secret', 'containers: [{name: a, env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]'),
    ...[
      '',
      '$(DB_PASSWORD)',
      'user:$(DB_PASSWORD)',
      '${DB_PASSWORD}',
      '{{ .Values.password }}',
      '/run/secrets/password',
      './password',
      'my/secret/file/path',
      'secret/data/shop/db.password',
      'true',
      'False',
    ].map((value) => passes(`PASSWORD: ${value === '' ? 'empty' : value}`, variable('PASSWORD', value))),
    passes('a name that is allowed', variable('TOKEN_TTL', '3600'), { parameters: { allowedNames: ['TOKEN_TTL'] } }),
    ...[
      'DB_PASSWORD',
      'db-pwd',
      'clientSecret',
      'GITHUB_TOKEN',
      'API_KEY',
      'apikey',
      'AWS_ACCESS_KEY',
      'PRIVATE_KEY',
      'credentials',
      'BEARER',
      'JWT',
    ].map((name) => fails(name, variable(name, 'hunter2'), path)),
    ...lookalikes.map(([title, value]) => fails(`${title} under any name`, variable('A', value), path)),
    passes('a data source without a password', variable('DSN', 'shop9@tcp(db.example.com:3306)/shop?parseTime=true')),
    passes('a data source with a reference', variable('DSN', 'shop:$(DB_PASSWORD)@tcp(db:3306)/shop')),
    fails('a data source with a password', variable('SOURCE', joined('shop:', 'hunter2@tcp(db:3306)/shop')), path),
    fails('a login', variable('BASIC_AUTH', joined('shop:', 'hunter2')), path),
    fails('two words with a slash', variable('PASSWORD', 'correct/horse'), path),
    fails('a path with digits and capitals', variable('PASSWORD', 'Xy7/kq9/Zp2'), path),
    fails('a login of Neo4j', variable('NEO4J_AUTH', 'neo4j/hunter2'), path),
    passes('a login that is off', variable('NEO4J_AUTH', 'none')),
    passes('the realm of a login', variable('BASIC_AUTH_REALM', 'shop:staff')),
    fails('a dollar begins a password, too', variable('PASSWORD', '$ecret-1'), path),
    fails(
      'an ephemeral container',
      'ephemeralContainers: [{name: e, env: [{name: PASSWORD, value: x}]}]',
      'spec.ephemeralContainers[0].env[0].value',
    ),
    errs('a number', 'containers: [{name: a, env: [{name: PASSWORD, value: 5}]}]', path),
  ),
  'credential-in-configmap': objects(
    ...(
      [
        ['texts for people in another language', 'messages_de.properties', 'login.password=Passwort eingeben\nlogin.user=Name\n'],
        ['levels of logs', 'log4j.properties', 'logger.org.example.token=INFO\nlogger.org.example.auth=WARN\n'],
        ['texts for people', 'messages.properties', 'login.password=Password\nerror.token=Invalid token\n'],
        ['a reference in a line of two words', 'fluent.conf', '  password "#{ENV[\'ES_PASSWORD\']}"\n  user fluent\n'],
        ['a reference with an empty default', 'application.yml', 'jwt:\n  secret: ${JWT_SECRET:}\n  key: ${env:JWT_KEY}\n'],
        ['a reference that must be set', '.env', 'DB_PASSWORD=${DB_PASSWORD:?not set}\nTOKEN=${TOKEN:-$OTHER}\n'],
        ['a script that reads a variable', 'init.sh', '#!/bin/sh\nmysql -uroot -p"$PW" < x\nssh -p 22 host\nmkdir -p /data\n'],
        ['a call in a text', 'README.txt', 'Call mysql -uroot -pSECRET to connect.\n'],
      ] as const
    ).map(([title, key, text]) => passes(title, data({ [key]: text }))),
    ...(
      [
        ['a property', 'app.properties', 'name=shop\ndb.password=hunter2\n'],
        ['an option inside of a property', 'app.properties', 'a=b\njava.opts=-Xmx1g -Dstore.password=hunter2 -Dx=y\n'],
        ['an address in a property', 'app.properties', 'a=b\nurl=jdbc:mysql://db/x?user=a&password=hunter2\n'],
        ['a short password in a line of two words', 'fluent-bit.conf', '[OUTPUT]\n    HTTP_Passwd hunter2\n'],
        ['a reference with a secret as default', 'application.yml', 'jwt:\n  secret: ${JWT_SECRET:mydefaultsecret123}\n'],
        ['a password with a secret as default', '.env', 'DB_PASSWORD=${DB_PASSWORD:-hunter2}\nA=b\n'],
        ['a script', 'init.sh', 'set -e\nmysql -uroot -phunter2 < x\n'],
        ['a script by its first line', 'entrypoint', '#!/usr/bin/env bash\nmysql -uroot -phunter2 < x\n'],
      ] as const
    ).map(([title, key, text]) => fails(title, data({ [key]: text }), `data['${key}']`)),
    ...['$oidc.okta.clientSecret', '$dex.github.clientSecret', '$sso-secret:oidc.clientSecret', '$webhook.secret'].map((value) =>
      passes(`a reference of Argo CD: ${value}`, data({ 'oidc.config': `clientID: a\nclientSecret: ${value}\n` })),
    ),
    ...['$ummer2024x', '$ummer.2024.x', 'oidc.okta.clientSecret'].map((value) =>
      fails(`no reference of Argo CD: ${value}`, data({ 'oidc.config': `clientSecret: ${value}\n` }), "data['oidc.config']"),
    ),
    fails('a line that ends as on Windows', data({ 'app.properties': 'user=app\r\npassword=hunter2\r\n' }), "data['app.properties']"),
    passes('no value, on a line that ends as on Windows', data({ 'app.properties': 'password=\r\nuser=app\r\n' })),
    passes('settings', data({ 'db-host': 'db.example.com', 'app.conf': 'level=debug\n# password: old\n' })),
    passes(
      'references',
      data({
        password: '$(PASSWORD)',
        'app.yaml': 'password: ${DB_PASSWORD}\npasswordFile: /run/secrets/db\ntoken: ""  # from the environment\n',
      }),
    ),
    passes('the output of a command', data({ 'run.sh': 'PASSWORD=`cat /run/password`\n' })),
    passes('a sentence of two words', data({ 'notes.conf': 'password required\n  token expired\n' })),
    passes('a map in braces with a reference', data({ 'app.yaml': 'auth: {user: app, password: $(PASSWORD)}\n' })),
    fails('a map in braces', data({ 'app.yaml': 'auth: {user: app, password: hunter2}\n' }), "data['app.yaml']"),
    fails('two words', data({ 'fluent.conf': '<match>\n  password Zk93jdUq2\n</match>\n' }), "data['fluent.conf']"),
    passes('a block that follows', data({ 'app.yaml': 'credentials:\n  user: app\nsecrets: {}\n' })),
    passes('no data', '{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}}'),
    fails(
      'a private key in binaryData',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'c', namespace: 'shop' },
        binaryData: { id_rsa: Buffer.from(joined('-----BEGIN RSA PRIV', 'ATE KEY-----\nMIIE')).toString('base64') },
      }),
      "binaryData['id_rsa']",
    ),
    errs(
      'binaryData that is a number',
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, binaryData: {a: 5}}',
      "binaryData['a']",
    ),
    fails('a key', data({ 'db-password': 'hunter2' }), "data['db-password']"),
    fails('a line', data({ 'app.properties': 'user=app\npassword=hunter2\n' }), "data['app.properties']"),
    fails('a line of YAML', data({ 'app.yaml': 'db:\n  user: app\n  password: "hunter2"  # change me\n' }), "data['app.yaml']"),
    fails('a field of JSON', data({ 'app.json': '{"user": "app", "apiKey": "abc"}' }), "data['app.json']"),
    ...lookalikes.slice(0, 6).map(([title, value]) => fails(`${title} anywhere`, data({ note: `see ${value}` }), "data['note']")),
    errs('a number', '{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, data: {a: 5}}', "data['a']"),
  ),
  'credential-in-command': pods(
    errs('arguments that are no list', 'containers: [{name: a, args: --password=hunter2}]', 'spec.containers[0].args'),
    errs('containers that are no list', 'containers: x', 'spec.containers'),
    passes('a file', 'containers: [{name: a, args: [--password-file=/etc/db/password, --user=app]}]'),
    passes('a variable', 'containers: [{name: a, args: ["--password=$(PASSWORD)"]}]'),
    fails('an option', 'containers: [{name: a, args: [--password=hunter2]}]', 'spec.containers[0].args'),
    fails('two words', 'containers: [{name: a, command: [app, --token, abc]}]', 'spec.containers[0].command'),
    fails('redis', 'containers: [{name: a, args: [redis-server, --requirepass, hunter2]}]', 'spec.containers[0].args'),
    fails('mysql', 'containers: [{name: a, command: [mysql, -uroot, -phunter2]}]', 'spec.containers[0].command'),
  ),
  'credential-in-annotation': objects(
    ...(
      [
        ['a reference to a Secret', 'nginx.ingress.kubernetes.io/auth-secret', 'basic-auth'],
        ['a reference to a Secret of a namespace', 'nginx.ingress.kubernetes.io/auth-tls-secret', 'shop/ca'],
        ['a hash of a Secret', 'checksum/secret', '0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9'],
        ['a path in a store', 'vault.hashicorp.com/agent-inject-secret-db', 'secret/data/db'],
        ['a switch', 'example.com/inject-token', 'true'],
        ['a template', 'vault.hashicorp.com/agent-inject-template-db', 'password={{ .Data.password }}'],
        ['a text', 'example.com/note', 'the password is in the Secret db'],
        ['a copy of the object', 'kubectl.kubernetes.io/last-applied-configuration', '{"password": "hunter2", "a": "password=hunter2"}'],
      ] as const
    ).map(([title, key, value]) => passes(title, noted(key, value))),
    fails(
      'a pod template',
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'it', namespace: 'shop', annotations: { 'example.com/a': 'b' } },
        spec: {
          template: { metadata: { annotations: { 'example.com/db': 'postgres://app:C4shDr4wer@db/app' } }, spec: { containers: [] } },
        },
      }),
      "spec.template.metadata.annotations['example.com/db']",
    ),
    errs('a number', noted('example.com/password', 5), "metadata.annotations['example.com/password']"),
    ...(
      [
        ['a password', 'example.com/admin-password', 'hunter2'],
        ['an address with a password', 'example.com/db', 'postgres://app:C4shDr4wer@db/app'],
        ['a token', 'example.com/note', joined('gh', 'p_r7WmB2xKq9LzT4cN8vJdQ3yHr7WmB2xKq9Lz')],
        ['a token by its name', 'example.com/api-token', 'r7WmB2xKq9LzT4cN8vJd'],
      ] as const
    ).map(([title, key, value]) => fails(title, noted(key, value), `metadata.annotations['${key}']`)),
  ),
  'service-account-token-secret': objects(
    passes('Opaque', '{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}, type: Opaque}'),
    fails(
      'a token',
      '{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}, type: kubernetes.io/service-account-token}',
      'type',
    ),
  ),
  'projected-token-expiry': pods(
    passes('an hour', 'volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, expirationSeconds: 3600}}]}}]'),
    fails(
      'a week',
      'volumes: [{name: v, projected: {sources: [{configMap: {name: c}}, {serviceAccountToken: {path: t, expirationSeconds: 604800}}]}}]',
      'spec.volumes[0].projected.sources[1].serviceAccountToken.expirationSeconds',
    ),
  ),
};
