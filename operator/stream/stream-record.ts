import type { ApiResource } from '../api/api-resource.ts';
import type { Finding } from '../findings/finding.ts';
import type { PolicyTally } from '../findings/tally.ts';

/** The object of a record. */
export interface RecordTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** The creation time of the object, in RFC 3339. */
  readonly created?: string;
  /** The labels of the object. Its report may copy some of them. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What inline exceptions are read from: the creation time and the annotation `vigil.dev/except`. */
  readonly inline?: string;
}

/** The results of an evaluated target. */
export interface TargetRecord {
  readonly type: 'target';
  readonly target: RecordTarget;
  /** The policies that count it as a target, each with its number of passes. */
  readonly passes: Readonly<Record<string, number>>;
  readonly results: readonly Finding[];
}

/** A record of targets that could not be read. */
export interface UnreadableRecord {
  readonly type: 'unreadable';
  readonly resource: Pick<ApiResource, 'group' | 'resource' | 'kind'>;
  readonly namespace?: string;
  /** The number of targets in the plan. */
  readonly targets: number;
  /** The policies that count them as targets. */
  readonly policies: readonly string[];
  readonly message: string;
}

/** The counts of one namespace in a shard. */
export interface NamespaceRecord {
  readonly type: 'namespace';
  /** Empty for cluster-scoped targets. */
  readonly namespace: string;
  /** The number of evaluated targets. */
  readonly scanned: number;
  readonly policies: Readonly<Record<string, PolicyTally>>;
  /** The sets of objects that were read besides the targets: kind, place and digest of each. See `ReadSet`. */
  readonly reads: readonly (readonly [kind: string, place: string, digest: string])[];
}

/** A record of the stream. */
export type StreamRecord = TargetRecord | UnreadableRecord | NamespaceRecord;
