import { isDeepStrictEqual } from 'node:util';
import { RESOURCES } from '../api/api-resource.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import type { ImagesStatus, SecurityPolicy, SecurityPolicyStatus } from '../api/security-policy.ts';
import { compilePolicies } from '../engine/policy-set.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import { policyStatus, type PolicyFindings } from './policy-status.ts';
import type { World } from './world.ts';

/** What was found for a policy: by a scan, or in images. */
export interface PolicyNews {
  readonly findings?: PolicyFindings;
  readonly images?: ImagesStatus;
}

/**
 * Brings what was found into a policy's status, over the status as it is at that moment: of two who tell at once, one is refused by
 * the server and does it again over what the other wrote. Writes nothing where there is nothing new. One that is gone is not told.
 */
export async function tellPolicy(
  world: World,
  { name, uid }: { readonly name: string; readonly uid: string },
  news: PolicyNews,
): Promise<void> {
  for (;;) {
    try {
      const policy = await world.client.get<SecurityPolicy>(RESOURCES.policies, { name });
      if (policy.metadata.uid !== uid) return;
      const status = await renewedStatus(world, policy, news);
      const metadata = { name, resourceVersion: policy.metadata.resourceVersion ?? '' };
      if (!isDeepStrictEqual(policy.status, status))
        await world.client.apply(RESOURCES.policies, { metadata, status } as SecurityPolicy, {
          sub: 'status',
          manager: FIELD_MANAGERS.policies,
        });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error)) throw error;
    }
  }
}

async function renewedStatus(world: World, policy: SecurityPolicy, news: PolicyNews): Promise<SecurityPolicyStatus> {
  const { kubernetesVersion, resources } = await world.surroundings();
  const options = { kubernetesVersion, resources, systemNamespaces: world.systemNamespaces };
  const { problems } = compilePolicies([{ name: policy.metadata.name, spec: policy.spec }], options);
  return policyStatus({ policy, problems, schedules: world.schedules.list(), ...news, now: world.clock() });
}
