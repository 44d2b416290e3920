import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type buildConnector, ProxyAgent, type Dispatcher } from 'undici';
import type { ConnectionOptions } from 'node:tls';

const refreshMilliseconds = 60_000;

/** Which connections a call goes over: those of all calls, or the lease's own, behind which nothing else ever waits. */
export type PoolName = 'shared' | 'lease';

/** Where the API server is and how to speak to it now. */
export interface Access {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The connections of that name; they are opened when they are first asked for. */
  readonly pool: (name: PoolName) => Dispatcher;
}

/** Which kubeconfig to take; without one, the environment's: $KUBECONFIG, the default file, or the pod's service account. */
export interface CredentialOptions {
  readonly context?: string | undefined;
  readonly kubeConfig?: KubeConfig;
}

/**
 * Credentials as client-node knows them (kubeconfig, service account with a token file that is read again, exec plugins),
 * turned into keep-alive connection pools. They are read again every minute, so that rotated tokens and certificates take
 * effect without a restart. However many calls ask at once, they are read once: an exec plugin never runs twice at a time.
 * Pools with other certificates replace the pools before; these are closed when their last call has ended.
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

  /** Current access; rejects when a credential plugin or file fails. `now`: milliseconds that only grow. */
  current(now = performance.now()): Promise<Access> {
    if (this.#access && now - this.#readAt < refreshMilliseconds) return Promise.resolve(this.#access);
    this.#reading ??= this.#read(now).finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  /** Forgets what was read, so that the next call reads again, unless that has happened since `refused` was given out (after a 401). */
  expire(refused: Access | undefined = this.#access): void {
    if (refused === this.#access) this.#readAt = Number.NEGATIVE_INFINITY;
  }

  /** Closes the connections. */
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

/** The connection pools of one set of certificates. */
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

  /** Closes each pool once its calls have ended. A call that was given the old access a moment ago is still sent: closing waits for the next turn. */
  retire(): void {
    setImmediate(() => {
      for (const opened of this.#pools.values()) void opened.close().catch(() => undefined);
    });
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((opened) => opened.destroy()));
  }
}

/** Time limits are each call's own: a limit of the pool would cap a longer one of the call. */
function pool(tls: buildConnector.BuildOptions, proxy: string | undefined): Dispatcher {
  const common = { connections: 32, keepAliveTimeout: 30_000, headersTimeout: 0, bodyTimeout: 0 };
  if (proxy) return new ProxyAgent({ uri: proxy, requestTls: tls, ...common });
  return new Agent({ connect: { ...tls, timeout: 10_000, keepAlive: true }, ...common });
}
