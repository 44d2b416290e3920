import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { kubectl, uniqueName } from '../../integration/cluster-access.ts';
import { ImageShop, apply, nodeAddress, privateRegistry, registry } from './image-shop.ts';
import { eventually, home, reportsIn } from '../installation.ts';

describe('images that need a pull secret', function () {
  this.timeout(420_000);
  const shop = new ImageShop('private');
  const { namespace } = shop;
  const other = uniqueName('other');
  const foreign = uniqueName('foreign');
  const { address, user, password } = privateRegistry;
  const found = ['CVE-2021-23337 fail'];
  const command = (of: string): string =>
    `kubectl -n ${of} create rolebinding vigil-private-images --clusterrole=vigil-private-images --serviceaccount=${home}:vigil-operator`;
  const optOut = (): string => kubectl(['-n', namespace, 'delete', 'rolebinding', 'vigil-private-images']);
  const message = async (app: string, of = namespace): Promise<string> => (await shop.result(app, 'image-scan', of))?.message ?? '';
  const withSecret = { imagePullSecrets: [{ name: 'registry' }] };

  before(async () => {
    await shop.open();
    shop.addNamespace(other);
    shop.addNamespace(foreign, false);
    const elsewhere = `${nodeAddress()}:5001`;
    for (const [each, server] of [
      [namespace, address],
      [other, address],
      [foreign, elsewhere],
    ] as const) {
      const login = [`--docker-server=${server}`, `--docker-username=${user}`, `--docker-password=${password}`];
      kubectl(['-n', each, 'create', 'secret', 'docker-registry', 'registry', ...login]);
    }
    // A node with several names for an image reports one of them for all pods: here one that the other pull secrets do not cover.
    shop.run('first', `${elsewhere}/locked-1:1`, { ...withSecret, namespace: foreign });
    apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'puller', namespace }, ...withSecret });
    shop.run('web', `${address}/locked-1:1`, withSecret);
    shop.run('by-account', `${address}/locked-2:1`, { serviceAccountName: 'puller' });
    shop.run('web', `${address}/locked-1:1`, { ...withSecret, namespace: other });
    shop.run('public', `${registry}/node-old:1`, withSecret);
    shop.ask();
  });
  after(() => shop.close());

  it('have an error with the command to opt in, while other images are scanned', async () => {
    await shop.becomes('public', found);
    for (const [app, of] of [
      ['web', namespace],
      ['by-account', namespace],
      ['web', other],
    ] as const) {
      await shop.becomes(app, ['image-scan error'], { namespace: of });
      const text = await message(app, of);
      expect(text).to.match(/^the pod cannot start: Failed to pull image .*authorization failed/);
      expect(text.slice(text.indexOf('kubectl'))).to.equal(command(of));
    }
  });

  it('are scanned after the namespace opts in with that command, with pull secrets of pods and service accounts', async () => {
    const [program = '', ...args] = command(namespace).split(' ');
    execFileSync(program, args, { stdio: 'pipe' });
    await shop.becomes('web', found);
    await shop.becomes('by-account', found);
  });

  it('are not scanned for a namespace that did not opt in, also if another namespace has the same image', async () => {
    expect(await shop.linesOf('web', other)).to.deep.equal(['image-scan error']);
    expect(await message('web', other)).to.include(command(other));
  });

  it("leave no Jobs in their namespace, and no report about Vigil's own Jobs", async () => {
    await eventually('no Job exists', () =>
      kubectl(['-n', namespace, 'get', 'jobs,configmaps', '-o', 'name']) === 'configmap/kube-root-ca.crt\n' ? true : undefined,
    );
    const reports = (await reportsIn(namespace)).map(({ metadata }) => metadata.name).filter((name) => name.startsWith('vigil-images-'));
    expect(reports.toSorted()).to.deep.equal(['by-account', 'public', 'web'].map((app) => `vigil-images-deployment-${app}`));
  });

  it('keep their findings after the namespace opts out, and are matched again after the database changed', async () => {
    optOut();
    const taken = await shop.inventories();
    shop.run('late', `${address}/locked-3:1`, withSecret);
    await shop.becomes('late', ['image-scan error']);
    expect(await message('late')).to.include(command(namespace));
    shop.configure(`VIGIL_DATABASE_IMAGE=${registry}/trivy-database:old`);
    await shop.becomes('web', [...found, 'image-scan warn']);
    shop.configure(`VIGIL_DATABASE_IMAGE=${registry}/trivy-database:1`);
    await shop.becomes('web', found);
    expect(await shop.inventories()).to.deep.equal(taken);
  });

  it('keep their findings as stale, with an error that has the command to opt in, if their inventory is lost', async () => {
    kubectl(['-n', home, 'delete', 'configmap', '-l', 'vigil.dev/part=image-inventory']);
    await shop.becomes(
      'web',
      [...found, 'image-scan error'].map((line) => line.replace('fail', 'fail stale')),
    );
    const text = await message('web');
    expect(text)
      .to.include(command(namespace))
      .and.to.match(/; the previous findings are kept$/);
    await shop.becomes('public', found);
  });

  it('are scanned again after the namespace opts in again', async () => {
    const [program = '', ...args] = command(namespace).split(' ');
    execFileSync(program, args, { stdio: 'pipe' });
    await shop.becomes('web', found);
    await shop.becomes('late', found);
  });
});
