import { expect } from 'chai';
import { controlById } from '../../../operator/catalogue/controls/catalogue.ts';
import {
  annotationHasCredential,
  binaryHasCredential,
  entryHasCredential,
  variableHasCredential,
} from '../../../operator/engine/credentials/config-text.ts';
import { CredentialTest } from '../../../operator/engine/credentials/credential-test.ts';

const { names, allowedNames } = controlById('credential-in-env-var')?.parameters ?? {};
const test = CredentialTest.for({ names: names?.default, allowedNames: allowedNames?.default });
const secret = 'hunter2hunter';
const random = 'aB3dE6gH9jK2mN5p';

describe('an entry of a ConfigMap', () => {
  const rows: readonly [key: string, value: string, expected: boolean][] = [
    ['password', secret, true],
    ['password.txt', secret, true],
    ['password.key', secret, true],
    ['password.pem', secret, true],
    ['password.yaml', secret, false],
    ['password.yaml', `a: b\n${secret}`, false],
    ['password.py', secret, false],
    ['user', secret, false],
    ['app.conf', `password = ${secret}`, true],
    ['app.conf', `password=${secret} # old`, true],
    ['app.conf', `password = "${secret}"; # old`, true],
    ['app.conf', `password = '${secret}' // old`, true],
    ['app.conf', `password: ${secret},`, true],
    ['app.conf', `  export DB_PASSWORD=${secret}`, true],
    ['app.conf', `ENV DB_PASSWORD=${secret}`, true],
    ['app.conf', `- password: ${secret}`, true],
    ['app.conf', `"password": "${secret}"`, true],
    ['app.conf', `# password = ${secret}`, false],
    ['app.conf', `// password = ${secret}`, false],
    ['app.conf', `; password = ${secret}`, false],
    ['app.conf', `-- password = ${secret}`, false],
    ['app.conf', `* password = ${secret}`, false],
    ['app.conf', `user = x\r\npassword = ${secret}`, true],
    ['app.conf', `user = x\rpassword = ${secret}`, true],
    ['app.conf', 'password = # none', false],
    ['app.conf', 'password = |', false],
    ['app.conf', 'password: >-', false],
    ['app.conf', 'password: *anchor', false],
    ['app.conf', 'password: !vault x', false],
    ['app.conf', 'password: null', false],
    ['app.conf', 'password: [a, b]', false],
    ['app.conf', 'if password == other', false],
    ['redis.conf', `requirepass ${secret}`, true],
    ['redis.conf', `masterauth ${secret}`, true],
    ['redis.conf', `timeout ${secret}`, false],
    ['fluent.conf', `  password ${random}`, true],
    ['fluent.conf', '  password file', false],
    ['fluent.conf', `  password ${random} x`, false],
    ['init.sql', `CREATE USER a IDENTIFIED BY '${secret}'`, true],
    ['init.sql', `ALTER ROLE a PASSWORD '${secret}'`, true],
    ['init.sql', `ALTER ROLE a COMMENT '${secret}'`, false],
    ['a.xml', `<password>${secret}</password>`, true],
    ['a.xml', `<password>${secret}</passwort>`, false],
    ['a.xml', `<property name="password" value="${secret}"/>`, true],
    ['a.xml', `<property name="user" value="${secret}"/>`, false],
    ['a.json', `{"a": {"password": "${secret}"}}`, true],
    ['a.yaml', `db: {user: a, password: ${secret}}`, true],
    ['a.yml', `db: {password: ${secret}, user: a}`, true],
    ['a.conf', `db: {user: a, password: ${secret}}`, false],
    ['main.py', `password = ${secret}`, false],
    ['main.py', `password = "${secret}"`, true],
    ['main.py', `password = get("${secret}")`, false],
    ['main.go', `requirepass ${secret}`, true],
    ['main.js', `url = "postgres://a:${secret}@db/x"`, true],
  ];
  for (const [key, value, expected] of rows)
    it(`${expected ? 'has' : 'has no'} credential in ${key}: ${value.replaceAll(/[\r\n]+/g, ' | ')}`, () =>
      expect(entryHasCredential(key, value, test)).to.equal(expected));
});

describe('a variable', () => {
  const rows: readonly [name: string, value: string, expected: boolean][] = [
    ['DB_PASSWORD', secret, true],
    ['OPTIONS', `--password=${secret}`, true],
    ['CONFIG', `password: ${secret}`, false],
    ['CONFIG', `user: a\npassword: ${secret}`, true],
    ['CONFIG', `{"password": "${secret}"}`, true],
    ['CONFIG', 'user: a\nname: b', false],
  ];
  for (const [name, value, expected] of rows)
    it(`${expected ? 'has' : 'has no'} credential: ${name}=${value.replace('\n', ' | ')}`, () =>
      expect(variableHasCredential(name, value, test)).to.equal(expected));
});

describe('an annotation', () => {
  const rows: readonly [key: string, value: string, expected: boolean][] = [
    ['example.org/password', secret, true],
    ['example.org/db-secret', 'web-tls', false],
    ['example.org/db-secret', random, true],
    ['example.org/token', 'Tr0ub4dor', true],
    ['example.org/token', 'main', false],
    ['example.org/url', `postgres://a:${secret}@db/x`, true],
    ['kubectl.kubernetes.io/last-applied-configuration', `postgres://a:${secret}@db/x`, false],
    ['checksum/password', random, false],
    ['example.org/checksum-token', random, false],
    ['example.org/token-hash', random, false],
    ['token.sha256', random, false],
    ['example.org/rehash-token', random, true],
  ];
  for (const [key, value, expected] of rows)
    it(`${expected ? 'has' : 'has no'} credential: ${key}: ${value}`, () =>
      expect(annotationHasCredential(key, value, test)).to.equal(expected));
});

describe('binary data', () => {
  const encoded = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('base64');
  const rows: readonly [what: string, bytes: string, expected: boolean][] = [
    ['a key in PKCS #8', '\u0030\u0082\u0004\u00be\u0002\u0001\u0000\u0030\u000d\u0006rest', true],
    ['a key in PKCS #1', '\u0030\u0082\u0004\u00a4\u0002\u0001\u0000\u0002\u0082rest', true],
    ['a key whose length has a line end', '\u0030\u0082\u000a\u000a\u0002\u0001\u0000\u0002\u0082rest', true],
    ['a certificate', '\u0030\u0082\u0004\u00be\u0030\u0082\u0003rest', false],
    ['a key that begins later', 'x\u0030\u0082\u0004\u00a4\u0002\u0001\u0000\u0002\u0082rest', false],
    ['a text with a password', `password = ${secret}`, true],
    ['bytes with a password', `\u0000password = ${secret}`, false],
    ['bytes', '\u0000\u0001', false],
  ];
  for (const [what, bytes, expected] of rows)
    it(`${expected ? 'have' : 'have no'} credential in ${what}`, () =>
      expect(binaryHasCredential('a.bin', encoded(bytes), test)).to.equal(expected));
});
