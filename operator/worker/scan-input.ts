import type { ApiResource } from '../api/api-resource.ts';
import type { SecurityPolicySpec } from '../api/security-policy.ts';
import type { Shard } from './shard.ts';

/** One policy as the planner saw it. */
export interface PolicySnapshot {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** What it is judged by: see `evaluationRevision`. */
  readonly revision: string;
  readonly spec: SecurityPolicySpec;
}

/** What is true for a whole scan: mounted into every pod of its Jobs. */
export interface ScanInput {
  readonly scan: { readonly name: string; readonly uid: string };
  /** The server's version, such as 1.36. */
  readonly kubernetesVersion: string;
  readonly systemNamespaces: readonly string[];
  readonly policies: readonly PolicySnapshot[];
  /** Everything that the server serves: rules match by it, slices refer to it. */
  readonly resources: readonly ApiResource[];
  /** The namespaces that the scan may look into, with their labels as they were; what lies in others is left alone. */
  readonly namespaces: Readonly<Record<string, { readonly labels: Readonly<Record<string, string>> }>>;
}

/** The shards of one attempt, by the index in its Job. */
export interface AttemptInput {
  readonly shards: readonly Shard[];
}
