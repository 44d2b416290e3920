import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { kubectl } from '../../integration/cluster-access.ts';
import { ImageShop, registry } from './image-shop.ts';
import { eventually, home } from '../installation.ts';

const cluster = process.env['VIGIL_TEST_CLUSTER'] ?? '';
const all = process.env['VIGIL_TEST_ALL'] === '1';
const found = ['CVE-2021-23337 fail'];

describe('the image of a reference', function () {
  this.timeout(420_000);
  const shop = new ImageShop('references');
  const crane = (...args: readonly string[]): string =>
    execFileSync('hack/cluster', ['inside', '--name', cluster, '--', 'crane', ...args, '--insecure'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  const imageOf = async (app: string, rule: string): Promise<string | undefined> => (await shop.result(app, rule))?.properties?.['image'];

  before(async () => {
    await shop.open();
    crane('copy', `${registry}/unmoved:1`, `${registry}/moving:1`);
    shop.place('moving', `${registry}/moving:1`, { imagePullPolicy: 'Always' });
    shop.place('platforms', `${registry}/platforms:1`);
    shop.place('elsewhere', `${registry}/other-platform:1`);
    shop.ask();
  });
  after(() => shop.close());

  it("is the image for the node's platform in an index", async () => {
    await shop.becomes('platforms', found);
    expect(await imageOf('platforms', 'CVE-2021-23337')).to.equal(`${registry}/platforms@${crane('digest', `${registry}/platforms:1`)}`);
  });

  it("is unknown, with a skip, if an index has no image for the node's platform", async () => {
    await shop.becomes('elsewhere', ['image-scan skip']);
    expect((await shop.result('elsewhere', 'image-scan'))?.message).to.equal(
      `no pod has run ${registry}/other-platform:1 yet: it is scanned after its first pod starts`,
    );
  });

  it('is the running image after its tag moved, also if the inventory is taken again', async () => {
    await shop.becomes('moving', found);
    const before = await imageOf('moving', 'CVE-2021-23337');
    expect(before).to.equal(`${registry}/moving@${crane('digest', `${registry}/moving:1`)}`);
    crane('copy', `${registry}/moved:1`, `${registry}/moving:1`);
    execFileSync('hack/cluster', ['forget', `${registry}/moving:1`, '--name', cluster], { stdio: 'pipe' });
    const taken = await shop.inventories();
    kubectl(['-n', home, 'delete', 'configmap', ...taken]);
    await eventually('the inventories are taken again', async () =>
      (await shop.inventories()).length === taken.length ? true : undefined,
    );
    await shop.becomes('moving', found);
    expect(await imageOf('moving', 'CVE-2021-23337')).to.equal(before);
  });

  it('is the new image of the tag after a pod runs it', async () => {
    kubectl(['-n', shop.namespace, 'rollout', 'restart', 'deployment/moving']);
    await eventually('the report has no findings', async () => ((await shop.reportOf('moving'))?.summary?.pass === 1 ? true : undefined));
    expect(await shop.linesOf('moving')).to.deep.equal([]);
  });

  if (!all) return;

  it('may have 2 GiB', async () => {
    shop.ask({ vulnerabilities: {}, secrets: {} });
    shop.place('large', `${registry}/large:1`);
    await shop.becomes('large', [...found, 'aws-access-key-id fail'], { seconds: 200 });
    expect((await shop.result('large', 'aws-access-key-id'))?.properties).to.deep.include({ file: 'data/31.log' });
  });
});
