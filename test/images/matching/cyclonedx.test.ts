import { expect } from 'chai';
import { cycloneDx } from '../../../operator/images/matching/cyclonedx.ts';
import type { Inventory } from '../../../operator/images/inventory/inventory.ts';

const named = (entries: Readonly<Record<string, string>>): unknown[] =>
  Object.entries(entries).map(([name, value]) => ({ name: `aquasecurity:trivy:${name}`, value }));
const openssl = {
  ...{ name: 'libssl3', version: '3-1', purl: 'pkg:deb/debian/libssl3@3-1', modularity: 'm:8' },
  source: { name: 'openssl', version: '3', release: '1', epoch: '2' },
};

describe('cycloneDx', () => {
  it('has the system and the applications with their packages, and the properties by which the scanner matches them', () => {
    const inventory: Inventory = {
      system: { family: 'debian', name: '12.4' },
      applications: [
        { name: 'image', class: 'os-pkgs', type: 'debian', packages: [openssl] },
        {
          ...{ name: 'app/package-lock.json', class: 'lang-pkgs', type: 'npm' },
          packages: [
            { name: 'a', version: '1', purl: 'pkg:npm/a@1', path: 'app/a' },
            { name: 'b', version: '2', purl: 'pkg:npm/b@2' },
          ],
        },
      ],
      secrets: [],
    };
    expect(cycloneDx(inventory)).to.deep.equal({
      ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
      components: [
        {
          ...{ type: 'operating-system', 'bom-ref': 'a0', name: 'debian', version: '12.4' },
          properties: named({ Class: 'os-pkgs', Type: 'debian' }),
        },
        {
          ...{ type: 'library', 'bom-ref': 'a0p0', name: 'libssl3', version: '3-1', purl: 'pkg:deb/debian/libssl3@3-1' },
          properties: named({
            PkgType: 'debian',
            SrcName: 'openssl',
            SrcVersion: '3',
            SrcRelease: '1',
            SrcEpoch: '2',
            Modularitylabel: 'm:8',
          }),
        },
        {
          ...{ type: 'application', 'bom-ref': 'a1', name: 'app/package-lock.json' },
          properties: named({ Class: 'lang-pkgs', Type: 'npm' }),
        },
        {
          ...{ type: 'library', 'bom-ref': 'a1p0', name: 'a', version: '1', purl: 'pkg:npm/a@1' },
          properties: named({ PkgType: 'npm', FilePath: 'app/a' }),
        },
        {
          ...{ type: 'library', 'bom-ref': 'a1p1', name: 'b', version: '2', purl: 'pkg:npm/b@2' },
          properties: named({ PkgType: 'npm' }),
        },
      ],
      dependencies: [
        { ref: 'a0', dependsOn: ['a0p0'] },
        { ref: 'a1', dependsOn: ['a1p0', 'a1p1'] },
      ],
    });
  });

  it('names the system by the type of its packages if the image does not say which it is', () => {
    const [first] = cycloneDx({
      applications: [{ name: 'image', class: 'os-pkgs', type: 'alpine', packages: [] }],
      secrets: [],
    }).components;
    expect(first).to.deep.include({ type: 'operating-system', name: 'alpine' });
    expect(first).not.to.have.property('version');
  });
});
