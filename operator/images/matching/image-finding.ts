import type { Examples } from '../inventory/examples.ts';
import type { InventorySecret } from '../inventory/inventory.ts';

/** A severity in reports. */
export type FindingSeverity = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** A known vulnerability of a package in an image. */
export interface Vulnerability {
  readonly id: string;
  readonly package: string;
  readonly installed: string;
  readonly fixed?: string;
  readonly severity: FindingSeverity;
  readonly title?: string;
  /** The CVSS base score of the newest CVSS version in the database. */
  readonly score?: number;
  readonly link?: string;
  /** The file or lockfile of the package. */
  readonly path?: string;
  /** The package URL; missing in findings of older Vigil versions. */
  readonly purl?: string;
}

/** The findings of one image. */
export interface ImageFindings {
  readonly vulnerabilities: readonly Vulnerability[];
  readonly secrets: readonly InventorySecret[];
  readonly unreadable?: Examples;
  readonly unidentified?: Examples;
}

/**
 * A record of the result stream of a match Job. `image` is the hash of the image key. The records of an image end with `done` or `failed`.
 * A damaged inventory must be taken again.
 */
export type MatchRecord =
  | { readonly type: 'vulnerability'; readonly image: string; readonly vulnerability: Vulnerability }
  | { readonly type: 'done'; readonly image: string }
  | { readonly type: 'failed'; readonly image: string; readonly message: string; readonly damaged?: boolean };

/** The trailer of that stream. */
export interface MatchBody {
  /** The build time of the database, from its metadata. */
  readonly database: string;
}

interface Cvss {
  readonly V3Score?: number;
  readonly V40Score?: number;
  readonly V2Score?: number;
}

/** A vulnerability in a Trivy report. */
export interface TrivyVulnerability {
  readonly VulnerabilityID?: string;
  readonly PkgName?: string;
  readonly PkgPath?: string;
  readonly PkgIdentifier?: { readonly PURL?: string };
  readonly InstalledVersion?: string;
  readonly FixedVersion?: string;
  readonly Severity?: string;
  readonly SeveritySource?: string;
  readonly Title?: string;
  readonly PrimaryURL?: string;
  readonly CVSS?: Readonly<Record<string, Cvss>>;
}

/** Converts the scanner's severity to a severity in reports. `UNKNOWN` becomes `info`. */
export function findingSeverity(text: string | undefined): FindingSeverity {
  const known = (['critical', 'high', 'medium', 'low'] as const).find((severity) => severity === text?.toLowerCase());
  return known ?? 'info';
}

/** Converts a vulnerability of a Trivy report. */
export function vulnerabilityOf(found: TrivyVulnerability): Vulnerability {
  const { FixedVersion, Title, PrimaryURL, PkgPath, PkgIdentifier } = found;
  const score = scoreOf(found);
  return {
    id: found.VulnerabilityID ?? '',
    package: found.PkgName ?? '',
    installed: found.InstalledVersion ?? '',
    severity: findingSeverity(found.Severity),
    ...given({ fixed: FixedVersion, title: Title }),
    ...(score === undefined ? {} : { score }),
    ...given({ link: PrimaryURL, path: PkgPath, purl: PkgIdentifier?.PURL }),
  };
}

/** Returns the entries with a text. */
const given = <K extends string>(entries: Readonly<Record<K, string | undefined>>): Partial<Record<K, string>> =>
  Object.fromEntries(Object.entries(entries).filter(([, text]) => Boolean(text))) as Partial<Record<K, string>>;

/** Returns the score from the source of the severity, or from the National Vulnerability Database, or from any source. */
function scoreOf({ CVSS = {}, SeveritySource = '' }: TrivyVulnerability): number | undefined {
  const scores = CVSS[SeveritySource] ?? CVSS['nvd'] ?? Object.values(CVSS)[0];
  return scores?.V40Score ?? scores?.V3Score ?? scores?.V2Score;
}
