import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { OwnCertificates } from '../../../operator/audit/tls/own-certificates.ts';
import { run } from '../../../operator/cli/audit/audit-setup.ts';

interface Webhook {
  readonly clusters: [{ readonly cluster: Readonly<Record<'server' | 'tls-server-name' | 'certificate-authority-data', string>> }];
  readonly users: [{ readonly user: { readonly token: string } }];
}

describe('vigil audit-setup', () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);
  const setUp = async (...args: string[]): Promise<readonly [code: number, errors: string]> => {
    const errors: string[] = [];
    const io = {
      out: () => undefined,
      error: (text: string) => void errors.push(text),
      input: () => Promise.resolve(new Uint8Array()),
      terminal: false,
      environment: {},
    };
    return [await run([...args, '--directory', folder], io), errors.join('')];
  };
  const webhook = (name: string): Webhook => parse(readFileSync(path(name), 'utf8')) as Webhook;
  const secret = (): { stringData: { token: string; 'ca-seed': string } } =>
    parse(readFileSync(path('vigil-audit-secret.yaml'), 'utf8')) as never;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-setup-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('writes a Secret and a kubeconfig with which an API server accepts the certificate of the operator', async () => {
    expect(await setUp('--server', 'https://10.96.0.50', '-n', 'security')).to.deep.equal([0, '']);
    const { token, 'ca-seed': seed } = secret().stringData;
    const [{ cluster }] = webhook('vigil-audit-webhook.yaml').clusters;
    expect([cluster.server, cluster['tls-server-name']]).to.deep.equal(['https://10.96.0.50/', 'vigil-audit.security.svc']);
    expect(webhook('vigil-audit-webhook.yaml').users[0].user.token).to.equal(token);
    const authority = new X509Certificate(Buffer.from(cluster['certificate-authority-data'], 'base64'));
    expect(new X509Certificate(new OwnCertificates(Buffer.from(seed), ['x']).issue(Date.now()).cert).verify(authority.publicKey)).to.equal(
      true,
    );
    expect(['vigil-audit-secret.yaml', 'vigil-audit-webhook.yaml'].map((name) => statSync(path(name)).mode & 0o777)).to.deep.equal([
      0o600, 0o600,
    ]);
  });

  it('says what it wrote, and what to do with it', async () => {
    const said: string[] = [];
    const io = { out: (text: string) => void said.push(text), error: () => undefined, input: () => Promise.resolve(new Uint8Array()) };
    const once = async (name: string): Promise<string | undefined> => {
      await run(['--server', 'https://10.96.0.50', '--name', name, '--directory', folder], { ...io, terminal: false, environment: {} });
      return said.at(-1);
    };
    const copy = (name: string): string =>
      `wrote ${path(`vigil-audit-webhook-${name}.yaml`)}: copy it to the control plane and name it with --audit-webhook-config-file\n`;
    const shared = path('vigil-audit-secret.yaml');
    expect(await once('a')).to.equal(`wrote ${shared}: kubectl apply -f it\n${copy('a')}`);
    expect(await once('b')).to.equal(`used ${shared}\n${copy('b')}`);
  });

  it('uses the same Secret for the next API server', async () => {
    await setUp('--server', 'https://10.96.0.50', '--name', 'cp-1');
    const first = secret();
    expect(await setUp('--server', 'https://10.96.0.50', '--name', 'cp-2')).to.deep.equal([0, '']);
    expect(secret()).to.deep.equal(first);
    expect(webhook('vigil-audit-webhook-cp-2.yaml').clusters[0].cluster.server).to.equal('https://10.96.0.50/?server=cp-2');
    expect(webhook('vigil-audit-webhook-cp-2.yaml').users).to.deep.equal(webhook('vigil-audit-webhook-cp-1.yaml').users);
  });

  it('overwrites nothing', async () => {
    await setUp('--server', 'https://10.96.0.50');
    const [code, errors] = await setUp('--server', 'https://10.96.0.51');
    expect([code, errors]).to.deep.equal([
      2,
      `vigil audit-setup: ${path('vigil-audit-webhook.yaml')} exists: remove it, or use another --directory or --name\nRun vigil audit-setup --help for usage.\n`,
    ]);
  });

  const refused: [string[], string][] = [
    [[], '--server is required'],
    [['--server', 'http://10.96.0.50'], 'is not an https:// URL'],
    [['--server', 'https://10.96.0.50', '--name', '../x'], "--name: '../x' has characters"],
    [['--serve', 'x'], "no flag '--serve' (did you mean '--server'?)"],
  ];
  for (const [args, message] of refused) {
    it(`refuses ${args.join(' ') || 'no flags'}`, async () => {
      const [code, errors] = await setUp(...args);
      expect(code).to.equal(2);
      expect(errors).to.include(message);
    });
  }

  for (const [what, content] of [
    ['empty', ''],
    ['without a token', 'stringData: {ca-seed: abc}'],
    ['without a seed', 'stringData: {token: abc}'],
    ['with a seed that is a number', 'stringData: {token: abc, ca-seed: 5}'],
  ] as const)
    it(`refuses a Secret that is ${what}, and writes nothing`, async () => {
      writeFileSync(path('vigil-audit-secret.yaml'), content);
      const [code, errors] = await setUp('--server', 'https://10.96.0.50');
      expect([code, errors.split('\n')[0]]).to.deep.equal([
        2,
        `vigil audit-setup: ${path('vigil-audit-secret.yaml')}: stringData.token and stringData.ca-seed are required: remove the file to make new ones`,
      ]);
      expect(() => webhook('vigil-audit-webhook.yaml')).to.throw('ENOENT');
    });

  it('makes a kubeconfig with one context, in the namespace of the operator', async () => {
    await setUp('--server', 'https://10.96.0.50');
    const { clusters, users, ...rest } = webhook('vigil-audit-webhook.yaml') as Webhook & Record<string, unknown>;
    expect([clusters.length, users.length, clusters[0].cluster['tls-server-name']]).to.deep.equal([1, 1, 'vigil-audit.vigil-system.svc']);
    expect(rest).to.deep.equal({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'vigil' },
      contexts: [{ name: 'vigil', context: { cluster: 'vigil', user: 'api-server' } }],
    });
    const { stringData, ...object } = secret() as unknown as Record<string, unknown> & { stringData: Record<string, string> };
    expect(object).to.deep.equal({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'vigil-audit', namespace: 'vigil-system' } });
    expect(Object.values(stringData).map((value) => value.length)).to.deep.equal([64, 64]);
  });
});
