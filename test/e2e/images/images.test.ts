import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { ANNOTATIONS } from '../../../operator/api/group.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import type { SecurityPolicyStatus, SeverityCounts } from '../../../operator/api/kinds/policy-status.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { readLedger } from '../../../operator/reports/identity/policy-ledger.ts';
import { kubectl, testClient, uniqueName } from '../../integration/cluster-access.ts';
import { apply, ImageShop, registry } from './image-shop.ts';
import { eventually, home, install, makeScan, reportsIn, scanEnded } from '../installation.ts';

describe('running images', function () {
  this.timeout(240_000);
  const client = testClient();
  const shop = new ImageShop('images');
  const { name, namespace } = shop;
  /** A namespace whose images have no findings. */
  const clean = uniqueName('clean');

  const deployment = (app: string, image: string, command?: readonly string[], place = namespace): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: app, namespace: place },
    spec: {
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app } },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image, ...(command ? { command } : {}) }] },
      },
    },
  });
  const policy = (images: object, place = namespace): object => ({
    apiVersion: 'vigil.dev/v1alpha1',
    kind: 'SecurityPolicy',
    metadata: { name: place === namespace ? name : place },
    spec: {
      scope: { namespaces: { include: [place] } },
      controls: [{ name: place === namespace ? 'run-as-non-root' : 'privileged-container' }],
      images,
    },
  });
  const policyOf = (which = name): Promise<SecurityPolicy> => client.get<SecurityPolicy>(RESOURCES.policies, { name: which });
  const conditionOf = async (type: string, which = name): Promise<string> => {
    const { status, reason, message } = (await policyOf(which)).status?.conditions?.find((each) => each.type === type) ?? {};
    return `${status ?? ''} ${reason ?? ''}: ${message ?? ''}`;
  };
  const sumOf = (counts: SeverityCounts | undefined): number => Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
  /** Counts the results of a policy in its reports. Passes are not listed, so they are counted from the summary. */
  const counted = async (which = name, place = namespace): Promise<Pick<SecurityPolicyStatus, 'summary' | 'failing'>> => {
    const summary = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
    const failing = { critical: 0, high: 0, medium: 0, low: 0 };
    for (const { metadata, results = [] } of await reportsIn(place)) {
      summary.pass += readLedger(metadata.annotations?.[ANNOTATIONS.policies])[which]?.summary.pass ?? 0;
      for (const { policy: by, result = 'pass', severity } of results.filter((each) => each.policy === which && each.result !== 'pass')) {
        summary[result]++;
        if (result === 'fail' && severity !== undefined && severity !== 'info' && by === which) failing[severity]++;
      }
    }
    return { summary, failing };
  };
  /** Waits until the counts in the status equal those in the reports, including images. */
  const countsAgree = (which = name, place = namespace): Promise<SecurityPolicyStatus> =>
    eventually('the status has the counts of the reports', async () => {
      const { status = {} } = await policyOf(which);
      const { summary, failing, images } = status;
      return images && isDeepStrictEqual({ summary, failing }, await counted(which, place)) ? status : undefined;
    });
  const reportOf = (app: string): Promise<PolicyReport | undefined> => shop.reportOf(app);
  const linesOf = async (app: string): Promise<string[]> =>
    ((await reportOf(app))?.results ?? [])
      .map(({ rule, result, properties }) =>
        [rule, result, properties?.['package'], properties?.['installed'], properties?.['fixed']]
          .filter((part) => part !== undefined)
          .join(' '),
      )
      .toSorted();
  const becomes = (app: string, expected: readonly string[]): Promise<true> =>
    eventually(
      `the images of ${app}: ${expected.join(', ')}`,
      async () => ((await linesOf(app)).join('\n') === expected.toSorted().join('\n') ? true : undefined),
      90,
    );
  const configMaps = (part: string): Promise<KubeObject[]> =>
    listAll(client, RESOURCES.configMaps, { namespace: home, labelSelector: `vigil.dev/part=${part}` });
  /** The inventories by name and creation time: an inventory that is taken again is different. */
  const inventories = async (): Promise<string[]> =>
    (await configMaps('image-inventory')).map(({ metadata }) => `${metadata.name} ${metadata.uid ?? ''}`).toSorted();

  const findings = async (): Promise<string[]> => (await configMaps('image-findings')).map(({ metadata }) => metadata.name).toSorted();
  const kinds = ['openvex', 'csaf', 'kev', 'epss'] as const;
  /** Returns a ConfigMap with documents of a kind, plain or compressed. */
  const data = (
    kind: (typeof kinds)[number],
    plain: Readonly<Record<string, string>>,
    packed: Readonly<Record<string, string>> = {},
  ): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-${kind}`, namespace: home, labels: { 'vigil.dev/image-data': kind } },
    data: plain,
    binaryData: Object.fromEntries(Object.entries(packed).map(([key, text]) => [key, gzipSync(text).toString('base64')])),
  });
  const purlOf = (image: string): string => `pkg:oci/${image}?repository_url=${registry}/${image}`;
  const openVex = (statements: readonly object[]): string =>
    JSON.stringify({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': 'https://example.com/vex/1',
      author: 'shop',
      timestamp: '2026-01-02T00:00:00Z',
      version: 1,
      statements,
    });
  /** Returns a document about lodash in one image. */
  const csaf = (vulnerability: object): object => ({
    document: {
      category: 'csaf_vex',
      csaf_version: '2.0',
      title: 'Node',
      publisher: { category: 'vendor', name: 'Shop', namespace: 'https://example.com' },
      tracking: { id: 'SHOP-1', current_release_date: '2026-01-02T00:00:00Z', status: 'final', version: '1' },
    },
    product_tree: {
      full_product_names: [
        { name: 'node-old', product_id: 'node', product_identification_helper: { purl: purlOf('node-old') } },
        { name: 'lodash', product_id: 'lodash', product_identification_helper: { purl: 'pkg:npm/lodash@4.17.20' } },
      ],
      relationships: [
        {
          category: 'default_component_of',
          product_reference: 'lodash',
          relates_to_product_reference: 'node',
          full_product_name: { name: 'lodash in node-old', product_id: 'lodash-in-node' },
        },
      ],
    },
    vulnerabilities: [vulnerability],
  });

  const debian = [
    'CVE-2023-38545 fail curl 7.88.1-10 7.88.1-10+deb12u4',
    'CVE-2023-45853 fail zlib1g 1:1.2.13.dfsg-1',
    'CVE-2023-5363 fail libssl3 3.0.9-1 3.0.11-1~deb12u2',
    'CVE-2023-5363 fail openssl 3.0.9-1 3.0.11-1~deb12u2',
    'aws-access-key-id fail',
  ];
  const node = ['CVE-2021-23337 fail lodash 4.17.20 4.17.21'];
  const mixed = [
    'CVE-2021-44228 fail org.apache.logging.log4j:log4j-core 2.14.1 2.15.0',
    'CVE-2023-27530 fail rack 2.2.6 2.2.6.3',
    'CVE-2023-2975 fail libcrypto3 3.1.1-r1 3.1.1-r2',
    'CVE-2023-36053 fail Django 4.2.0 4.2.3',
    'CVE-2023-42366 fail busybox 1.36.1-r0 1.36.1-r6',
    'CVE-2023-45133 fail @babel/traverse 7.22.0 7.23.2',
    'CVE-2099-0001 fail go.etcd.io/bbolt v1.4.3 99.0.0',
    'aws-access-key-id fail',
    'github-pat fail',
  ];
  let taken: string[] = [];

  before(async () => {
    await install();
    shop.useScanner('trivy:1', `VIGIL_DATABASE_IMAGE=${registry}/trivy-database:1`, 'VIGIL_IMAGE_INTERVAL=2');
    for (const place of [namespace, clean]) apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: place } });
    apply(
      deployment('web', `${registry}/debian-old:1`),
      deployment('app', `${registry}/node-old:1`),
      deployment('mixed', `${registry}/mixed-old:1`),
      deployment('private', `${registry}/private-old:1`),
      deployment('quiet', `${registry}/pause:1`, undefined, clean),
      policy({ vulnerabilities: {}, secrets: {} }),
      policy({ vulnerabilities: {}, secrets: {} }, clean),
    );
  });

  after(async () => {
    kubectl(['-n', home, 'delete', 'configmap', ...kinds.map((kind) => `${name}-${kind}`), '--ignore-not-found']);
    kubectl(['delete', 'securitypolicy', clean, '--ignore-not-found']);
    kubectl(['delete', 'namespace', clean, '--ignore-not-found', '--wait=false']);
    await shop.close();
  });

  it('have their vulnerabilities and secrets in the reports of their workloads', async () => {
    await becomes('web', debian);
    await becomes('app', node);
    await becomes('mixed', mixed);
    await becomes('private', [...node, 'image-scan warn']);
    const unread = (await reportOf('private'))?.results?.find(({ rule }) => rule === 'image-scan');
    expect(unread?.message).to.match(/^some files or folders of the image could not be read .*: home\/app\/\.netrc, home\/app\/keys$/);
    const curl = (await reportOf('web'))?.results?.find(({ rule }) => rule === 'CVE-2023-38545');
    expect(curl).to.deep.include({ source: 'vigil-images', policy: name, severity: 'critical' });
    expect(curl?.properties).to.deep.include({ container: 'main', score: '9.8', link: 'https://avd.aquasec.com/nvd/cve-2023-38545' });
    expect(curl?.properties?.['image']).to.match(/^127\.0\.0\.1:5000\/debian-old@sha256:[0-9a-f]{64}$/);
    taken = await inventories();
    expect(taken).to.have.length(5);
  });

  it('have the same counts in the policy as in the reports, and make the policy not compliant', async () => {
    const { failing, coverage, images } = await countsAgree();
    // Four workloads that may run as root, in addition to the findings in their images.
    expect([failing?.critical, images?.failing.critical, images?.summary.fail]).to.deep.equal([7, 7, 16]);
    expect([images?.coverage, coverage]).to.deep.equal([
      { inScope: 4, scanned: 4, failed: 0, skipped: 0, waiting: 0 },
      { inScope: 8, scanned: 8, failed: 0, skipped: 0, excludedNamespaces: coverage?.excludedNamespaces },
    ]);
    expect(await conditionOf('Compliant')).to.match(/^False Failing: failing: 7 critical, /);
    expect(await conditionOf('Covered')).to.equal('True AllScanned: 8 of 8 targets were scanned');
  });

  it('make a policy compliant if they have no findings', async () => {
    await eventually('the policy is compliant', async () =>
      (await conditionOf('Compliant', clean)).startsWith('True Passing: ') ? true : undefined,
    );
    const { images, failing } = await countsAgree(clean, clean);
    expect(images?.summary).to.deep.equal({ pass: 1, fail: 0, warn: 0, error: 0, skip: 0 });
    expect([images?.coverage.scanned, failing]).to.deep.equal([1, { critical: 0, high: 0, medium: 0, low: 0 }]);
  });

  it('keep their counts after a new scan, and cause no writes while nothing changes', async () => {
    const before = await countsAgree();
    await scanEnded(await makeScan({ policies: [name, clean] }));
    const { summary, failing, coverage, images, lastScan } = await countsAgree();
    expect({ summary, failing, coverage, images }).to.deep.equal({
      ...{ summary: before.summary, failing: before.failing, coverage: before.coverage, images: before.images },
    });
    expect(lastScan).not.to.equal(before.lastScan);
    const versions = (): Promise<unknown[]> =>
      Promise.all([name, clean].map(async (which) => (await policyOf(which)).metadata.resourceVersion));
    const settled = await versions();
    // The images are synced every two seconds.
    await sleep(7000);
    expect(await versions()).to.deep.equal(settled);
  });

  it('have results for a new workload at once, without a new inventory and without the text of a secret', async () => {
    apply(deployment('second', `${registry}/debian-old:1`));
    await becomes('second', debian);
    expect(await inventories()).to.deep.equal(taken);
    // The workload is evaluated when it changes, its images when its pods run.
    const { images, coverage } = await eventually('both are counted', async () => {
      const status = await countsAgree();
      return status.images?.summary.fail === 21 && status.failing?.critical === 10 ? status : undefined;
    });
    expect([images?.coverage.inScope, coverage?.inScope]).to.deep.equal([4, 8]);
    const reports = JSON.stringify(await reportsIn(namespace));
    expect(reports).not.to.include('2E0A8F3B244C9986');
  });

  it('have results for a new workload within seconds, also with a long sync interval', async () => {
    shop.configure('VIGIL_IMAGE_INTERVAL=3600');
    // By then, the operator has ended its first syncs.
    await sleep(8000);
    apply(deployment('third', `${registry}/node-old:1`));
    await becomes('third', node);
    kubectl(['-n', namespace, 'delete', 'deployment', 'third']);
    shop.configure('VIGIL_IMAGE_INTERVAL=2');
    await eventually('the report is deleted', async () => ((await reportOf('third')) ? undefined : true));
    expect(await inventories()).to.deep.equal(taken);
  });

  it('have a skip if a VEX document applies, and data of KEV and EPSS, without a new inventory or match', async () => {
    const matched = await findings();
    const statements = [
      {
        vulnerability: { name: 'CVE-2023-38545' },
        products: [{ '@id': purlOf('debian-old'), subcomponents: [{ '@id': 'pkg:deb/debian/curl@7.88.1-10' }] }],
        status: 'not_affected',
        justification: 'vulnerable_code_not_in_execute_path',
        impact_statement: 'No proxy is used.',
      },
      { vulnerability: { name: 'CVE-2023-5363' }, products: [{ '@id': 'pkg:deb/debian/libssl3' }], status: 'fixed' },
      { vulnerability: { name: 'CVE-2023-45853' }, products: [{ '@id': purlOf('debian-old') }], status: 'under_investigation' },
    ];
    apply(
      data('openvex', { 'debian.json': openVex(statements) }),
      data('csaf', {
        'node.json': JSON.stringify(
          csaf({
            cve: 'CVE-2021-23337',
            product_status: { known_not_affected: ['lodash-in-node'] },
            flags: [{ label: 'component_not_present' }],
          }),
        ),
      }),
      data('kev', {
        'kev.json': JSON.stringify({
          vulnerabilities: [
            { cveID: 'CVE-2021-44228', dateAdded: '2021-12-10', dueDate: '2021-12-24', knownRansomwareCampaignUse: 'Known' },
          ],
        }),
      }),
      data('epss', {}, { 'part-1.csv.gz': 'cve,epss,percentile\nCVE-2021-44228,0.94358,0.99957\n' }),
    );
    const vouched = ['CVE-2023-38545', 'CVE-2023-5363 fail libssl3'];
    await becomes(
      'web',
      debian
        .map((line) => (vouched.some((each) => line.startsWith(each)) ? line.replace(' fail ', ' skip ') : line))
        .toSorted((a, b) => (a.split(' ').slice(0, 2).join(' ') < b.split(' ').slice(0, 2).join(' ') ? -1 : 1)),
    );
    await becomes(
      'app',
      node.map((line) => line.replace(' fail ', ' skip ')),
    );
    // The document names one image. The same package is in another image.
    await becomes('private', [...node, 'image-scan warn']);
    const curl = (await reportOf('web'))?.results?.find(({ rule }) => rule === 'CVE-2023-38545');
    expect(curl?.properties).to.deep.include({
      vex: 'not_affected',
      vexSource: `${name}-openvex/debian.json`,
      vexDocument: 'https://example.com/vex/1',
      vexJustification: 'vulnerable_code_not_in_execute_path',
      vexStatement: 'No proxy is used.',
    });
    const zlib = (await reportOf('web'))?.results?.find(({ rule }) => rule === 'CVE-2023-45853');
    expect([zlib?.result, zlib?.properties?.['vex']]).to.deep.equal(['fail', 'under_investigation']);
    const { images } = await countsAgree();
    expect([images?.summary.skip, images?.summary.fail]).to.deep.equal([5, 16]);
    await eventually('CVE-2021-44228 is known to be exploited', async () => {
      const { properties } = (await reportOf('mixed'))?.results?.find(({ rule }) => rule === 'CVE-2021-44228') ?? {};
      return properties?.['epss'] === '0.94358' && properties['kevDue'] === '2021-12-24' && properties['ransomware'] === 'Known'
        ? true
        : undefined;
    });
    expect([await inventories(), await findings()]).to.deep.equal([taken, matched]);
  });

  it('fail again if a document becomes invalid, with an Event on its ConfigMap, while other documents apply', async () => {
    const wrong = [{ vulnerability: { name: 'CVE-2023-38545' }, products: [{ '@id': purlOf('debian-old') }], status: 'harmless' }];
    apply(data('openvex', { 'debian.json': openVex(wrong) }));
    await becomes('web', debian);
    const messages = await eventually('an Event reports it', () => {
      const selector = `involvedObject.kind=ConfigMap,involvedObject.name=${name}-openvex,reason=DocumentNotUsed`;
      const said = kubectl(['-n', home, 'get', 'events', '--field-selector', selector, '-o', 'jsonpath={.items[*].message}']);
      return said === '' ? undefined : said;
    });
    expect(messages).to.match(/^debian\.json is not used: statements\[0\]\.status: Invalid option/);
    expect(await linesOf('app')).to.deep.equal(node.map((line) => line.replace(' fail ', ' skip ')).toSorted());
  });

  it('have the original results after the documents are deleted', async () => {
    kubectl(['-n', home, 'delete', 'configmap', ...kinds.map((kind) => `${name}-${kind}`)]);
    await becomes('app', node);
    await eventually('no CVE is known to be exploited', async () =>
      JSON.stringify(await reportsIn(namespace)).includes('kevDue') ? undefined : true,
    );
    expect(await inventories()).to.deep.equal(taken);
  });

  it('are matched again after the database changed, without a new inventory, and a Scan reports the changes', async () => {
    await scanEnded(await makeScan({ policies: [name] }));
    shop.configure(`VIGIL_DATABASE_IMAGE=${registry}/trivy-database:2`);
    const later = [...debian, 'CVE-2024-0553 fail libgnutls30 3.7.9-2 3.7.9-2+deb12u2'].toSorted();
    await becomes('web', later);
    await becomes('second', later);
    await becomes('app', node);
    expect(await inventories()).to.deep.equal(taken);
    const changes: string[] = [];
    // A Scan that ends before all reports are written leaves them to the next Scan.
    await eventually('the Scan reports both workloads', async () => {
      const { images } = (await scanEnded(await makeScan({ policies: [name] }))).status ?? {};
      const since = Date.parse(images?.until ?? '') - Date.parse(images?.since ?? '');
      changes.push(`${sumOf(images?.new)} new, ${sumOf(images?.fixed)} fixed, ${since > 0 ? 'since the scan before' : ''}`);
      return changes.at(-1)?.startsWith('0 new') ? changes.length > 1 || undefined : undefined;
    });
    expect(changes.filter((line) => !line.startsWith('0 new'))).to.deep.equal(['2 new, 0 fixed, since the scan before']);
  });

  it('have a warning if the database is old', async () => {
    shop.configure(`VIGIL_DATABASE_IMAGE=${registry}/trivy-database:old`);
    await becomes('app', [...node, 'image-scan warn']);
    const warning = (await reportOf('app'))?.results?.find(({ result }) => result === 'warn');
    expect(warning?.message).to.equal('the vulnerability database was built on 2025-12-01: it does not contain newer vulnerabilities');
    shop.configure(`VIGIL_DATABASE_IMAGE=${registry}/trivy-database:2`);
    await becomes('app', node);
  });

  it('keep their findings, with an error and its reason, if the database image has no database', async () => {
    shop.configure(`VIGIL_DATABASE_IMAGE=${registry}/pause:1`);
    await becomes('app', [...node, 'image-scan error']);
    const error = (await reportOf('app'))?.results?.find(({ result }) => result === 'error');
    expect(error?.message).to.equal('the image with the vulnerability database has no /db/trivy.db; the previous findings are kept');
    shop.configure(`VIGIL_DATABASE_IMAGE=${registry}/trivy-database:2`);
    await becomes('app', node);
  });

  it('have only the results that the policy requires: by severity, and only fixable ones', async () => {
    apply(policy({ vulnerabilities: { minSeverity: 'critical', ignoreUnfixed: true } }));
    await becomes('web', ['CVE-2023-38545 fail curl 7.88.1-10 7.88.1-10+deb12u4']);
    await becomes('app', []);
    expect((await reportOf('app'))?.summary).to.deep.include({ pass: 1, fail: 0 });
    expect(await inventories()).to.deep.equal(taken);
  });

  it('keep their findings, with an error and its reason, if the scanner fails', async () => {
    shop.useScanner('trivy-broken:1', `VIGIL_DATABASE_IMAGE=${registry}/trivy-database:1`);
    await becomes('web', ['CVE-2023-38545 fail curl 7.88.1-10 7.88.1-10+deb12u4', 'image-scan error']);
    const error = (await reportOf('web'))?.results?.find(({ result }) => result === 'error');
    expect(error?.message).to.equal('the scanner ended with 127: trivy: applet not found; the previous findings are kept');
    const { images } = await countsAgree();
    expect([images?.failing.critical, images?.coverage.failed]).to.deep.equal([4, 4]);
  });

  it('have an error with its reason if the inventory fails, while other images are scanned', async () => {
    apply(deployment('third', `${registry}/trivy:1`, ['/bin/sleep', '2147483647']));
    await becomes('third', ['image-scan error']);
    expect((await reportOf('third'))?.results?.[0]?.message).to.equal('trivy exited with code 127: trivy: applet not found');
    expect(await linesOf('web')).to.have.length(2);
  });

  it('make Compliant Unknown while one of them is not scanned, with its name and the reason in the status', async () => {
    apply(deployment('unread', `${registry}/trivy:1`, ['/bin/sleep', '2147483647'], clean));
    const said = await eventually('Compliant is Unknown', async () => {
      const condition = await conditionOf('Compliant', clean);
      return condition.startsWith('Unknown') && condition.includes('127') ? condition : undefined;
    });
    expect(said).to.match(
      /^Unknown Incomplete: 1 of \d+ images could not be scanned; image 127\.0\.0\.1:5000\/trivy@sha256:[0-9a-f]{64}: trivy exited with code 127: trivy: applet not found$/,
    );
    const { images, summary } = await countsAgree(clean, clean);
    expect([images?.coverage, summary?.error]).to.deep.equal([{ inScope: 2, scanned: 1, failed: 1, skipped: 0, waiting: 0 }, 1]);
    kubectl(['-n', clean, 'delete', 'deployment', 'unread']);
    await eventually('the policy is compliant again', async () =>
      (await conditionOf('Compliant', clean)).startsWith('True Passing: ') ? true : undefined,
    );
  });

  it('have an error with the reason if the Job is refused', async () => {
    shop.guard('example.com/other:1');
    apply(deployment('fourth', `${registry}/trivy-broken:1`, ['/usr/local/bin/trivy']));
    await becomes('fourth', ['image-scan error']);
    expect((await reportOf('fourth'))?.results?.[0]?.message).to.match(
      /^the Job was refused: .*a container may use only the images of Vigil and the scanner/,
    );
  });

  it('have no report after no policy requires images', async () => {
    apply({ ...policy({}), spec: { scope: { namespaces: { include: [namespace] } } } });
    await eventually('no report is about images', async () =>
      (await reportsIn(namespace)).some(({ metadata }) => metadata.name.startsWith('vigil-images-')) ? undefined : true,
    );
    const { images, summary } = await eventually('nothing is counted', async () => {
      const { status, metadata } = await policyOf();
      return status?.evaluatedGeneration === metadata.generation ? status : undefined;
    });
    expect([images, summary]).to.deep.equal([undefined, { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 }]);
    kubectl(['delete', 'securitypolicy', name]);
    await eventually('the reports are deleted', async () => ((await reportsIn(namespace)).length === 0 ? true : undefined));
  });
});
