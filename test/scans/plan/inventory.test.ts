import { expect } from 'chai';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { countTargets, type Inventory } from '../../../operator/scans/plan/inventory.ts';
import { packShards } from '../../../operator/scans/plan/plan.ts';
import { ListDouble, notServed, widgets } from '../../worker/list-double.ts';

const take = (list: ListDouble, { sliceTargets = 300, namespaced = true } = {}): Promise<Inventory> =>
  countTargets(list.client, {
    resources: new Map([[4, { ...widgets, namespaced }]]),
    policiesOf: (_resource, { metadata }) => (metadata.name.startsWith('x') ? [] : ['p']),
    sliceTargets,
  });
/** `a000` to `a599`. */
const many = Array.from({ length: 600 }, (_, index) => `a${String(index).padStart(3, '0')}`);

describe('the targets in scope', () => {
  it('are counted by namespace and policy, without objects that no policy selects', async () => {
    const { counts, unlisted } = await take(new ListDouble(['a', 'b', 'x']));
    expect(counts).to.deep.equal([{ resource: 4, namespace: 'shop', targets: 2, policies: { p: 2 } }]);
    expect(unlisted).to.deep.equal([]);
  });

  it('are divided within a namespace when a list is too long for a slice', async () => {
    const list = new ListDouble(many);
    const { counts } = await take(list);
    expect(counts[0]?.ranges?.map(({ from, to, targets }) => [from, to, targets])).to.deep.equal([
      [undefined, 'a499', 500],
      ['500', undefined, 100],
    ]);
    expect(list.calls.filter(({ path }) => path.includes('/namespaces/shop/')).length).to.equal(3);
  });

  it('are divided over the whole cluster for a cluster-scoped kind', async () => {
    const list = new ListDouble(many);
    const { counts } = await take(list, { namespaced: false });
    expect(counts[0]?.ranges?.length).to.equal(2);
    expect(list.calls.some(({ path }) => path.includes('/namespaces/'))).to.equal(false);
  });

  it('are never divided when the names are not sorted, and the slice is marked', async () => {
    const { counts } = await take(new ListDouble(many.toReversed()));
    expect(counts).to.deep.equal([{ resource: 4, namespace: 'shop', targets: 600, policies: { p: 600 }, unsorted: true }]);
    expect(packShards(counts, { shardTargets: 300, parallelism: 4 }).map(({ slices }) => slices)).to.deep.equal([
      [{ resource: 4, namespace: 'shop', targets: 600, policies: { p: 600 }, unsorted: true }],
    ]);
  });

  const answers: readonly [title: string, error: KubeApiError, message: RegExp][] = [
    [
      'that may not be listed',
      new KubeApiError('widgets is forbidden', { status: 403 }),
      /^cannot list widgets in API group shop.example.com: grant it by a ClusterRole labelled vigil.dev\/aggregate-to-scan: "true"$/,
    ],
    ['that is not served any more', notServed(), /^widgets in API group shop.example.com is no longer served by this cluster$/],
  ];
  for (const [title, error, message] of answers) {
    it(`list a kind ${title} as unlisted, and continue`, async () => {
      const list = new ListDouble([]);
      list.page = () => {
        throw error;
      };
      const { counts, unlisted } = await take(list);
      expect(counts).to.deep.equal([]);
      expect(unlisted.map((entry) => entry.message)[0]).to.match(message);
    });
  }

  it('are not guessed when the server fails: the error is thrown', async () => {
    const list = new ListDouble([]);
    list.page = () => {
      throw new KubeApiError('overloaded', { status: 500 });
    };
    let thrown: unknown;
    await take(list).catch((error: unknown) => (thrown = error));
    expect(thrown).to.have.property('message', 'overloaded');
  });
});
