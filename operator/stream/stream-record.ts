import type { ApiResource } from '../api/api-resource.ts';

/** The object that a record is about. */
export interface RecordTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** The labels of the object that its report may carry. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** One verdict that a report lists. */
export interface RecordResult {
  readonly policy: string;
  readonly check: string;
  readonly verdict: 'pass' | 'fail' | 'warn' | 'error' | 'skip';
  readonly severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  readonly category: string;
  readonly frameworks: readonly string[];
  readonly message: string;
  readonly path?: string;
  readonly paths?: readonly string[];
  readonly fix?: string;
  /** The pod that the verdict is about, where it is not its owner's template. */
  readonly pod?: string;
  /** More about it, as the report's properties have it: of findings in images. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** A target that was judged. */
export interface TargetRecord {
  readonly type: 'target';
  readonly target: RecordTarget;
  /** Policies in whose scope it is, with the number of checks that passed. */
  readonly passes: Readonly<Record<string, number>>;
  readonly results: readonly RecordResult[];
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

/** A line of the stream. */
export type StreamRecord = TargetRecord | UnreadableRecord;
