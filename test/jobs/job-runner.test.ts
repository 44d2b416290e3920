import { expect } from 'chai';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { jobManifest, type JobManifestInput } from '../../operator/jobs/template/job-template.ts';
import { JobRunner } from '../../operator/jobs/job-runner.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';

const jobWith = (inputs: string, more: Partial<JobManifestInput> = {}): KubeObject =>
  jobManifest({
    ...{ name: 'j', namespace: 'v', labels: { owner: 'vigil' }, annotations: {}, inputs, imagePullSecrets: [], placement: {} },
    ...{ podDeadline: 1, jobDeadline: 1, ttl: 1, run: {}, pod: {} },
    ...more,
  });
const there = (job: KubeObject, more: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  ...job,
  metadata: { ...job.metadata, uid: 'there', ...more },
});

/** A server that holds one Job, and its pods. */
class Jobs {
  readonly calls: string[] = [];
  held: KubeObject | undefined;
  pods: readonly KubeObject[] = [];
  readonly client = {
    create: (_: unknown, job: KubeObject): Promise<KubeObject> => {
      if (this.held) return Promise.reject(new KubeApiError('jobs.batch "j" already exists', { status: 409 }));
      this.held = there(job, { uid: 'new' });
      return Promise.resolve(this.held);
    },
    delete: (_: unknown, { name }: { name: string }, { uid }: { uid?: string }): Promise<void> => {
      if (uid !== undefined && uid !== this.held?.metadata.uid) return Promise.reject(new KubeApiError('another uid', { status: 409 }));
      this.calls.push(`delete ${name} ${uid ?? ''}`);
      return Promise.resolve();
    },
    call: ({ path, query }: { path: string; query: Readonly<Record<string, string>> }): Promise<object> => {
      this.calls.push(`${path} ${query['labelSelector'] ?? query['fieldSelector'] ?? ''}`);
      const items = path.endsWith('/pods') ? this.pods : this.held ? [this.held] : [];
      return Promise.resolve({ metadata: { resourceVersion: '1' }, items });
    },
  };
  readonly runner = new JobRunner(this.client as unknown as KubeClient);
}

describe('the Job runner', () => {
  it('creates the Job', async () => {
    expect(await new Jobs().runner.make(jobWith('a'))).to.deep.equal({ kind: 'made', uid: 'new' });
  });

  for (const [what, held, wanted, deleted] of [
    ['adopts the Job with the same inputs', there(jobWith('a')), { kind: 'adopted', uid: 'there' }, false],
    [
      'adopts a Job whose template was changed by an admission plugin',
      there({ metadata: jobWith('a').metadata }),
      { kind: 'adopted', uid: 'there' },
      false,
    ],
    ['deletes a Job of Vigil’s with other inputs, and waits until it is deleted', there(jobWith('b')), { kind: 'leaving' }, true],
    [
      'deletes a Job of an older version of Vigil, which has no inputs annotation',
      there({ metadata: { ...jobWith('a').metadata, annotations: {} } }),
      { kind: 'leaving' },
      true,
    ],
    [
      'waits for a Job that is being deleted',
      there(jobWith('a'), { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      { kind: 'leaving' },
      false,
    ],
    [
      'leaves a Job of another owner alone',
      there(jobWith('a', { labels: { owner: 'me' } })),
      { kind: 'taken', message: 'Job v/j exists and was not created by Vigil: delete it' },
      false,
    ],
  ] as const)
    it(what, async () => {
      const jobs = new Jobs();
      jobs.held = held;
      expect(await jobs.runner.make(jobWith('a'))).to.deep.equal(wanted);
      expect(jobs.calls.includes('delete j there')).to.equal(deleted);
    });

  it('finds a Job by its name and, if known, its uid', async () => {
    const jobs = new Jobs();
    expect(await jobs.runner.find({ namespace: 'v', name: 'j' })).to.equal(undefined);
    jobs.held = there(jobWith('a'));
    expect((await jobs.runner.find({ namespace: 'v', name: 'j' }))?.metadata.uid).to.equal('there');
    expect(await jobs.runner.find({ namespace: 'v', name: 'j', uid: 'another' })).to.equal(undefined);
    expect(jobs.calls.at(-1)).to.equal('/apis/batch/v1/namespaces/v/jobs metadata.name=j');
  });

  it('lists Jobs that are not being deleted', async () => {
    const jobs = new Jobs();
    jobs.held = there(jobWith('a'));
    expect(await jobs.runner.list('v', 'owner=vigil')).to.have.length(1);
    jobs.held = there(jobWith('a'), { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(await jobs.runner.list('v', 'owner=vigil')).to.deep.equal([]);
  });

  it('lists the pods of a Job without those of an earlier Job of its name', async () => {
    const jobs = new Jobs();
    const owned = (name: string, uid: string): KubeObject => ({
      metadata: { name, ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid }] },
    });
    jobs.pods = [owned('old', 'earlier'), owned('own', 'there'), { metadata: { name: 'bare' } }];
    const pods = await jobs.runner.podsOf(there(jobWith('a')));
    expect(pods.map(({ metadata }) => metadata.name)).to.deep.equal(['own']);
  });

  it('deletes the Job with the given uid, not another of its name', async () => {
    const jobs = new Jobs();
    jobs.held = there(jobWith('a'));
    await jobs.runner.remove({ namespace: 'v', name: 'j', uid: 'earlier' });
    expect(jobs.calls).to.deep.equal([]);
    await jobs.runner.remove({ namespace: 'v', name: 'j', uid: 'there' });
    expect(jobs.calls).to.deep.equal(['delete j there']);
  });
});
