import { readFile } from 'node:fs/promises';
import { OwnCertificates, RENEW_DAYS, type ServerCredentials } from '../tls/own-certificates.ts';
import type { EndpointCredentials } from './audit-endpoint.ts';
import { CallerCheck, tokensOf } from './caller-check.ts';

/** Paths of mounted files. Either `seed`, or `cert` and `key`; `tokens`, or `clientAuthorities` with `clientNames`, or both. */
export interface AuditFilePaths {
  /** Random bytes that the operator makes its certificate authority from. */
  readonly seed?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Bearer tokens, one in a line. */
  readonly tokens?: string;
  readonly clientAuthorities?: string;
  readonly clientNames: readonly string[];
  /** DNS names and addresses in certificates that the operator makes. */
  readonly serverNames: readonly string[];
}

/** What the endpoint uses. */
export interface AuditIdentity {
  readonly credentials: EndpointCredentials;
  readonly check: CallerCheck;
  /** The certificate authority (PEM) that the operator made. Undefined if the certificate was given. */
  readonly authority?: string;
}

/** A mounted file cannot be used. The message names the file and the fix. */
export class AuditFileError extends Error {
  override readonly name = 'AuditFileError';
}

/** Reads the mounted files, again and again: a certificate that was given is replaced by others, and tokens too. */
export class AuditFiles {
  readonly #paths: AuditFilePaths;
  #own:
    | { readonly seed: string; readonly certificates: OwnCertificates; readonly issued: ServerCredentials; readonly issuedAt: number }
    | undefined;
  #last = '';

  constructor(paths: AuditFilePaths) {
    this.#paths = paths;
  }

  /**
   * What the files say at `now` (milliseconds since 1970). Undefined if nothing has changed since the last call. A certificate that the operator made is replaced after ten
   * days. Throws {@link AuditFileError}.
   */
  async read(now: number): Promise<AuditIdentity | undefined> {
    const [seed, cert, key, tokens, clientAuthorities] = await Promise.all(
      (['seed', 'cert', 'key', 'tokens', 'clientAuthorities'] as const).map((name) => textOf(this.#paths[name])),
    );
    const server = seed === undefined ? { cert: cert ?? '', key: key ?? '' } : this.#issued(seed, now);
    const state = JSON.stringify([server, tokens, clientAuthorities]);
    if (state === this.#last) return undefined;
    const identity: AuditIdentity = {
      credentials: { ...server, ...(clientAuthorities === undefined ? {} : { clientAuthorities }) },
      check: new CallerCheck({
        tokens: tokens === undefined ? [] : checked(this.#paths.tokens, () => tokensOf(tokens)),
        clientNames: this.#paths.clientNames,
      }),
      ...(this.#own === undefined ? {} : { authority: this.#own.certificates.authority }),
    };
    this.#last = state;
    return identity;
  }

  /** Makes the next {@link read} return what the files say even if nothing has changed: the last result could not be used. */
  forget(): void {
    this.#last = '';
  }

  #issued(seed: string, now: number): ServerCredentials {
    if (this.#own?.seed !== seed) {
      const certificates = checked(this.#paths.seed, () => new OwnCertificates(Buffer.from(seed.trim()), this.#paths.serverNames));
      this.#own = { seed, certificates, issued: certificates.issue(now), issuedAt: now };
    } else if (now - this.#own.issuedAt > RENEW_DAYS * 86_400_000) {
      this.#own = { ...this.#own, issued: this.#own.certificates.issue(now), issuedAt: now };
    }
    return this.#own.issued;
  }
}

const textOf = async (path: string | undefined): Promise<string | undefined> => {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AuditFileError(
      `${path}: cannot be read: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}; mount the Secret that has it`,
      { cause },
    );
  }
};

const checked = <T>(path: string | undefined, parse: () => T): T => {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof RangeError) throw new AuditFileError(`${path ?? ''}: ${cause.message}`, { cause });
    throw cause;
  }
};
