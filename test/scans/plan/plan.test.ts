import { expect } from 'chai';
import fc from 'fast-check';
import { jobName } from '../../../operator/scans/ledger/names.ts';
import { packShards, type Count } from '../../../operator/scans/plan/plan.ts';
import { shardTargets, splitShard } from '../../../operator/worker/shard.ts';
import { generationScanName } from '../../../operator/policies/attempts/generation-names.ts';

const policies = {};
const counts = fc.uniqueArray(
  fc
    .record({ resource: fc.nat(5), namespace: fc.option(fc.stringMatching(/^[a-z]{1,3}$/), { nil: undefined }), targets: fc.nat(300) })
    .map(({ namespace, ...rest }): Count => (namespace === undefined ? { ...rest, policies } : { ...rest, namespace, policies })),
  { selector: ({ resource, namespace }) => `${resource}/${namespace ?? ''}`, maxLength: 60 },
);

describe('packing shards', () => {
  it('puts every counted target into exactly one shard, and exceeds its size only for a single large slice', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 8 }), (all, size, parallelism) => {
        const shards = packShards(all, { shardTargets: size, parallelism });
        const seen = shards.flatMap(({ slices }) =>
          slices.map(({ resource, namespace, targets }) => `${resource}/${namespace ?? ''}=${targets}`),
        );
        const wanted = all
          .filter(({ targets }) => targets > 0)
          .map(({ resource, namespace, targets }) => `${resource}/${namespace ?? ''}=${targets}`);
        expect(seen.toSorted()).to.deep.equal(wanted.toSorted());
        for (const shard of shards) if (shard.slices.length > 1) expect(shardTargets(shard)).to.be.at.most(size);
      }),
    );
  });

  it('does not depend on the order of the counts', () => {
    fc.assert(
      fc.property(counts, (all) => {
        const options = { shardTargets: 50, parallelism: 4 };
        expect(packShards(all.toReversed(), options)).to.deep.equal(packShards(all, options));
      }),
    );
  });

  it('keeps a namespace in one shard if it fits, and spreads the work over the pods', () => {
    const twelve = Array.from({ length: 12 }, (_, index): Count[] => [
      { resource: 0, namespace: `team-${index}`, targets: 80, policies },
      { resource: 1, namespace: `team-${index}`, targets: 120, policies },
    ]).flat();
    const shards = packShards(twelve, { shardTargets: 1000, parallelism: 4 });
    expect(shards.map(shardTargets)).to.deep.equal([600, 600, 600, 600]);
    expect(shards.map(({ slices }) => new Set(slices.map(({ namespace }) => namespace)).size)).to.deep.equal([3, 3, 3, 3]);
  });

  it('gives a pod no fewer than 500 targets if there are as many', () => {
    const pods = (namespaces: number): number[] => {
      const all = Array.from({ length: namespaces }, (_, index): Count => ({
        resource: 0,
        namespace: `n-${index}`,
        targets: 50,
        policies,
      }));
      return packShards(all, { shardTargets: 1000, parallelism: 4 }).map(shardTargets);
    };
    expect([pods(9), pods(10), pods(20), pods(60)]).to.deep.equal([[450], [500], [500, 500], [750, 750, 750, 750]]);
  });

  it('uses the ranges of a list that is too long for one shard', () => {
    const ranges = [
      { to: 'm', targets: 100, policies },
      { from: 'token', targets: 90, policies },
    ];
    const shards = packShards([{ resource: 0, namespace: 'big', targets: 190, policies, ranges }], { shardTargets: 100, parallelism: 1 });
    expect(shards.map(({ slices }) => slices)).to.deep.equal([
      [{ resource: 0, namespace: 'big', to: 'm', targets: 100, policies }],
      [{ resource: 0, namespace: 'big', from: 'token', targets: 90, policies }],
    ]);
  });

  it('makes a shard smaller without losing a slice', () => {
    const [shard] = packShards(
      [
        { resource: 0, namespace: 'a', targets: 5, policies },
        { resource: 1, namespace: 'a', targets: 6, policies },
      ],
      { shardTargets: 50, parallelism: 1 },
    );
    expect(splitShard(shard!).flatMap(({ slices }) => slices)).to.deep.equal(shard!.slices);
    expect(splitShard({ slices: shard!.slices.slice(0, 1), pageSize: 500 })).to.deep.equal([
      { slices: shard!.slices.slice(0, 1), pageSize: 250 },
    ]);
  });
});

describe('names', () => {
  it('are the same for the same cause, and short enough', () => {
    expect(jobName('7c1', 2)).to.match(/^vigil-[0-9a-f]{10}-a2$/);
    const policy = { name: 'p'.repeat(253), uid: 'u', generation: 3, revision: '3-a' };
    expect(generationScanName(policy)).to.match(/^p{40}-g3-[0-9a-f]{6}$/);
    expect(generationScanName({ ...policy, uid: 'v' })).not.to.equal(generationScanName(policy));
  });
});
