import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket, type PeerCertificate } from 'node:tls';

/** The shortest bearer token in characters. */
export const TOKEN_LENGTH = 20;

/** Who may send audit events. At least one of both is needed. */
export interface CallerRules {
  /** Bearer tokens. Several while one is replaced by another. */
  readonly tokens: readonly string[];
  /** Common names of client certificates. A certificate counts only if the TLS server has verified it. */
  readonly clientNames: readonly string[];
}

/** Decides who may send. Nobody may, if the rules are empty. */
export class CallerCheck {
  readonly #digests: readonly Buffer[];
  readonly #names: ReadonlySet<string>;

  constructor({ tokens, clientNames }: CallerRules) {
    this.#digests = tokens.map(digest);
    this.#names = new Set(clientNames);
  }

  /** Whether the request has a known bearer token, or came with a verified certificate of a known name. */
  accepts(request: Pick<IncomingMessage, 'headers' | 'socket'>): boolean {
    return this.#hasToken(request.headers.authorization) || this.#hasCertificate(request.socket);
  }

  /** Compares with every token, by digests of equal length, so that the time says nothing about a token. */
  #hasToken(header: string | undefined): boolean {
    const [, token] = /^bearer +(\S+) *$/i.exec(header ?? '') ?? [];
    if (token === undefined) return false;
    const given = digest(token);
    return this.#digests.map((known) => timingSafeEqual(known, given)).includes(true);
  }

  #hasCertificate(socket: Socket): boolean {
    if (this.#names.size === 0 || !(socket instanceof TLSSocket) || !socket.authorized) return false;
    // An empty object if there is no certificate.
    const name: unknown = (socket.getPeerCertificate() as Partial<PeerCertificate>).subject?.CN;
    return typeof name === 'string' && this.#names.has(name);
  }
}

/** The tokens of a file: one in a line. Throws RangeError if there is none, or one is too short. */
export const tokensOf = (text: string): readonly string[] => {
  const tokens = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (tokens.length === 0) throw new RangeError('has no token');
  if (tokens.some((token) => token.length < TOKEN_LENGTH || /\s/.test(token))) {
    throw new RangeError(`has a token with fewer than ${TOKEN_LENGTH} characters or with spaces: openssl rand -hex 32`);
  }
  return tokens;
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
