import type { ApiResource } from '../../api/api-resource.ts';
import { compilePolicies, type PolicySet } from '../../engine/policy-set.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { Ledger, Uncovered } from '../ledger/ledger.ts';
import { indexOfResource } from '../../worker/shard.ts';
import type { ReadClusterInfo } from '../../kube/cluster-info.ts';

/**
 * The kinds of the plan that the API server does not serve any more. Deleting a CRD also deletes its objects, so their lists are empty
 * before the kind disappears.
 */
export async function unservedKinds(
  { clusterInfo }: { readonly clusterInfo: ReadClusterInfo },
  store: Pick<LedgerStore, 'input'>,
  { input }: Pick<Ledger, 'input'>,
): Promise<readonly Uncovered[]> {
  const { kubernetesVersion, systemNamespaces, resources, policies } = await store.input(input);
  const served = (await clusterInfo(true)).resources;
  return kindsNotServed(compilePolicies(policies, { kubernetesVersion, resources, systemNamespaces, converts: true }), served);
}

/** The kinds that policies match and that the cluster does not serve. Pure. */
export function kindsNotServed(set: PolicySet, served: readonly ApiResource[]): readonly Uncovered[] {
  const gone = set.targets.filter((resource) => indexOfResource(served, resource) === undefined);
  return gone.map((resource) => {
    const where = resource.group === '' ? 'the core API group' : `API group ${resource.group}`;
    return {
      message: `${resource.resource} in ${where} was served when the scan began and is not served now`,
      policies: set.policiesForResource(resource),
    };
  });
}
