import { expect } from 'chai';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { JobObject } from '../../../operator/jobs/job-state.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { ScanJobs, type ScanJobsDependencies } from '../../../operator/scans/attempts/scan-jobs.ts';
import { collect, giveUp, ledgerOf, scanOf } from '../scan-bench.ts';

/** A namespace with Jobs. */
class Jobs {
  readonly held = new Map<string, KubeObject>();
  readonly deleted: string[] = [];
  cached: JobObject | undefined;
  readonly #client = {
    create: (_: unknown, job: KubeObject): Promise<KubeObject> => {
      if (this.held.has(job.metadata.name)) return Promise.reject(new KubeApiError('already exists', { status: 409 }));
      this.held.set(job.metadata.name, { ...job, metadata: { ...job.metadata, uid: 'new' } });
      return Promise.resolve({ metadata: { ...job.metadata, uid: 'new' } });
    },
    delete: (_: unknown, { name }: { name: string }): Promise<void> => {
      this.deleted.push(name);
      return Promise.resolve();
    },
    call: () => Promise.resolve({ metadata: {}, items: [...this.held.values()] }),
  };
  readonly own = new ScanJobs({
    client: this.#client,
    namespace: 'v',
    worker: () => Promise.resolve({ image: 'i', imagePullPolicy: 'Never', imagePullSecrets: [], serviceAccount: 's', placement: {} }),
    jobs: { get: () => this.cached },
    pods: { list: () => [] },
  } as unknown as ScanJobsDependencies);
  readonly #job = ledgerOf().jobs[0]!;

  make(configMap = 'm'): Promise<string | undefined> {
    const job = { ...this.#job, configMaps: [configMap] };
    return this.own.create(scanOf(), { ...ledgerOf(), jobs: [job] }, job);
  }
}

describe('the Jobs of a scan', () => {
  it('are created once, and again for another plan', async () => {
    const jobs = new Jobs();
    expect([await jobs.make(), await jobs.make()]).to.deep.equal(['new', 'new']);
    expect(await jobs.make('another')).to.equal(undefined);
    expect(jobs.deleted).to.have.length(1);
  });

  it('are not created while another owner has a Job of their name, with an error', async () => {
    const jobs = new Jobs();
    await jobs.make();
    const [[name, { metadata }] = ['', { metadata: { name: '' } }]] = jobs.held;
    jobs.held.set(name, { metadata: { ...metadata, labels: { app: 'mine' } } });
    expect(await jobs.make().catch((error: unknown) => (error as Error).message)).to.equal(
      `Job v/${name} exists and was not created by Vigil: delete it`,
    );
    expect(jobs.deleted).to.deep.equal([]);
  });

  it('are found in the cache, else on the server, by their uid', async () => {
    const jobs = new Jobs();
    const found = async (uid: string): Promise<string | undefined> => (await jobs.own.find({ ...ledgerOf().jobs[0]!, uid }))?.metadata.uid;
    jobs.cached = { metadata: { name: 'a1', uid: 'cached' } };
    jobs.held.set('a1', { metadata: { name: 'a1', uid: 'live' } });
    expect([await found('cached'), await found('live'), await found('gone')]).to.deep.equal(['cached', 'live', undefined]);
  });

  it('are deleted without a ledger, except for those that failed and are kept for a day', async () => {
    const jobs = new Jobs();
    const statuses = { running: {}, complete: { conditions: [{ type: 'Complete', status: 'True' }] } };
    for (const [name, status] of Object.entries({ ...statuses, failed: { conditions: [{ type: 'Failed', status: 'True' }] } }))
      jobs.held.set(name, { metadata: { name, uid: name }, status } as KubeObject);
    await jobs.own.clearUnfinished(scanOf());
    expect(jobs.deleted).to.deep.equal(['running', 'complete']);
  });

  for (const [what, ledger, status, deleted] of [
    ['whose shards succeeded is deleted', collect(collect(ledgerOf(), 0), 1), {}, ['a1']],
    [
      'whose shards failed is kept, for users to inspect its pods',
      giveUp(ledgerOf(), 0),
      { conditions: [{ type: 'Failed', status: 'True' }] },
      [],
    ],
    ['that could create more pods is deleted', giveUp(ledgerOf(), 0), {}, ['a1']],
  ] as const)
    it(`are cleaned up: one ${what}`, async () => {
      const jobs = new Jobs();
      jobs.held.set('a1', { metadata: { name: 'a1', uid: 'u' }, status } as KubeObject);
      await jobs.own.tidy(ledger);
      expect(jobs.deleted).to.deep.equal(deleted);
    });
});
