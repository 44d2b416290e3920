import { expect } from 'chai';
import { jobManifest, type JobManifestInput } from '../../../operator/jobs/template/job-template.ts';

const input: JobManifestInput = {
  ...{ name: 'j', namespace: 'v', labels: { a: 'job' }, annotations: { b: 'job' }, inputs: 'in', imagePullSecrets: [], placement: {} },
  ...{ podDeadline: 10, jobDeadline: 20, ttl: 30, run: { completions: 4 }, pod: { serviceAccountName: 's' } },
};

describe('the manifest of a Job', () => {
  it('has pods that run once, and are replaced only after they ended', () => {
    const { metadata, ...job } = jobManifest(input) as ReturnType<typeof jobManifest> & { readonly spec: object };
    const { annotations, ...rest } = metadata;
    expect(rest).to.deep.equal({ name: 'j', namespace: 'v', labels: { a: 'job' } });
    expect(Object.keys(annotations ?? {})).to.have.members(['b', 'vigil.dev/job-inputs']);
    expect(job).to.deep.equal({
      apiVersion: 'batch/v1',
      kind: 'Job',
      spec: {
        ...{ completions: 4, podReplacementPolicy: 'Failed', activeDeadlineSeconds: 20, ttlSecondsAfterFinished: 30 },
        template: {
          metadata: { labels: { a: 'job' }, annotations: { b: 'job' } },
          spec: {
            ...{ restartPolicy: 'Never', activeDeadlineSeconds: 10, enableServiceLinks: false, terminationGracePeriodSeconds: 5 },
            serviceAccountName: 's',
          },
        },
      },
    });
  });

  it('has the owners, pull secrets, placement, and labels and annotations of pods that are given', () => {
    const owner = { apiVersion: 'v1', kind: 'Scan', name: 's', uid: 'u' };
    const { metadata, spec } = jobManifest({
      ...input,
      ...{ ownerReferences: [owner], imagePullSecrets: [{ name: 'p' }], placement: { priorityClassName: 'high' } },
      ...{ podLabels: { a: 'pod', c: 'pod' }, podAnnotations: { b: 'pod', d: 'pod' } },
    }) as ReturnType<typeof jobManifest> & { readonly spec: { readonly template: object } };
    expect(metadata.ownerReferences).to.deep.equal([owner]);
    expect(spec.template).to.deep.include({ metadata: { labels: { a: 'job', c: 'pod' }, annotations: { b: 'job', d: 'pod' } } });
    expect(spec.template)
      .to.have.property('spec')
      .that.deep.includes({ imagePullSecrets: [{ name: 'p' }], priorityClassName: 'high' });
  });

  it('marks the Job with a digest of its inputs', () => {
    const marked = (inputs: string): unknown => jobManifest({ ...input, inputs }).metadata.annotations?.['vigil.dev/job-inputs'];
    expect(marked('in'))
      .to.match(/^\w{16}$/)
      .and.not.equal(marked('other'));
  });
});
