import { expect } from 'chai';
import { imageName, matchesImage } from '../../../operator/images/statements/image-name.ts';
import { packageUrl } from '../../../operator/images/statements/package-url.ts';

const [one, two] = ['1', '2'].map((digit) => `sha256:${digit.repeat(64)}`);
const web = imageName({
  reference: 'registry.example.com/shop/web:1',
  image: { digest: one!, reference: `registry.example.com/shop/web@${one!}` },
});
const arm = imageName({
  reference: 'registry.example.com/shop/arm:1',
  image: { digest: one!, reference: `registry.example.com/shop/arm@${one!}`, platform: 'linux/arm64' },
});
const nginx = imageName({ reference: 'nginx', image: { digest: one!, reference: `docker.io/library/nginx@${one!}` } });

describe('the name of an image', () => {
  it('has the repositories of the requested and the pulled reference, the tag, and every digest', () => {
    expect(web).to.deep.equal({ repositories: ['registry.example.com/shop/web'], tag: '1', digests: [one] });
    expect(arm.architecture).to.equal('arm64');
    expect(nginx).to.deep.equal({ repositories: ['docker.io/library/nginx'], tag: 'latest', digests: [one] });
    expect(imageName({ reference: `localhost:5000/a@${two!}`, image: { digest: one!, reference: `mirror.io/a@${one!}` } })).to.deep.equal({
      repositories: ['localhost:5000/a', 'mirror.io/a'],
      digests: [one, two],
    });
    expect(imageName({ reference: 'index.docker.io/team/app:v1' })).to.deep.equal({
      repositories: ['docker.io/team/app'],
      tag: 'v1',
      digests: [],
    });
  });

  for (const [purl, image, expected] of [
    ['pkg:oci/web', web, true],
    ['pkg:oci/web?repository_url=registry.example.com/shop/web', web, true],
    ['pkg:oci/web?repository_url=https://registry.example.com/shop/web/', web, true],
    ['pkg:oci/web?repository_url=registry.example.com%2Fshop', web, true],
    ['pkg:oci/web?repository_url=registry.example.com/other/web', web, false],
    ['pkg:oci/web?repository_url=evil.example.com/shop/web', web, false],
    ['pkg:oci/shop', web, false],
    [`pkg:oci/web@${one!}`, web, true],
    [`pkg:oci/web@${one!.replace(':', '%3A')}?repository_url=registry.example.com/shop/web&arch=amd64&tag=0`, web, true],
    [`pkg:oci/web@${two!}?repository_url=registry.example.com/shop/web`, web, false],
    ['pkg:oci/web?tag=1', web, true],
    ['pkg:oci/web?tag=2', web, false],
    ['pkg:oci/web?arch=amd64', web, false],
    ['pkg:oci/arm?arch=arm64', arm, true],
    ['pkg:oci/arm?arch=amd64', arm, false],
    [`pkg:oci/arm@${one!}?arch=arm64`, arm, true],
    [`pkg:oci/arm@${one!}?arch=amd64`, arm, false],
    [`pkg:oci/arm@${one!}`, arm, true],
    [`pkg:oci/arm@${two!}?arch=arm64`, arm, false],
    ['pkg:oci/web?other=x', web, false],
    ['pkg:oci/nginx?repository_url=index.docker.io/library/nginx', nginx, true],
    ['pkg:oci/nginx?repository_url=nginx', nginx, true],
    ['pkg:docker/nginx@latest', nginx, true],
    ['pkg:docker/library/nginx', nginx, true],
    ['pkg:docker/library/nginx@1.25', nginx, false],
    ['pkg:docker/nginx?platform=linux/amd64', nginx, false],
    [`pkg:docker/shop/web@${one!}?repository_url=registry.example.com`, web, true],
    ['pkg:docker/shop/web', web, false],
    ['pkg:generic/web', web, false],
  ] as const) {
    it(`${expected ? 'matches' : 'does not match'} ${purl.replaceAll(/(\d)\1{63}/g, '$1…')} for ${image.repositories[0]!}`, () => {
      expect(matchesImage(packageUrl(purl), image)).to.equal(expected);
    });
  }
});
