import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { kubectl, testClient } from '../../integration/cluster-access.ts';
import { ImageShop, registry } from './image-shop.ts';
import { eventually, home } from '../installation.ts';

/** The faults of the scanner, from hack/cluster.d/modules/trivy/odd-scanner, with the expected reasons. */
const days = [
  ['memory-rootfs', /^trivy exited with code (137|2), out of memory: /],
  ['garbage-rootfs', /^the scanner's report cannot be read: the JSON is not a Trivy report: it has no SchemaVersion;/],
  ['crash-rootfs', /^trivy exited with code 2: panic: runtime error: index out of range;/],
  ['memory-sbom', /out of memory: /],
  ['garbage-sbom', /^the scanner's output cannot be read: the JSON is not a Trivy report: it has no SchemaVersion;/],
  ['forever-rootfs', /^the pod failed: DeadlineExceeded: /],
  // The kubelet checks the size of volumes once a minute.
  ...(process.env['VIGIL_TEST_ALL'] === '1'
    ? ([['disk-rootfs', /^the pod failed: Evicted: Usage of EmptyDir volume "work" exceeds the limit "1Gi"/]] as const)
    : []),
] as const;
const worse = ['many-sbom', 'terminal-sbom'] as const;
const well = 'none-none';
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

/** Returns the peak memory of the operator in MiB, as the node reports it. */
function operatorPeak(): number {
  const [pod] = kubectl(['-n', home, 'get', 'pods', '-l', 'app.kubernetes.io/component=operator', '-o', 'name']).trim().split('\n');
  const peaks = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((process) => {
      try {
        const own = readFileSync(`/proc/${process}/environ`, 'utf8')
          .split('\0')
          .includes(`HOSTNAME=${(pod ?? '').replace('pod/', '')}`);
        const [, kibibytes] = (own && /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${process}/status`, 'utf8'))) || [];
        return kibibytes === undefined ? [] : [Number(kibibytes) / 1024];
      } catch {
        return [];
      }
    });
  if (peaks.length === 0) throw new Error(`the operator's pod ${pod ?? ''} has no process on this machine`);
  return Math.max(...peaks);
}

describe('a scanner with faults', function () {
  this.timeout(300_000);
  const shop = new ImageShop('odd');
  const found = ['CVE-2021-23337 fail'];
  const message = async (app: string): Promise<string> => (await shop.result(app, 'image-scan'))?.message ?? '';

  before(async () => {
    await shop.open('VIGIL_IMAGE_JOBS=12');
    const all = [...days.map(([day]) => day), ...worse, well];
    for (const day of all) shop.place(day, `${registry}/odd-${day}:1`);
    shop.ask();
    for (const day of all) await shop.becomes(day, found, { seconds: 120 });
    shop.useScanner('trivy-odd:1');
    kubectl(['-n', home, 'delete', 'configmap', '-l', 'vigil.dev/part=image-inventory']);
  });
  after(() => shop.close());

  /** Waits until the pod of an image's inventory Job runs, and returns it. */
  const scanning = (day: string): Promise<KubeObject> =>
    eventually(`a pod looks into ${day}`, async () => {
      const pods = await listAll<KubeObject>(testClient(), RESOURCES.pods, {
        namespace: home,
        labelSelector: 'vigil.dev/part=image-inventory',
      });
      return pods.find((pod) => JSON.stringify(pod).includes(`/odd-${day}@`) && JSON.stringify(pod).includes('"startedAt"'));
    });

  it('is stopped by the deadline of its pod if it does not end', async () => {
    // In place of 15 minutes.
    const { metadata } = await scanning('forever-rootfs');
    kubectl(['-n', home, 'patch', 'pod', metadata.name, '-p', '{"spec":{"activeDeadlineSeconds":10}}']);
  });

  for (const [day, reason] of days) {
    it(`causes an error, and keeps the previous findings as stale: ${day}`, async () => {
      await shop.becomes(day, ['CVE-2021-23337 fail stale', 'image-scan error'], { seconds: 150 });
      const said = await message(day);
      expect(said)
        .to.match(reason)
        .and.to.match(/; the previous findings are kept$/);
      expect(said).not.to.match(unprintable);
    });
  }

  it('does not stop the scans of other images', () => shop.becomes(well, found));

  it('cannot write terminal control sequences from a package name into a report', async () => {
    await shop.becomes('terminal-sbom', ['CVE-2020-00001 fail']);
    const { message: said, properties } = (await shop.result('terminal-sbom', 'CVE-2020-00001')) ?? {};
    expect(properties?.['package']).to.equal('a ]0;owned  [2J 31m b ');
    expect(said).to.match(/^a \]0;owned {2}\[2J 31m b {2}1\.0\.0: /);
    expect(JSON.stringify(await shop.reportOf('terminal-sbom'))).not.to.match(/\\u00|\\u202/);
  });

  it('may find 20,000 vulnerabilities: the report counts all, lists the worst, and the memory of the operator is bounded', async () => {
    const report = await eventually('all are counted', async () => {
      const there = await shop.reportOf('many-sbom');
      return there?.summary?.fail === 20_000 ? there : undefined;
    });
    const { results = [] } = report;
    const left = results.find(({ rule }) => rule === 'truncated')?.properties?.['truncated'];
    expect(Number(left)).to.equal(20_000 - results.length + 1);
    expect(Buffer.byteLength(JSON.stringify(report))).to.be.within(900_000, 1_100_000);
    expect(new Set(results.flatMap(({ rule, severity }) => (rule === 'truncated' ? [] : [severity])))).to.deep.equal(new Set(['critical']));

    expect(operatorPeak()).to.be.lessThan(220);
  });

  it('is visible in the coverage of the policy, without control characters', () => {
    const text = kubectl(['get', 'securitypolicy', shop.name, '-o', 'json']);
    expect((JSON.parse(text) as { status: { images: { coverage: object } } }).status.images.coverage).to.deep.include({
      failed: days.length,
    });
    expect(text).not.to.match(/\\u00|\\u202/);
  });
});
