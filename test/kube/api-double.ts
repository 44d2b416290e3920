import { KubeConfig } from '@kubernetes/client-node';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeClient, type KubeClientOptions } from '../../operator/kube/client/kube-client.ts';

/** One request as the server received it. */
export interface SeenCall {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** A fake API server with scripted responses, for behavior that a real API server shows only rarely. */
export class ApiDouble {
  readonly calls: SeenCall[] = [];
  /** The handlers of the next requests. The last one handles all further requests. */
  answers: ((answer: ServerResponse, call: SeenCall) => void)[] = [];
  readonly #server: Server;
  #listening: Promise<void> | undefined;
  #waiting: (() => void)[] = [];

  constructor() {
    this.#server = createServer((incoming, answer) => void this.#serve(incoming, answer));
  }

  /** Starts to listen. Returns a client for this server. */
  async start(options: KubeClientOptions = {}): Promise<KubeClient> {
    this.#listening ??= new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    await this.#listening;
    return this.client(options);
  }

  client(options: KubeClientOptions = {}): KubeClient {
    const server = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: true }, { name: 'u', token: 't' });
    return new KubeClient(new Credentials({ kubeConfig }), options);
  }

  /** Resolves when this many more requests have arrived. */
  async seen(more: number): Promise<void> {
    const wanted = this.calls.length + more;
    while (this.calls.length < wanted) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    this.#listening = undefined;
  }

  async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of incoming) body += String(chunk);
    const call = { method: incoming.method ?? '', url: incoming.url ?? '', body };
    this.calls.push(call);
    const say = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    say?.(answer, call);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Responds with a JSON document. */
export const says =
  (document: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  (answer: ServerResponse): void => {
    answer.writeHead(status, { 'content-type': 'application/json', ...headers });
    answer.end(JSON.stringify(document));
  };

/** Closes the connection without a response. */
export const breaks = (answer: ServerResponse): void => void answer.destroy();
