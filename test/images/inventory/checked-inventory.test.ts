import { expect } from 'chai';
import { checkedInventoryOf } from '../../../operator/images/inventory/checked-inventory.ts';
import { trivyInventory } from '../../../operator/images/inventory/trivy-inventory.ts';
import type { InventoryRecord } from '../../../operator/images/inventory/inventory.ts';

const body = { packages: 0, secrets: 0 };
const refused =
  (record: unknown, end: unknown = body): (() => unknown) =>
  () =>
    checkedInventoryOf([record], end);

describe('checkedInventoryOf', () => {
  it('accepts the records of a Trivy report', async () => {
    const report = {
      SchemaVersion: 2,
      Metadata: { OS: { Family: 'debian', Name: '12' } },
      Results: [
        {
          Target: 'image',
          Class: 'os-pkgs',
          Type: 'debian',
          Packages: [
            {
              Name: 'curl',
              Version: '1',
              Identifier: { PURL: 'pkg:deb/debian/curl@1' },
              SrcName: 'curl',
              SrcVersion: '1',
              SrcRelease: '2',
              SrcEpoch: 1,
              Modularitylabel: 'm',
              FilePath: 'p',
            },
          ],
        },
        { Target: 'srv/x', Class: 'secret', Secrets: [{ RuleID: 'r', Title: 't', Severity: 'HIGH', StartLine: 3 }] },
      ],
    };
    const records: InventoryRecord[] = [];
    const bytes = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from(JSON.stringify(report)));
    };
    for await (const record of trivyInventory(bytes())) records.push(record);
    const inventory = checkedInventoryOf(records, { packages: 1, secrets: 1, unreadable: { count: 1, examples: ['x'] } });
    expect(inventory.applications[0]?.packages[0]).to.deep.include({ name: 'curl', path: 'p', modularity: 'm' });
    expect(inventory.secrets).to.have.length(1);
    expect(inventory.unreadable?.count).to.equal(1);
  });

  for (const [what, make, expected] of [
    ['a record of an unknown type', refused({ type: 'other' }), /^the pod output is not an inventory: type: /],
    ['null', refused(null), /is not an inventory/],
    ['a package without a version', refused({ type: 'package', package: { name: 'a', purl: 'b' } }), /: package\.version: /],
    ['a text that is too long', refused({ type: 'system', family: 'x'.repeat(9000), name: '' }), /: family: /],
    ['an unknown field', refused({ type: 'system', family: 'x', name: '', more: 1 }), /is not an inventory/],
    ['a trailer that is null', refused({ type: 'system', family: 'x', name: '' }, null), /is not an inventory/],
  ] as const) {
    it(`rejects ${what}`, () => expect(make).to.throw(expected));
  }
});
