import type { Severity } from '../catalogue/controls/severity.ts';

export type { Severity } from '../catalogue/controls/severity.ts';

/** The verdict of one check on one target: the result values of a PolicyReport. */
export type Verdict = 'pass' | 'fail' | 'warn' | 'error' | 'skip';

/** The object that a finding is about. */
export interface ResourceReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/** The result of one check on one target. The engine returns it, the stream of a worker carries it and a report lists it. */
export interface Finding {
  /** The policy's name. Null without a policy, as in a scan of files without one. */
  readonly policy: string | null;
  /** The id of a control, the name of a rule, or a CVE. */
  readonly check: string;
  readonly verdict: Verdict;
  readonly severity: Severity;
  readonly category: string;
  /** The chosen frameworks that the check belongs to, as `name@version`. */
  readonly frameworks: readonly string[];
  /** Short and stable. States the violation, or the reason if the verdict is error or skip. */
  readonly message: string;
  /** The first path with a violation or an error. */
  readonly path?: string;
  /** All paths with a violation, if there are several. */
  readonly paths?: readonly string[];
  /** How to fix it, in one sentence. */
  readonly fix?: string;
  /** The names of the containers with a violation, if any. */
  readonly containers?: readonly string[];
  /** true: the pod or the object itself has a violation too, besides the containers. */
  readonly elsewhere?: boolean;
  /** The live pod that fails while its owner's template passes. */
  readonly pod?: string;
  /** For roles: whether a binding with subjects refers to it. */
  readonly bound?: boolean;
  /** Further properties, as in the report. Set for findings in images. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** A finding with its object. */
export interface ObjectFinding extends Finding {
  readonly resource: ResourceReference;
}

/** The property of a finding that could not be evaluated again and was carried over. */
export const STALE = { stale: 'true' } as const;
