import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml, stringify } from 'yaml';
import { OwnCertificates } from '../../audit/tls/own-certificates.ts';
import { cliCommand } from '../input/cli-command.ts';
import type { Io } from '../input/io.ts';
import { exitCodes, parseFlags, UsageError } from '../input/usage-error.ts';

const usage = `vigil audit-setup --server URL writes the files with which API servers send audit events to Vigil:

  vigil-audit-secret.yaml    the Secret vigil-audit with a token and a seed; kubectl apply it
  vigil-audit-webhook.yaml   the kubeconfig for --audit-webhook-config-file of the API server

Both let who has them send audit events: keep them as you keep other credentials. If the Secret's file exists, its token and seed are
used, so that the command can be run again for each API server. docs/audit-setup.md has all steps.

  --server URL           where API servers reach Vigil: https:// and the ClusterIP of the Service vigil-audit
  --name NAME            the name of the API server, which its events get; the default is the address that it sends from
  --namespace, -n NAME   the namespace of the operator; the default is vigil-system
  --directory, -d DIR    where the files are written; the default is the current folder
`;

const SECRET_FILE = 'vigil-audit-secret.yaml';
const MODE = { mode: 0o600, flag: 'wx' } as const;

/** The values of the Secret. */
interface Shared {
  readonly token: string;
  readonly seed: string;
}

const parse = (args: readonly string[]) =>
  parseFlags(args, {
    options: {
      server: { type: 'string' },
      name: { type: 'string' },
      namespace: { type: 'string', short: 'n', default: 'vigil-system' },
      directory: { type: 'string', short: 'd', default: '.' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;

const setUp = ({ server, name, namespace, directory }: ReturnType<typeof parse>, io: Io): number => {
  const url = serverUrl(server, name);
  const [secretPath, webhookPath] = [
    join(directory, SECRET_FILE),
    join(directory, name === undefined ? 'vigil-audit-webhook.yaml' : `vigil-audit-webhook-${name}.yaml`),
  ];
  if (existsSync(webhookPath)) throw new UsageError(`${webhookPath} exists: remove it, or use another --directory or --name`);
  const known = existsSync(secretPath);
  const shared = known ? readSecret(secretPath) : { token: randomBytes(32).toString('hex'), seed: randomBytes(32).toString('hex') };
  const webhook = kubeconfig(url, namespace, shared);
  if (!known) writeFileSync(secretPath, secret(namespace, shared), MODE);
  writeFileSync(webhookPath, webhook, MODE);
  io.out(
    `${known ? `used ${secretPath}` : `wrote ${secretPath}: kubectl apply -f it`}\nwrote ${webhookPath}: copy it to the control plane and name it with --audit-webhook-config-file\n`,
  );
  return exitCodes.clean;
};

const serverUrl = (server: string | undefined, name: string | undefined): string => {
  if (server === undefined) throw new UsageError('--server is required, such as https://10.96.0.50');
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:') throw new UsageError(`--server: '${server}' is not an https:// URL`);
  if (name !== undefined && !/^[\w.-]{1,253}$/.test(name))
    throw new UsageError(`--name: '${name}' has characters other than letters, digits, '.', '_' and '-'`);
  const url = new URL(server);
  if (name !== undefined) url.searchParams.set('server', name);
  return url.href;
};

const secret = (namespace: string, { token, seed }: Shared): string =>
  stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'vigil-audit', namespace }, stringData: { token, 'ca-seed': seed } });

const readSecret = (path: string): Shared => {
  const { stringData } = (parseYaml(readFileSync(path, 'utf8')) ?? {}) as { stringData?: Readonly<Record<string, unknown>> };
  const { token, 'ca-seed': seed } = stringData ?? {};
  if (typeof token !== 'string' || typeof seed !== 'string')
    throw new UsageError(`${path}: stringData.token and stringData.ca-seed are required: remove the file to make new ones`);
  return { token, seed };
};

const kubeconfig = (server: string, namespace: string, { token, seed }: Shared): string => {
  const authority = Buffer.from(new OwnCertificates(Buffer.from(seed), []).authority).toString('base64');
  const cluster = { server, 'tls-server-name': `vigil-audit.${namespace}.svc`, 'certificate-authority-data': authority };
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'vigil', cluster }],
      users: [{ name: 'api-server', user: { token } }],
      contexts: [{ name: 'vigil', context: { cluster: 'vigil', user: 'api-server' } }],
      'current-context': 'vigil',
    },
    { lineWidth: 0 },
  );
};

/** Runs `vigil audit-setup`. Resolves to the exit code. */
export const run = cliCommand({ name: 'audit-setup', usage, parse, run: setUp });
