import { expect } from 'chai';
import { matchesPackage, packageUrl } from '../../../operator/images/statements/package-url.ts';

describe('a package URL', () => {
  const debian = 'pkg:deb/debian/zlib1g@1.2.13.dfsg-1?arch=amd64&distro=debian-12.0&epoch=1';
  for (const [general, found, expected] of [
    ['pkg:deb/debian/zlib1g', debian, true],
    ['pkg:deb/debian/zlib1g@1.2.13.dfsg-1', debian, true],
    ['pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1', debian, true],
    ['pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?arch=amd64&distro=debian-12', debian, true],
    ['pkg:deb/debian/zlib1g@2:1.2.13.dfsg-1', debian, false],
    ['pkg:deb/debian/zlib1g@0:1', 'pkg:deb/debian/zlib1g@1', true],
    ['pkg:deb/debian/zlib1g@1.2.13.dfsg-2', debian, false],
    ['pkg:deb/debian/zlib1g?arch=arm64', debian, false],
    ['pkg:deb/debian/zlib1g?distro=debian-1', debian, false],
    ['pkg:deb/debian/zlib1g?vcs_url=x', debian, false],
    ['pkg:deb/ubuntu/zlib1g', debian, false],
    ['pkg:deb/debian/zlib', debian, false],
    ['pkg:apk/debian/zlib1g', debian, false],
    ['pkg:npm/%40babel/traverse@7.22.0', 'pkg:npm/@babel/traverse@7.22.0', true],
    ['pkg:pypi/Django_X', 'pkg:pypi/django-x@4.2.0', true],
    ['pkg:golang/example.com/m#api', 'pkg:golang/example.com/m@v1', false],
    ['pkg:golang/stdlib@v1.22', 'pkg:golang/stdlib@v1.22?x=y', true],
    ['pkg:golang/stdlib@v1.22', 'pkg:golang/stdlib@v1.23', false],
    ['pkg:npm/ms@1:2', 'pkg:npm/ms@2', false],
  ] as const) {
    it(`${general} ${expected ? 'matches' : 'does not match'} ${found}`, () => {
      expect(matchesPackage(packageUrl(general), packageUrl(found))).to.equal(expected);
    });
  }

  it('has an error with the reason if it is invalid', () => {
    expect(() => packageUrl('pkg:oci/library/nginx')).to.throw('"namespace" component must be empty');
    expect(() => packageUrl('https://example.com')).to.throw('missing required "pkg" scheme');
  });
});
