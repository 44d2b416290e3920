import type { VexWanted } from '../../../operator/images/statements/vex.ts';

/** The vulnerabilities and packages in the test documents. */
export const wanted: VexWanted = {
  vulnerabilities: new Set(['CVE-2024-0001', 'CVE-2024-0002', 'GHSA-aaaa-bbbb-cccc']),
  packages: new Set(['image/web', 'deb/debian/curl', 'npm//lodash']),
};

/** The bytes of a document in a ConfigMap. */
export const bytesOf = (document: unknown): Buffer => Buffer.from(JSON.stringify(document));

/** Returns the error with which reading fails, as `name: message`. */
export async function failureOf(reading: Promise<unknown>): Promise<string> {
  try {
    return `no failure: ${JSON.stringify(await reading)}`;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** An OpenVEX document with these statements. */
export const openVex = (statements: readonly object[], more: object = {}): Record<string, unknown> => ({
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://example.com/vex/1',
  author: 'team',
  timestamp: '2026-01-02T00:00:00Z',
  version: 1,
  statements,
  ...more,
});

/** A CSAF document of the profile VEX about one vulnerability in an image, a package, and the package in the image. */
export const csaf = (vulnerability: object, more: object = {}): Record<string, unknown> => ({
  document: {
    category: 'csaf_vex',
    csaf_version: '2.0',
    title: 'Web',
    publisher: { category: 'vendor', name: 'Example', namespace: 'https://example.com' },
    tracking: { id: 'EX-1', current_release_date: '2026-01-02T00:00:00Z', status: 'final', version: '1' },
  },
  product_tree: {
    branches: [
      {
        category: 'vendor',
        name: 'Example',
        branches: [
          {
            category: 'product_version',
            name: '1',
            product: { name: 'Web', product_id: 'web', product_identification_helper: { purl: 'pkg:oci/web?repository_url=r.io/web' } },
          },
        ],
      },
    ],
    full_product_names: [
      { name: 'curl', product_id: 'curl', product_identification_helper: { purl: 'pkg:deb/debian/curl@7.88.1-10' } },
      { name: 'By name alone', product_id: 'unmatchable' },
    ],
    product_groups: [{ group_id: 'all', product_ids: ['web', 'curl-in-web'] }],
    relationships: ['default_component_of', 'external_component_of'].map((category, index) => ({
      category,
      product_reference: 'curl',
      relates_to_product_reference: 'web',
      full_product_name: { name: 'curl in web', product_id: ['curl-in-web', 'curl-beside-web'][index] },
    })),
  },
  vulnerabilities: [{ cve: 'CVE-2024-0001', ...vulnerability }],
  ...more,
});
