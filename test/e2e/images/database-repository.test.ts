import { expect } from 'chai';
import { kubectl } from '../../integration/cluster-access.ts';
import { ImageShop, registry } from './image-shop.ts';

describe('a vulnerability database in a repository', function () {
  this.timeout(420_000);
  const shop = new ImageShop('database');
  const found = ['CVE-2021-23337 fail'];
  const server = kubectl(['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}']);
  // The address of the cluster's registry for pods.
  const repository = `${new URL(server).hostname}:5000/trivy-db`;
  const message = async (app: string): Promise<string> => (await shop.result(app, 'image-scan'))?.message ?? '';
  const use = (reference: string): void => shop.configure(`VIGIL_DATABASE_REPOSITORY=${reference}`, 'VIGIL_DATABASE_IMAGE-');

  before(async () => {
    await shop.open();
    use(`${repository}:1`);
    shop.run('web', `${registry}/node-old:1`);
    shop.run('system', `${registry}/debian-old:1`);
    shop.ask();
  });
  after(async () => {
    shop.configure('VIGIL_DATABASE_REPOSITORY-');
    await shop.close();
  });

  it('is fetched by the pod of the match Job, without a database image', async () => {
    await shop.becomes('web', found);
    await shop.becomes('system', ['CVE-2023-38545 fail', 'CVE-2023-45853 fail', 'CVE-2023-5363 fail', 'CVE-2023-5363 fail']);
  });

  it('is used for a new match without a new inventory after the flag changed', async () => {
    const taken = await shop.inventories();
    use(`${repository}:2`);
    const later = ['CVE-2023-38545', 'CVE-2023-45853', 'CVE-2023-5363', 'CVE-2023-5363', 'CVE-2024-0553'];
    await shop.becomes(
      'system',
      later.map((id) => `${id} fail`),
    );
    expect(await shop.inventories()).to.deep.equal(taken);
  });

  it('causes a warning if it is old', async () => {
    use(`${repository}:old`);
    await shop.becomes('web', [...found, 'image-scan warn']);
    expect(await message('web')).to.match(/^the vulnerability database was built on 2025-12-01/);
  });

  it('causes an error with its reference, and keeps the findings, if it does not exist', async () => {
    use(`${repository}:none`);
    await shop.becomes('web', ['CVE-2021-23337 fail stale', 'image-scan error', 'image-scan warn']);
    const results = (await shop.reportOf('web'))?.results ?? [];
    expect(results.find(({ result }) => result === 'error')?.message).to.match(
      /the vulnerability database cannot be downloaded from .*\/trivy-db:none: .*MANIFEST_UNKNOWN.*; the previous findings are kept$/,
    );
  });

  it('causes an error if the scanner does not support its schema', async () => {
    use(`${repository}:newer`);
    shop.run('late', `${registry}/mixed-old:1`);
    await shop.becomes('late', ['image-scan error']);
    expect(await message('late')).to.match(/^the scanner ended with 1: .*Local DB: 3, Expected: 2/);
  });
});
