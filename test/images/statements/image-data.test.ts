import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import { ImageDataReader, type ImageData } from '../../../operator/images/statements/image-data.ts';
import type { ImageFindings } from '../../../operator/images/matching/image-finding.ts';
import { imageName } from '../../../operator/images/statements/image-name.ts';
import { packageUrl } from '../../../operator/images/statements/package-url.ts';
import { ApiDouble, says } from '../../kube/api-double.ts';
import { csaf, openVex } from './documents.ts';

const web = imageName({ reference: 'r.io/web:1' });
const purl = 'pkg:deb/debian/curl@7.88.1-10';
const findings: ImageFindings = {
  vulnerabilities: ['CVE-2024-0001', 'CVE-2024-0002'].map((id) => ({ id, package: 'curl', installed: '1', severity: 'high', purl })),
  secrets: [],
};
const statement = (status: string): object => ({ vulnerability: { name: 'CVE-2024-0001' }, products: [{ '@id': 'pkg:oci/web' }], status });

interface ConfigMap {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly version?: string;
}

describe('ImageDataReader', () => {
  const server = new ApiDouble();
  let reader: ImageDataReader;
  beforeEach(async () => (reader = new ImageDataReader(await server.start(), 'vigil-system')));
  afterEach(() => server.stop());

  /** Lets the API server return these ConfigMaps. */
  function hold(configMaps: Readonly<Record<string, ConfigMap>>): void {
    const objects = Object.entries(configMaps).map(([name, { kind, version = '1', ...content }]) => ({
      metadata: { namespace: 'vigil-system', name, uid: name, resourceVersion: version, labels: { 'vigil.dev/image-data': kind } },
      ...content,
    }));
    server.calls.length = 0;
    server.answers = [
      (answer, call) => {
        const name = /configmaps\/([^?]+)/.exec(call.url)?.[1];
        const found = objects.find(({ metadata }) => metadata.name === name);
        if (name === undefined) says({ metadata: {}, items: objects.map(({ metadata }) => ({ metadata })) })(answer);
        else if (found) says(found)(answer);
        else says({ kind: 'Status', reason: 'NotFound', code: 404 }, 404)(answer);
      },
    ];
  }
  const read = async (found = [findings]): Promise<ImageData> => (await reader.read(found, [web])).data;
  const status = ({ vex }: ImageData): string | undefined =>
    vex.verdict('CVE-2024-0001', () => ({ image: web, found: packageUrl(purl) }))?.status;
  const problemsOf = ({ problems }: ImageData): string[] =>
    problems.map(({ configMap, message }) => `${configMap.metadata.name}: ${message}`);

  it('lists the metadata of ConfigMaps by label, and returns no data if there are none', async () => {
    hold({});
    const { vex, exploitation, problems } = await read();
    expect(vex.verdict('CVE-2024-0001', () => ({ image: web, found: undefined }))).to.equal(undefined);
    expect([exploitation.size, problems.length, server.calls.length]).to.deep.equal([0, 0, 1]);
    expect(server.calls[0]?.url).to.match(/^\/api\/v1\/namespaces\/vigil-system\/configmaps\?.*labelSelector=vigil\.dev%2Fimage-data/);
  });

  it('reads all four kinds of documents, plain and compressed', async () => {
    const packed = (text: string): string => gzipSync(text).toString('base64');
    hold({
      a: { kind: 'openvex', data: { 'web.json': JSON.stringify(openVex([statement('affected')])) } },
      b: {
        kind: 'csaf',
        binaryData: {
          'web.json.gz': packed(
            JSON.stringify(
              csaf({
                cve: 'CVE-2024-0002',
                product_status: { known_not_affected: ['curl-in-web'] },
                flags: [{ label: 'component_not_present' }],
              }),
            ).replaceAll('repository_url=r.io', 'repository_url=https://r.io'),
          ),
        },
      },
      c: { kind: 'kev', data: { 'kev.json': '{"vulnerabilities":[{"cveID":"CVE-2024-0001","dueDate":"2024-01-23"}]}' } },
      d: {
        kind: 'epss',
        binaryData: { one: packed('cve,epss,percentile\nCVE-2024-0001,0.1,0.2\n'), two: packed('CVE-2024-0002,0.3,0.4\n') },
      },
    });
    const data = await read();
    expect(problemsOf(data)).to.deep.equal([]);
    expect(status(data)).to.equal('affected');
    expect(data.vex.verdict('CVE-2024-0002', () => ({ image: web, found: packageUrl(purl) }))).to.deep.equal({
      status: 'not_affected',
      justification: 'component_not_present',
      document: { format: 'CSAF', id: 'https://example.com EX-1', source: 'b/web.json.gz' },
    });
    expect(Object.fromEntries(data.exploitation)).to.deep.equal({
      'CVE-2024-0001': { kev: { due: '2024-01-23' }, epss: { probability: '0.1', percentile: '0.2' } },
      'CVE-2024-0002': { epss: { probability: '0.3', percentile: '0.4' } },
    });
  });

  it('reports the key and the position of an invalid document, and uses the other documents', async () => {
    const good = JSON.stringify(openVex([statement('fixed')]));
    hold({
      a: { kind: 'openvex', data: { 'bad.json': JSON.stringify(openVex([statement('fixed'), statement('fine')])), 'good.json': good } },
      b: { kind: 'openvx', data: { 'x.json': good } },
      c: { kind: 'epss' },
      d: { kind: 'epss', data: { scores: 'nothing' } },
      f: {
        kind: 'openvex',
        data: { x: JSON.stringify(openVex([{ ...statement('fixed'), products: [{ '@id': 'https://example.com/web' }] }])) },
      },
      e: { kind: 'csaf', data: { deep: `{"product_tree":${'{"branches":['.repeat(50_000)}${']}'.repeat(50_000)}}` } },
    });
    const data = await read();
    expect(status(data)).to.equal('fixed');
    const [bad, label, empty, scores, deep, unmatchable, ...more] = problemsOf(data);
    expect(bad).to.match(/^a: bad\.json is not used: statements\[1\]\.status: Invalid option/);
    expect(label).to.equal('b: label vigil.dev/image-data is "openvx": expected one of openvex, csaf, kev, epss');
    expect(empty).to.equal('c: the ConfigMap has no documents');
    expect(scores).to.equal('d: scores is not used: line 1: expected cve,epss,percentile: "nothing"');
    expect(deep).to.match(/^e: deep is not used: (the text is not JSON|Maximum call stack size exceeded)/);
    expect(unmatchable).to.equal(
      'f: x is not used: none of the 1 products in its statements about the findings has a package URL or digest',
    );
    expect(more).to.deep.equal([]);
  });

  it('reads the ConfigMaps again only if one of them or the findings changed', async () => {
    const document = (said: string): string => JSON.stringify(openVex([statement(said)]));
    hold({ a: { kind: 'openvex', data: { x: document('fixed') } } });
    expect(status(await read())).to.equal('fixed');
    expect(status(await read())).to.equal('fixed');
    expect(server.calls.map(({ url }) => url.includes('configmaps/a'))).to.deep.equal([false, true, false]);
    hold({ a: { kind: 'openvex', version: '2', data: { x: document('affected') } } });
    expect(status(await read())).to.equal('affected');
    expect(status(await read([]))).to.equal(undefined);
    expect(status(await read())).to.equal('affected');
    hold({});
    expect(status(await read())).to.equal(undefined);
  });

  it('accepts that a ConfigMap is deleted while it is read', async () => {
    hold({ a: { kind: 'epss', data: { x: 'CVE-2024-0001,0.1,0.2' } } });
    const [serve] = server.answers;
    server.answers = [serve!, says({ kind: 'Status', reason: 'NotFound', code: 404 }, 404)];
    expect((await read()).exploitation.size).to.equal(0);
  });

  it('limits the number of statements', async () => {
    const products = Array.from({ length: 15_000 }, (_, index) => ({ '@id': `pkg:oci/web?tag=${index}` }));
    const document = (id: string): string => JSON.stringify(openVex([{ ...statement('fixed'), products }], { '@id': id }));
    hold({ a: { kind: 'openvex', data: { one: document('1'), two: document('2') } } });
    expect(problemsOf(await read())).to.deep.equal([
      'a: two is not used: with this document, the statements about the findings have more than 20000 package URLs',
    ]);
  });
});
