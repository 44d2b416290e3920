import { expect } from 'chai';
import { preferredNode } from '../../../operator/images/jobs/image-job-state.ts';
import { placeInventories, type PlacementInput } from '../../../operator/images/targets/image-placement.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';

interface Case extends Partial<PlacementInput> {
  /** The nodes that have each image. */
  readonly nodes: Readonly<Record<string, readonly string[]>>;
  /** `image node` of each planned inventory. */
  readonly expected: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  'uses the nodes that have the images': { nodes: { a: ['n1'], b: ['n2'] }, expected: ['a n1', 'b n2'] },
  'returns at most as many inventories as the capacity': {
    nodes: { a: ['n1'], b: ['n2'], c: ['n3'] },
    capacity: 2,
    expected: ['a n1', 'b n2'],
  },
  'returns none if the capacity is negative': { nodes: { a: ['n1'] }, capacity: -1, expected: [] },
  'uses another node with the image if the first is busy': { nodes: { a: ['n1'], b: ['n1', 'n2'] }, expected: ['a n1', 'b n2'] },
  'returns other images first while every node with the image is busy': {
    nodes: { a: ['n1'], b: ['n1'], c: ['n2'] },
    expected: ['a n1', 'c n2'],
  },
  'counts the inventories that run already': { nodes: { a: ['n1'], b: ['n2'] }, busyNodes: ['n1'], expected: ['b n2'] },
  'returns one at a time if there is one node': { nodes: { a: ['n1'], b: ['n1'] }, expected: ['a n1'] },
  'uses a node again after its inventory ended': { nodes: { b: ['n1'] }, busyNodes: [], expected: ['b n1'] },
  'returns as many for each node as the limit': { nodes: { a: ['n1'], b: ['n1'], c: ['n1'] }, perNode: 2, expected: ['a n1', 'b n1'] },
  'uses the least busy node': { nodes: { a: ['n1', 'n2'] }, perNode: 3, busyNodes: ['n1', 'n1', 'n2'], expected: ['a n2'] },
  'uses any node if no node has the image': { nodes: { a: [], b: ['n1'] }, busyNodes: ['n1'], expected: ['a -'] },
};

describe('placeInventories', () => {
  for (const [what, { nodes, expected, ...more }] of Object.entries(cases)) {
    it(what, () => {
      const images = Object.entries(nodes).map(([key, names]) => [key, { nodes: names }] as const);
      const placed = placeInventories(images, { busyNodes: [], capacity: 5, perNode: 1, ...more });
      expect(placed.map(({ key, node }) => `${key} ${node ?? '-'}`)).to.deep.equal(expected);
    });
  }

  it('sets the preferred node in the Job', () => {
    const settings = { namespace: 'v', image: 'v', imagePullPolicy: 'Never', imagePullSecrets: [], scanner: 't' } as const;
    const image = { digest: 'd', reference: 'r/web@d' };
    expect(preferredNode(inventoryJob(settings, { image, node: 'n1' }))).to.equal('n1');
    expect(preferredNode(inventoryJob(settings, { image }))).to.equal(undefined);
  });
});
