import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { digestOf, high, home, ImageCluster } from './image-cluster.ts';

const minute = 60_000;

describe('a whole image scan', () => {
  let cluster: ImageCluster;
  beforeEach(async () => {
    cluster = new ImageCluster();
    await cluster.node('n1');
    await cluster.namespace('shop');
    await cluster.deployment('shop', 'web', 'a');
    await cluster.policy('p');
    cluster.vulnerabilities.set(digestOf('a'), [high('CVE-1', { fixed: '2' })]);
  });
  afterEach(() => cluster.restart());

  it('takes an inventory of the image, matches it, and writes the report and the status of the policy', async () => {
    expect(await cluster.pass()).to.deep.equal({ requeueAfter: 1000, failed: false });
    expect(cluster.work).to.deep.equal(['inventory a+linux/amd64']);
    expect(cluster.status('p')).to.deep.include({
      evaluatedGeneration: 1,
      lastScanTime: '2026-01-01T00:00:00Z',
      coverage: { inScope: 1, scanned: 0, failed: 0, skipped: 0, waiting: 1 },
      uncovered: [`image r.example/web@${digestOf('a')}: waiting to be scanned`],
    });
    await cluster.runJobs();
    expect((await cluster.pass()).requeueAfter).to.equal(1000);
    expect(cluster.work).to.deep.equal(['match a+linux/amd64']);
    await cluster.runJobs();
    expect(await cluster.pass()).to.deep.equal({ requeueAfter: 300_000, failed: false });
    expect(cluster.work).to.deep.equal([]);
    expect(cluster.results('shop/web')).to.deep.equal(['fail CVE-1: curl 1: a known vulnerability (fixed in 2)']);
    expect(cluster.reports.get('shop/web')?.results?.[0]?.properties).to.include({
      container: 'main',
      image: `r.example/web@${digestOf('a')}`,
      package: 'curl',
      fixed: '2',
    });
    expect(cluster.status('p')).to.deep.include({
      summary: { pass: 0, fail: 1, warn: 0, error: 0, skip: 0 },
      failing: { critical: 0, high: 1, medium: 0, low: 0 },
      coverage: { inScope: 1, scanned: 1, failed: 0, skipped: 0, waiting: 0 },
      evaluatedSince: '2026-01-01T00:00:00Z',
    });
    expect(cluster.status('p')?.uncovered).to.equal(undefined);
    expect(await cluster.entry('a')).to.deep.include({ seen: cluster.now });
    // The findings before the match are deleted after ten minutes.
    expect(cluster.documents).to.have.length(3);
    cluster.now += 10 * minute;
    await cluster.pass();
    expect(cluster.documents).to.have.length(3);
    cluster.now += 1;
    await cluster.pass();
    expect(cluster.documents).to.have.length(2);
  });

  it('does nothing if no policy asks for images, and looks at no pod', async () => {
    await cluster.api.delete(RESOURCES.policies, { name: 'p' });
    await cluster.policy('other', null);
    expect(await cluster.pass()).to.deep.equal({ requeueAfter: undefined, failed: false });
    expect(cluster.api.calls.filter((call) => call.startsWith('GET') && call.endsWith('/pods'))).to.deep.equal([]);
    expect([cluster.work, cluster.reports.size]).to.deep.equal([[], 0]);
  });

  it('writes nothing while nothing changes', async () => {
    await cluster.settle();
    cluster.api.calls.length = 0;
    cluster.now += 5 * minute;
    await cluster.pass();
    expect(cluster.api.writes).to.deep.equal([]);
  });

  it('takes one inventory of an image that several workloads run, and counts a finding in each', async () => {
    await cluster.deployment('shop', 'data', 'a');
    await cluster.namespace('bank');
    await cluster.deployment('bank', 'web', 'a');
    await cluster.pass();
    expect(cluster.work).to.deep.equal(['inventory a+linux/amd64']);
    await cluster.settle();
    expect([...cluster.reports.keys()].toSorted()).to.deep.equal(['bank/web', 'shop/data', 'shop/web']);
    expect(cluster.status('p')).to.deep.include({ coverage: { inScope: 1, scanned: 1, failed: 0, skipped: 0, waiting: 0 } });
    expect(cluster.status('p')?.summary.fail).to.equal(3);
  });

  it('runs at most --image-jobs inventories at once, and matches all of them in one Job', async () => {
    for (const letter of ['b', 'c', 'd']) await cluster.deployment('shop', letter, letter);
    await cluster.pass();
    expect(cluster.work).to.have.length(2);
    await cluster.runJobs();
    await cluster.pass();
    expect(cluster.work.map((step) => step.split(' ')[0])).to.deep.equal(['inventory', 'inventory']);
    await cluster.runJobs();
    await cluster.pass();
    expect(cluster.work).to.deep.equal([`match ${['a', 'b', 'c', 'd'].map((letter) => `${letter}+linux/amd64`).join(' ')}`]);
    await cluster.runJobs();
    await cluster.pass();
    expect(cluster.status('p')?.coverage).to.deep.equal({ inScope: 4, scanned: 4, failed: 0, skipped: 0, waiting: 0 });
    expect(cluster.status('p')?.summary).to.deep.include({ fail: 1, pass: 3 });
  });

  it('waits with an inventory while each node that has the image is busy', async () => {
    cluster.images = { ...cluster.images, imageJobs: 5, imageJobsPerNode: 1 };
    await cluster.node('n2');
    await cluster.deployment('shop', 'same', 'b');
    await cluster.deployment('shop', 'other', 'c', { node: 'n2' });
    await cluster.pass();
    expect(cluster.work).to.have.length(2);
    expect(cluster.work).to.include('inventory c+linux/amd64');
    // A new process reads the nodes of the running Jobs from the cluster.
    await cluster.restart();
    await cluster.pass();
    expect(cluster.work).to.have.length(2);
    await cluster.runJobs();
    await cluster.pass();
    expect(cluster.work.filter((step) => step.startsWith('inventory'))).to.have.length(1);
  });

  it('scans an image for each platform that runs it', async () => {
    await cluster.node('n2', 'arm64');
    await cluster.deployment('shop', 'arm', 'a', { node: 'n2' });
    await cluster.pass();
    expect(cluster.work).to.deep.equal(['inventory a+linux/amd64', 'inventory a+linux/arm64']);
    const selectors = cluster.jobs.map(({ spec }) => spec.template.spec['nodeSelector']);
    expect(selectors).to.have.deep.members(
      ['amd64', 'arm64'].map((arch) => ({ pool: 'tools', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': arch })),
    );
  });

  it('separates no images by platform while nodes cannot be listed, and keeps the findings when they can', async () => {
    cluster.api.onCall = ({ path }) => {
      if (path.endsWith('/nodes')) throw new KubeApiError('nodes is forbidden', { status: 403 });
    };
    await cluster.settle();
    expect(cluster.log.map(({ msg }) => msg)).to.include('listing nodes is forbidden: images are not separated by platform');
    expect(Object.keys(await cluster.ledger())).to.deep.equal([digestOf('a')]);
    cluster.api.onCall = () => undefined;
    cluster.now += 10 * minute;
    await cluster.pass();
    expect(cluster.work).to.deep.equal([]);
    expect(cluster.results('shop/web')).to.have.length(1);
    expect(Object.keys(await cluster.ledger())).to.deep.equal([digestOf('a'), `${digestOf('a')}+linux/amd64`]);
  });

  it('fails, so that it is retried, if the nodes cannot be listed for another reason', async () => {
    cluster.api.onCall = ({ path }) => {
      if (path.endsWith('/nodes')) throw new KubeApiError('busy', { status: 503 });
    };
    expect((await cluster.pass()).failed).to.equal(true);
    expect(cluster.reports.size).to.equal(0);
  });

  it('matches again with a new database, without a new inventory, and keeps the findings until then', async () => {
    await cluster.settle();
    await cluster.restart();
    cluster.images = { ...cluster.images, databaseImage: 'db:2' };
    cluster.vulnerabilities.set(digestOf('a'), [high('CVE-1', { fixed: '2' }), high('CVE-2')]);
    await cluster.pass();
    expect(cluster.work).to.deep.equal(['match a+linux/amd64']);
    expect(cluster.results('shop/web')).to.have.length(1);
    await cluster.settle();
    expect(cluster.results('shop/web')).to.have.length(2);
    expect((await cluster.entry('a'))?.findings?.database).to.equal('db:2');
  });

  it('reports a failed scan with its reason, and retries after a minute', async () => {
    await cluster.pass();
    await cluster.failJob(cluster.jobs[0]!, 'FATAL no space left');
    expect((await cluster.pass()).requeueAfter).to.equal(minute);
    expect(cluster.work).to.deep.equal([]);
    expect(cluster.results('shop/web')).to.deep.equal(['error image-scan: trivy exited with code 1: FATAL no space left']);
    expect(cluster.status('p')).to.deep.include({
      coverage: { inScope: 1, scanned: 0, failed: 1, skipped: 0, waiting: 0 },
      uncovered: [`image r.example/web@${digestOf('a')}: trivy exited with code 1: FATAL no space left`],
    });
    expect(cluster.log.find(({ msg }) => msg === 'image scan failed')).to.include({ step: 'inventory', level: 40 });
    cluster.now += minute;
    await cluster.pass();
    expect(cluster.work).to.deep.equal(['inventory a+linux/amd64']);
  });

  for (const [what, status, reason] of [
    ['Pod Security', 403, 'violates PodSecurity'],
    ['a webhook that finds it invalid', 422, 'is invalid'],
    ['a namespace that is gone', 404, 'namespaces "vigil-system" not found'],
  ] as const)
    it(`reports why the API server refused the Job: ${what}`, async () => {
      cluster.api.onCall = ({ method, path }) => {
        if (method === 'POST' && path.endsWith('/jobs')) throw new KubeApiError(reason, { status });
      };
      expect(await cluster.pass()).to.deep.equal({ requeueAfter: minute, failed: false });
      expect(cluster.results('shop/web')).to.deep.equal([`error image-scan: the Job was refused: ${reason}`]);
      expect((await cluster.entry('a'))?.failure).to.deep.include({ step: 'inventory', class: 'Rejected', attempts: 1 });
    });

  it('fails, so that it is retried, if the API server cannot create a Job for now', async () => {
    cluster.api.onCall = ({ method, path }) => {
      if (method === 'POST' && path.endsWith('/jobs')) throw new KubeApiError('busy', { status: 503 });
    };
    expect((await cluster.pass()).failed).to.equal(true);
    expect((await cluster.entry('a'))?.failure).to.equal(undefined);
  });

  it('says that a Job of another owner is in the way', async () => {
    await cluster.pass();
    const [{ metadata } = { metadata: { name: '' } }] = cluster.jobs;
    await cluster.api.delete(RESOURCES.jobs, { namespace: home, name: metadata.name });
    await cluster.api.create(RESOURCES.jobs, { metadata: { namespace: home, name: metadata.name } });
    await cluster.pass();
    expect(cluster.results('shop/web')).to.deep.equal([
      `error image-scan: the Job was refused: Job vigil-system/${metadata.name} exists and was not created by Vigil: delete it`,
    ]);
  });

  it('continues with the Jobs of the process before it', async () => {
    await cluster.pass();
    await cluster.restart();
    expect((await cluster.pass()).requeueAfter).to.equal(1000);
    expect(cluster.work).to.deep.equal(['inventory a+linux/amd64']);
    await cluster.settle();
    expect(cluster.results('shop/web')).to.have.length(1);
  });

  it('replaces a Job of an older version, and a Job with another scanner', async () => {
    await cluster.pass();
    const [{ metadata } = { metadata: { name: '', uid: '' } }] = cluster.jobs;
    await cluster.api.patch(RESOURCES.jobs, metadata, { metadata: { annotations: { 'vigil.dev/image-job': null } } });
    await cluster.pass();
    await cluster.pass();
    const replaced = cluster.jobs[0]?.metadata;
    expect([replaced?.name, replaced?.uid === metadata.uid]).to.deep.equal([metadata.name, false]);
    await cluster.restart();
    cluster.images = { ...cluster.images, scannerImage: 'trivy:2' };
    await cluster.pass();
    await cluster.pass();
    expect(cluster.jobs.map(({ spec }) => (spec.template.spec['initContainers'] as { image: string }[])[1]?.image)).to.deep.equal([
      'trivy:2',
    ]);
  });

  it('takes the inventory again if its document was deleted, and matches again if the findings were', async () => {
    await cluster.settle();
    for (const [part, work] of [
      ['findings', 'match a+linux/amd64'],
      ['inventory', 'inventory a+linux/amd64'],
    ] as const) {
      await cluster.damage('a', part);
      await cluster.pass();
      expect(cluster.work).to.deep.equal([work]);
      await cluster.settle();
      expect(cluster.results('shop/web')).to.have.length(1);
    }
  });

  it('matches again if the findings cannot be read', async () => {
    await cluster.settle();
    await cluster.damage('a', 'findings', { binaryData: { document: 'aGVsbG8=' } });
    await cluster.restart();
    await cluster.pass();
    expect((await cluster.entry('a'))?.findings).to.equal(undefined);
    await cluster.pass();
    expect(cluster.work).to.deep.equal(['match a+linux/amd64']);
  });

  it('removes the report of a workload that is deleted, and its image a day later', async () => {
    await cluster.settle();
    for (const [path, { metadata }] of cluster.api.objects)
      if (metadata.namespace === 'shop' && /\/(deployments|pods)\//.test(path))
        await cluster.api.delete(
          path.includes('/pods/') ? RESOURCES.pods : { ...RESOURCES.jobs, group: 'apps', resource: 'deployments' },
          metadata,
        );
    cluster.now += 10 * minute;
    await cluster.pass();
    expect(cluster.reports.size).to.equal(0);
    expect(cluster.status('p')?.coverage).to.deep.equal({ inScope: 0, scanned: 0, failed: 0, skipped: 0, waiting: 0 });
    expect(await cluster.entry('a')).to.not.equal(undefined);
    cluster.now += 25 * 60 * minute;
    await cluster.pass();
    expect(Object.keys(await cluster.ledger())).to.deep.equal([]);
    expect(cluster.documents).to.deep.equal([]);
  });

  it('removes what a policy found after the policy no longer asks for images', async () => {
    await cluster.policy('second', { secrets: {} });
    await cluster.settle();
    await cluster.api.patch(RESOURCES.policies, { name: 'p' }, { spec: { images: null }, metadata: { generation: 2 } });
    await cluster.pass();
    expect(cluster.results('shop/web')).to.deep.equal([]);
    const labels = Object.keys(cluster.reports.get('shop/web')?.metadata.labels ?? {}).filter((label) => label.startsWith('policy.'));
    expect(labels).to.deep.equal(['policy.vigil.dev/second']);
    expect(cluster.log.find(({ msg, withdrawn }) => msg === 'image reports updated' && withdrawn === 1)).to.not.equal(undefined);
  });

  it('ignores a policy that is being deleted', async () => {
    await cluster.api.patch(RESOURCES.policies, { name: 'p' }, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    expect((await cluster.pass()).failed).to.equal(false);
    expect([cluster.work, cluster.api.calls.filter((call) => call.startsWith('GET') && call.endsWith('/deployments'))]).to.deep.equal([
      [],
      [],
    ]);
  });

  it('lists pods once while Jobs run, again after a minute, and at once after a policy changed', async () => {
    const lists = async (): Promise<number> => {
      cluster.api.calls.length = 0;
      await cluster.pass();
      return cluster.api.calls.filter((call) => call === 'GET /apis/apps/v1/deployments').length;
    };
    expect(await lists()).to.equal(1);
    cluster.now += minute - 1;
    expect(await lists()).to.equal(0);
    await cluster.api.patch(RESOURCES.policies, { name: 'p' }, { metadata: { generation: 2 } });
    expect(await lists()).to.equal(1);
    cluster.now += minute;
    expect(await lists()).to.equal(1);
    // The clock was set back.
    cluster.now -= 10 * minute;
    expect(await lists()).to.equal(1);
  });

  it('records an Event for a document that cannot be used in each pass, and logs it once', async () => {
    await cluster.api.create(RESOURCES.configMaps, {
      metadata: { namespace: home, name: 'vex', labels: { 'vigil.dev/image-data': 'openvex' } },
      data: { 'a.json': '{}' },
    } as never);
    await cluster.settle();
    const count = cluster.events.length;
    expect(count).to.be.greaterThan(1);
    expect(cluster.events[0]).to.deep.include({ type: 'Warning', reason: 'DocumentNotUsed' });
    expect(cluster.events[0]?.message).to.match(/^a\.json is not used: /);
    const logged = (): unknown[] =>
      cluster.log.filter(({ msg }) => msg === 'vulnerability document not used').map(({ configMap }) => configMap);
    const before = logged();
    expect(before[0]).to.equal('vigil-system/vex');
    await cluster.pass();
    expect([logged().length, cluster.events.length]).to.deep.equal([before.length, count + 1]);
  });

  it('looks again soon while a container has not started yet', async () => {
    const template = { spec: { containers: [{ name: 'main', image: 'soon:1' }] } };
    await cluster.api.create({ ...RESOURCES.jobs, group: 'apps', resource: 'deployments' }, {
      metadata: { namespace: 'shop', name: 'soon' },
      spec: { template },
    } as never);
    expect((await cluster.settle()).requeueAfter).to.be.lessThan(60_000);
    expect(cluster.results('shop/soon')).to.deep.equal([
      'skip image-scan: no pod has run soon:1 yet: it is scanned after its first pod starts',
    ]);
    expect(cluster.status('p')?.coverage).to.include({ inScope: 2, skipped: 1 });
  });

  it('takes no inventory of an image in a system namespace', async () => {
    await cluster.namespace(home);
    await cluster.deployment(home, 'vigil', 'v');
    await cluster.pass();
    expect(cluster.work).to.deep.equal(['inventory a+linux/amd64']);
  });

  it('watches pods while a policy asks for images, and looks two seconds after one changed', async () => {
    await cluster.settle();
    for (let turn = 0; turn < 50 && cluster.api.watches.length === 0; turn++) await new Promise(setImmediate);
    expect(cluster.api.watches).to.have.length(1);
    const delays: number[] = [];
    const queue = cluster.scan?.controller.queue;
    if (queue) queue.addAfter = (_key, delay) => void delays.push(delay);
    const changed = { type: 'DELETED', object: { metadata: { namespace: 'shop', name: 'web-0', resourceVersion: '999' } } };
    cluster.api.watches[0]?.write(`${JSON.stringify(changed)}\n`);
    for (let turn = 0; turn < 50 && delays.length === 0; turn++) await new Promise(setImmediate);
    expect(delays).to.have.length(1);
    expect(delays[0]).to.be.within(0, 2000);
    expect(cluster.scan?.startedAt).to.equal(undefined);
    await cluster.api.delete(RESOURCES.policies, { name: 'p' });
    await cluster.pass();
    expect(cluster.api.watches[0]?.writableEnded).to.equal(true);
  });
});

describe('an image that its registry denies', () => {
  let cluster: ImageCluster;
  const jobIn = (namespace: string) => cluster.jobs.find(({ metadata }) => metadata.namespace === namespace);
  beforeEach(async () => {
    cluster = new ImageCluster();
    await cluster.node('n1');
    for (const name of ['shop', 'bank']) await cluster.namespace(name);
    await cluster.deployment('shop', 'web', 'a', { pullSecrets: ['registry'] });
    await cluster.deployment('bank', 'web', 'a', { pullSecrets: ['other'] });
    await cluster.policy('p');
    cluster.vulnerabilities.set(digestOf('a'), [high('CVE-1')]);
    await cluster.pass();
    await deny();
  });
  afterEach(() => cluster.restart());

  /** The pod of the Job in Vigil's namespace cannot pull the image. */
  async function deny(): Promise<void> {
    const job = jobIn(home)!;
    const waiting = { reason: 'ErrImagePull', message: 'x' };
    await cluster.endPod(job, [], { phase: 'Pending', initContainerStatuses: [{ name: 'trivy', state: { waiting } }] });
    const message = `Failed to pull image "r.example/web@${digestOf('a')}": 401 Unauthorized`;
    await cluster.api.create(RESOURCES.events, {
      metadata: { namespace: home, name: 'e' },
      involvedObject: { name: `${job.metadata.name}-${job.metadata.uid ?? ''}` },
      reason: 'Failed',
      message,
    } as never);
  }
  const optIn = (namespace: string): void => void (cluster.api.allows = (action) => action.namespace === namespace);

  it('is reported with the command that opts a namespace in', async () => {
    await cluster.pass();
    expect(cluster.results('shop/web').join()).to.match(
      /401 Unauthorized; to scan it in this namespace .* kubectl -n shop create rolebinding/,
    );
    expect(cluster.results('bank/web').join()).to.match(/kubectl -n bank create rolebinding/);
    expect(cluster.status('p')?.coverage).to.include({ inScope: 1, failed: 1 });
  });

  it('is scanned in a namespace that has opted in, with its pull secrets, and for that namespace only', async () => {
    optIn('shop');
    await cluster.pass();
    const job = jobIn('shop');
    expect(job?.spec.template.spec).to.deep.include({ imagePullSecrets: [{ name: 'registry' }] });
    expect(job?.spec.template.spec).not.to.have.any.keys('priorityClassName');
    expect(cluster.work).to.deep.equal(['inventory a+linux/amd64@shop']);
    expect(
      cluster.api.reviews
        .filter(({ namespace }) => namespace === 'shop')
        .map(({ resource, verb, subresource }) => [resource, verb, subresource]),
    ).to.deep.equal([
      ['jobs', 'create', undefined],
      ['jobs', 'delete', undefined],
      ['pods', 'get', 'log'],
    ]);
    await cluster.settle();
    expect(cluster.results('shop/web')).to.deep.equal(['fail CVE-1: curl 1: a known vulnerability (no fixed version is known)']);
    expect(cluster.results('bank/web').join()).to.match(/kubectl -n bank/);
    // The pod of a Job of Vigil is no image to scan.
    expect([...cluster.reports.keys()].toSorted()).to.deep.equal(['bank/web', 'shop/web']);
  });

  it('asks again whether a namespace has opted in after five minutes', async () => {
    await cluster.pass();
    const count = cluster.api.reviews.length;
    cluster.now += minute - 1;
    await cluster.pass();
    expect(cluster.api.reviews).to.have.length(count);
    optIn('shop');
    cluster.now += 5 * minute;
    await cluster.pass();
    expect(cluster.api.reviews.length).to.be.greaterThan(count);
    expect(jobIn('shop')).to.not.equal(undefined);
  });

  it('keeps the Job of a namespace that opted out while it ran until its TTL, and records the result', async () => {
    optIn('shop');
    await cluster.pass();
    await cluster.runJobs();
    cluster.api.onCall = ({ method, path }) => {
      if (method === 'DELETE' && path.includes('/namespaces/shop/')) throw new KubeApiError('forbidden', { status: 403 });
    };
    expect((await cluster.pass()).failed).to.equal(false);
    expect((await cluster.ledger())[`${digestOf('a')}+linux/amd64@shop`]?.inventory).to.not.equal(undefined);
  });

  it('does not go on if a Job in its own namespace cannot be deleted', async () => {
    cluster.api.onCall = ({ method, path }) => {
      if (method === 'DELETE' && path.includes('/jobs/')) throw new KubeApiError('forbidden', { status: 403 });
    };
    expect((await cluster.pass()).failed).to.equal(true);
  });
});
