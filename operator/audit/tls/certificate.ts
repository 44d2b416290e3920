import { randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
} from '@peculiar/asn1-x509';
import { keyIdentifier } from './signing-key.ts';

const COMMON_NAME = '2.5.4.3';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/** What a certificate says. */
interface Statement {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Extension[];
}

/** The certificate (PEM) of a certificate authority that may sign certificates of servers, signed with its own private key. */
export const authorityCertificate = (name: string, keys: KeyPair, notBefore: Date, notAfter: Date): string =>
  signed(keys.privateKey, {
    issuer: name,
    subject: name,
    publicKey: keys.publicKey,
    notBefore,
    notAfter,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(keys.publicKey))),
    ],
  });

/** Both halves of a key. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Who signs a certificate. */
export interface Authority {
  readonly name: string;
  readonly keys: KeyPair;
}

/** What a certificate is good for. */
export interface LeafTerms {
  readonly purpose: 'server' | 'client';
  /** DNS names and IP addresses. The first is the common name. */
  readonly names: readonly string[];
  readonly from: Date;
  readonly until: Date;
}

/** The certificate (PEM) of a server or client, signed by an authority. */
export const leafCertificate = (authority: Authority, publicKey: KeyObject, terms: LeafTerms): string =>
  signed(authority.keys.privateKey, {
    issuer: authority.name,
    subject: terms.names[0] ?? authority.name,
    publicKey,
    notBefore: terms.from,
    notAfter: terms.until,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage([terms.purpose === 'server' ? id_kp_serverAuth : id_kp_clientAuth])),
      extension(
        id_ce_subjectAltName,
        new SubjectAlternativeName(
          terms.names.map((name) => (isIP(name) === 0 ? new GeneralName({ dNSName: name }) : new GeneralName({ iPAddress: name }))),
        ),
      ),
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyIdentifier(authority.keys.publicKey)) }),
      ),
    ],
  });

const signed = (privateKey: KeyObject, statement: Statement): string => {
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const content = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: commonName(statement.issuer),
    validity: new Validity({ notBefore: statement.notBefore, notAfter: statement.notAfter }),
    subject: commonName(statement.subject),
    subjectPublicKeyInfo: AsnConvert.parse(statement.publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo),
    extensions: new Extensions([...statement.extensions]),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(content)), { key: privateKey, dsaEncoding: 'der' });
  const certificate = new Certificate({ tbsCertificate: content, signatureAlgorithm: algorithm, signatureValue: bytesOf(signature) });
  return pem(Buffer.from(AsnConvert.serialize(certificate)));
};

const extension = (extnID: string, value: object, critical = false): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

const commonName = (text: string): Name =>
  new Name([
    new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value: new AttributeValue({ utf8String: text }) })]),
  ]);

/* Positive, and without a leading zero: 127 random bits below a set bit. */
const serialNumber = (): ArrayBuffer => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytesOf(bytes);
};

const bytesOf = (buffer: Buffer): ArrayBuffer => new Uint8Array(buffer).buffer;

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trimEnd()}\n-----END CERTIFICATE-----\n`;
