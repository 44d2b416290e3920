import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { platformOf, withoutPlatform } from '../../../operator/images/targets/image-key.ts';
import { IMAGE_LEDGER } from '../../../operator/images/ledger/image-documents.ts';
import type { ImageLedger } from '../../../operator/images/ledger/image-ledger.ts';
import { IMAGE_LEDGER_NAME } from '../../../operator/images/ledger/image-store.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { DocumentStore } from '../../../operator/kube/documents/document-store.ts';
import { kubectl, testClient } from '../../integration/cluster-access.ts';
import { ImageShop, registry } from './image-shop.ts';
import { eventually, home } from '../installation.ts';

describe('the platforms of images', function () {
  this.timeout(420_000);
  const shop = new ImageShop('platforms');
  const key = 'ledger.json.gz';

  before(async () => {
    await shop.open();
    shop.run('web', `${registry}/node-old:1`);
    shop.ask();
  });
  after(() => shop.close());

  const ledger = async (): Promise<ImageLedger> =>
    (await new DocumentStore(testClient(), home).read(IMAGE_LEDGER_NAME, IMAGE_LEDGER))?.content ?? {};

  /** Returns the ledger key of web's image with its platform. Other suites may have left keys without a platform. */
  const keyOfWeb = async (): Promise<string> => {
    const [, digest = ''] = (await shop.result('web', 'CVE-2021-23337'))?.properties?.['image']?.split('@') ?? [];
    return Object.keys(await ledger()).find((each) => each !== digest && withoutPlatform(each) === digest) ?? '';
  };

  it('are those of the nodes, and are not in results if the cluster has only one', async () => {
    await shop.becomes('web', ['CVE-2021-23337 fail']);
    const [{ metadata } = { metadata: { name: '' } }] = await listAll(testClient(), RESOURCES.nodes, { metadataOnly: true });
    const { 'kubernetes.io/os': system, 'kubernetes.io/arch': architecture } = metadata.labels ?? {};
    expect(platformOf(await keyOfWeb())).to.equal(`${system ?? ''}/${architecture ?? ''}`);
    expect((await shop.result('web', 'CVE-2021-23337'))?.properties).not.to.have.property('platform');
  });

  it('are added to the ledger of an older version, without a new inventory and with all findings', async () => {
    const [before, taken] = [await ledger(), await shop.inventories()];
    const image = await keyOfWeb();
    // The ledger format of an older version: keys without a platform, and other names of fields.
    const old = Object.entries(before).map(([each, { inventory, findings, ...entry }]) => {
      const { databaseBuilt: made, ...found } = findings ?? {};
      return [
        withoutPlatform(each),
        {
          ...entry,
          ...(findings ? { findings: { ...found, made } } : {}),
          ...(inventory ? { inventory: { ...inventory, of: each } } : {}),
        },
      ];
    });
    const binaryData = { document: null, [key]: gzipSync(JSON.stringify(Object.fromEntries(old))).toString('base64') };
    kubectl(['-n', home, 'patch', 'configmap', 'vigil-images', '--type=merge', '-p', JSON.stringify({ binaryData })]);
    const found = await eventually('the key of the image has a platform again', async () => (await ledger())[image]?.findings);
    expect(found).to.deep.equal(before[image]?.findings);
    shop.configure(`VIGIL_DATABASE_IMAGE=${registry}/trivy-database:2`);
    await eventually('the image is matched again', async () =>
      (await ledger())[image]?.findings?.database.endsWith(':2') ? true : undefined,
    );
    expect(await shop.linesOf('web')).to.deep.equal(['CVE-2021-23337 fail']);
    expect(await shop.inventories()).to.deep.equal(taken);
  });
});
