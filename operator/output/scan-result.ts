import type { ObjectFinding, Verdict } from '../findings/finding.ts';
import type { ManifestError, Source } from '../manifests/manifest.ts';

/** A result with the place in the files that it is about. */
export interface LocatedResult extends ObjectFinding {
  readonly source?: Source;
}

/** Results by verdict. */
export type VerdictCounts = Readonly<Record<Verdict, number>>;

/** What a scan of files or of a cluster found. */
export interface ScanResult {
  /** Failures, errors and skips; passes when they were asked for. */
  readonly results: readonly LocatedResult[];
  /** Counts of all results, passes included. */
  readonly summary: VerdictCounts;
  /** What could not be read. */
  readonly errors: readonly ManifestError[];
}

/** Where the text of an output goes, piece by piece. */
export type Write = (text: string) => void;

/** Prints a scan's result. */
export type Output = (scan: ScanResult, write: Write, style: OutputStyle) => void;

/** What an output may know about where it is printed. */
export interface OutputStyle {
  readonly colour: boolean;
  /** Whether passes are to be listed where the form leaves them out otherwise. */
  readonly passing: boolean;
}

/** `file:line`, as editors and terminals understand it. */
export function placeOf(source: Source | undefined): string {
  if (source === undefined) return '';
  return source.line === undefined ? source.file : `${source.file}:${source.line}`;
}

/** `Kind namespace/name`. */
export function resourceName({ resource: { kind, namespace, name } }: Pick<ObjectFinding, 'resource'>): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
