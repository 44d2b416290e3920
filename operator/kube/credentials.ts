import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type buildConnector, ProxyAgent, type Dispatcher } from 'undici';
import type { ConnectionOptions } from 'node:tls';

const refreshMilliseconds = 60_000;

/** Where the API server is and how to speak to it now. */
export interface Access {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/** Which kubeconfig to take; without one, the environment's: $KUBECONFIG, the default file, or the pod's service account. */
export interface CredentialOptions {
  readonly context?: string | undefined;
  readonly kubeConfig?: KubeConfig;
}

/**
 * Credentials as client-node knows them (kubeconfig, service account with a token file that is read again, exec plugins),
 * turned into one keep-alive connection pool. They are asked for anew every minute, so that rotated tokens and
 * certificates take effect without a restart.
 */
export class Credentials {
  readonly #config: KubeConfig;
  #access: Access | undefined;
  #fingerprint = '';
  #readAt = 0;

  constructor(options: CredentialOptions = {}) {
    this.#config = options.kubeConfig ?? new KubeConfig();
    if (!options.kubeConfig) this.#config.loadFromDefault();
    if (options.context !== undefined) {
      if (!this.#config.getContextObject(options.context)) {
        const known = this.#config.getContexts().map(({ name }) => name);
        throw new Error(`the kubeconfig has no context ${options.context}; it has: ${known.join(', ') || 'none'}`);
      }
      this.#config.setCurrentContext(options.context);
    }
  }

  /** The name of the context in use. */
  get context(): string {
    return this.#config.getCurrentContext();
  }

  /** Current access; rejects when a credential plugin or file fails. */
  async current(now = Date.now()): Promise<Access> {
    if (this.#access && now - this.#readAt < refreshMilliseconds) return this.#access;
    const cluster = this.#config.getCurrentCluster();
    if (!cluster) throw new Error('no cluster: set KUBECONFIG, pass a context, or run inside a cluster');
    const options: ConnectionOptions & { headers?: Record<string, string>; auth?: string } = { headers: {} };
    await this.#config.applyToHTTPSOptions(options);
    const { ca, cert, key, rejectUnauthorized, servername, passphrase, pfx } = options;
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, rejectUnauthorized, servername, passphrase, pfx }).filter(([, value]) => value !== undefined),
    );
    const headers = { ...options.headers };
    if (typeof options.auth === 'string') headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    const fingerprint = JSON.stringify(Object.values(tls).map(String));
    const dispatcher = this.#access && fingerprint === this.#fingerprint ? this.#access.dispatcher : pool(tls, cluster.proxyUrl);
    this.#access = { server: cluster.server.replace(/\/$/, ''), headers, dispatcher };
    this.#fingerprint = fingerprint;
    this.#readAt = now;
    return this.#access;
  }

  /** Forgets what was read, so that the next call reads again (after a 401). */
  expire(): void {
    this.#readAt = 0;
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await this.#access?.dispatcher.destroy();
    this.#access = undefined;
  }
}

function pool(tls: buildConnector.BuildOptions, proxy: string | undefined): Dispatcher {
  const common = { connections: 32, keepAliveTimeout: 30_000, headersTimeout: 60_000, bodyTimeout: 60_000 };
  if (proxy) return new ProxyAgent({ uri: proxy, requestTls: tls, ...common });
  return new Agent({ connect: { ...tls, timeout: 10_000, keepAlive: true }, ...common });
}
