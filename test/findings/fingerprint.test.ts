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
  ];
  for (const [what, other] of others)
    it(`differs for another ${what}`, () => expect(fingerprint({ ...base, ...other })).to.not.equal(fingerprint(base)));

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
