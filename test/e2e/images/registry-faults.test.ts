import { expect } from 'chai';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { RegistryFaults } from '../../faults/registry-proxy.ts';
import { kubectl } from '../../integration/cluster-access.ts';
import { ImageShop, registry } from './image-shop.ts';
import { home } from '../installation.ts';

/** The address of a proxy to the registry that injects faults, for the node. */
const faulty = '127.0.0.1:5002';
const all = process.env['VIGIL_TEST_ALL'] === '1';
const cluster = process.env['VIGIL_TEST_CLUSTER'] ?? '';

describe('a registry with faults', function () {
  this.timeout(480_000);
  const shop = new ImageShop('faults');
  let proxy: ChildProcess;
  const found = ['CVE-2021-23337 fail'];
  const failed = ['CVE-2021-23337 fail stale', 'image-scan error'];
  const faults = ['denied', 'gone', ...(all ? (['limited', 'down', 'slow', 'corrupt'] as const) : [])] as const;
  const images = [...faults, 'well'];
  const arm = async (what: RegistryFaults): Promise<void> => {
    proxy.send(what);
    await once(proxy, 'message');
  };
  const message = async (app: string): Promise<string> => (await shop.result(app, 'image-scan'))?.message ?? '';

  before(async () => {
    await shop.open('VIGIL_IMAGE_JOBS=10');
    const program = [process.execPath, 'test/faults/registry-proxy.ts', `http://${registry}`, faulty.split(':')[1] ?? ''];
    proxy = spawn('hack/cluster', ['inside', '--name', cluster, '--', ...program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await once(proxy, 'message');
    for (const image of images) shop.run(image, `${faulty}/fault-${image}:1`);
    shop.ask();
    for (const image of images) await shop.becomes(image, found, { seconds: 120 });
    // From now on, the node must pull the images again, and Vigil must take the inventories again.
    await arm(Object.fromEntries(faults.map((fault) => [`fault-${fault}`, fault])));
    for (const image of images) forget(image);
    kubectl(['-n', home, 'delete', 'configmap', '-l', 'vigil.dev/part=image-inventory']);
  });
  after(async () => {
    proxy.kill();
    await shop.close();
  });

  /** Removes an image from the node. */
  function forget(image: string): void {
    execFileSync('hack/cluster', ['forget', `${faulty}/fault-${image}:1`, '--name', cluster], { stdio: 'pipe' });
  }

  it('causes an error at once if it requires credentials, with how to provide them, and the previous findings are kept', async () => {
    await shop.becomes('denied', failed);
    expect(await message('denied')).to.match(
      /^the pod cannot start: Failed to pull image .*no pod that runs it in this namespace has imagePullSecrets.*; the previous findings are kept$/,
    );
  });

  it('causes an error at once if the image was deleted, and the previous findings are kept', async () => {
    await shop.becomes('gone', failed);
    expect(await message('gone')).to.match(/^the pod cannot start: Failed to pull image .*not found; the previous findings are kept$/);
  });

  it('does not stop the scans of other images', () => shop.becomes('well', found));

  if (!all) return;

  it('causes a warning after a minute if it does not respond', async () => {
    await shop.becomes('slow', [...found, 'image-scan warn'], { seconds: 120 });
    expect(await message('slow')).to.match(/^the image is not scanned yet: the node is still pulling it: Pulling image /);
  });

  for (const [image, reason] of [
    ['limited', /429 Too Many Requests/],
    ['down', /EOF|connection refused|connection reset/],
    ['corrupt', /unexpected commit digest|failed precondition|invalid/],
  ] as const) {
    it(`causes an error after a minute, and the previous findings are kept: ${image}`, async () => {
      await shop.becomes(image, failed, { seconds: 120 });
      expect(await message(image))
        .to.match(/^the pod cannot start: Failed to pull image /)
        .and.to.match(reason);
    });
  }

  it('needs no action after it has recovered', async () => {
    await arm({});
    for (const image of images) await shop.becomes(image, found, { seconds: 420 });
  });
});
