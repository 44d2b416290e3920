import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipped, isGzip } from '../formats/compressed-text.ts';
import type { AuditBody } from './audit-queue.ts';
import type { CallerCheck } from './caller-check.ts';

/** The most bytes of a body. An API server sends at most 400 events in one, and cuts batches at 10 MiB by default if it cuts. */
export const BODY_LIMIT = 10 * 1024 * 1024;
/** The most bytes of bodies that are being received at the same time. */
const RECEIVING_LIMIT = 4 * BODY_LIMIT;

/** What the TLS server identifies itself and others with. All PEM. */
export interface EndpointCredentials {
  readonly cert: string;
  readonly key: string;
  /** Certificate authorities of clients. Undefined: no client certificate is asked for. */
  readonly clientAuthorities?: string;
}

/** Why a request was refused, for the metric and the log. */
export type RefusalReason = 'unauthenticated' | 'too-large' | 'method' | 'encoding' | 'busy' | 'aborted';

/** What an {@link AuditEndpoint} needs. */
export interface EndpointOptions {
  readonly port: number;
  readonly host?: string;
  readonly credentials: EndpointCredentials;
  readonly check: CallerCheck;
  /** Takes an accepted body. Returns at once. */
  readonly offer: (body: AuditBody) => void;
  readonly refused: (reason: RefusalReason) => void;
}

/**
 * The HTTPS endpoint for audit events. A sender is checked before any of its body is read; an accepted body is answered with 200 before it is parsed, whatever it
 * contains, so that the API server never waits and never sends it again. `?server=NAME` names the API server; the default is the address of the connection.
 */
export class AuditEndpoint {
  readonly #options: EndpointOptions;
  #check: CallerCheck;
  #server: Server | undefined;
  #receiving = 0;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#check = options.check;
  }

  /** Starts to listen. Resolves to the port. Rejects if the port cannot be bound or the credentials cannot be used. */
  async start(): Promise<number> {
    const { port, host = '::' } = this.#options;
    const server = createServer(
      {
        ...this.#secureContext(this.#options.credentials),
        requestCert: this.#options.credentials.clientAuthorities !== undefined,
        rejectUnauthorized: false,
        maxHeaderSize: 16_384,
        handshakeTimeout: 10_000,
      },
      (request, response) => this.#answer(request, response),
    );
    server.headersTimeout = 10_000;
    server.requestTimeout = 30_000;
    server.keepAliveTimeout = 120_000;
    server.maxConnections = 256;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  /** Uses other credentials and rules for connections and requests from now on. Throws if the credentials cannot be used; the old ones stay then. */
  renew(credentials: EndpointCredentials, check: CallerCheck): void {
    this.#server?.setSecureContext(this.#secureContext(credentials));
    this.#check = check;
  }

  /** Closes the server and its connections. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  #secureContext({ cert, key, clientAuthorities }: EndpointCredentials): { cert: string; key: string; minVersion: 'TLSv1.2'; ca?: string } {
    return { cert, key, minVersion: 'TLSv1.2', ...(clientAuthorities === undefined ? {} : { ca: clientAuthorities }) };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#refusal(request);
    if (refusal === undefined) this.#receive(request, response);
    else this.#refuse(request, response, refusal);
  }

  /** Why a request is refused by its headers alone. */
  #refusal({ headers, method, socket }: IncomingMessage): RefusalReason | undefined {
    if (!this.#check.accepts({ headers, socket })) return 'unauthenticated';
    if (method !== 'POST') return 'method';
    if (!['identity', 'gzip'].includes(headers['content-encoding'] ?? 'identity')) return 'encoding';
    if (Number(headers['content-length'] ?? 0) > BODY_LIMIT) return 'too-large';
    return this.#receiving > RECEIVING_LIMIT ? 'busy' : undefined;
  }

  #refuse(request: IncomingMessage, response: ServerResponse, reason: RefusalReason): void {
    this.#options.refused(reason);
    const [status, text] = REFUSALS[reason];
    // The body was not read: the connection cannot be used again.
    response.writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      connection: 'close',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    });
    response.end(`${text}\n`, () => request.destroy());
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let length = 0;
    let ended = false;
    const end = (): boolean => {
      if (ended) return false;
      ended = true;
      this.#receiving -= length;
      return true;
    };
    request.on('data', (chunk: Buffer) => {
      if (ended) return;
      chunks.push(chunk);
      length += chunk.length;
      this.#receiving += chunk.length;
      if (length > BODY_LIMIT && end()) this.#refuse(request, response, 'too-large');
    });
    request.on('end', () => {
      if (end()) this.#accept(request, response, Buffer.concat(chunks));
    });
    request.on('error', () => end());
    request.on('close', () => {
      if (end()) this.#options.refused('aborted');
    });
  }

  #accept(request: IncomingMessage, response: ServerResponse, received: Buffer): void {
    const bytes = isGzip(received) ? gunzipped(received) : received;
    if (bytes === undefined) {
      this.#refuse(request, response, 'encoding');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    this.#options.offer({ bytes, server: serverOf(request) });
  }
}

const REFUSALS: Readonly<Record<RefusalReason, readonly [status: number, text: string]>> = {
  unauthenticated: [401, 'a bearer token or a client certificate is required'],
  method: [405, 'audit events are sent with POST'],
  encoding: [415, 'the body is not plain or gzip, or too large after decompression'],
  'too-large': [413, `the body is larger than ${BODY_LIMIT} bytes: set --audit-webhook-batch-max-size to a smaller number`],
  busy: [503, 'too many bodies are being received'],
  aborted: [400, 'the body has not come'],
};

/** The name of the sender: letters, digits, dots, colons and hyphens of the query parameter `server`, or the address. */
const serverOf = ({ url = '', socket }: IncomingMessage): string => {
  const named = new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('server') ?? '';
  return /^[\w.:-]{1,253}$/.test(named) ? named : (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
};
