import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type buildConnector, ProxyAgent, type Dispatcher } from 'undici';
import type { ConnectionOptions } from 'node:tls';

const refreshMilliseconds = 60_000;

/** The connection pool of a call: the shared one, or the one that only the lease uses, so that it never waits for other calls. */
export type PoolName = 'shared' | 'lease';

/** The address of the API server, with the current headers and connections. */
export interface Access {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Returns the connection pool of that name. Creates it at the first call. */
  readonly pool: (name: PoolName) => Dispatcher;
}

/** The kubeconfig to use. Default: $KUBECONFIG, the default file, or the service account of the pod. */
export interface CredentialOptions {
  readonly context?: string | undefined;
  readonly kubeConfig?: KubeConfig;
}

/**
 * The credentials of a kubeconfig or a service account, as client-node reads them, and the connection pools that use them. They are read again
 * every minute, so that rotated tokens and certificates take effect without a restart. Concurrent calls share one read: an exec plugin
 * never runs twice at the same time. When the certificates change, new pools replace the old ones, which close after their last call.
 */
export class Credentials {
  readonly #config: KubeConfig;
  #access: Access | undefined;
  #reading: Promise<Access> | undefined;
  #pools: Pools | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

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

  /** Returns the current access. Rejects if a credential plugin or file fails. `now`: milliseconds of a monotonic clock. */
  current(now = performance.now()): Promise<Access> {
    if (this.#access && now - this.#readAt < refreshMilliseconds) return Promise.resolve(this.#access);
    this.#reading ??= this.#read(now).finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  /** Makes the next call read the credentials again. Does nothing if they were already read again since `refused`, the access of a call that got a 401. */
  expire(refused: Access | undefined = this.#access): void {
    if (refused === this.#access) this.#readAt = Number.NEGATIVE_INFINITY;
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    this.#access = undefined;
    await this.#pools?.destroy();
    this.#pools = undefined;
  }

  async #read(now: number): Promise<Access> {
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
    const pools = this.#poolsFor(tls, cluster.proxyUrl);
    this.#access = { server: cluster.server.replace(/\/$/, ''), headers, pool: (name) => pools.get(name) };
    this.#readAt = now;
    return this.#access;
  }

  #poolsFor(tls: buildConnector.BuildOptions, proxy: string | undefined): Pools {
    const fingerprint = JSON.stringify([Object.entries(tls).map(([name, value]) => [name, String(value)]), proxy]);
    if (this.#pools?.fingerprint === fingerprint) return this.#pools;
    this.#pools?.retire();
    this.#pools = new Pools(fingerprint, () => pool(tls, proxy));
    return this.#pools;
  }
}

/** The connection pools for one set of certificates. */
class Pools {
  readonly fingerprint: string;
  readonly #open: () => Dispatcher;
  readonly #pools = new Map<PoolName, Dispatcher>();

  constructor(fingerprint: string, open: () => Dispatcher) {
    this.fingerprint = fingerprint;
    this.#open = open;
  }

  get(name: PoolName): Dispatcher {
    const known = this.#pools.get(name);
    if (known) return known;
    const opened = this.#open();
    this.#pools.set(name, opened);
    return opened;
  }

  /** Closes each pool after its calls. Starts at the next turn of the event loop, so that a call that just got the old access is still sent. */
  retire(): void {
    setImmediate(() => {
      for (const opened of this.#pools.values()) void opened.close().catch(() => undefined);
    });
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((opened) => opened.destroy()));
  }
}

/** Opens a pool without timeouts: each call sets its own, which may be longer than a limit of the pool. */
function pool(tls: buildConnector.BuildOptions, proxy: string | undefined): Dispatcher {
  const common = { connections: 32, keepAliveTimeout: 30_000, headersTimeout: 0, bodyTimeout: 0 };
  if (proxy) return new ProxyAgent({ uri: proxy, requestTls: tls, ...common });
  return new Agent({ connect: { ...tls, timeout: 10_000, keepAlive: true }, ...common });
}
