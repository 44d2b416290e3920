import type { SecurityPolicySpec } from './kinds/security-policy.ts';

/**
 * Returns `spec.images` if images are scanned for the policy. Undefined if the policy does not have it, or only requires approvals, which
 * are about the configuration of workloads.
 */
export function scannedImages({ images }: SecurityPolicySpec): SecurityPolicySpec['images'] {
  const isOnlyApproval = images?.approval !== undefined && images.vulnerabilities === undefined && images.secrets === undefined;
  return isOnlyApproval ? undefined : images;
}
