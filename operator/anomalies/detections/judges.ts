import { anonymousAccess, nodeIdentityFromElsewhere, tokenFromElsewhere } from './address-judges.ts';
import { certificateRequest } from './certificate-judges.ts';
import * as cluster from './cluster-judges.ts';
import * as credentials from './credential-judges.ts';
import { webhookConfiguration } from './admission/interception-judges.ts';
import type { ChangeJudge, RequestJudge } from './judge.ts';
import * as pods from './pod-judges.ts';
import { deniedRequests, permissionProbing } from './probing-judges.ts';
import { foreignGuardrail, guardrailLoosened } from './admission/protection-judges.ts';
import * as roles from './role-judges.ts';
import { clusterWideSecretList, secretRead, secretSpread } from './secret-judges.ts';
import { eventsDeleted, execIntoPod, nodeProxy, suspiciousExec } from './session-judges.ts';
import * as workloads from './workload-judges.ts';

/** The judges of requests, by detection. */
export const requestJudges: Readonly<Record<string, RequestJudge>> = {
  'token-from-elsewhere': tokenFromElsewhere,
  'node-identity-from-elsewhere': nodeIdentityFromElsewhere,
  'anonymous-access': anonymousAccess,
  impersonation: credentials.impersonation,
  'token-request': credentials.tokenRequest,
  'legacy-token-used': credentials.legacyTokenUsed,
  'cluster-wide-secret-list': clusterWideSecretList,
  'secret-spread': secretSpread,
  'secret-read': secretRead,
  'exec-into-pod': execIntoPod,
  'suspicious-exec': suspiciousExec,
  'node-proxy': nodeProxy,
  'events-deleted': eventsDeleted,
  'mass-deletion': cluster.massDeletionByRequests,
  'guardrail-loosened': foreignGuardrail,
  'new-exposure': cluster.serviceAddress,
  'denied-requests': deniedRequests,
  'permission-probing': permissionProbing,
  'new-api-use': credentials.newApiUse,
  'unused-binding-used': credentials.unusedBindingUsed,
  'new-principal': credentials.newPrincipal,
};

/** The judges of changes, by detection. */
export const changeJudges: Readonly<Record<string, ChangeJudge>> = {
  'binding-to-everybody': roles.bindingToEverybody,
  'new-admin-binding': roles.newAdminBinding,
  'role-gains-power': roles.roleGainsPower,
  'system-role-changed': roles.systemRoleChanged,
  'certificate-request': certificateRequest,
  'ephemeral-container-added': pods.ephemeralContainerAdded,
  'host-takeover-pod': pods.hostTakeoverPod,
  'new-host-access': pods.newHostAccess,
  'static-pod': pods.staticPod,
  'account-switched': pods.accountSwitched,
  'unowned-pod': pods.unownedPod,
  'miner-or-tool': pods.minerOrTool,
  'system-namespace-newcomer': workloads.systemNamespaceNewcomer,
  'new-image-source': workloads.newImageSource,
  'changed-by-new-actor': workloads.changedByNewActor,
  'daemonset-by-new-actor': workloads.daemonSetByNewActor,
  'job-by-new-actor': workloads.jobByNewActor,
  'resource-jump': workloads.resourceJump,
  'webhook-configuration': webhookConfiguration,
  'guardrail-loosened': guardrailLoosened,
  'cluster-dns-or-auth-changed': cluster.clusterDnsOrAuthChanged,
  'new-exposure': cluster.newExposure,
  'mass-deletion': cluster.massDeletion,
  'unknown-node': cluster.unknownNode,
};
