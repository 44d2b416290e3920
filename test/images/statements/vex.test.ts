import { expect } from 'chai';
import { imageName } from '../../../operator/images/statements/image-name.ts';
import { packageUrl } from '../../../operator/images/statements/package-url.ts';
import { VexIndex, type VexProduct, type VexSource, type VexStatement } from '../../../operator/images/statements/vex.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const web = imageName({ reference: 'r.io/web:1', image: { digest, reference: `r.io/web@${digest}` } });
const other = imageName({ reference: 'r.io/other:1' });
const curl = packageUrl('pkg:deb/debian/curl@7.88.1-10?distro=debian-12.0');
const product = (name: string, ...parts: readonly string[]): VexProduct => ({
  names: [packageUrl(name)],
  ...(parts.length > 0 ? { parts: parts.map(packageUrl) } : {}),
});
const statement = (more: Partial<VexStatement> = {}): VexStatement => ({
  vulnerabilities: ['CVE-1'],
  products: [product('pkg:oci/web')],
  status: 'fixed',
  time: 1,
  ...more,
});
const source = (statements: readonly VexStatement[], more: Partial<VexSource> = {}): VexSource => ({
  format: 'OpenVEX',
  id: 'a',
  revision: [1],
  statements,
  unmatchable: 0,
  source: 'vex/a.json',
  ...more,
});
const status = (...documents: readonly VexSource[]): string | undefined =>
  new VexIndex(documents).verdict('CVE-1', () => ({ image: web, found: curl }))?.status;

describe('VexIndex', () => {
  for (const [what, said, expected] of [
    ['the image', product('pkg:oci/web'), true],
    ['another image', product('pkg:oci/other'), false],
    ['the package in the image', product('pkg:oci/web', 'pkg:deb/debian/curl'), true],
    ['another package in the image', product('pkg:oci/web', 'pkg:deb/debian/zlib1g'), false],
    ['one of several packages in the image', product('pkg:oci/web', 'pkg:deb/debian/zlib1g', 'pkg:deb/debian/curl@7.88.1-10'), true],
    ['the package in another image', product('pkg:oci/other', 'pkg:deb/debian/curl'), false],
    ['another version of the package', product('pkg:oci/web', 'pkg:deb/debian/curl@7.88.1-11'), false],
    ['the package, wherever it is', product('pkg:deb/debian/curl'), true],
    ['the package in itself', product('pkg:deb/debian/curl', 'pkg:deb/debian/curl'), true],
    ['the package in another package', product('pkg:deb/debian/libcurl4', 'pkg:deb/debian/curl'), false],
    ['the digest of the image', { names: [], digests: [digest] }, true],
    ['no package in the image', { names: [packageUrl('pkg:oci/web')], parts: [] }, false],
  ] as const) {
    it(`${expected ? 'applies' : 'does not apply'} a statement about ${what}`, () => {
      expect(status(source([statement({ products: [said] })]))).to.equal(expected ? 'fixed' : undefined);
    });
  }

  it('applies a statement only to its vulnerability and its image', () => {
    const index = new VexIndex([source([statement()])]);
    expect(index.verdict('CVE-2', () => ({ image: web, found: curl }))).to.equal(undefined);
    expect(index.verdict('CVE-1', () => ({ image: other, found: curl }))).to.equal(undefined);
    expect(index.verdict('CVE-1', () => ({ image: web, found: undefined }))).to.deep.equal({
      status: 'fixed',
      document: { format: 'OpenVEX', id: 'a', source: 'vex/a.json' },
    });
  });

  it('applies the latest statement, and the last one of the same time', () => {
    const [early, late] = [statement({ status: 'not_affected', time: 1 }), statement({ status: 'affected', time: 2 })];
    expect(status(source([late, early]))).to.equal('affected');
    expect(status(source([late]), source([early], { id: 'b' }))).to.equal('affected');
    expect(status(source([early, { ...late, time: 1 }]))).to.equal('affected');
    expect(status(source([{ ...late, products: [product('pkg:oci/other')] }, early]))).to.equal('not_affected');
  });

  it('ignores older revisions of a document', () => {
    const older = source([statement()], { revision: [1, 9] });
    expect(status(older, source([], { revision: [2, 1] }))).to.equal(undefined);
    expect(status(source([], { revision: [2, 1] }), older)).to.equal(undefined);
    expect(status(older, source([], { revision: [1, 8] }))).to.equal('fixed');
    expect(status(older, source([], { revision: [2, 1], format: 'CSAF' }))).to.equal('fixed');
  });

  it('applies all documents of the same revision', () => {
    const [first, second] = [source([statement()]), source([statement({ status: 'affected', time: 2 })])];
    expect([status(first, second), status(second, first), status(first, source([]))]).to.deep.equal(['affected', 'affected', 'fixed']);
  });
});
