import { expect } from 'chai';
import { imageJobState } from '../../../operator/images/jobs/image-job-state.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';
import { matchingJob } from '../../../operator/images/jobs/matching-job.ts';

describe('imageJobState', () => {
  const settings = {
    namespace: 'v',
    image: 'i',
    imagePullPolicy: 'IfNotPresent',
    imagePullSecrets: [],
    scanner: 't',
    javaIndex: 'j',
  } as const;
  const image = { digest: 'sha256:a', reference: 'r/a:1' };

  it('returns the inputs in the annotation of the Job', () => {
    expect(imageJobState(inventoryJob(settings, { image, node: 'n' }))).to.deep.equal({
      scanner: 't',
      reference: 'r/a:1',
      javaIndex: 'j',
      node: 'n',
    });
    expect(imageJobState(inventoryJob(settings, { image, node: 'n', pull: true }))).to.deep.equal({
      scanner: 't',
      reference: 'r/a:1',
      pull: true,
    });
    const input = { database: { repository: 'r/db:2' }, images: ['a'], configMaps: ['c'] };
    expect(imageJobState(matchingJob(settings, input))).to.deep.equal({ scanner: 't', database: 'r/db:2' });
  });

  it('does not read arguments and volumes, which an admission plugin may change', () => {
    const { spec, ...job } = inventoryJob(settings, { image }) as unknown as { spec: unknown; metadata: { name: string } };
    expect(spec).not.to.equal(undefined);
    expect(imageJobState(job)?.reference).to.equal('r/a:1');
  });

  for (const annotation of [undefined, '', 'null', '7', '{}', '{"scanner": 7}', '{']) {
    it(`returns undefined for a Job of an older version with ${annotation ?? 'no annotation'}`, () => {
      const annotations = annotation === undefined ? {} : { 'vigil.dev/image-job': annotation };
      expect(imageJobState({ metadata: { name: 'j', annotations } })).to.equal(undefined);
    });
  }
});
