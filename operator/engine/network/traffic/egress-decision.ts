import type { Decision, Destination, TrafficPolicy } from './traffic-policy.ts';

/** Whether policies let a pod reach a destination, or why that cannot be told. */
export type EgressVerdict = 'Allow' | 'Deny' | { readonly unknown: string };

/** The order of NetworkPolicies of Kubernetes among those of Calico. */
const kubernetesOrder = 1000;

const byOrder = (a: TrafficPolicy, b: TrafficPolicy): number => (a.order ?? 0) - (b.order ?? 0) || (a.name < b.name ? -1 : 1);

interface Verdict {
  readonly decision: Decision;
  readonly policy: TrafficPolicy;
}

/** The first decision of policies that decide one after the other. */
function firstDecision(policies: readonly TrafficPolicy[], destination: Destination): Verdict | undefined {
  for (const policy of policies.toSorted(byOrder)) {
    const decision = policy.decide(destination);
    if (decision !== undefined) return { decision, policy };
  }
  return undefined;
}

/** The decision of policies that decide together: Deny wins. */
function jointDecision(policies: readonly TrafficPolicy[], destination: Destination): Verdict | undefined {
  const verdicts = policies.map((policy) => ({ decision: policy.decide(destination), policy }));
  return ['Deny', 'Unknown', 'Allow']
    .map((wanted) => verdicts.find(({ decision }) => decision === wanted))
    .find((found) => found !== undefined);
}

function verdictOf({ decision, policy }: Verdict): EgressVerdict {
  if (decision === 'Unknown') return { unknown: `it cannot be told whether ${policy.name} applies to the metadata service` };
  return decision === 'Deny' ? 'Deny' : 'Allow';
}

function networkVerdict(policies: readonly TrafficPolicy[], destination: Destination): Verdict | undefined {
  const ordered = policies.filter(({ order }) => order !== undefined);
  const isBefore = ({ order = 0 }: TrafficPolicy): boolean => order <= kubernetesOrder;
  return (
    firstDecision(ordered.filter(isBefore), destination) ??
    jointDecision(
      policies.filter(({ order }) => order === undefined),
      destination,
    ) ??
    firstDecision(
      ordered.filter((policy) => !isBefore(policy)),
      destination,
    )
  );
}

/**
 * Decides about egress of a pod. `policies` are those that select the pod and say something about the destination, `isolated` whether some
 * policy denies egress that no rule allows. Policies of the tier `admin` come first, those of `baseline` last.
 */
export function decideEgress(policies: readonly TrafficPolicy[], destination: Destination, isolated: boolean): EgressVerdict {
  const unreadable = policies.find(({ unreadableRules }) => unreadableRules !== undefined)?.unreadableRules;
  if (unreadable !== undefined) return { unknown: unreadable };
  const inTier = (tier: TrafficPolicy['tier']): readonly TrafficPolicy[] => policies.filter((policy) => policy.tier === tier);
  const admin = firstDecision(inTier('admin'), destination);
  if (admin !== undefined && admin.decision !== 'Pass') return verdictOf(admin);
  const network = networkVerdict(inTier('network'), destination);
  if (network !== undefined) return verdictOf(network);
  if (isolated) return 'Deny';
  const baseline = firstDecision(inTier('baseline'), destination);
  return baseline === undefined ? 'Allow' : verdictOf(baseline);
}
