import { expect } from 'chai';
import { busyKeys, withAdoptedEntries } from '../../operator/images/image-adoption.ts';
import { keyInNamespace, keyOf, namespaceOf, platformOf, withoutPlatform } from '../../operator/images/targets/image-key.ts';
import type { ImageEntry, ImageLedger } from '../../operator/images/ledger/image-ledger.ts';

const [amd, arm] = ['linux/amd64', 'linux/arm64'];
const inventory = { configMaps: ['i'], at: 1 };
const findings = { configMaps: ['f'], database: 'db:1', made: '', at: 2 };
const failure = { step: 'inventory', reason: 'no', at: 0, attempts: 1 } as const;
const whole: ImageEntry = { seen: 5, inventory, findings };

describe('what an image is kept under', () => {
  it('holds digest, platform and namespace, each to be told from the others', () => {
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

describe('what is kept under a key without a platform', () => {
  const adopted = (ledger: ImageLedger, key: string, ...platforms: string[]): ImageEntry | undefined =>
    withAdoptedEntries(ledger, [key], new Set(platforms))[key];

  for (const [what, got, expected] of [
    ['is that of the only platform', adopted({ d: whole }, `d+${amd}`, amd), { ...whole, inventory: { of: 'd', ...inventory } }],
    ['stays, but for its inventory, where there are several', adopted({ d: whole }, `d+${arm}`, amd, arm), { seen: 5, findings }],
    ['stays with its failure', adopted({ d: { seen: 5, findings, failure } }, `d+${amd}`, amd), { seen: 5, findings, failure }],
    ['is told by its namespace', adopted({ d: whole, 'd@shop': { seen: 6, failure } }, `d+${amd}@shop`, amd), { seen: 6, failure }],
    ['is nothing to another namespace', adopted({ 'd@shop': whole }, `d+${amd}@bank`, amd), undefined],
    ['is nothing to another image', adopted({ e: whole }, `d+${amd}`, amd), undefined],
    ['is taken once the Job of the version before has ended', adopted({ d: whole, [`d+${amd}`]: { seen: 9 } }, `d+${amd}`, amd)?.seen, 5],
    [
      'is not taken in place of what is known',
      adopted({ d: whole, [`d+${amd}`]: { seen: 9, failure } }, `d+${amd}`, amd),
      { seen: 9, failure },
    ],
    [
      'remembers the key that its inventory was first taken under',
      adopted({ [`d+${amd}`]: { ...whole, inventory: { ...inventory, of: 'd' } } }, 'd')?.inventory?.of,
      'd',
    ],
    ['comes back from the only platform while nodes cannot be listed', adopted({ [`d+${amd}`]: whole }, 'd')?.inventory?.of, `d+${amd}`],
    [
      'comes back from either platform, without an inventory',
      adopted({ [`d+${amd}`]: whole, [`d+${arm}`]: whole }, 'd'),
      { seen: 5, findings },
    ],
    ['is never taken from another platform', adopted({ [`d+${amd}`]: whole }, `d+${arm}`, amd, arm), undefined],
  ] as const) {
    it(what, () => expect(got).to.deep.equal(expected));
  }

  it('is left alone, and the ledger as it is, where nothing is wanting', () => {
    const ledger = { d: whole };
    expect(withAdoptedEntries(ledger, ['d'], new Set([amd]))).to.equal(ledger);
    expect(withAdoptedEntries(ledger, ['e+x'], new Set([amd]))).to.equal(ledger);
    expect(Object.keys(withAdoptedEntries(ledger, [`d+${amd}`], new Set([amd])))).to.deep.equal(['d', `d+${amd}`]);
  });

  it('keeps a Job of the version before from being made twice', () => {
    const keys = [`d+${amd}`, `d+${amd}@shop`, `e+${amd}`, 'f'];
    expect(busyKeys(['d', 'x'], keys)).to.deep.equal(['d', 'x', `d+${amd}`]);
    expect(busyKeys(['d@shop', `e+${amd}`], keys)).to.deep.equal(['d@shop', `e+${amd}`, `d+${amd}@shop`]);
    expect(busyKeys([`d+${arm}`], keys)).to.deep.equal([`d+${arm}`]);
  });
});
