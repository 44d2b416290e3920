import { expect } from 'chai';
import { preferredNode } from '../../../operator/images/jobs/image-job-state.ts';
import { inventoryJob } from '../../../operator/images/jobs/image-job.ts';
import { placeInventories, type PlacementInput } from '../../../operator/images/targets/image-placement.ts';

interface Case extends Partial<PlacementInput> {
  /** The nodes that have each image. */
  readonly nodes: Readonly<Record<string, readonly string[]>>;
  /** `image node` of each that is looked into. */
  readonly expected: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  'go where the images are': { nodes: { a: ['n1'], b: ['n2'] }, expected: ['a n1', 'b n2'] },
  'are no more than there is room for': { nodes: { a: ['n1'], b: ['n2'], c: ['n3'] }, capacity: 2, expected: ['a n1', 'b n2'] },
  'are none where there is less room than none': { nodes: { a: ['n1'] }, capacity: -1, expected: [] },
  'go to another node that has the image while the first is busy': { nodes: { a: ['n1'], b: ['n1', 'n2'] }, expected: ['a n1', 'b n2'] },
  'wait while every node that has the image is busy, and let others go first': {
    nodes: { a: ['n1'], b: ['n1'], c: ['n2'] },
    expected: ['a n1', 'c n2'],
  },
  'wait for those that run': { nodes: { a: ['n1'], b: ['n2'] }, busyNodes: ['n1'], expected: ['b n2'] },
  'come one after the other where there is one node': { nodes: { a: ['n1'], b: ['n1'] }, expected: ['a n1'] },
  'go on there once it is free': { nodes: { b: ['n1'] }, busyNodes: [], expected: ['b n1'] },
  'are as many on a node as may be': { nodes: { a: ['n1'], b: ['n1'], c: ['n1'] }, perNode: 2, expected: ['a n1', 'b n1'] },
  'go to the least busy node': { nodes: { a: ['n1', 'n2'] }, perNode: 3, busyNodes: ['n1', 'n1', 'n2'], expected: ['a n2'] },
  'go anywhere while no node is known to have the image': { nodes: { a: [], b: ['n1'] }, busyNodes: ['n1'], expected: ['a -'] },
};

describe('inventories that are taken at once', () => {
  for (const [what, { nodes, expected, ...more }] of Object.entries(cases)) {
    it(what, () => {
      const images = Object.entries(nodes).map(([key, names]) => [key, { nodes: names }] as const);
      const placed = placeInventories(images, { busyNodes: [], capacity: 5, perNode: 1, ...more });
      expect(placed.map(({ key, node }) => `${key} ${node ?? '-'}`)).to.deep.equal(expected);
    });
  }

  it('say in their Jobs where they would best run', () => {
    const settings = { namespace: 'v', image: 'v', imagePullPolicy: 'Never', imagePullSecrets: [], scanner: 't' } as const;
    const image = { digest: 'd', reference: 'r/web@d' };
    expect(preferredNode(inventoryJob(settings, { image, node: 'n1' }))).to.equal('n1');
    expect(preferredNode(inventoryJob(settings, { image }))).to.equal(undefined);
  });
});
