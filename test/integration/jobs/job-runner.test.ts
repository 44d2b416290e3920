import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { eventsAbout, isQuota, refusalIn } from '../../../operator/jobs/job-events.ts';
import { jobManifest, type JobManifestInput } from '../../../operator/jobs/template/job-template.ts';
import { JobRunner } from '../../../operator/jobs/job-runner.ts';
import { isIdle, JobState, type JobObject } from '../../../operator/jobs/job-state.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

describe('Jobs on a real API server', function () {
  this.timeout(120_000);
  const client = testClient();
  const runner = new JobRunner(client);
  const namespace = uniqueName('jobs');
  const container = { name: 'main', image: 'vigil.dev/vigil:dev' };
  const manifest = (name: string, inputs: string, more: Partial<JobManifestInput> = {}): KubeObject =>
    jobManifest({
      ...{ name, namespace, labels: { 'app.kubernetes.io/managed-by': 'vigil' }, annotations: {}, inputs, imagePullSecrets: [] },
      ...{ placement: {}, podDeadline: 60, jobDeadline: 60, ttl: 60 },
      ...{ run: { completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 0 }, pod: { containers: [container] } },
      ...more,
    });
  async function until<T>(probe: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await probe();
      if (found !== undefined) return found;
      await sleep(200);
    }
  }
  const find = async (name: string): Promise<JobObject> => {
    const found = await runner.find({ namespace, name });
    if (!found) throw new Error(`no Job ${name}`);
    return found;
  };
  const stateOf = async (name: string, index: number): Promise<string> => {
    const job = await find(name);
    const reading = { ageOf: () => 0, container: 'main', patience: { place: 1000 } };
    const state = new JobState(job, await runner.podsOf(job), reading).of(index);
    return state.kind === 'failed' ? state.class : state.kind;
  };

  before(() => void kubectl(['create', 'namespace', namespace]));
  after(() => void kubectl(['delete', 'namespace', namespace, '--wait=false']));

  it('are made once, adopted by what they work on, and made anew for other work', async () => {
    const first = await runner.make(manifest('work', 'a'));
    expect(first.kind).to.equal('made');
    expect(await runner.make(manifest('work', 'a', { podDeadline: 90 }))).to.deep.equal({ ...first, kind: 'adopted' });
    expect(await runner.make(manifest('work', 'b'))).to.deep.equal({ kind: 'leaving' });
    const second = await until(async () => {
      const made = await runner.make(manifest('work', 'b'));
      return made.kind === 'leaving' ? undefined : made;
    });
    expect(second.kind).to.equal('made');
    expect(second).not.to.deep.equal(first);
    expect(await runner.find({ namespace, name: 'work', uid: 'uid' in first ? first.uid : '' })).to.equal(undefined);
  });

  it('have pods of their own, one an index, which wait', async () => {
    const pods = await until(async () => {
      const found = await runner.podsOf(await find('work'));
      return found.length === 2 ? found : undefined;
    });
    const indexes = pods.map(({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-completion-index']);
    expect(indexes.toSorted()).to.deep.equal(['0', '1']);
    expect(await stateOf('work', 1)).to.equal('waiting');
  });

  it('say by the statuses of their pods which index finished and which failed', async () => {
    const [zero, one] = (await runner.podsOf(await find('work'))).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const ended = (exitCode: number): object => ({
      terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'OOMKilled', startedAt: null, finishedAt: null, message: '' },
    });
    for (const [pod, exitCode] of [
      [zero, 0],
      [one, 137],
    ] as const) {
      const statuses = [{ name: 'main', image: 'x', imageID: 'x', ready: false, restartCount: 0, state: ended(exitCode) }];
      const status = { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: statuses };
      kubectl(['-n', namespace, 'patch', 'pod', pod?.metadata.name ?? '', '--subresource=status', '-p', JSON.stringify({ status })]);
    }
    await until(async () => ((await stateOf('work', 1)) === 'waiting' ? undefined : true));
    expect([await stateOf('work', 0), await stateOf('work', 1)]).to.deep.equal(['finished', 'OutOfMemory']);
    kubectl(['-n', namespace, 'delete', 'pod', zero?.metadata.name ?? '']);
    await until(async () => ((await stateOf('work', 0)) === 'LogLost' ? true : undefined));
  });

  it('have no pod under a quota, and their Events say so', async () => {
    kubectl(['-n', namespace, 'create', 'quota', 'none', '--hard=pods=0']);
    await until(() =>
      Promise.resolve(kubectl(['-n', namespace, 'get', 'quota', 'none', '-o', 'jsonpath={.status.hard.pods}']) === '0' ? true : undefined),
    );
    await runner.make(manifest('refused', 'a'));
    const refusal = await until(async () => refusalIn(await eventsAbout(client, namespace, await find('refused')), []));
    expect(isQuota(refusal)).to.equal(true);
    const job = await find('refused');
    expect(isIdle(job, await runner.podsOf(job))).to.equal(true);
  });

  it('end by their own deadline without a pod', async () => {
    kubectl(['-n', namespace, 'patch', 'job', 'refused', '-p', '{"spec":{"activeDeadlineSeconds":1}}']);
    await until(async () => ((await stateOf('refused', 0)) === 'waiting' ? undefined : true));
    expect(await stateOf('refused', 0)).to.equal('DeadlineExceeded');
  });

  it('are left alone where Vigil did not make them', async () => {
    kubectl(['-n', namespace, 'create', 'job', 'mine', '--image=x']);
    expect(await runner.make(manifest('mine', 'a'))).to.deep.equal({
      kind: 'taken',
      message: `Job ${namespace}/mine exists and was not created by Vigil: delete it`,
    });
    const { metadata } = await find('mine');
    expect(metadata.deletionTimestamp).to.equal(undefined);
  });

  it('are listed by labels, and deleted by uid', async () => {
    const listed = await runner.list(namespace, 'app.kubernetes.io/managed-by=vigil');
    expect(listed.map(({ metadata }) => metadata.name).toSorted()).to.deep.equal(['refused', 'work']);
    await runner.remove({ namespace, name: 'refused', uid: '00000000-0000-0000-0000-000000000000' });
    const { uid } = (await find('refused')).metadata;
    await runner.remove({ namespace, name: 'refused', uid });
    await until(async () => ((await runner.find({ namespace, name: 'refused' })) ? undefined : true));
  });
});
