import type { Severity } from '../catalogue/controls/severity.ts';

export type { Severity } from '../catalogue/controls/severity.ts';

/** What one check on one target came to: the result values of a PolicyReport. */
export type Verdict = 'pass' | 'fail' | 'warn' | 'error' | 'skip';

/** The object that a finding is about. */
export interface ResourceReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/** One check on one target: what the engine finds, a worker's stream carries and a report lists. */
export interface Finding {
  /** The policy's name; null where there is none, as in a scan of files without one. */
  readonly policy: string | null;
  /** The id of a control, the name of a rule, or a CVE. */
  readonly check: string;
  readonly verdict: Verdict;
  readonly severity: Severity;
  readonly category: string;
  /** The chosen frameworks that the check belongs to, as `name@version`. */
  readonly frameworks: readonly string[];
  /** Short and stable: what is wrong, or why there is no verdict. */
  readonly message: string;
  /** The first offending path, or where an error is. */
  readonly path?: string;
  /** All offending paths, where there are several. */
  readonly paths?: readonly string[];
  /** How to mend it, in one sentence. */
  readonly fix?: string;
  /** Names of the offending containers, where they are some. */
  readonly containers?: readonly string[];
  /** The live pod that fails, where its owner's template does not. */
  readonly pod?: string;
  /** For roles: whether somebody holds it. */
  readonly bound?: boolean;
  /** More about it, as the report's properties have it: of findings in images. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** A finding with the object that it is about. */
export interface ObjectFinding extends Finding {
  readonly resource: ResourceReference;
}

/** The property of a finding that could not be renewed: it is what was found before. */
export const STALE = { stale: 'true' } as const;
