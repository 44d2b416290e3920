import { expect } from 'chai';
import { readCsaf } from '../../../operator/images/statements/csaf.ts';
import type { VexProduct } from '../../../operator/images/statements/vex.ts';
import { bytesOf, csaf, failureOf, wanted } from './documents.ts';

const why = { flags: [{ label: 'component_not_present' }] };
const called = ({ names, parts }: VexProduct): string =>
  [names, ...(parts ? [parts] : [])].map((purls) => purls.map(({ type, name }) => `${type}/${name}`).join(',')).join(' > ');
const lines = async (vulnerability: object): Promise<string[]> =>
  (await readCsaf(bytesOf(csaf(vulnerability)), wanted)).statements.map(({ products, status, justification, statement }) =>
    [status, ...products.map(called), justification, statement].filter((part) => part !== undefined).join(' '),
  );

describe('a CSAF document', () => {
  it('has the id of its publisher and tracking id, and the revision of its current release', async () => {
    const { format, id, revision } = await readCsaf(bytesOf(csaf({})), wanted);
    expect({ format, id, revision }).to.deep.equal({
      format: 'CSAF',
      id: 'https://example.com EX-1',
      revision: [Date.parse('2026-01-02T00:00:00Z')],
    });
  });

  it('contains the status of products, packages and packages in products, with the worst status last', async () => {
    const product_status = {
      known_affected: ['web'],
      known_not_affected: ['web', 'curl-in-web'],
      fixed: ['curl'],
      under_investigation: ['web'],
    };
    expect(await lines({ product_status, ...why })).to.deep.equal([
      'not_affected oci/web component_not_present',
      'not_affected oci/web > deb/curl component_not_present',
      'fixed deb/curl',
      'under_investigation oci/web',
      'affected oci/web',
    ]);
  });

  it('contains the reason for the product, by its id or its group', async () => {
    const product_status = { known_not_affected: ['web', 'curl'] };
    const flags = [
      { label: 'component_not_present', product_ids: ['curl'] },
      { label: 'vulnerable_code_not_present', group_ids: ['all'] },
    ];
    const threats = [
      { category: 'exploit_status', details: 'none', product_ids: ['curl'] },
      { category: 'impact', details: 'Not built in.', product_ids: ['curl'] },
    ];
    expect(await lines({ product_status, flags, threats })).to.deep.equal([
      'not_affected oci/web vulnerable_code_not_present',
      'not_affected deb/curl component_not_present Not built in.',
    ]);
  });

  it('has no statement about products without a package URL, or about excluded components', async () => {
    expect(await lines({ product_status: { fixed: ['unmatchable', 'curl-beside-web'] } })).to.deep.equal([]);
  });

  it('does not apply to all versions if the package URL lacks the version range', async () => {
    const product = (purl: string): object => ({ name: 'x', product_id: 'range', product_identification_helper: { purl } });
    const names = async (purl: string): Promise<string[]> => {
      const product_tree = { branches: [{ category: 'product_version_range', name: 'vers:deb/<8', product: product(purl) }] };
      const { statements } = await readCsaf(bytesOf(csaf({ product_status: { fixed: ['range'] } }, { product_tree })), wanted);
      return statements.flatMap(({ products }) => products.map(called));
    };
    expect(await names('pkg:deb/debian/curl')).to.deep.equal([]);
    expect(await names('pkg:deb/debian/curl@7.88.1-10')).to.deep.equal(['deb/curl']);
  });

  it('is read only for vulnerabilities that were found, by CVE or another id', async () => {
    const product_status = { fixed: ['web'] };
    expect(await lines({ cve: 'CVE-2024-7777', product_status })).to.deep.equal([]);
    expect(await lines({ cve: undefined, ids: [{ system_name: 'GitHub', text: 'GHSA-aaaa-bbbb-cccc' }], product_status })).to.have.length(
      1,
    );
  });

  const other = csaf({});
  for (const [what, document, message] of [
    [
      'an unknown product',
      csaf({ product_status: { fixed: ['web', 'app'] } }),
      /^vulnerabilities\[0\]\.product_status\.fixed\[1\]: the product tree has no product "app"$/,
    ],
    [
      'no reason',
      csaf({ product_status: { known_not_affected: ['web'] }, flags: [{ label: 'component_not_present', product_ids: ['curl'] }] }),
      /^vulnerabilities\[0\]\.product_status\.known_not_affected\[0\]: known_not_affected needs a flag or a threat of the category impact$/,
    ],
    ['another label', csaf({ flags: [{ label: 'trust_me' }] }), /^vulnerabilities\[0\]\.flags\[0\]\.label: Invalid option/],
    [
      'another version',
      { ...other, document: { ...(other['document'] as object), csaf_version: '1.2' } },
      /^document\.csaf_version: Invalid option/,
    ],
    [
      'another category',
      { ...other, document: { ...(other['document'] as object), category: 'csaf_base' } },
      /^document\.category: Invalid option/,
    ],
    ['no product tree', { ...other, product_tree: undefined }, /^product_tree: /],
    ['no vulnerabilities', { ...other, vulnerabilities: [] }, /^vulnerabilities: a CSAF document must have vulnerabilities$/],
    [
      'a wrong package URL',
      csaf({}, { product_tree: { full_product_names: [{ product_id: 'a', product_identification_helper: { purl: 'pkg:a' } }] } }),
      /^product_tree\.full_product_names\[0\]\.product_identification_helper\.purl: not a package URL: /,
    ],
  ] as const) {
    it(`is rejected with ${what}`, async () => {
      expect((await failureOf(readCsaf(bytesOf(document), wanted))).replace('DataDocumentError: ', '')).to.match(message);
    });
  }
});
