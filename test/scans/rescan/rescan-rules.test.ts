import { expect } from 'chai';
import { KINDS, RescanBench } from './rescan-bench.ts';

describe('a rescan with rules evaluates again', () => {
  describe('with a rule about Deployments only', () => {
    const rule = {
      name: 'never',
      matchConstraints: {
        resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE' as const], resources: ['deployments'] }],
      },
      validations: [{ expression: 'false' }],
    };
    const ofRule = async (change: (bench: RescanBench) => unknown): Promise<readonly string[]> => {
      const bench = new RescanBench();
      bench.spec = { rules: [rule] };
      expect((await bench.scan()).evaluated).to.deep.equal(['blue', 'green']);
      change(bench);
      return (await bench.scan()).evaluated;
    };

    it('a namespace in which a Deployment was changed', async () => {
      expect(await ofRule((bench) => bench.deployment('blue', 'web', false))).to.deep.equal(['blue']);
    });

    it('a namespace in which a pod was created, since live pods are evaluated with their Deployment', async () => {
      const pod = { metadata: { name: 'web-1', namespace: 'blue' } };
      expect(await ofRule(({ objects }) => objects.put(KINDS.pods, pod))).to.deep.equal(['blue']);
    });

    it('a namespace that has other labels', async () => {
      const labelled = { metadata: { name: 'blue', labels: { tier: 'prod' } } };
      expect(await ofRule(({ objects }) => objects.put(KINDS.namespaces, labelled))).to.deep.equal(['blue']);
    });

    it('nothing when only kinds without a rule have changed', async () => {
      expect(await ofRule(({ objects }) => objects.put(KINDS.services, { metadata: { name: 'new', namespace: 'blue' } }))).to.deep.equal(
        [],
      );
    });
  });

  it('a namespace with objects of a custom kind that a rule evaluates in another version, each time', async () => {
    const bench = new RescanBench();
    const widgets = { group: 'shop.example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true };
    bench.resources = [...bench.resources, widgets, { ...widgets, version: 'v1beta1' }];
    const rule = (version: string): NonNullable<typeof bench.spec.rules>[number] => ({
      name: 'never',
      matchConstraints: {
        resourceRules: [{ apiGroups: [widgets.group], apiVersions: [version], operations: ['CREATE'], resources: ['widgets'] }],
      },
      validations: [{ expression: 'true' }],
    });
    for (const version of ['v1', 'v1beta1'])
      for (const namespace of ['blue', 'green']) bench.objects.put({ ...widgets, version }, { metadata: { name: 'a', namespace } });
    bench.spec = { rules: [rule('v1beta1')] };
    await bench.scan();
    expect((await bench.scan()).evaluated).to.deep.equal(['blue', 'green']);
    bench.spec = { rules: [rule('v1')] };
    await bench.scan();
    expect((await bench.scan()).evaluated).to.deep.equal([]);
  });
});
