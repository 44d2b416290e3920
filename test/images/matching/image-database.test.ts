import { expect } from 'chai';
import { configuredDatabase, databaseName, type ImageDatabase } from '../../../operator/images/matching/image-database.ts';
import { databaseOf } from '../../../operator/images/jobs/image-job-state.ts';
import { matchingJob } from '../../../operator/images/jobs/matching-job.ts';

const settings = { namespace: 'vigil', image: 'v', imagePullPolicy: 'Always', imagePullSecrets: [], scanner: 't' } as const;
const job = (database: ImageDatabase): ReturnType<typeof matchingJob> =>
  matchingJob(settings, { database, images: ['d'], configMaps: ['c'] });
const volumes = (database: ImageDatabase): unknown => {
  const { spec } = job(database) as unknown as { spec: { template: { spec: { volumes: { name: string }[] } } } };
  return spec.template.spec.volumes.map(({ name }) => name);
};

describe('the vulnerability database', () => {
  it('is read from the match Job, for an image and for a repository', () => {
    for (const database of [{ image: 'r/db@sha256:a' }, { repository: 'r:5000/db:2' }] as const)
      expect(databaseOf(job(database))).to.equal(databaseName(database));
  });

  it('is the configured one, or undefined', () => {
    expect([
      configuredDatabase({}),
      configuredDatabase({ databaseImage: 'i' }),
      configuredDatabase({ databaseRepository: 'r' }),
    ]).to.deep.equal([undefined, { image: 'i' }, { repository: 'r' }]);
  });

  it('is mounted if it is an image, and fetched if it is in a repository', () => {
    expect(volumes({ image: 'r/db:1' })).to.deep.equal(['input', 'trivy', 'database', 'work']);
    expect(volumes({ repository: 'r/db:2' })).to.deep.equal(['input', 'trivy', 'work']);
  });
});
