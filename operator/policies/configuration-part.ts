import type {
  ConfigurationStatus,
  Coverage,
  FrameworkStatus,
  SecurityPolicyStatus,
  SeverityCounts,
  Summary,
} from '../api/security-policy.ts';
import { legacyConfiguration } from './legacy-configuration.ts';
import { timestampOf } from '../api/timestamp.ts';

/** What a scan found for one policy. A scan of some namespaces says nothing about the whole: it brings counts only. */
export interface PolicyFindings {
  readonly summary: Summary;
  readonly failing: SeverityCounts;
  readonly whole?: {
    readonly scan: string;
    readonly generation: number;
    /** What was judged by: see `evaluationRevision`. */
    readonly revision: string;
    /** Milliseconds since the epoch. */
    readonly time: number;
    readonly coverage: Coverage;
    readonly frameworks: readonly FrameworkStatus[];
    /** What could not be looked at, and why. */
    readonly uncovered: readonly string[];
    /** Why targets could not be scanned, where some could not. */
    readonly failure?: string | undefined;
    /** Names of namespaces that the scope leaves out. */
    readonly excludedNamespaces?: readonly string[];
    /** Entries of `spec.scope.namespaces.include` that match no namespace. */
    readonly unmatchedNamespaces?: readonly string[];
  };
}

/** The fields of a policy's status that scans and changes own. */
export type ConfigurationFields = Pick<SecurityPolicyStatus, 'configuration' | 'frameworks'>;

/** Entries of a list in a status. */
const mostEntries = 20;

/** The part of a status that says what is known of configuration; of a status of an older version, what its totals say. */
export const configurationOf = (status: SecurityPolicyStatus | undefined): ConfigurationStatus | undefined =>
  status?.configuration ?? legacyConfiguration(status ?? {});

/** The fields of scans and changes after something was found, by what they were. Reads no other part of the status. Pure. */
export function configurationFields(before: SecurityPolicyStatus | undefined, findings: PolicyFindings): ConfigurationFields {
  const { summary, failing, whole } = findings;
  const known = configurationOf(before);
  if (!whole) {
    const { frameworks } = before ?? {};
    return { configuration: { ...known, summary, failing }, ...(frameworks ? { frameworks } : {}) };
  }
  const { scan, generation, revision, time, coverage, frameworks, uncovered, failure, excludedNamespaces, unmatchedNamespaces } = whole;
  // A scan that judged nothing makes no verdict younger.
  const judgedNothing = coverage.scanned === 0 && coverage.failed > 0;
  const evaluated = judgedNothing
    ? given({
        evaluatedGeneration: known?.evaluatedGeneration,
        evaluatedRevision: known?.evaluatedRevision,
        lastScanTime: known?.lastScanTime,
      })
    : { evaluatedGeneration: generation, evaluatedRevision: revision, lastScanTime: timestampOf(time) };
  return {
    configuration: {
      ...evaluated,
      lastScan: scan,
      summary,
      failing,
      coverage,
      ...given({ failure }),
      ...listed('uncovered', uncovered),
      ...listed('excludedNamespaces', excludedNamespaces?.toSorted()),
      ...listed('unmatchedNamespaces', unmatchedNamespaces),
    },
    frameworks: [...frameworks],
  };
}

const listed = <K extends string>(key: K, entries: readonly string[] = []): { [P in K]?: string[] } =>
  (entries.length === 0 ? {} : { [key]: entries.slice(0, mostEntries) }) as { [P in K]?: string[] };

const given = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
