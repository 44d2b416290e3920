import { createECDH, createHash, createPrivateKey, hkdfSync, type KeyObject } from 'node:crypto';

/** The shortest seed in bytes. */
export const SEED_LENGTH = 32;
/* The order of the curve P-256: a private key is between 1 and this number. */
const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

/**
 * The private key (P-256) of the certificate authority that a seed stands for. Every process with the same seed has the same key, so that a certificate of any replica is
 * accepted by an API server with one CA file, without a key that is ever written. Throws RangeError if the seed is shorter than 32 bytes.
 */
export const signingKey = (seed: Uint8Array): KeyObject => {
  if (seed.length < SEED_LENGTH) {
    throw new RangeError(`has ${seed.length} bytes, and needs at least ${SEED_LENGTH} random ones: openssl rand -hex 32`);
  }
  // 48 bytes reduced modulo the order are as good as uniform (FIPS 186-5, A.2.1).
  const wide = BigInt(`0x${Buffer.from(hkdfSync('sha256', seed, '', 'vigil audit certificate authority', 48)).toString('hex')}`);
  const scalar = Buffer.from(((wide % (ORDER - 1n)) + 1n).toString(16).padStart(64, '0'), 'hex');
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  const point = curve.getPublicKey();
  const coordinate = (start: number): string => point.subarray(start, start + 32).toString('base64url');
  return createPrivateKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', d: scalar.toString('base64url'), x: coordinate(1), y: coordinate(33) },
  });
};

/** The hash of a public key: an identifier for certificates. */
export const keyIdentifier = (publicKey: KeyObject): Buffer =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
