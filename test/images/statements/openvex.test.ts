import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import { readOpenVex } from '../../../operator/images/statements/openvex.ts';
import { packageUrl } from '../../../operator/images/statements/package-url.ts';
import { bytesOf, failureOf, openVex, wanted } from './documents.ts';

const web = { '@id': 'pkg:oci/web?repository_url=r.io/web' };
const fixed = { vulnerability: { name: 'CVE-2024-0001' }, products: [web], status: 'fixed' };

describe('an OpenVEX document', () => {
  it('is read with its products, subcomponents and aliases, and with the time of the document if a statement has none', async () => {
    const statement = {
      vulnerability: { '@id': 'https://x', name: 'CVE-2024-9999', aliases: ['GHSA-aaaa-bbbb-cccc'] },
      products: [
        {
          '@id': 'https://example.com/web',
          identifiers: { purl: 'pkg:oci/web', cpe23: 'cpe:2.3:a:x:y:1:*:*:*:*:*:*:*' },
          hashes: { 'sha-256': 'AB' },
          subcomponents: [{ '@id': 'pkg:deb/debian/curl@7.88.1-10' }],
        },
      ],
      status: 'not_affected',
      justification: 'vulnerable_code_not_present',
      impact_statement: 'It is not built in.',
    };
    const later = { ...fixed, timestamp: '2026-01-03T00:00:00.123456789+01:00' };
    const document = await readOpenVex(bytesOf(openVex([statement, later])), wanted);
    expect(document).to.deep.equal({
      format: 'OpenVEX',
      id: 'https://example.com/vex/1',
      revision: [1, Date.parse('2026-01-02T00:00:00Z')],
      statements: [
        {
          vulnerabilities: ['GHSA-aaaa-bbbb-cccc'],
          products: [{ names: [packageUrl('pkg:oci/web')], digests: ['sha256:ab'], parts: [packageUrl('pkg:deb/debian/curl@7.88.1-10')] }],
          status: 'not_affected',
          justification: 'vulnerable_code_not_present',
          statement: 'It is not built in.',
          time: Date.parse('2026-01-02T00:00:00Z'),
        },
        {
          vulnerabilities: ['CVE-2024-0001'],
          products: [{ names: [packageUrl(web['@id'])] }],
          status: 'fixed',
          time: Date.parse('2026-01-02T23:00:00.123Z'),
        },
      ],
      unmatchable: 0,
    });
  });

  it('may be compressed, start with a byte order mark, and have the first format version', async () => {
    const old = openVex([{ vulnerability: 'CVE-2024-0001', products: [web['@id']], status: 'fixed' }], {
      '@context': 'https://openvex.dev/ns',
    });
    for (const bytes of [gzipSync(JSON.stringify(old)), Buffer.from(`\ufeff${JSON.stringify(old)}`)])
      expect((await readOpenVex(bytes, wanted)).statements).to.have.length(1);
  });

  it('is read only for vulnerabilities and products that were found', async () => {
    const other = { ...fixed, vulnerability: { name: 'CVE-2024-7777' } };
    const elsewhere = { ...fixed, products: [{ '@id': 'pkg:oci/other' }, { '@id': 'https://example.com/web' }] };
    const inside = { ...fixed, products: [{ ...web, subcomponents: [{ '@id': 'pkg:npm/left-pad' }] }] };
    expect((await readOpenVex(bytesOf(openVex([other, elsewhere, inside])), wanted)).statements).to.deep.equal([]);
  });

  const whole = JSON.stringify(openVex([fixed, fixed]));
  for (const [what, bytes, message] of [
    ['another status', bytesOf(openVex([fixed, { ...fixed, status: 'fine' }])), /^statements\[1\]\.status: Invalid option/],
    [
      'no reason',
      bytesOf(openVex([{ ...fixed, status: 'not_affected' }])),
      /^statements\[0\]\.status: not_affected needs a justification or an impact_statement$/,
    ],
    ['another reason', bytesOf(openVex([{ ...fixed, justification: 'trust me' }])), /^statements\[0\]\.justification: Invalid option/],
    ['no product', bytesOf(openVex([{ ...fixed, products: [] }])), /^statements\[0\]\.products: /],
    [
      'a wrong package URL',
      bytesOf(openVex([{ ...fixed, products: [web, { '@id': 'pkg:oci/' }] }])),
      /^statements\[0\]\.products\[1\]\.@id: not a package URL: Invalid purl: "name" is a required component$/,
    ],
    [
      'a wrong package URL inside',
      bytesOf(openVex([{ ...fixed, products: [{ ...web, subcomponents: [{ identifiers: { purl: 'curl' } }] }] }])),
      /^statements\[0\]\.products\[0\]\.subcomponents\[0\]\.identifiers\.purl: not a package URL: /,
    ],
    ['no id', bytesOf({ ...openVex([fixed]), '@id': undefined }), /^@id: /],
    ['a time without zone', bytesOf({ ...openVex([fixed]), timestamp: '2026-01-02' }), /^timestamp: /],
    ['another context', bytesOf({ ...openVex([fixed]), '@context': 'https://example.com' }), /^@context: /],
    ['no statements', bytesOf({ ...openVex([]), statements: undefined }), /^statements: an OpenVEX document must have statements$/],
    ['truncated JSON', Buffer.from(whole.slice(0, -20)), /^the JSON is truncated \(after statements\[0\]\)$/],
    ['no JSON', Buffer.from('statements: []\n'), /^the text is not JSON/],
    ['broken JSON', Buffer.from(whole.replace('"fixed"', 'fixed')), /^the text is not JSON \(after timestamp\)$|^the text is not JSON/],
    ['a broken archive', gzipSync(whole).subarray(0, 60), /^the document cannot be unpacked: unexpected end of file$/],
  ] as const) {
    it(`is rejected with ${what}`, async () => {
      expect((await failureOf(readOpenVex(bytes, wanted))).replace('DataDocumentError: ', '')).to.match(message);
    });
  }
});
