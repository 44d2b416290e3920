import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';

interface KubeConfig {
  readonly clusters: [
    { readonly name: string; readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
}

/** A client certificate with its key, both PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The files of a cluster of `hack/cluster up --audit`, in the folder of its kubeconfig. */
export class ClusterFiles {
  readonly folder = dirname(process.env['KUBECONFIG'] ?? '');
  readonly #config = parse(readFileSync(process.env['KUBECONFIG'] ?? '', 'utf8')) as KubeConfig;

  /** The URL of the API server. */
  get server(): string {
    return this.#config.clusters[0].cluster.server;
  }

  /** The certificate authority of the API server, PEM. */
  get authority(): string {
    return Buffer.from(this.#config.clusters[0].cluster['certificate-authority-data'], 'base64').toString();
  }

  /** The path of a file of the audit endpoint: `port`, `token` or `ca-seed`. */
  audit(name: string): string {
    return join(this.folder, 'audit', name);
  }

  /** The port of this machine that the API server sends audit events to. */
  get auditPort(): number {
    return Number(readFileSync(this.audit('port'), 'utf8'));
  }

  /** The address of this machine, as the API server sees it. */
  get address(): string {
    const { clusters } = parse(readFileSync(this.audit('webhook.yaml'), 'utf8')) as KubeConfig;
    return new URL(clusters[0].cluster.server).hostname;
  }

  /** The credential of the kubelet. */
  get kubelet(): ClientCertificate {
    const read = (end: string): string => readFileSync(join(this.folder, 'pki', `kubelet.${end}`), 'utf8');
    return { cert: read('crt'), key: read('key') };
  }

  /** The folder from which the kubelet runs static pods. */
  get staticPods(): string {
    const folder = join(this.folder, 'static-pods');
    if (!existsSync(folder)) throw new Error(`${folder} is missing: start the cluster with hack/cluster up --tier full`);
    return folder;
  }

  /** Returns a client certificate for a subject such as `/O=developers/CN=alice`, signed by the authority of the cluster. */
  issue(subject: string): ClientCertificate {
    const own = mkdtempSync(join(tmpdir(), 'vigil-user-'));
    const pki = join(this.folder, 'pki');
    const openssl = (...args: readonly string[]): string => execFileSync('openssl', args, { cwd: own, encoding: 'utf8', stdio: 'pipe' });
    try {
      openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'key.pem');
      openssl('req', '-new', '-key', 'key.pem', '-subj', subject, '-out', 'request.pem');
      const authority = ['-CA', join(pki, 'ca.crt'), '-CAkey', join(pki, 'ca.key'), '-set_serial', String(Date.now())];
      const cert = openssl('x509', '-req', '-in', 'request.pem', '-days', '1', ...authority);
      return { cert, key: readFileSync(join(own, 'key.pem'), 'utf8') };
    } finally {
      rmSync(own, { recursive: true });
    }
  }

  /** Writes a kubeconfig with a client certificate. Returns its path. */
  kubeconfigOf({ cert, key }: ClientCertificate, name: string): string {
    const encoded = (text: string): string => Buffer.from(text).toString('base64');
    const user = { 'client-certificate-data': encoded(cert), 'client-key-data': encoded(key) };
    const path = join(this.folder, `${name}.kubeconfig`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ ...this.#config.clusters[0], name: 'test' }],
      users: [{ name, user }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
      'current-context': 'test',
    };
    writeFileSync(path, stringify(config), { mode: 0o600 });
    return path;
  }

  /** Writes an object to etcd, past the API server. `key` is such as `serviceaccounts/shop/cart`. */
  writeToEtcd(key: string, object: object): void {
    const encoded = (text: string): string => Buffer.from(text).toString('base64');
    const body = JSON.stringify({ key: encoded(`/registry/${key}`), value: encoded(JSON.stringify(object)) });
    const script = `fetch('http://127.0.0.1:2379/v3/kv/put', { method: 'POST', body: process.argv[1] }).then((answer) => process.exit(answer.ok ? 0 : 1))`;
    const name = process.env['VIGIL_TEST_CLUSTER'] ?? '';
    execFileSync('hack/cluster', ['inside', '--name', name, '--', process.execPath, '-e', script, body], { stdio: 'pipe' });
  }
}
