import type { ApiResource } from '../api/api-resource.ts';
import type { Finding } from '../findings/finding.ts';
import type { PolicyTally } from '../findings/tally.ts';

/** The object that a record is about. */
export interface RecordTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** When the object was made, in RFC 3339. */
  readonly created?: string;
  /** The labels of the object that its report may carry. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A target that was judged. */
export interface TargetRecord {
  readonly type: 'target';
  readonly target: RecordTarget;
  /** Policies in whose scope it is, with the number of checks that passed. */
  readonly passes: Readonly<Record<string, number>>;
  readonly results: readonly Finding[];
}

/** Targets that could not be read. */
export interface UnreadableRecord {
  readonly type: 'unreadable';
  readonly resource: Pick<ApiResource, 'group' | 'resource' | 'kind'>;
  readonly namespace?: string;
  /** How many the planner counted. */
  readonly targets: number;
  /** The policies in whose scope they are. */
  readonly policies: readonly string[];
  readonly message: string;
}

/** What the targets of one namespace in a shard came to. */
export interface NamespaceRecord {
  readonly type: 'namespace';
  /** Empty: outside of all namespaces. */
  readonly namespace: string;
  /** Targets that were judged. */
  readonly scanned: number;
  readonly policies: Readonly<Record<string, PolicyTally>>;
  /** What was read beside the targets: kind, place and digest of each set, as marks of namespaces have them. */
  readonly reads: readonly (readonly [kind: string, place: string, digest: string])[];
}

/** A line of the stream. */
export type StreamRecord = TargetRecord | UnreadableRecord | NamespaceRecord;
