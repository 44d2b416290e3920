import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the health server tells. */
export interface HealthOptions {
  readonly host?: string;
  readonly port: number;
  /** The text of /metrics. */
  readonly metrics: () => string;
  /** What is wrong, by check; empty when all is well. */
  readonly ready: () => readonly string[];
  readonly healthy: () => readonly string[];
}

/** Serves /metrics, /healthz and /readyz. Bind errors reject {@link start}. */
export class HealthServer {
  readonly #options: HealthOptions;
  #server: Server | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Listens. Resolves to the port in use. */
  async start(): Promise<number> {
    const pages: Readonly<Record<string, () => readonly [number, string]>> = {
      '/metrics': () => [200, this.#options.metrics()],
      '/healthz': () => verdict(this.#options.healthy()),
      '/readyz': () => verdict(this.#options.ready()),
    };
    const server = createServer((request, response) => {
      const page = pages[(request.url ?? '/').split('?')[0] ?? '/'];
      const [status, text] = page ? page() : [404, 'not found\n'];
      response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#options.port, this.#options.host ?? '0.0.0.0', resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  /** Stops listening. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function verdict(problems: readonly string[]): readonly [number, string] {
  return problems.length === 0 ? [200, 'ok\n'] : [503, `${problems.join('\n')}\n`];
}
