import { expect } from 'chai';
import { changeActivity } from '../../../operator/anomalies/activity/change-activity.ts';
import { isMaterial, isOfStatus } from '../../../operator/anomalies/activity/material-change.ts';
import type { ChangeActivity, Operation } from '../../../operator/anomalies/activity/activity.ts';

const pod = (spec: object = {}, status: object = {}, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec: { containers: [{ name: 'main', image: 'a:1' }], ...spec },
  status,
});
const node = (labels: object, status: object = {}): object => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels }, status });
const activity = (operation: Operation, before: object | undefined, after: object): ChangeActivity => {
  const of = (object: object, facts?: unknown): ChangeActivity =>
    changeActivity({ operation, object, before: facts, at: 0 } as never) ?? expect.fail('no activity');
  return of(after, before && of(before).after);
};

describe('a change that detections read', () => {
  const manager = (name: string): object => ({ managedFields: [{ manager: name, operation: 'Update', time: '2026-11-02T00:00:00Z' }] });
  const rows: readonly (readonly [title: string, before: object | undefined, after: object, material: boolean])[] = [
    ['an image', pod(), pod({ containers: [{ name: 'main', image: 'b:1' }] }), true],
    ['nothing', pod(), pod(), false],
    ['the addresses of the status', pod(), pod({}, { podIPs: [{ ip: '10.0.0.1' }], podIP: '10.0.0.1' }), false],
    ['the node', pod(), pod({ nodeName: 'n1' }), false],
    ['the managers', pod({}, {}, manager('a')), pod({}, {}, manager('b')), false],
    ['what was not known', undefined, pod(), true],
    ['the address of a node', node({}), node({}, { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] }), false],
  ];
  for (const [title, before, after, material] of rows)
    it(`${material ? 'is' : 'is not'} one of ${title}`, () => expect(isMaterial(activity('update', before, after))).to.equal(material));

  it('is one that creates or deletes an object, and never one of the status then', () => {
    for (const operation of ['create', 'delete', 'found'] as const) {
      expect(isMaterial(activity(operation, pod(), pod()))).to.equal(true);
      expect(isOfStatus(activity(operation, pod(), pod()))).to.equal(false);
    }
    expect(isOfStatus(activity('update', pod(), pod()))).to.equal(false);
  });
});
