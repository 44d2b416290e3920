import { expect } from 'chai';
import { customWorkloadKinds } from '../../../operator/engine/objects/custom-kinds.ts';
import {
  isBuiltinWorkloadKind,
  isLongRunningKind,
  isWorkloadKind,
  templatePathOf,
  workloadKinds,
} from '../../../operator/engine/objects/workload-kind.ts';

describe('the kinds with a pod template', () => {
  const rows: readonly [groupKind: string, path: string, isLongRunning: boolean][] = [
    ['Pod', '', true],
    ['PodTemplate', 'template', true],
    ['ReplicationController', 'spec.template', true],
    ['Deployment.apps', 'spec.template', true],
    ['StatefulSet.apps', 'spec.template', true],
    ['DaemonSet.apps', 'spec.template', true],
    ['ReplicaSet.apps', 'spec.template', true],
    ['Deployment.extensions', 'spec.template', true],
    ['DaemonSet.extensions', 'spec.template', true],
    ['ReplicaSet.extensions', 'spec.template', true],
    ['Job.batch', 'spec.template', false],
    ['CronJob.batch', 'spec.jobTemplate.spec.template', false],
  ];
  for (const [groupKind, path, isLongRunning] of rows)
    it(`${groupKind} has it at ${path === '' ? 'itself' : path}`, () => {
      const [kind = '', group] = groupKind.split('.');
      expect(templatePathOf({ kind, apiVersion: group === undefined ? 'v1' : `${group}/v1` })?.join('.')).to.equal(path);
      expect([isWorkloadKind(groupKind), isLongRunningKind(groupKind)]).to.deep.equal([true, isLongRunning]);
    });

  it('are all in the table', () => {
    expect(workloadKinds.filter(isBuiltinWorkloadKind)).to.deep.equal(rows.map(([groupKind]) => groupKind));
    expect(workloadKinds.filter((kind) => !isBuiltinWorkloadKind(kind))).to.deep.equal(customWorkloadKinds);
    expect(customWorkloadKinds).to.include.members(['Rollout.argoproj.io', 'Job.batch.volcano.sh']);
    expect(customWorkloadKinds.every(isWorkloadKind)).to.equal(true);
    expect(['Deployment', 'StatefulSet.extensions', 'Service', ''].map(isWorkloadKind)).to.deep.equal([false, false, false, false]);
    expect([isLongRunningKind('Service'), templatePathOf({ kind: 'Service', apiVersion: 'v1' })]).to.deep.equal([false, undefined]);
  });
});
