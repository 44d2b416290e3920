import { expect } from 'chai';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { ownKubeconfig } from '../kube/own-kubeconfig.ts';
import { LeaderBench } from './leader-bench.ts';

const spec = { controls: [{ name: 'host-network' }] };
const fails = (name: string): string => `Deployment/${name} p host-network fail`;
const skips = (name: string): string => `Deployment/${name} p host-network skip`;

describe('the leader, with an API server in memory', function () {
  this.timeout(60_000);
  ownKubeconfig();
  let bench: LeaderBench;

  beforeEach(async () => {
    bench = new LeaderBench();
    await bench.server.installCrds();
    await bench.put('namespaces', { name: 'shop' });
  });
  afterEach(() => bench.stop());

  const created = (...plurals: readonly string[]): Promise<unknown> =>
    bench.until(`objects of ${plurals.join()}`, () => plurals.every((plural) => bench.all(plural).length > 0));
  /** Waits until the results are these. Runs the Jobs meanwhile. */
  const results = async (...expected: readonly string[]): Promise<void> => {
    await bench
      .until('results', async () => {
        await bench.runJobs();
        return [...bench.results].sort().join() === [...expected].sort().join();
      })
      .catch(() => undefined);
    expect([...bench.results].sort()).to.deep.equal([...expected].sort());
  };
  const metric = async (line: string): Promise<void> => {
    const text = async (): Promise<string> => (await bench.page('/metrics'))[1];
    await bench.until(line, async () => (await text()).includes(`\n${line}\n`)).catch(() => undefined);
    expect((await text()).split('\n').filter((each) => each.startsWith(line.split(/[ {]/)[0] ?? ''))).to.include(line);
  };

  it('creates the default schedule once, is ready, and ends all watches', async () => {
    await bench.start();
    await created('scanschedules', 'configmaps');
    const labels = { 'app.kubernetes.io/managed-by': 'vigil' };
    expect(bench.all('scanschedules')[0]).to.deep.include({
      spec: { schedule: '@daily', concurrencyPolicy: 'Forbid', jitterSeconds: 3600, onChange: {} },
    });
    expect(bench.all('scanschedules')[0]?.metadata).to.deep.include({ name: 'default', labels });
    expect(bench.get('configmaps', 'vigil-default-schedule')?.metadata).to.deep.include({ namespace: 'audit', labels });
    await bench.until('the condition of the schedule', () => bench.condition('scanschedules', 'default', 'Ready') === 'True Scheduled');
    const leads = (): boolean => bench.server.watched.some((path) => path.endsWith('/securityexceptions'));
    await bench.until('the watches', () => leads() && bench.server.watched.length >= 8);
    expect(bench.server.watched).to.include.members([
      '/api/v1/namespaces',
      '/api/v1/namespaces/audit/pods',
      '/apis/batch/v1/namespaces/audit/jobs',
      ...['clustersecurityexceptions', 'scans', 'scanschedules', 'securityexceptions', 'securitypolicies'].map(
        (plural) => `/apis/vigil.dev/v1alpha1/${plural}`,
      ),
    ]);
    expect(await bench.page('/readyz')).to.deep.equal([200, 'ok\n']);
    await metric('vigil_leader 1');
    await metric('vigil_queue_depth{controller="images"} 0');
    for (const series of [
      'reconcile_total{controller="maintenance",result="success"}',
      'reconcile_seconds_count{controller="maintenance"}',
      'queue_wait_seconds_count{controller="maintenance"}',
    ])
      await bench.until(series, async () => (await bench.page('/metrics'))[1].split(`\nvigil_${series} `)[1]?.match(/^[1-9]/));
    const names = (await bench.page('/metrics'))[1].match(/vigil_queue_depth\{controller="[-a-z]+"/g) ?? [];
    expect(names.map((name) => /"(.*)"/.exec(name)?.[1])).to.include.members([
      ...['report-exceptions', 'exceptions', 'exception-evidence', 'securitypolicy', 'policy-cleanup', 'generation', 'scan'],
      ...['scan-cleanup', 'scanschedule', 'crds', 'maintenance', 'images', 'onchange', 'enforcement'],
    ]);
    const metrics = (await bench.page('/metrics'))[1];
    expect(metrics).to.match(/\nvigil_api_requests_total\{method="GET",status="200"\} [1-9]/);
    expect(metrics).to.match(/\nvigil_api_request_seconds_count\{method="GET"\} [1-9]/);
    expect(await bench.stop()).to.equal('stopped');
    expect(bench.get('leases', 'vigil-operator')?.spec).to.have.property('holderIdentity', '');
  });

  it('does not create the default schedule again after a person deleted it', async () => {
    await bench.put('configmaps', { name: 'vigil-default-schedule', namespace: 'audit' });
    await bench.start();
    await metric('vigil_reconcile_total{controller="maintenance",result="success"} 2');
    expect(bench.all('scanschedules')).to.deep.equal([]);
  });

  it('keeps a schedule of the name default that exists', async () => {
    await bench.put('scanschedules', { name: 'default' }, { spec: { schedule: '@weekly' } });
    await bench.start();
    await bench.until('the marker', () => bench.get('configmaps', 'vigil-default-schedule') !== undefined);
    expect(bench.get('scanschedules', 'default')?.spec).to.deep.equal({ schedule: '@weekly' });
  });

  it('scans a new policy, follows changes, exceptions and the deletion of the policy', async () => {
    await bench.deployment('web', true);
    await bench.deployment('cart', false);
    await bench.start();
    await created('scanschedules');
    await bench.policy('p', spec);
    await results(fails('web'));
    await bench.until('the policy', () => bench.condition('securitypolicies', 'p', 'Compliant') === 'False Failing');
    expect(bench.condition('securitypolicies', 'p', 'Ready')).to.equal('True Evaluated');
    expect(bench.all('scans').some(({ metadata }) => metadata.name.startsWith('p-g1-'))).to.equal(true);
    const [job] = bench.all('jobs');
    expect(JSON.stringify(job?.spec)).to.include('"image":"v:1"');
    await metric('vigil_report_writes_total{operation="write"} 2');
    await metric('vigil_failing_results{policy="p",severity="high"} 1');

    await bench.until('the watch of changes', () => bench.messages.includes('change watch started'));
    await bench.deployment('cart', true);
    await results(fails('web'), fails('cart'));
    await bench.until('an Event', () => bench.events.find((event) => event.startsWith('NewFindings Deployment/cart')));
    expect(Number(/\nvigil_watched_objects (\d+)/.exec((await bench.page('/metrics'))[1])?.[1])).to.be.greaterThan(1);

    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const accepted = { reason: 'accepted for a test', checks: [{ name: 'host-network' }], targets: [{ names: ['cart'] }], expiresAt };
    await bench.put('securityexceptions', { name: 'legacy', namespace: 'shop', generation: 1 }, { spec: accepted });
    await results(fails('web'), skips('cart'));
    await bench.until('the exception', () => bench.condition('securityexceptions', 'legacy', 'Active')?.startsWith('True'));
    await bench.until('the matches', () => bench.get('securityexceptions', 'legacy')?.status?.['matched'] === 1);
    const seconds = Number(/\nvigil_exception_next_end_seconds (\S+)/.exec((await bench.page('/metrics'))[1])?.[1]);
    expect(seconds).to.be.within(3000, 3600);

    await bench.remove('securitypolicies', 'p');
    await results();
  });

  it('removes the results of a policy that was deleted while no operator ran, and keeps those of others', async () => {
    await bench.deployment('web', true);
    await bench.start();
    await bench.policy('p', spec);
    await results(fails('web'));
    const [report] = bench.all('policyreports');
    await bench.stop();
    const next = new LeaderBench();
    bench = next;
    await next.server.installCrds();
    await next.put('namespaces', { name: 'shop' });
    await next.put('policyreports', report?.metadata ?? { name: '' }, report ?? {});
    await next.put('policyreports', { name: 'foreign', namespace: 'shop' }, { results: [{ policy: 'other', result: 'fail' }] });
    await next.start();
    await next.until('the clean-up', () => next.messages.includes('deleted policies removed from reports'));
    expect(next.results).to.deep.equal(['/ other  fail']);
  });

  it('reports a missing CRD, at policies too, and its return', async () => {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const name = 'policyreports.wgpolicyk8s.io';
    const crd = bench.server.api.objects.get(`${path}/${name}`);
    await bench.server.change({ method: 'DELETE', path: `${path}/${name}` });
    await bench.start();
    await bench.policy('p', spec);
    await bench.until('the Event', () => bench.events.find((event) => event.startsWith(`CRDMissing CustomResourceDefinition/${name}`)));
    await bench.until('the condition', () => bench.condition('securitypolicies', 'p', 'Ready') === 'False CRDMissing');
    await metric(`vigil_crd_problems{crd="${name}"} 1`);
    await bench.server.change({ method: 'POST', path, body: crd });
    await bench.put('scans', { name: 'now', generation: 1 }, { spec: {} });
    await bench.until('the log', () => bench.messages.includes('CRDs match this version again'));
    await bench.until('the policy', () => bench.condition('securitypolicies', 'p', 'Ready') !== 'False CRDMissing');
    expect((await bench.page('/metrics'))[1]).not.to.include(`vigil_crd_problems{crd="${name}"}`);
  });

  it('says that it may not read the CRDs', async () => {
    bench.server.refuse = (_method, path) =>
      path.includes('/customresourcedefinitions/')
        ? new KubeApiError('customresourcedefinitions is forbidden', { status: 403 })
        : undefined;
    await bench.start();
    await bench.until('the log', () => bench.messages.some((message) => message.startsWith('not allowed to read the CRD')));
  });

  it('gives way to a foreign report of the name of its own, by Event and metric', async () => {
    await bench.deployment('web', false);
    await bench.start();
    await bench.policy('p', spec);
    const report = await bench.until('the report', async () => {
      await bench.runJobs();
      return bench.all('policyreports')[0];
    });
    await bench.until('the watch of changes', () => bench.messages.includes('change watch started'));
    const { name } = report.metadata;
    await bench.remove('policyreports', name, 'shop');
    await bench.put('policyreports', { name, namespace: 'shop' }, { results: [{ policy: 'other', result: 'fail' }] });
    await bench.deployment('web', true);
    await bench.until('the Event', () => bench.events.find((event) => event.startsWith('ReportNameTaken ')));
    await bench.until('the metric', async () => /\nvigil_report_conflicts_total\{reason="\w+"\} 1/.exec((await bench.page('/metrics'))[1]));
    expect((bench.get('policyreports', name) as unknown as { readonly results: unknown }).results).to.deep.equal([
      { policy: 'other', result: 'fail' },
    ]);
  });

  it('enforces a policy, with the exceptions in force', async () => {
    await bench.start();
    await bench.policy('p', { ...spec, exceptions: { allow: 'All' }, enforcement: [{ actions: ['Deny'] }] });
    await created('validatingadmissionpolicies', 'validatingadmissionpolicybindings');
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const accepted = { reason: 'accepted for a test', checks: [{ name: 'host-network' }], expiresAt };
    await bench.put('securityexceptions', { name: 'legacy', namespace: 'shop', generation: 1 }, { spec: accepted });
    await bench.until('the parameters', () => JSON.stringify(bench.all('admissionparameters')).includes('shop/legacy'));
    await bench.until('the metric', async () =>
      /\nvigil_enforcement_writes_total\{operation="\w+"\} [1-9]/.exec((await bench.page('/metrics'))[1]),
    );
  });

  it('starts without the CRDs of exceptions, and names the lists that are not complete', async () => {
    bench.server.refuse = (_method, path) =>
      path.endsWith('securityexceptions')
        ? new KubeApiError('the server could not find the requested resource', { status: 404 })
        : undefined;
    await bench.start();
    await created('scanschedules');
    expect(await bench.page('/readyz')).to.deep.equal([
      503,
      'securityexceptions: the initial list is not complete\nclustersecurityexceptions: the initial list is not complete\n',
    ]);
    expect(bench.messages).to.include('watch failed; retrying');
    bench.server.refuse = () => undefined;
    await bench.until('the lists', async () => (await bench.page('/readyz'))[0] === 200);
  });

  it('waits for the namespace kube-system, and is not ready meanwhile', async () => {
    bench.server.refuse = (_method, path) => (path.endsWith('/kube-system') ? new KubeApiError('no', { status: 403 }) : undefined);
    await bench.start();
    await bench.until('the message', () => bench.messages.includes('namespace kube-system or server version not read; retrying'));
    expect(await bench.page('/readyz')).to.deep.equal([503, 'the namespace kube-system has not been read yet\n']);
    bench.server.refuse = () => undefined;
    await bench.until('the start', async () => (await bench.page('/readyz'))[0] === 200);
  });

  it('stops its controllers and watches when it loses the Lease', async () => {
    await bench.start();
    await bench.until('the watches', () => bench.server.watched.length >= 8);
    const lease = bench.get('leases', 'vigil-operator');
    const other = { ...lease?.spec, holderIdentity: 'other', renewTime: new Date().toISOString().replace('Z', '000Z') };
    await bench.put('leases', { name: 'vigil-operator', namespace: 'audit' }, { spec: other });
    expect(await bench.ended).to.equal('lost-leadership');
    expect(bench.server.watched).to.deep.equal([]);
  });
});
