import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The settings and checks of a {@link HealthServer}. */
export interface HealthOptions {
  readonly host?: string;
  readonly port: number;
  /** Returns the body of /metrics. */
  readonly metrics: () => Promise<string>;
  /** Returns the reasons why the process is not ready. Empty: ready. */
  readonly ready: () => readonly string[];
  readonly healthy: () => readonly string[];
}

/** Serves /metrics, /healthz and /readyz over HTTP. */
export class HealthServer {
  readonly #options: HealthOptions;
  #server: Server | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Starts to listen. Resolves to the port. Rejects if the port cannot be bound. */
  async start(): Promise<number> {
    const pages: Readonly<Record<string, () => Page | Promise<Page>>> = {
      '/metrics': async () => [200, await this.#options.metrics()],
      '/healthz': () => verdict(this.#options.healthy()),
      '/readyz': () => verdict(this.#options.ready()),
    };
    const answer = async (url: string, response: ServerResponse): Promise<void> => {
      const [status, text] = await (pages[url.split('?')[0] ?? '/'] ?? notFound)();
      response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
    };
    const server = createServer((request, response) => {
      answer(request.url ?? '/', response).catch((error: unknown) => response.writeHead(500).end(`${String(error)}\n`));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#options.port, this.#options.host ?? '0.0.0.0', resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  /** Closes the server and its connections. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

type Page = readonly [status: number, text: string];

const notFound = (): Page => [404, 'not found\n'];

function verdict(problems: readonly string[]): Page {
  return problems.length === 0 ? [200, 'ok\n'] : [503, `${problems.join('\n')}\n`];
}
