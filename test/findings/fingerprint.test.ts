import { expect } from 'chai';
import { fingerprint, type Fingerprinted } from '../../operator/findings/fingerprint.ts';

const base: Fingerprinted = { policy: 'web', check: 'V-1', properties: { container: 'app', package: 'zlib', file: 'usr/lib' } };

describe('fingerprint', () => {
  const others: readonly (readonly [what: string, Partial<Fingerprinted>])[] = [
    ['policy', { policy: 'data' }],
    ['check', { check: 'V-2' }],
    ['container', { properties: { ...base.properties, container: 'proxy' } }],
    ['package', { properties: { ...base.properties, package: 'xz' } }],
    ['file', { properties: { ...base.properties, file: 'opt/lib' } }],
    ['anomaly', { properties: { ...base.properties, anomaly: 'a1' } }],
    ['binding', { properties: { ...base.properties, binding: 'b1' } }],
    ['parameter object', { properties: { ...base.properties, params: 'web/p1' } }],
  ];
  for (const [what, other] of others)
    it(`differs for another ${what}`, () => expect(fingerprint({ ...base, ...other })).to.not.equal(fingerprint(base)));

  it('is the text that reports of earlier versions have', () => {
    expect(fingerprint(base)).to.equal('web\0V-1\0app\0zlib\0usr/lib');
    expect(fingerprint({ policy: null, check: 'V-1' })).to.equal('\0V-1\0\0\0');
    expect(fingerprint({ policy: 'web', check: 'r', properties: { params: 'p', binding: 'b', anomaly: 'a' } })).to.equal(
      'web\0r\0\0\0\0a\0b\0p',
    );
  });

  it('is the same when the finding moves to another pod or package version', () => {
    expect(fingerprint({ ...base, properties: { ...base.properties, pod: 'web-1', installed: '1.2' } })).to.equal(fingerprint(base));
  });

  it('is the same without a policy as with an empty name, and does not mix up container and package', () => {
    expect(fingerprint({ policy: null, check: 'V-1' })).to.equal(fingerprint({ policy: '', check: 'V-1' }));
    expect(fingerprint({ ...base, properties: { container: 'zlib' } })).to.not.equal(
      fingerprint({ ...base, properties: { package: 'zlib' } }),
    );
  });
});
