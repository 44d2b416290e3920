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

/** The part of a CycloneDX SBOM that matching needs. */
export interface Bom {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly version: 1;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** Returns a property with the name prefix that Trivy uses in its SBOMs. */
const property = (name: string, value: string | undefined): readonly Property[] =>
  value === undefined ? [] : [{ name: `aquasecurity:trivy:${name}`, value }];

/**
 * Converts an inventory to a CycloneDX SBOM. The scanner finds the same vulnerabilities in it as in the image. Dependencies, licenses,
 * hashes and layers are left out, since matching does not need them.
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
