import { expect } from 'chai';
import {
  policyTargets,
  resourceOf,
  shardTargets,
  splitShard,
  isWholeCluster,
  indexOfResource,
  type Slice,
} from '../../operator/worker/shard.ts';
import { widgets } from './list-double.ts';

const slice = (targets: number, policies: Slice['policies'], resource: Slice['resource'] = 0): Slice => ({ resource, targets, policies });
const shard = { slices: [slice(2, { p: 2 }), slice(3, { p: 1, q: 3 }), slice(4, { q: 4 })], pageSize: 100 };

describe('a shard', () => {
  it('has the targets of its slices, by policy', () => {
    expect([shardTargets(shard), policyTargets(shard)]).to.deep.equal([9, { p: 3, q: 7 }]);
  });

  it('is split into two of half the slices and half the page', () => {
    const [first, second, ...rest] = splitShard(shard);
    expect([first, second, rest]).to.deep.equal([
      { slices: shard.slices.slice(0, 1), pageSize: 50 },
      { slices: shard.slices.slice(1), pageSize: 50 },
      [],
    ]);
  });

  it('of one slice is read in smaller pages, of ten objects at least', () => {
    const one = { slices: shard.slices.slice(0, 1), pageSize: 100 };
    expect(splitShard(one)).to.deep.equal([{ ...one, pageSize: 50 }]);
    expect(splitShard({ ...one, pageSize: 12 })[0]?.pageSize).to.equal(10);
  });
});

describe('the resource of a slice', () => {
  it('is that of its index, or none for the cluster as a whole, also as version 0.1 wrote it', () => {
    expect([
      resourceOf({ resource: 0 }, [widgets]),
      resourceOf({ resource: 'cluster' }, []),
      resourceOf({ resource: -1 }, []),
    ]).to.deep.equal([widgets, undefined, undefined]);
    expect(['cluster', -1, 0].map((resource) => isWholeCluster({ resource: resource as Slice['resource'] }))).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect(() => resourceOf({ resource: 3 }, [widgets])).to.throw('the shard has resource index 3, the scan has 1 resources');
  });

  it('is found in the same version first', () => {
    const [v1, v2] = [widgets, { ...widgets, version: 'v2' }];
    const found = (resources: readonly (typeof widgets)[]): number | undefined => indexOfResource(resources, v1);
    expect([
      found([v1, v2]),
      found([v2, v1]),
      found([v2]),
      found([{ ...v1, group: 'x' }]),
      found([{ ...v1, resource: 'x' }]),
    ]).to.deep.equal([...[0, 1, 0, undefined, undefined]]);
  });
});
