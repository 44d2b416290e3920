import { expect } from 'chai';
import { ImageShop, registry } from './image-shop.ts';

describe('Java archives without Maven metadata', function () {
  this.timeout(420_000);
  const shop = new ImageShop('java');
  const use = (image: string): void => shop.configure(`VIGIL_JAVA_INDEX_IMAGE=${registry}/${image}`);
  const messages = async (): Promise<string[]> => {
    const results = (await shop.reportOf('shop'))?.results ?? [];
    return results.filter(({ rule }) => rule === 'image-scan').map(({ result, message }) => `${result ?? ''}: ${message ?? ''}`);
  };

  before(async () => {
    await shop.open();
    shop.run('shop', `${registry}/java-old:1`);
    shop.ask();
  });
  after(() => shop.close());

  it('cause a warning with their number and names without an index', async () => {
    await shop.becomes('shop', ['image-scan warn']);
    expect(await messages()).to.deep.equal([
      'warn: some Java archives have no Maven metadata and cannot be identified without an index (--java-index-image): ' +
        'srv/app/shop-1.0.jar, srv/app/shop-1.0.jar/BOOT-INF/lib/log4j-core-2.14.1.jar',
    ]);
  });

  it('still cause the warning, with an error and its reason, if the index image has no index', async () => {
    use('trivy-database:1');
    await shop.becomes('shop', ['image-scan error', 'image-scan warn']);
    expect((await messages())[0]).to.match(
      /^error: the image with the Java index has no \/java-db\/trivy-java\.db; the previous findings are kept$/,
    );
  });

  it('are identified with an index, after a new inventory', async () => {
    use('java-index:1');
    await shop.becomes('shop', ['CVE-2021-44228 fail']);
    const { properties } = (await shop.result('shop', 'CVE-2021-44228')) ?? {};
    expect(properties).to.include({ package: 'org.apache.logging.log4j:log4j-core', installed: '2.14.1' });
  });
});
