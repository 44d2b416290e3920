import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { ImageStore } from '../../../operator/images/ledger/image-store.ts';
import type { Inventory } from '../../../operator/images/inventory/inventory.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { kubectl, testClient } from '../../integration/cluster-access.ts';
import { apply, ImageShop, nodeAddress, privateRegistry } from './image-shop.ts';
import { eventually, home } from '../installation.ts';

describe('images with mode Pull', function () {
  this.timeout(420_000);
  const shop = new ImageShop('pull');
  let address = '';
  const noVolumes = 'test-no-image-volumes';
  const images = { vulnerabilities: {}, secrets: {} };
  const mixed = [
    'CVE-2021-44228 fail',
    'CVE-2023-27530 fail',
    'CVE-2023-2975 fail',
    'CVE-2023-36053 fail',
    'CVE-2023-42366 fail',
    'CVE-2023-45133 fail',
    'CVE-2099-0001 fail',
    'aws-access-key-id fail',
    'github-pat fail',
  ];

  before(async () => {
    await shop.open();
    address = nodeAddress();
    // Images of other suites.
    kubectl(['-n', home, 'delete', 'configmap', '-l', 'vigil.dev/part=image-inventory']);
    shop.run('mixed', `${address}:5000/mixed-old:1`);
    shop.ask({ ...images, mode: 'Pull' });
  });
  after(async () => {
    kubectl(['delete', 'validatingadmissionpolicies,validatingadmissionpolicybindings', noVolumes, '--ignore-not-found']);
    shop.configure('VIGIL_DATABASE_REPOSITORY-');
    await shop.close();
  });

  /** Rejects image volumes, as an API server without support for them does. */
  function refuseImageVolumes(): void {
    const apiVersion = 'admissionregistration.k8s.io/v1';
    const rules = [{ apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['jobs'] }];
    const expression = '!has(object.spec.template.spec.volumes) || object.spec.template.spec.volumes.all(v, !has(v.image))';
    apply(
      {
        apiVersion,
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: noVolumes },
        spec: { matchConstraints: { resourceRules: rules }, validations: [{ expression, message: 'nodes mount no images' }] },
      },
      {
        apiVersion,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: noVolumes },
        spec: { policyName: noVolumes, validationActions: ['Deny'] },
      },
    );
  }

  const inventory = async (): Promise<{ name: string; inventory: Inventory }> => {
    const labelSelector = 'vigil.dev/part=image-inventory';
    const found = await listAll(testClient(), RESOURCES.configMaps, { namespace: home, labelSelector, metadataOnly: true });
    expect(found).to.have.length(1);
    const name = found[0]?.metadata.name ?? '';
    const taken = await new ImageStore(testClient(), home).inventory([name]);
    return { name, inventory: taken ?? expect.fail(`${name} is no inventory`) };
  };

  it('have the same inventory and the same results as mounted images', async () => {
    await shop.becomes('mixed', mixed);
    const pulled = await eventually('the inventory is taken', async () =>
      (await shop.inventories()).length === 1 ? await inventory() : undefined,
    );
    const image = (await shop.result('mixed', 'github-pat'))?.properties?.['image'] ?? '';
    const results = (await shop.reportOf('mixed'))?.results?.map(({ rule, properties }) => ({ rule, properties }));
    // The inventory has the registry's name of the image, so nothing was mounted.
    expect(pulled.inventory.applications.map(({ name }) => name)).to.include(`${image} (alpine 3.18.2)`);
    expect(pulled.inventory.applications.length).to.be.greaterThan(4);
    // After its loss, the inventory is taken again, from a volume.
    shop.ask({ ...images, mode: 'Mount' });
    kubectl(['-n', home, 'delete', 'configmap', pulled.name]);
    const mounted = await eventually('the inventory is taken again', async () => {
      const names = await shop.inventories();
      return names.length === 1 && names[0] !== pulled.name ? await inventory() : undefined;
    });
    const plain = ({ applications, ...rest }: Inventory): object => ({
      ...rest,
      packages: applications.map(({ class: kind, type, packages }) => ({ kind, type, packages })),
    });
    expect(plain(pulled.inventory)).to.deep.equal(plain(mounted.inventory));
    await shop.becomes('mixed', mixed);
    expect((await shop.reportOf('mixed'))?.results?.map(({ rule, properties }) => ({ rule, properties }))).to.deep.equal(results);
  });

  it('have an error that suggests mode Mount if the registry requires credentials, and are retried at once in that mode', async () => {
    shop.ask({ ...images, mode: 'Pull' });
    const auths = { [`${address}:5001`]: { auth: Buffer.from(`${privateRegistry.user}:${privateRegistry.password}`).toString('base64') } };
    apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'registry', namespace: shop.namespace },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': JSON.stringify({ auths }) },
    });
    shop.run('locked', `${address}:5001/locked-1:1`, { imagePullSecrets: [{ name: 'registry' }] });
    await shop.becomes('locked', ['image-scan error']);
    expect((await shop.result('locked', 'image-scan'))?.message).to.match(
      /^trivy exited with code 1: .*UNAUTHORIZED.*; images\.mode Pull uses no credentials: use images\.mode Mount for this image/,
    );
    shop.ask({ ...images, mode: 'Mount' });
    await eventually('it is mounted, and refused to Vigil', async () =>
      /to scan it in this namespace/.test((await shop.result('locked', 'image-scan'))?.message ?? '') ? true : undefined,
    );
  });

  it('need no image volume, also for the match, if the database is in a repository', async () => {
    shop.ask({ ...images, mode: 'Pull' });
    refuseImageVolumes();
    kubectl(['-n', home, 'delete', 'configmap', '-l', 'vigil.dev/part in (image-inventory,image-findings)']);
    // The database is still an image: secrets are found again, and the previous vulnerabilities are kept.
    const stale = mixed.map((line) => (line.startsWith('CVE') ? `${line} stale` : line));
    await shop.becomes('mixed', [...stale, 'image-scan error']);
    expect((await shop.result('mixed', 'image-scan'))?.message).to.match(/nodes mount no images/);
    shop.configure(`VIGIL_DATABASE_REPOSITORY=${address}:5000/trivy-db:1`, 'VIGIL_DATABASE_IMAGE-');
    await shop.becomes('mixed', mixed);
  });
});
