import type { ApiResource } from '../api/api-resource.ts';
import type { SecurityPolicySpec } from '../api/kinds/security-policy.ts';
import type { BoundRule } from '../engine/rules/bound-rule.ts';
import type { Shard } from './shard.ts';

/** A policy at the time of planning. */
export interface PolicySnapshot {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** The revision of its evaluation. See `evaluationRevision`. */
  readonly revision: string;
  readonly spec: SecurityPolicySpec;
  /** The rules of the ValidatingAdmissionPolicies that it selects. Omitted: it selects none. */
  readonly boundRules?: readonly BoundRule[];
}

/** The input of a whole scan. Every pod of its Jobs mounts it. */
export interface ScanInput {
  readonly scan: { readonly name: string; readonly uid: string };
  /** The version of the API server, such as 1.36. */
  readonly kubernetesVersion: string;
  readonly systemNamespaces: readonly string[];
  readonly policies: readonly PolicySnapshot[];
  /** All resources that the server serves. Rules match against them, and slices refer to them by index. */
  readonly resources: readonly ApiResource[];
  /** The namespaces of the scan, with their labels at the time of planning. Objects in other namespaces are ignored. */
  readonly namespaces: Readonly<Record<string, { readonly labels: Readonly<Record<string, string>> }>>;
}

/** The shards of one attempt, by the index in its Job. */
export interface AttemptInput {
  readonly shards: readonly Shard[];
}
