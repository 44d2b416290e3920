import { expect } from 'chai';
import { evaluateChanges, type ChangeEvaluator } from '../../operator/changes/change-evaluation.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';

describe('the evaluation of changes of a kind that is not served', () => {
  const widgets = { group: 'example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true };
  const input = { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [], policies: [] };
  const policy = { name: 'p', uid: 'u', generation: 1, revision: '1-a', listPasses: false, ownerLabels: [], excludedNamespaces: 0 };

  /** Returns the names of the objects whose results are withdrawn. */
  async function withdrawn(unavailable: readonly string[]): Promise<readonly string[]> {
    const names: string[] = [];
    const deps = {
      client: { call: () => Promise.resolve({ metadata: {}, items: [{ metadata: { name: 'shop' } }] }) },
      publisher: {
        publish: () => Promise.resolve({ written: 0 }),
        withdrawFrom: ({ target }: { readonly target: { readonly name: string } }) => Promise.resolve(names.push(target.name) > 0),
      },
      policies: { get: () => undefined },
    } as unknown as Parameters<typeof evaluateChanges>[0];
    const evaluator: ChangeEvaluator = { set: compilePolicies([], input), input, policies: [policy], unavailable };
    const batch = { namespace: 'shop', targets: new Map([[widgets, new Set(['a'])]]), wholeCluster: false };
    await evaluateChanges(deps, evaluator, { batch, now: 0, signal: AbortSignal.timeout(60_000) });
    return names;
  }

  it('withdraws results if the kind was deleted', async () => {
    expect(await withdrawn([])).to.deep.equal(['a']);
  });

  it('keeps results while the server of its API group does not respond', async () => {
    expect(await withdrawn(['example.com/v1'])).to.deep.equal([]);
  });
});
