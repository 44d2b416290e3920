import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { authorityCertificate, leafCertificate, type KeyPair } from './certificate.ts';
import { signingKey } from './signing-key.ts';

const DAY = 86_400_000;
const AUTHORITY_NAME = 'vigil-audit-ca';
/* The authority is in files on the disks of control planes. It ends when its seed is replaced. */
const AUTHORITY_FROM = new Date('2025-01-01T00:00:00Z');
const AUTHORITY_UNTIL = new Date('2049-12-31T00:00:00Z');
const VALID_DAYS = 30;
/** Days after which a certificate is replaced, long before it ends. */
export const RENEW_DAYS = 10;

/** A certificate with its key, both PEM. */
export interface ServerCredentials {
  readonly cert: string;
  readonly key: string;
}

/** Certificates for the audit endpoint that a seed stands for: see docs/decisions. Only the seed lives outside the process. */
export class OwnCertificates {
  /** The certificate (PEM) of the authority, for the CA file of API servers. Its key is the same for the same seed; its signature differs. */
  readonly authority: string;
  readonly #keys: KeyPair;
  readonly #names: readonly string[];

  /** `names`: DNS names and IP addresses of the endpoint. Throws RangeError if the seed is too short. */
  constructor(seed: Uint8Array, names: readonly string[]) {
    const privateKey = signingKey(seed);
    this.#keys = { privateKey, publicKey: createPublicKey(privateKey) };
    this.#names = names;
    this.authority = authorityCertificate(AUTHORITY_NAME, this.#keys, AUTHORITY_FROM, AUTHORITY_UNTIL);
  }

  /** A new key with a certificate that is valid for 30 days from `now` (milliseconds since 1970), and since a day before, for clocks that are behind. */
  issue(now: number): ServerCredentials {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cert = leafCertificate({ name: AUTHORITY_NAME, keys: this.#keys }, publicKey, {
      purpose: 'server',
      names: this.#names,
      from: new Date(now - DAY),
      until: new Date(now + VALID_DAYS * DAY),
    });
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
  }
}
