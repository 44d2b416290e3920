import { definedEntries } from '../api/defined-entries.ts';
import type {
  ConfigurationStatus,
  Coverage,
  FrameworkStatus,
  SecurityPolicyStatus,
  SeverityCounts,
  Summary,
} from '../api/kinds/policy-status.ts';
import { legacyConfiguration } from './legacy-configuration.ts';
import { timestampOf } from '../api/timestamp.ts';

/** The results of one scan or on-change evaluation for one policy. `whole` is set only if the whole scope of the policy was scanned. */
export interface PolicyFindings {
  readonly summary: Summary;
  readonly failing: SeverityCounts;
  readonly excepted?: SeverityCounts | undefined;
  readonly whole?: {
    readonly scan: string;
    readonly generation: number;
    /** The revision that was evaluated; see `evaluationRevision`. */
    readonly revision: string;
    /** Milliseconds since the epoch. */
    readonly time: number;
    readonly coverage: Coverage;
    readonly frameworks: readonly FrameworkStatus[];
    /** What could not be read or evaluated, each with the reason. */
    readonly uncovered: readonly string[];
    /** The reason why targets could not be scanned. Undefined if all were scanned. */
    readonly failure?: string | undefined;
    /** Names of namespaces that are not in scope. */
    readonly excludedNamespaces?: readonly string[];
    /** Entries of `spec.scope.namespaces.include` that match no namespace. */
    readonly unmatchedNamespaces?: readonly string[];
    /** Rules that evaluated no object, although objects of their kinds were in scope. Each with the reason. */
    readonly unevaluatedRules?: readonly string[];
  };
}

/** The fields of a policy's status that scans and on-change evaluations own. */
export type ConfigurationFields = Pick<SecurityPolicyStatus, 'configuration' | 'frameworks'>;

/** The maximum number of entries in a list of the status. */
const mostEntries = 20;

/** Returns the configuration part of a status. For a status of an older version, computes it from the totals. */
export const configurationOf = (status: SecurityPolicyStatus | undefined): ConfigurationStatus | undefined =>
  status?.configuration ?? legacyConfiguration(status ?? {});

/** Returns the fields of the configuration part after new results. Reads no other part of the status. Pure. */
export function configurationFields(before: SecurityPolicyStatus | undefined, findings: PolicyFindings): ConfigurationFields {
  const { summary, failing, excepted, whole } = findings;
  const { excepted: _before, ...known }: Partial<ConfigurationStatus> = configurationOf(before) ?? {};
  const counts = { summary, failing, ...definedEntries({ excepted }) };
  if (!whole) {
    const { frameworks } = before ?? {};
    return { configuration: { ...known, ...counts }, ...(frameworks ? { frameworks } : {}) };
  }
  const { scan, generation, revision, time, coverage, uncovered, failure, excludedNamespaces, unmatchedNamespaces, unevaluatedRules } =
    whole;
  // A scan that evaluated no target does not renew the time of the verdicts.
  const evaluated = evaluatedNothing(coverage)
    ? definedEntries({
        evaluatedGeneration: known.evaluatedGeneration,
        evaluatedRevision: known.evaluatedRevision,
        lastScanTime: known.lastScanTime,
      })
    : { evaluatedGeneration: generation, evaluatedRevision: revision, lastScanTime: timestampOf(time) };
  return {
    configuration: {
      ...evaluated,
      lastScan: scan,
      ...counts,
      coverage,
      ...definedEntries({ failure }),
      ...listField('uncovered', uncovered),
      ...listField('excludedNamespaces', excludedNamespaces?.toSorted()),
      ...listField('unmatchedNamespaces', unmatchedNamespaces),
      ...listField('unevaluatedRules', unevaluatedRules),
    },
    frameworks: frameworksAfter(before, whole),
  };
}

/** Returns the frameworks as they were if the scan evaluated nothing and an earlier scan did. */
function frameworksAfter(
  before: SecurityPolicyStatus | undefined,
  { coverage, frameworks }: Pick<NonNullable<PolicyFindings['whole']>, 'coverage' | 'frameworks'>,
): FrameworkStatus[] {
  const isKept = evaluatedNothing(coverage) && configurationOf(before)?.evaluatedGeneration !== undefined;
  return [...(isKept ? (before?.frameworks ?? frameworks) : frameworks)];
}

/** Returns whether a scan had targets in scope and evaluated none of them. */
export const evaluatedNothing = ({ scanned, failed }: Coverage): boolean => scanned === 0 && failed > 0;

const listField = <K extends string>(key: K, entries: readonly string[] = []): { [P in K]?: string[] } =>
  (entries.length === 0 ? {} : { [key]: entries.slice(0, mostEntries) }) as { [P in K]?: string[] };
