import type { Inventory, InventoryApplication, InventoryPackage } from '../inventory/inventory.ts';

interface Property {
  readonly name: string;
  readonly value: string;
}

interface Component {
  readonly type: string;
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly properties?: readonly Property[];
}

/** A software bill of materials, as far as matching reads it. */
export interface Bom {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly version: 1;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** The scanner's own names in the properties of its bills. */
const property = (name: string, value: string | undefined): readonly Property[] =>
  value === undefined ? [] : [{ name: `aquasecurity:trivy:${name}`, value }];

/**
 * The inventory as a CycloneDX bill that the scanner matches as it would the image: what a package depends on, its licences,
 * hashes and layer are left out, none of which tells whether it is vulnerable.
 */
export function cycloneDx({ system, applications }: Inventory): Bom {
  const parts = applications.map((application, index) => bomPart(application, index, system));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    components: parts.flatMap(({ components }) => components),
    dependencies: parts.map(({ components: [first, ...rest] }) => ({
      ref: first?.['bom-ref'] ?? '',
      dependsOn: rest.map((component) => component['bom-ref']),
    })),
  };
}

function bomPart(application: InventoryApplication, index: number, system: Inventory['system']): { readonly components: Component[] } {
  const ofSystem = application.class === 'os-pkgs';
  const first: Component = {
    type: ofSystem ? 'operating-system' : 'application',
    'bom-ref': `a${index}`,
    name: ofSystem ? (system?.family ?? application.type) : application.name,
    ...(ofSystem && system ? { version: system.name } : {}),
    properties: [...property('Class', application.class), ...property('Type', application.type)],
  };
  return { components: [first, ...application.packages.map((item, at) => component(item, `a${index}p${at}`, application.type))] };
}

function component({ name, version, purl, source, modularity, path }: InventoryPackage, reference: string, type: string): Component {
  return {
    type: 'library',
    'bom-ref': reference,
    name,
    version,
    purl,
    properties: [
      ...property('PkgType', type),
      ...property('SrcName', source?.name),
      ...property('SrcVersion', source?.version),
      ...property('SrcRelease', source?.release),
      ...property('SrcEpoch', source?.epoch),
      ...property('Modularitylabel', modularity),
      ...property('FilePath', path),
    ],
  };
}
