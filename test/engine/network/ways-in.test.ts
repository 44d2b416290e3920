import { expect } from 'chai';
import { WaysIn } from '../../../operator/engine/network/exposure/ways-in.ts';
import type { NetworkObject } from '../../../operator/engine/network/traffic/traffic-policy.ts';
import type { LabelledWorkload } from '../../../operator/engine/pods/controller-labels.ts';

const nodePort = (selector: Readonly<Record<string, string>>): NetworkObject => ({
  reference: { kind: 'Service', name: 'web', namespace: 'shop' },
  groupKind: 'Service',
  body: { type: 'NodePort', selector },
  annotations: {},
  labels: {},
});

function waysTo(selector: Readonly<Record<string, string>>, groupKind: string): readonly string[] {
  const service = nodePort(selector);
  const objects = {
    all: (kind: string) => (kind === 'Service' ? [service] : []),
    in: (_: string, kind: string) => (kind === 'Service' ? [service] : []),
    find: () => undefined,
    size: 1,
  };
  const workload: LabelledWorkload = { groupKind, name: 'db', podLabels: { app: 'db' }, replicas: 2, firstOrdinal: undefined };
  return new WaysIn(objects, []).to('shop', workload, []);
}

describe('ways into a workload', () => {
  const rows: readonly (readonly [string, Readonly<Record<string, string>>, string, boolean])[] = [
    ['a label of the template', { app: 'db' }, 'Deployment.apps', true],
    ['no label', {}, 'Deployment.apps', false],
    ['a label that a StatefulSet adds', { 'statefulset.kubernetes.io/pod-name': 'db-1' }, 'StatefulSet.apps', true],
    ['one beside a label of the template', { 'apps.kubernetes.io/pod-index': '0', app: 'db' }, 'StatefulSet.apps', true],
    ['a replica that does not exist', { 'statefulset.kubernetes.io/pod-name': 'db-2' }, 'StatefulSet.apps', false],
    ['a label that only a StatefulSet adds', { 'statefulset.kubernetes.io/pod-name': 'db-1' }, 'Deployment.apps', false],
    ['a label that a Job adds', { 'batch.kubernetes.io/job-name': 'db' }, 'Job.batch', true],
  ];
  for (const [title, selector, groupKind, leads] of rows)
    it(`${title}: ${leads ? 'leads' : 'does not lead'} to it`, () => {
      expect(waysTo(selector, groupKind)).to.deep.equal(leads ? ['Service web'] : []);
    });
});
