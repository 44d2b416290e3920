import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { ScanSchedule } from '../../../operator/api/kinds/scan-schedule.ts';
import type { Scan } from '../../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

describe('the operator, its schedules and its policies on a real API server', function () {
  this.timeout(240_000);
  const client = testClient();
  const namespace = uniqueName('vigil');
  const running: ChildProcess[] = [];

  /** A process of the operator, started as `vigil operator`. */
  function operator(): ChildProcess {
    const child = spawn(
      process.execPath,
      ['operator/main.ts', 'operator', '--namespace', namespace, '--health-port', '0', '--health-host', '127.0.0.1'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child.stderr.resume();
    running.push(child);
    return child;
  }

  async function eventually<T>(what: string, probe: () => Promise<T | undefined>, seconds = 60): Promise<T> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const found = await probe();
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
      await sleep(200);
    }
  }

  const scansOf = async (schedule: string): Promise<Scan[]> =>
    listAll<Scan>(client, RESOURCES.scans, { labelSelector: `vigil.dev/schedule=${schedule}` });
  const make = (name: string, spec: ScanSchedule['spec']): Promise<KubeObject> =>
    client.create(RESOURCES.schedules, { metadata: { name }, spec } as ScanSchedule);
  const read = (name: string): Promise<ScanSchedule> => client.get<ScanSchedule>(RESOURCES.schedules, { name });

  before(async () => {
    kubectl(['apply', '--server-side', '-f', 'crds/']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
    await client.create(RESOURCES.namespaces, { metadata: { name: namespace } });
    operator();
  });

  after(async () => {
    for (const child of running) child.kill('SIGKILL');
    for (const { metadata } of await listAll<ScanSchedule>(client, RESOURCES.schedules))
      await client.delete(RESOURCES.schedules, { name: metadata.name });
    await client.delete(RESOURCES.namespaces, { name: namespace });
  });

  it('report at once that schedules are Ready and when they run next', async () => {
    const name = uniqueName('ready');
    await make(name, { schedule: '0 3 1 1 *', timeZone: 'Europe/Lisbon' });
    kubectl(['wait', '--for=condition=Ready', '--timeout=20s', `scanschedule/${name}`]);
    const { status } = await read(name);
    expect(status?.nextScheduleTime).to.match(/^\d{4}-01-01T03:00:00Z$/);
    expect(status?.observedGeneration).to.equal(1);
  });

  it('stall a schedule with an unknown time zone, with the path, until it is fixed', async () => {
    const name = uniqueName('zone');
    await make(name, { schedule: '@daily', timeZone: 'Europe/Lisboa' });
    kubectl(['wait', '--for=condition=Stalled', '--timeout=20s', `scanschedule/${name}`]);
    const stalled = (await read(name)).status?.conditions?.find(({ type }) => type === 'Stalled');
    expect(stalled?.message).to.match(/^spec\.timeZone: "Europe\/Lisboa" is no known time zone/);
    await client.patch(RESOURCES.schedules, { name }, { spec: { timeZone: 'Europe/Lisbon' } });
    kubectl(['wait', '--for=condition=Ready', '--timeout=20s', `scanschedule/${name}`]);
  });

  it('accept a policy that can be evaluated, and stall one that cannot, with the exact place', async () => {
    const rule = (expression: string): unknown => ({
      name: 'team-label',
      matchConstraints: {
        resourceRules: [{ apiGroups: ['apps'], apiVersions: ['*'], operations: ['CREATE'], resources: ['deployments'] }],
      },
      validations: [{ expression }],
    });
    const policy = uniqueName('policy');
    const create = (name: string, spec: unknown): Promise<KubeObject> =>
      client.create(RESOURCES.policies, { metadata: { name }, spec } as KubeObject);
    await create(policy, { frameworks: [{ name: 'pss-restricted' }], rules: [rule('has(object.metadata.labels)')] });
    // It becomes Ready only after its evaluation, which needs pods.
    kubectl(['wait', '--for=condition=Stalled=false', '--timeout=20s', `secpol/${policy}`]);
    const broken: readonly (readonly [unknown, RegExp])[] = [
      [
        { rules: [rule('has(object.metadata.labels) &&\n  objekt.kind == "x"')] },
        /^spec\.rules\[0\]\.validations\[0\]\.expression: 2:3: undeclared reference to 'objekt'/,
      ],
      [{ controls: [{ name: 'host-pit' }] }, /^spec\.controls\[0\]\.name: .*host-pid/],
      [{ frameworks: [{ name: 'cis', version: '0.1' }] }, /^spec\.frameworks\[0\]/],
    ];
    for (const [spec, message] of broken) {
      const name = uniqueName('broken');
      await create(name, spec);
      kubectl(['wait', '--for=condition=Stalled', '--timeout=20s', `securitypolicy/${name}`]);
      const { status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name });
      expect(status?.conditions?.find(({ type }) => type === 'Ready')).to.deep.include({ status: 'False', observedGeneration: 1 });
      expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).to.match(message);
      await client.delete(RESOURCES.policies, { name });
    }
    await client.delete(RESOURCES.policies, { name: policy });
  });

  it('create one Scan that was due while no operator ran, also with two operators', async () => {
    const name = uniqueName('missed');
    const [first] = running.splice(0);
    first?.kill('SIGKILL');
    await make(name, { schedule: '* * * * *', startingDeadlineSeconds: 300 });
    const due = Math.ceil(Date.now() / 60_000) * 60_000;
    await sleep(due - Date.now() + 500);
    operator();
    operator();
    const [scan] = await eventually(
      'a Scan',
      async () => {
        const found = await scansOf(name);
        return found.length > 0 ? found : undefined;
      },
      90,
    );
    if (!scan) throw new Error('no Scan');
    expect(scan.metadata.name).to.equal(`${name}-${due / 60_000}`);
    expect(scan.metadata.ownerReferences?.[0]).to.deep.include({ kind: 'ScanSchedule', name });
    const status = await eventually('the time is recorded', async () =>
      (await read(name)).status?.lastScheduleTime === undefined ? undefined : (await read(name)).status,
    );
    // A scan without targets may have ended already.
    expect((status.active ?? []).every((active) => active.name === scan.metadata.name)).to.equal(true);
    expect(Date.parse(status.lastScheduleTime ?? '')).to.equal(due);
    expect(await scansOf(name)).to.have.length(1);
    await client.patch(RESOURCES.schedules, { name }, { spec: { suspend: true } });
  });

  it('hand over at once when the leader is stopped', async () => {
    const holder = async (): Promise<string> =>
      (await client.get<KubeObject & { spec: { holderIdentity: string } }>(RESOURCES.leases, { namespace, name: 'vigil-operator' })).spec
        .holderIdentity;
    const before = await eventually('a leader', async () => (await holder()) || undefined);
    const leaderEnds = running.map(async (child) => {
      await once(child, 'exit');
      return child.exitCode;
    });
    const started = performance.now();
    // The leader is not known from outside: if the follower stops first, nothing changes.
    running[0]?.kill('SIGTERM');
    const code = await Promise.race(leaderEnds);
    expect(code).to.equal(0);
    const survivor = await eventually('a leader after the stop', async () => (await holder()) || undefined, 10);
    expect(survivor).not.to.equal('');
    expect(performance.now() - started).to.be.below(15_000);
    expect(before).not.to.equal('');
  });

  it('keep working with one operator left', async () => {
    const name = uniqueName('left');
    await make(name, { schedule: '0 3 1 1 *' });
    kubectl(['wait', '--for=condition=Ready', '--timeout=30s', `scanschedule/${name}`]);
  });

  it('are not written again without a change', async () => {
    const name = uniqueName('quiet');
    await make(name, { schedule: '0 3 1 1 *' });
    kubectl(['wait', '--for=condition=Ready', '--timeout=20s', `scanschedule/${name}`]);
    await client.patch(RESOURCES.schedules, { name }, { metadata: { labels: { touched: 'yes' } } });
    const before = (await read(name)).metadata.resourceVersion;
    await sleep(2000);
    expect((await read(name)).metadata.resourceVersion).to.equal(before);
  });
});
