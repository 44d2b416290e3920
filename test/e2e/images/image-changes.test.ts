import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from '../../integration/cluster-access.ts';
import { ImageShop, registry } from './image-shop.ts';
import { eventually } from '../installation.ts';

describe('images of a workload whose pods change', function () {
  this.timeout(240_000);
  const shop = new ImageShop('changes');
  const container = (name: string, image: string): object => ({
    name,
    image: `${registry}/${image}`,
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  });
  /** Replaces the pods: deletes the old ones before the new ones are created. */
  const change = (main: string, { starts }: { readonly starts: boolean }): void => {
    const nodeSelector = { 'example.com/none': starts ? null : 'here' };
    const spec = { nodeSelector, containers: [container('main', main), container('side', 'node-old:1')] };
    const patch = { spec: { strategy: { type: 'Recreate', rollingUpdate: null }, template: { spec } } };
    kubectl(['-n', shop.namespace, 'patch', 'deployment', 'pair', '--type=strategic', '-p', JSON.stringify(patch)]);
  };
  /** The results of a container, stale or not, without the results about the scan itself. */
  const found = async (name: string): Promise<string[]> =>
    ((await shop.reportOf('pair'))?.results ?? [])
      .filter(({ rule, properties }) => properties?.['container'] === name && rule !== 'image-scan')
      .map(({ rule = '', properties }) => `${rule} ${properties?.['stale'] === 'true' ? 'stale' : ''}`.trim());
  const scanning = async (): Promise<string[]> =>
    ((await shop.reportOf('pair'))?.results ?? [])
      .filter(({ rule }) => rule === 'image-scan')
      .map(({ result = '', properties }) => `${properties?.['container'] ?? ''} ${result}`);
  const debian = ['CVE-2023-38545', 'CVE-2023-45853', 'CVE-2023-5363', 'CVE-2023-5363'];
  const node = ['CVE-2021-23337'];

  before(async () => {
    await shop.open();
    shop.run('pair', `${registry}/debian-old:1`, { containers: [container('main', 'debian-old:1'), container('side', 'node-old:1')] });
    shop.ask();
    await shop.becomes(
      'pair',
      [...node, ...debian].toSorted().map((rule) => `${rule} fail`),
    );
  });
  after(() => shop.close());

  it('keep their report unchanged while new pods wait', async () => {
    const version = (await shop.reportOf('pair'))?.metadata.resourceVersion;
    change('debian-old:1', { starts: false });
    await eventually('one pod is Pending, and no other exists', () => {
      const phases = kubectl(['-n', shop.namespace, 'get', 'pods', '-o', 'jsonpath={.items[*].status.phase}']);
      return phases === 'Pending' ? true : undefined;
    });
    // The images are synced every two seconds.
    await sleep(7000);
    expect((await shop.reportOf('pair'))?.metadata.resourceVersion).to.equal(version);
  });

  it('keep the previous findings, with a skip, until the new image has run', async () => {
    change('mixed-old:1', { starts: false });
    await eventually('the report skips the image of main', async () => ((await scanning()).join() === 'main skip' ? true : undefined));
    expect([await found('main'), await found('side')]).to.deep.equal([debian, node]);
  });

  it('keep the previous findings at all times until the new image is scanned', async () => {
    change('mixed-old:1', { starts: true });
    let after: string[] = [];
    await eventually(
      'the other image has results',
      async () => {
        after = await found('main');
        expect(await found('side')).to.deep.equal(node);
        if (!after.includes('CVE-2021-44228')) expect(after).to.deep.equal(debian);
        return after.includes('CVE-2021-44228') ? true : undefined;
      },
      90,
    );
    expect(after).not.to.include.members(['CVE-2023-38545']);
    expect(await scanning()).to.deep.equal([]);
  });

  it('keep the previous findings as stale, with an error and its reason, if the new image cannot be scanned', async () => {
    const before = await found('main');
    expect(before).to.include('CVE-2021-44228');
    shop.useScanner('trivy-broken:1');
    change('java-old:1', { starts: true });
    await eventually(
      'the report has an error for the image of main',
      async () => ((await scanning()).includes('main error') ? true : undefined),
      90,
    );
    expect(await found('main')).to.deep.equal(before.map((rule) => `${rule} stale`));
    expect((await found('side')).join()).to.match(/^CVE-2021-23337/);
  });
});
