import { expect } from 'chai';
import { CustomWorkloadCounts } from '../../../operator/engine/objects/custom-workload-counts.ts';
import type { KubernetesObject } from '../../../operator/engine/objects/kubernetes-object.ts';

const object = (apiVersion: string, kind: string, owner?: readonly [apiVersion: string, kind: string, uid: string]): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: {
    name: 'a',
    namespace: 'shop',
    ...(owner && { ownerReferences: [{ apiVersion: owner[0], kind: owner[1], name: 'b', uid: owner[2], controller: true }] }),
  },
});

const counted = (...objects: readonly KubernetesObject[]): CustomWorkloadCounts => {
  const counts = new CustomWorkloadCounts();
  for (const one of objects) counts.add(one);
  return counts;
};

describe('the custom kinds with pods of a cluster', () => {
  it('are counted if they are known', () => {
    const rollout = object('argoproj.io/v1alpha1', 'Rollout');
    expect(counted(rollout, rollout, object('apps/v1', 'Deployment'), object('cert-manager.io/v1', 'Certificate')).list()).to.deep.equal([
      { kind: 'Rollout.argoproj.io', objects: 2, evaluated: true },
    ]);
  });

  it('show by the workloads that they control', () => {
    const kafka = ['kafka.strimzi.io/v1', 'StrimziPodSet', '1'] as const;
    const robot = (uid: string) => ['example.org/v1', 'Robot', uid] as const;
    const found = counted(
      object('v1', 'Pod', kafka),
      object('v1', 'Pod', kafka),
      object('apps/v1', 'StatefulSet', robot('1')),
      object('batch/v1', 'Job', robot('2')),
      object('v1', 'ConfigMap', ['example.org/v1', 'Other', '3']),
    ).list();
    expect(found.map(({ kind, objects, evaluated }) => [kind, objects, evaluated])).to.deep.equal([
      ['Robot.example.org', 2, false],
      ['StrimziPodSet.kafka.strimzi.io', 1, false],
    ]);
    expect(found[0]?.reason).to.equal('Vigil does not know how its objects describe pods: what they control is evaluated by itself');
  });

  it('leave out the kinds of Kubernetes, and known kinds whose objects are counted by themselves', () => {
    const owners = [
      ['v1', 'Node', '1'],
      ['apps/v1', 'ReplicaSet', '2'],
      ['argoproj.io/v1alpha1', 'Rollout', '3'],
    ] as const;
    expect(counted(...owners.map((owner) => object('v1', 'Pod', owner))).list()).to.deep.equal([]);
  });

  it('say why known kinds cannot be read', () => {
    const counts = counted(object('v1', 'Pod', ['argoproj.io/v1alpha1', 'Rollout', '3']));
    counts.addUnreadable({ group: 'argoproj.io', kind: 'Rollout' }, 'cannot list rollouts');
    counts.addUnreadable({ group: 'cert-manager.io', kind: 'Certificate' }, 'cannot list certificates');
    expect(counts.list()).to.deep.equal([{ kind: 'Rollout.argoproj.io', objects: 1, evaluated: false, reason: 'cannot list rollouts' }]);
  });

  it('are bounded', () => {
    const counts = counted(...Array.from({ length: 200 }, (_, index) => object('v1', 'Pod', ['example.org/v1', `K${index}`, '1'])));
    counts.addUnreadable({ group: 'argoproj.io', kind: 'Rollout' }, 'x'.repeat(5000));
    expect(counts.list()).to.have.length(50);
    expect(counted().list()).to.deep.equal([]);
  });
});
