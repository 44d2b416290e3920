import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { OwnCertificates } from '../../operator/audit/tls/own-certificates.ts';
import { signingKey } from '../../operator/audit/tls/signing-key.ts';

const NOW = Date.UTC(2026, 2, 1);
const seed = Buffer.from('0f'.repeat(32));
const names = ['vigil-audit.vigil-system.svc', '10.96.0.20', 'fd00::20'];

describe('OwnCertificates', () => {
  const own = new OwnCertificates(seed, names);
  const authority = new X509Certificate(own.authority);
  const issued = own.issue(NOW);
  const certificate = new X509Certificate(issued.cert);

  it('makes a certificate that its authority has signed', () => {
    expect(certificate.checkIssued(authority)).to.equal(true);
    expect(certificate.verify(authority.publicKey)).to.equal(true);
    expect(authority.verify(authority.publicKey)).to.equal(true);
    expect([authority.ca, certificate.ca]).to.deep.equal([true, false]);
  });

  it('names every host and address', () => {
    expect(certificate.checkHost('vigil-audit.vigil-system.svc')).to.equal('vigil-audit.vigil-system.svc');
    expect([certificate.checkIP('10.96.0.20'), certificate.checkIP('fd00::20'), certificate.checkIP('10.96.0.21')]).to.deep.equal([
      '10.96.0.20',
      'fd00::20',
      undefined,
    ]);
  });

  it('is valid from a day before until thirty days after', () => {
    expect([Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]).to.deep.equal([NOW - 86_400_000, NOW + 30 * 86_400_000]);
  });

  it('has the same authority in every process with the same seed, and another for another seed', () => {
    const other = new OwnCertificates(seed, ['localhost']);
    expect(new X509Certificate(other.issue(NOW).cert).verify(authority.publicKey)).to.equal(true);
    expect(
      new X509Certificate(new OwnCertificates(Buffer.from('0e'.repeat(32)), names).issue(NOW).cert).verify(authority.publicKey),
    ).to.equal(false);
  });

  it('makes a new key for each certificate', () => {
    expect(own.issue(NOW).key).not.to.equal(issued.key);
    expect(new X509Certificate(own.issue(NOW).cert).serialNumber).not.to.equal(certificate.serialNumber);
  });

  it('derives a key that never changes', () => {
    expect(signingKey(seed).export({ format: 'jwk' }).d).to.equal('b6Ilk9TT4lv4SUamDXgFjqT_j-2ePJo6hkywxKgBcGc');
  });

  it('refuses a short seed', () => {
    expect(() => new OwnCertificates(Buffer.alloc(31), names)).to.throw(RangeError, 'openssl rand -hex 32');
  });
});
