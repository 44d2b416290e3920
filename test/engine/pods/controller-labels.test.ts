import { expect } from 'chai';
import { ownLabels } from '../../../operator/engine/pods/controller-labels.ts';

const labelsOf = (groupKind: string): unknown =>
  ownLabels({ groupKind, name: 'load', podLabels: {}, replicas: undefined, firstOrdinal: undefined });

describe('the labels that a controller adds to all pods of a workload', () => {
  it('are those with the name of the workload', () => {
    expect(labelsOf('Job.batch')).to.deep.equal({ 'batch.kubernetes.io/job-name': 'load', 'job-name': 'load' });
    expect(labelsOf('RayCluster.ray.io')).to.deep.equal({ 'ray.io/cluster': 'load' });
  });

  it('are none if they differ between its pods, or if the kind adds none', () => {
    for (const kind of ['StatefulSet.apps', 'CronJob.batch', 'Deployment.apps', 'Pod']) expect(labelsOf(kind), kind).to.deep.equal({});
  });
});
