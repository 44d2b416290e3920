import type { ObjectFinding, Verdict } from '../findings/finding.ts';
import { isExcepted } from '../findings/waivers/apply-waivers.ts';
import type { ManifestError, Source } from '../manifests/manifest.ts';

/** A result with its position in the files. */
export interface LocatedResult extends ObjectFinding {
  readonly source?: Source;
}

/** The number of results by verdict. */
export type VerdictCounts = Readonly<Record<Verdict, number>>;

/** A custom kind whose controller makes pods. */
export interface CustomWorkloads {
  /** `Kind.group`. */
  readonly kind: string;
  readonly objects: number;
  /** Whether the pods are evaluated. */
  readonly evaluated: boolean;
  /** Why they are not. */
  readonly reason?: string;
}

/** The result of a scan of files or of a cluster. */
export interface ScanResult {
  /** Failures, errors and skips. Passes only if they are requested. */
  readonly results: readonly LocatedResult[];
  /** The number of all results by verdict, including passes. */
  readonly summary: VerdictCounts;
  /** The files, documents, policies and resources that could not be read. */
  readonly errors: readonly ManifestError[];
  /** The number of objects of files to which no check applies. */
  readonly unchecked?: number;
  /** The custom kinds with pods, sorted. Absent if there are none. */
  readonly customWorkloads?: readonly CustomWorkloads[];
  /** The files that are patches of kustomizations. They are not evaluated. Absent if there are none. */
  readonly patches?: readonly string[];
}

/** Writes a piece of the output. */
export type Write = (text: string) => void;

/** Prints the result of a scan in one format. */
export type Output = (scan: ScanResult, write: Write, style: OutputStyle) => void;

/** Settings for an output. */
export interface OutputStyle {
  readonly colour: boolean;
  /** Lists passes in formats that leave them out by default. */
  readonly passing: boolean;
}

/** Replaces control characters: names and messages must not control the terminal. */
export const safe = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '�');

/** Returns `file:line`, or `file` if the line is unknown, or the empty string without a source. */
export function placeOf(source: Source | undefined): string {
  if (source === undefined) return '';
  return source.line === undefined ? source.file : `${source.file}:${source.line}`;
}

/** Returns `Kind namespace/name`, or `Kind name` for cluster-scoped objects. */
export function resourceName({ resource: { kind, namespace, name } }: Pick<ObjectFinding, 'resource'>): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** The exception that is an annotation of the object. */
export const INLINE = 'inline';

/** The property of a failure that is in the baseline. */
export const KNOWN = 'known';
/** Whether a result is a failure that is in the baseline. */
export const isKnown = (properties: ObjectFinding['properties']): boolean => properties?.[KNOWN] === 'true';

/** The property of a failure with the other controls that report the same fact. */
export const ALSO = 'also';

/** Returns ` (known)`, ` (excepted by …)` or ` (exception … refused: …)`, and ` (also: …)`, or the empty string. */
export function exceptionNote({ properties = {} }: Pick<ObjectFinding, 'properties'>): string {
  const { exception, until, exceptionRefused } = properties as Readonly<Record<string, string | undefined>>;
  const by = exception === INLINE ? 'the annotation vigil.dev/except' : (exception ?? '');
  const also = (properties as Readonly<Record<string, string | undefined>>)[ALSO];
  const others = also === undefined ? '' : ` (also: ${also})`;
  if (isExcepted(properties)) return ` (excepted by ${by} until ${until ?? ''})`;
  const known = isKnown(properties) ? ' (known)' : '';
  return exceptionRefused === undefined ? others + known : `${others}${known} (exception refused: ${exceptionRefused})`;
}

/** The number of results with the verdict skip, by reason. */
export interface SkipCounts {
  /** Failures that exceptions cover. */
  readonly excepted: number;
  /** Failures that are in the baseline. */
  readonly known: number;
  /** Checks that could not be applied. */
  readonly skipped: number;
}

/** Counts the skips of a scan by reason. */
export function skipCounts({ results, summary }: Pick<ScanResult, 'results' | 'summary'>): SkipCounts {
  const excepted = results.filter(({ properties }) => isExcepted(properties)).length;
  const known = results.filter(({ properties }) => isKnown(properties)).length;
  return { excepted, known, skipped: summary.skip - excepted - known };
}

/** Returns the counts of a scan that are not verdicts, as texts: ` excepted` and ` known`, if there are any. */
export const coveredTexts = ({ excepted, known }: SkipCounts): readonly string[] => [
  ...(excepted > 0 ? [`${excepted} excepted`] : []),
  ...(known > 0 ? [`${known} known`] : []),
];
