import { expect } from 'chai';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { ImageJobSettings } from '../../../operator/images/jobs/image-job.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';
import { matchingJob } from '../../../operator/images/jobs/matching-job.ts';

const settings: ImageJobSettings = {
  namespace: 'vigil',
  image: 'vigil:1',
  imagePullPolicy: 'IfNotPresent',
  imagePullSecrets: [{ name: 'own' }],
  scanner: 'trivy:1',
  placement: { tolerations: [{ key: 'tools' }], nodeSelector: { pool: 'tools' }, priorityClassName: 'low' },
};
const digest = `sha256:${'a'.repeat(64)}`;
const image = { digest, reference: `r/web@${digest}`, platform: 'linux/arm64' };
const restricted = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
const resources = (memory: string): object => ({ requests: { cpu: '50m', memory: '128Mi' }, limits: { memory } });
const common = { securityContext: restricted, terminationMessagePolicy: 'FallbackToLogsOnError' };
const work = (size: string): object => ({ name: 'work', emptyDir: { sizeLimit: size } });
const mount = (name: string, readOnly?: true): object => ({ name, mountPath: `/vigil/${name}`, ...(readOnly ? { readOnly } : {}) });
const own = { ...common, image: 'vigil:1', imagePullPolicy: 'IfNotPresent', resources: resources('256Mi') };
const scannerArguments = [
  ...['--quiet', '--no-progress', '--scanners', 'vuln,secret', '--list-all-pkgs', '--offline-scan', '--disable-telemetry'],
  ...['--timeout', '840s', '--skip-version-check', '--skip-db-update', '--skip-java-db-update', '--cache-dir', '/vigil/work/cache'],
  ...['--format', 'json', '--output', '/vigil/work/report.json'],
];
const imageVolume = (name: string, reference: string, pullPolicy = 'IfNotPresent'): object => ({ name, image: { reference, pullPolicy } });

interface Manifest {
  readonly metadata: KubeObject['metadata'];
  readonly spec: {
    readonly template: { readonly metadata: object; readonly spec: Record<string, unknown> };
    readonly [field: string]: unknown;
  };
}
/** A Job as it is sent to the API server. */
const sent = (job: KubeObject): Manifest => JSON.parse(JSON.stringify(job)) as Manifest;

describe('the Job of an inventory', () => {
  const { metadata, spec } = sent(inventoryJob({ ...settings, javaIndex: 'java:1' }, { image, node: 'n1' }));
  const { template, ...run } = spec;

  it('runs once, has a deadline, and is deleted an hour after its end', () => {
    expect(run).to.deep.equal({
      ...{ backoffLimit: 0, podReplacementPolicy: 'Failed' },
      ...{ activeDeadlineSeconds: 1200, ttlSecondsAfterFinished: 3600 },
    });
    expect(template.spec['activeDeadlineSeconds']).to.equal(900);
  });

  it('is found by its labels, and has its inputs in annotations', () => {
    const { 'vigil.dev/job-inputs': inputs, ...annotations } = metadata.annotations ?? {};
    expect(inputs).to.match(/^[0-9a-f]{16}$/);
    expect([metadata.namespace, metadata.labels, annotations]).to.deep.equal([
      'vigil',
      { 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/part': 'image-inventory' },
      {
        'vigil.dev/images': `${digest}+linux/arm64`,
        'vigil.dev/image-job': JSON.stringify({ scanner: 'trivy:1', reference: image.reference, javaIndex: 'java:1', node: 'n1' }),
      },
    ]);
    expect(metadata.name).to.match(/^vigil-inventory-[0-9a-f]{12}$/);
  });

  it('mounts the image, scans it without a network in a user namespace, and prints the result', () => {
    const { initContainers, containers, volumes, ...pod } = template.spec;
    expect(pod).to.deep.include({
      ...{ restartPolicy: 'Never', automountServiceAccountToken: false, hostUsers: false, imagePullSecrets: [{ name: 'own' }] },
      ...{ securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } } },
      ...{ tolerations: [{ key: 'tools' }], priorityClassName: 'low' },
      nodeSelector: { pool: 'tools', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64' },
    });
    expect(JSON.stringify(pod['affinity'])).to.include('"values":["n1"]');
    const index = mount('java', true);
    expect(initContainers).to.deep.equal([
      { ...own, name: 'prepare', args: ['prepare', '/vigil/work/cache', '/vigil/java'], volumeMounts: [mount('work'), index] },
      {
        ...{ ...common, name: 'trivy', image: 'trivy:1', imagePullPolicy: 'IfNotPresent', resources: resources('1Gi'), command: ['trivy'] },
        args: ['rootfs', ...scannerArguments, '/vigil/target'],
        env: [
          { name: 'TMPDIR', value: '/vigil/work' },
          { name: 'HOME', value: '/vigil/work' },
        ],
        volumeMounts: [mount('target', true), mount('work'), index],
      },
    ]);
    expect(containers).to.deep.equal([
      {
        ...{ ...own, name: 'vigil', args: ['normalize', '/vigil/work/report.json', '/vigil/target'] },
        volumeMounts: [mount('target', true), mount('work', true)],
      },
    ]);
    expect(volumes).to.deep.equal([imageVolume('target', image.reference), work('1Gi'), imageVolume('java', 'java:1')]);
  });

  it('has neither index nor node nor architecture if they are not known', () => {
    const plain = sent(inventoryJob(settings, { image: { digest, reference: image.reference } }));
    const { initContainers, volumes, ...pod } = plain.spec.template.spec;
    expect(pod).not.to.have.property('affinity');
    expect(pod['nodeSelector']).to.deep.equal({ pool: 'tools', 'kubernetes.io/os': 'linux' });
    const [prepare, trivy] = initContainers as { args: string[]; volumeMounts: object[] }[];
    expect(prepare?.args).to.deep.equal(['prepare', '/vigil/work/cache']);
    expect([prepare?.volumeMounts, trivy?.volumeMounts]).to.deep.equal([[mount('work')], [mount('target', true), mount('work')]]);
    expect(volumes).to.deep.equal([imageVolume('target', image.reference), work('1Gi')]);
    expect(plain.metadata.annotations?.['vigil.dev/image-job']).to.equal(
      JSON.stringify({ scanner: 'trivy:1', reference: image.reference }),
    );
  });

  it('has no index if the scanner pulls the image, and no platform if it is not known', () => {
    const { initContainers } = sent(
      inventoryJob({ ...settings, javaIndex: 'java:1' }, { image: { digest, reference: 'r/web@d' }, pull: true }),
    ).spec.template.spec;
    const [prepare, trivy] = initContainers as { args: string[]; securityContext: object }[];
    expect(prepare?.args).to.deep.equal(['prepare', '/vigil/work/cache']);
    expect(trivy?.args).to.deep.equal(['image', ...scannerArguments, '--image-src', 'remote', 'r/web@d']);
    expect(trivy?.securityContext).to.deep.equal({ ...restricted, runAsUser: 65_532 });
  });

  it("in another namespace has that namespace's pull secrets, and nothing of Vigil's placement", () => {
    const { metadata: there, spec: of } = sent(inventoryJob(settings, { image, scanIn: { namespace: 'shop', pullSecrets: ['a', 'b'] } }));
    expect([there.namespace, there.annotations?.['vigil.dev/images']]).to.deep.equal(['shop', `${digest}+linux/arm64@shop`]);
    expect(there.name).to.not.equal(metadata.name);
    expect(of.template.spec['imagePullSecrets']).to.deep.equal([{ name: 'a' }, { name: 'b' }]);
    expect(of.template.spec['nodeSelector']).to.deep.equal({ 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64' });
    expect(of.template.spec).not.to.have.any.keys('tolerations', 'priorityClassName');
  });
});

describe('the Job of a match', () => {
  const input = { images: ['a', 'b'], configMaps: ['c1', 'c2'] };
  const inventories = { name: 'input', projected: { sources: [{ configMap: { name: 'c1' } }, { configMap: { name: 'c2' } }] } };
  const match = { ...own, name: 'vigil', resources: resources('1Gi') };

  it('mounts the inventories, the scanner and the database, which is always pulled', () => {
    const { metadata, spec } = sent(matchingJob(settings, { ...input, database: { image: 'db:1' } }));
    expect(metadata.labels).to.deep.equal({ 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/part': 'image-match' });
    expect(metadata.annotations).to.include({
      'vigil.dev/images': 'a b',
      'vigil.dev/image-job': JSON.stringify({ scanner: 'trivy:1', database: 'db:1' }),
    });
    const { containers, volumes, initContainers, ...pod } = spec.template.spec;
    expect(containers).to.deep.equal([
      { ...match, args: ['match'], volumeMounts: [mount('input', true), mount('trivy', true), mount('database', true), mount('work')] },
    ]);
    expect(volumes).to.deep.equal([inventories, imageVolume('trivy', 'trivy:1'), imageVolume('database', 'db:1', 'Always'), work('2Gi')]);
    expect(initContainers).to.equal(undefined);
    expect(pod).to.deep.include({
      ...{ hostUsers: false, nodeSelector: { pool: 'tools', 'kubernetes.io/os': 'linux' }, tolerations: [{ key: 'tools' }] },
    });
  });

  it('downloads the database from a repository', () => {
    const { containers, volumes } = sent(matchingJob(settings, { ...input, database: { repository: 'r/db:2' } })).spec.template.spec;
    expect(containers).to.deep.equal([
      { ...match, args: ['match', '--repository=r/db:2'], volumeMounts: [mount('input', true), mount('trivy', true), mount('work')] },
    ]);
    expect(volumes).to.deep.equal([inventories, imageVolume('trivy', 'trivy:1'), work('2Gi')]);
  });

  it('copies the scanner without root if images are pulled and the database is in a repository', () => {
    const { containers, initContainers, ...pod } = sent(matchingJob(settings, { ...input, database: { repository: 'r/db:2' }, pull: true }))
      .spec.template.spec;
    expect(initContainers).to.deep.equal([
      {
        ...{ ...common, name: 'trivy', image: 'trivy:1', imagePullPolicy: 'IfNotPresent', resources: resources('256Mi') },
        securityContext: { ...restricted, runAsUser: 65_532 },
        ...{ command: ['cp', '/usr/local/bin/trivy', '/vigil/work/trivy'], volumeMounts: [mount('work')] },
      },
    ]);
    expect((containers as { volumeMounts: object[] }[])[0]?.volumeMounts).to.deep.equal([mount('input', true), mount('work')]);
    expect(pod['securityContext']).to.deep.equal({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  });

  it('has another name for other inventories or another database, and the same for the same', () => {
    const name = (configMaps: readonly string[], database: string): string =>
      matchingJob(settings, { ...input, configMaps, database: { image: database } }).metadata.name;
    expect(new Set([name(['c'], 'a'), name(['d'], 'a'), name(['c'], 'b'), name(['c'], 'a')]).size).to.equal(3);
    expect(name(['c'], 'a')).to.match(/^vigil-match-[0-9a-f]{12}$/);
  });
});
