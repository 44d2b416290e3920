import { expect } from 'chai';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { ImageLedger } from '../../../operator/images/ledger/image-ledger.ts';
import { LogUnavailableError } from '../../../operator/jobs/job-log.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { collectImageJob, type ImageJobContext, type CollectedImageJob } from '../../../operator/images/jobs/image-jobs.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';

const settings = { namespace: 'v', image: 'v', imagePullPolicy: 'Never', imagePullSecrets: [], scanner: 't' } as const;
const made = inventoryJob(settings, { image: { digest: 'd', reference: 'r/web@d' } });
const job = { ...made, metadata: { ...made.metadata, uid: 'own' } };
const podOf = (uid: string, status: object): KubeObject =>
  ({
    metadata: { name: `p-${uid}`, namespace: 'v', ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid }] },
    status,
  }) as KubeObject;
const succeeded = { phase: 'Succeeded' };

/** Collects the Job with these pods. `read` reads their logs. */
function look(pods: readonly KubeObject[], read: () => Promise<unknown>, ledger: ImageLedger = {}): Promise<CollectedImageJob> {
  const context = {
    client: {
      call: ({ path }: { path: string }) => Promise.resolve({ metadata: {}, items: path.endsWith('/pods') ? pods : [] }),
    },
    home: 'v',
    now: 1,
    ageOf: () => 0,
    logs: { read },
  } as unknown as ImageJobContext;
  return collectImageJob(context, { job, part: 'image-inventory', images: ['d'] }, ledger);
}
const never = (): Promise<never> => Promise.reject(new Error('no log is read'));

describe('collectImageJob', () => {
  it('records that the image waits while the node does not return the log, so that other images continue', async () => {
    const unavailable = (): Promise<never> => Promise.reject(new LogUnavailableError('dial tcp 10.0.0.2:10250: no route to host'));
    const { ended, ledger } = await look([podOf('own', succeeded)], unavailable, { d: { seen: 1 } });
    expect(ended).to.equal(false);
    expect(ledger['d']).to.deep.equal({ seen: 1, waiting: 'the log cannot be read yet: dial tcp 10.0.0.2:10250: no route to host' });
  });

  it('does not read the log of an earlier Job with the same name', async () => {
    expect((await look([podOf('earlier', succeeded)], never)).ended).to.equal(false);
  });

  for (const [what, read, failure] of [
    [
      'is lost',
      (): Promise<unknown> => Promise.resolve({ class: 'LogLost', message: 'no pod' }),
      { class: 'LogLost', reason: 'the log is lost: no pod' },
    ],
    [
      'is truncated',
      (): Promise<unknown> => Promise.resolve({ class: 'StreamBroken', message: 'the stream has no trailer: it was cut off' }),
      { class: 'StreamBroken', reason: 'the log cannot be read: the stream has no trailer: it was cut off' },
    ],
    [
      'is forbidden',
      (): Promise<unknown> => Promise.reject(new KubeApiError('pods/log is forbidden', { status: 403 })),
      { class: 'Rejected', reason: 'reading the log is forbidden: pods/log is forbidden' },
    ],
  ] as const)
    it(`fails the image if the log ${what}`, async () => {
      const { ended, ledger } = await look([podOf('own', succeeded)], read);
      expect(ended).to.equal(true);
      expect(ledger['d']?.failure).to.deep.include({ step: 'inventory', attempts: 1, ...failure });
    });

  it('throws an error of the API server that is not about the image', async () => {
    const busy = new KubeApiError('busy', { status: 503 });
    expect(await look([podOf('own', succeeded)], () => Promise.reject(busy)).catch((error: unknown) => error)).to.equal(busy);
  });
});
