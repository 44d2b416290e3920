import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A call through the proxy. */
export interface ProxiedCall {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  readonly body: string;
  /** The status that the client received; 0 if there was none. */
  status: number;
  /** The name of the applied rule. */
  fault?: string;
  /** Whether the API server has answered: then a write has happened, unless the status is an error. */
  forwarded: boolean;
}

/** A fault of a call. `after`: the API server has processed the call, and the client receives no answer. */
export type FaultAction =
  | { readonly kind: 'cut' | 'stall'; readonly when: 'before' | 'after' }
  /** Cuts the answer or the watch after a time. */
  | { readonly kind: 'cut-later'; readonly milliseconds: number }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** Sends half of the answer. Then the connection breaks, or (`clean`) the answer ends without an error. */
  | { readonly kind: 'truncate'; readonly clean?: boolean }
  /** Removes the first line of the answer, as in a rotated log. */
  | { readonly kind: 'drop-first-line' }
  /** Changes some bytes in the middle of the answer. */
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'answer'; readonly status: number; readonly body: object; readonly retryAfter?: number }
  /** A watch that reports at once that its resourceVersion has expired. */
  | { readonly kind: 'watch-expired' }
  /** Runs a function before the call, or after the server has processed it. `cut`: the client receives no answer. */
  | { readonly kind: 'run'; readonly when: 'before' | 'after'; readonly cut?: boolean; readonly work: () => Promise<void> | void };

/** The fault of matching calls. The first matching rule that is not used up is applied. */
export interface FaultRule {
  readonly name?: string;
  readonly match: (call: ProxiedCall) => boolean;
  /** The number of matching calls to forward before. Default: 0. */
  readonly skip?: number;
  /** The number of calls to which it is applied. Default: 1. */
  readonly times?: number;
  readonly action: FaultAction;
}

/** The server behind the proxy. */
export interface Upstream {
  /** Such as https://10.0.0.2:6443. */
  readonly server: string;
  readonly ca?: string | Buffer | undefined;
}

/** A Kubernetes `Status` as an API server returns it. */
export function statusBody(code: number, reason: string, message: string, details?: object): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code, ...(details ? { details } : {}) };
}

/** A rule with its counters. */
interface ArmedRule extends FaultRule {
  seen: number;
  used: number;
}

/**
 * A proxy between a client and an API server that injects faults into chosen calls. It uses plain HTTP on the loopback address for the
 * client and TLS for the server. It forwards the client's headers, including the token.
 */
export class FaultProxy {
  /** All calls in order of arrival. */
  readonly calls: ProxiedCall[] = [];
  readonly #upstream: Upstream;
  readonly #agent: Agent | undefined;
  readonly #server: Server;
  #rules: ArmedRule[] = [];

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
    this.#agent = upstream.server.startsWith('https:') ? new Agent({ keepAlive: true, ca: upstream.ca, maxSockets: 64 }) : undefined;
    this.#server = createServer((incoming, answer) => {
      this.#serve(incoming, answer).catch(() => answer.destroy());
    });
    // A killed client leaves broken sockets behind.
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Starts to listen, by default on any port. Returns its address, such as http://127.0.0.1:40001. */
  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection and stops. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#agent?.destroy();
  }

  /** Replaces the rules. */
  arm(...rules: readonly FaultRule[]): void {
    this.#rules = rules.map((rule) => ({ ...rule, seen: 0, used: 0 }));
  }

  /** The number of calls to which rules were applied. */
  get taken(): number {
    return this.#rules.reduce((sum, { used }) => sum + used, 0);
  }

  /** Breaks all connections of clients, as a network failure does. */
  cutAll(): void {
    this.#server.closeAllConnections();
  }

  #ruleFor(call: ProxiedCall): ArmedRule | undefined {
    const rule = this.#rules.find((candidate) => candidate.used < (candidate.times ?? 1) && candidate.match(call));
    if (!rule) return undefined;
    rule.seen++;
    if (rule.seen <= (rule.skip ?? 0)) return undefined;
    rule.used++;
    return rule;
  }

  async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const [path = '', query = ''] = (incoming.url ?? '').split('?');
    const call: ProxiedCall = { method: incoming.method ?? 'GET', path, query, body: body.toString(), status: 0, forwarded: false };
    this.calls.push(call);
    const rule = this.#ruleFor(call);
    if (rule) call.fault = rule.name ?? rule.action.kind;
    const exchange: Exchange = { incoming, answer, body, call };
    if (!rule) await this.#pass(exchange);
    else await this.#fault(exchange, rule.action);
  }

  async #fault(exchange: Exchange, action: FaultAction): Promise<void> {
    const { answer, call } = exchange;
    switch (action.kind) {
      case 'cut':
        if (action.when === 'after') await this.#forward(exchange);
        answer.destroy();
        return;
      case 'stall':
        // No answer: the client times out, or the proxy stops.
        if (action.when === 'after') await this.#silence(exchange);
        return;
      case 'cut-later':
        setTimeout(() => answer.destroy(), action.milliseconds).unref();
        return this.#pass(exchange);
      case 'delay':
        await sleep(action.milliseconds);
        return this.#pass(exchange);
      case 'truncate':
      case 'drop-first-line':
      case 'corrupt':
        return this.#mangled(exchange, action);
      case 'answer':
        reply(exchange, action.status, action.body, action.retryAfter);
        return;
      case 'watch-expired':
        call.status = 200;
        answer.writeHead(200, { 'content-type': 'application/json' });
        answer.end(`${JSON.stringify({ type: 'ERROR', object: statusBody(410, 'Expired', 'too old resource version') })}\n`);
        return;
      case 'run':
        return this.#run(exchange, action);
    }
  }

  async #run(exchange: Exchange, { when, cut = false, work }: Extract<FaultAction, { kind: 'run' }>): Promise<void> {
    if (when === 'before') {
      await work();
      if (cut) exchange.answer.destroy();
      else await this.#pass(exchange);
      return;
    }
    const response = await this.#forward(exchange);
    const body = await readAll(response);
    await work();
    if (cut) exchange.answer.destroy();
    else send(exchange, response, body);
  }

  /** Sends only the head of the answer: the connection is open, but sends no data. */
  async #silence(exchange: Exchange): Promise<void> {
    const response = await this.#forward(exchange);
    exchange.call.status = response.statusCode ?? 0;
    exchange.answer.writeHead(response.statusCode ?? 502, cleaned(response));
    exchange.answer.flushHeaders();
    response.resume();
    exchange.answer.on('close', () => response.destroy());
  }

  async #mangled(exchange: Exchange, action: Extract<FaultAction, { kind: 'truncate' | 'drop-first-line' | 'corrupt' }>): Promise<void> {
    const { answer } = exchange;
    const response = await this.#forward(exchange);
    const body = await readAll(response);
    if (action.kind === 'corrupt') {
      for (let at = body.length >>> 1; at < Math.min((body.length >>> 1) + 8, body.length); at++) body[at] = 63;
      send(exchange, response, body);
      return;
    }
    if (action.kind === 'drop-first-line') {
      send(exchange, response, body.subarray(body.indexOf(10) + 1));
      return;
    }
    const half = body.subarray(0, body.length >>> 1);
    if (action.clean) {
      send(exchange, response, half);
      return;
    }
    answer.writeHead(response.statusCode ?? 502, { ...cleaned(response), 'content-length': body.length });
    answer.write(half, () => answer.destroy());
  }

  async #pass(exchange: Exchange): Promise<void> {
    const { answer, call } = exchange;
    const response = await this.#forward(exchange);
    if (answer.destroyed) {
      response.destroy();
      return;
    }
    call.status = response.statusCode ?? 0;
    answer.writeHead(response.statusCode ?? 502, cleaned(response));
    answer.flushHeaders();
    response.pipe(answer);
    response.on('error', () => answer.destroy());
    answer.on('close', () => response.destroy());
  }

  /** Forwards the call to the API server. */
  #forward({ incoming, body, call, answer }: Exchange): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const send = this.#agent ? httpsRequest : httpRequest;
      const { host: _host, connection: _connection, ...headers } = incoming.headers;
      const options = { method: call.method, headers, ...(this.#agent ? { agent: this.#agent } : {}) };
      const outgoing = send(new URL(incoming.url ?? '/', this.#upstream.server), options, (response) => {
        call.forwarded = true;
        resolve(response);
      });
      outgoing.on('error', reject);
      // If the client closes a watch, the watch to the server is closed as well.
      if (call.query.includes('watch=true')) answer.on('close', () => outgoing.destroy());
      outgoing.end(body);
    });
  }
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  readonly body: Buffer;
  readonly call: ProxiedCall;
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The headers of the answer without those about the connection. */
function cleaned({ headers }: IncomingMessage): IncomingMessage['headers'] {
  const { connection: _connection, 'keep-alive': _keepAlive, 'transfer-encoding': _encoding, ...rest } = headers;
  return rest;
}

function send({ answer, call }: Exchange, response: IncomingMessage, body: Buffer): void {
  call.status = response.statusCode ?? 0;
  answer.writeHead(call.status, { ...cleaned(response), 'content-length': body.length });
  answer.end(body);
}

function reply({ answer, call }: Exchange, status: number, body: object, retryAfter: number | undefined): void {
  call.status = status;
  answer.setHeader('content-type', 'application/json');
  if (retryAfter !== undefined) answer.setHeader('retry-after', retryAfter);
  answer.writeHead(status);
  answer.end(JSON.stringify(body));
}
