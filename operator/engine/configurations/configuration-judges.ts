import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import { auditCoverage, auditedCredentials } from './audit-policy-judges.ts';
import { anonymousRequests } from './authentication-configuration.ts';
import { secretsEncryption } from './encryption-configuration.ts';
import { bootstrapTokens, unverifiedJoin } from './kubeadm-nodes.ts';
import { podSecurityDefaults, podSecurityExemptions } from './pod-security-configuration.ts';

/** The judges of configuration files of the control plane, by the names that controls use. */
export const configurationJudges: Readonly<Record<string, (object: KubernetesObject) => Outcome>> = {
  secretsEncryption,
  anonymousRequests,
  podSecurityDefaults,
  podSecurityExemptions,
  auditCoverage,
  auditedCredentials,
  bootstrapTokens,
  unverifiedJoin,
};
