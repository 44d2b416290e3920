import { expect } from 'chai';
import { busyKeys, withAdoptedEntries } from '../../operator/images/image-adoption.ts';
import { keyInNamespace, keyOf, namespaceOf, platformOf, withoutPlatform } from '../../operator/images/targets/image-key.ts';
import type { ImageEntry, ImageLedger } from '../../operator/images/ledger/image-ledger.ts';

const [amd, arm] = ['linux/amd64', 'linux/arm64'];
const inventory = { configMaps: ['i'], at: 1 };
const findings = { configMaps: ['f'], database: 'db:1', databaseBuilt: '', at: 2 };
const failure = { step: 'inventory', reason: 'no', at: 0, attempts: 1 } as const;
const whole: ImageEntry = { seen: 5, inventory, findings };

describe('the ledger key of an image', () => {
  it('contains the digest, the platform and the namespace', () => {
    const key = keyInNamespace(keyOf({ digest: 'sha256:d', platform: arm }), 'shop');
    expect(key).to.equal('sha256:d+linux/arm64@shop');
    expect([namespaceOf(key), platformOf(key), withoutPlatform(key)]).to.deep.equal(['shop', arm, 'sha256:d@shop']);
    expect([keyOf({ digest: 'd' }), namespaceOf('d'), platformOf('d'), platformOf('d@shop'), withoutPlatform('d')]).to.deep.equal([
      'd',
      undefined,
      undefined,
      undefined,
      'd',
    ]);
  });
});

describe('withAdoptedEntries', () => {
  const adopted = (ledger: ImageLedger, key: string, ...platforms: string[]): ImageEntry | undefined =>
    withAdoptedEntries(ledger, [key], new Set(platforms))[key];

  for (const [what, got, expected] of [
    [
      'adopts the entry without a platform if the cluster has one platform',
      adopted({ d: whole }, `d+${amd}`, amd),
      { ...whole, inventory: { of: 'd', ...inventory } },
    ],
    [
      'adopts the findings but not the inventory if the cluster has several platforms',
      adopted({ d: whole }, `d+${arm}`, amd, arm),
      { seen: 5, findings },
    ],
    [
      'adopts the failure of an entry without an inventory',
      adopted({ d: { seen: 5, findings, failure } }, `d+${amd}`, amd),
      { seen: 5, findings, failure },
    ],
    [
      'adopts the entry of the same namespace',
      adopted({ d: whole, 'd@shop': { seen: 6, failure } }, `d+${amd}@shop`, amd),
      { seen: 6, failure },
    ],
    ['does not adopt the entry of another namespace', adopted({ 'd@shop': whole }, `d+${amd}@bank`, amd), undefined],
    ['does not adopt the entry of another image', adopted({ e: whole }, `d+${amd}`, amd), undefined],
    [
      'adopts the entry after the Job of the previous version has ended',
      adopted({ d: whole, [`d+${amd}`]: { seen: 9 } }, `d+${amd}`, amd)?.seen,
      5,
    ],
    [
      'does not replace an entry that has a failure',
      adopted({ d: whole, [`d+${amd}`]: { seen: 9, failure } }, `d+${amd}`, amd),
      { seen: 9, failure },
    ],
    [
      'keeps the key for which the inventory was first taken',
      adopted({ [`d+${amd}`]: { ...whole, inventory: { ...inventory, of: 'd' } } }, 'd')?.inventory?.of,
      'd',
    ],
    [
      'adopts the entry of the only platform while nodes cannot be listed',
      adopted({ [`d+${amd}`]: whole }, 'd')?.inventory?.of,
      `d+${amd}`,
    ],
    [
      'adopts the findings of one of several platforms, without the inventory, while nodes cannot be listed',
      adopted({ [`d+${amd}`]: whole, [`d+${arm}`]: whole }, 'd'),
      { seen: 5, findings },
    ],
    ['does not adopt the entry of another platform', adopted({ [`d+${amd}`]: whole }, `d+${arm}`, amd, arm), undefined],
  ] as const) {
    it(what, () => expect(got).to.deep.equal(expected));
  }

  it('returns the same ledger if there is nothing to adopt, and never removes the old entry', () => {
    const ledger = { d: whole };
    expect(withAdoptedEntries(ledger, ['d'], new Set([amd]))).to.equal(ledger);
    expect(withAdoptedEntries(ledger, ['e+x'], new Set([amd]))).to.equal(ledger);
    expect(Object.keys(withAdoptedEntries(ledger, [`d+${amd}`], new Set([amd])))).to.deep.equal(['d', `d+${amd}`]);
  });

  it('treats the keys of Jobs of the previous version as busy', () => {
    const keys = [`d+${amd}`, `d+${amd}@shop`, `e+${amd}`, 'f'];
    expect(busyKeys(['d', 'x'], keys)).to.deep.equal(['d', 'x', `d+${amd}`]);
    expect(busyKeys(['d@shop', `e+${amd}`], keys)).to.deep.equal(['d@shop', `e+${amd}`, `d+${amd}@shop`]);
    expect(busyKeys([`d+${arm}`], keys)).to.deep.equal([`d+${arm}`]);
  });
});
