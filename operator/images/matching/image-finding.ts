import type { Examples } from '../inventory/examples.ts';
import type { InventorySecret } from '../inventory/inventory.ts';

/** A severity as reports have it. */
export type FindingSeverity = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** A known vulnerability of a package in an image. */
export interface Vulnerability {
  readonly id: string;
  readonly package: string;
  readonly installed: string;
  readonly fixed?: string;
  readonly severity: FindingSeverity;
  readonly title?: string;
  /** The CVSS base score, the newest version that is given. */
  readonly score?: number;
  readonly link?: string;
  /** The file or lockfile that tells of the package. */
  readonly path?: string;
  /** The package URL: left out by older versions of Vigil. */
  readonly purl?: string;
}

/** What is known of one image. */
export interface ImageFindings {
  readonly vulnerabilities: readonly Vulnerability[];
  readonly secrets: readonly InventorySecret[];
  readonly unreadable?: Examples;
  readonly unidentified?: Examples;
}

/**
 * A line of the stream by which matches leave their pod. `image` is what names call an image by; what comes for one ends in `done` or
 * `failed`. A damaged inventory must be taken again.
 */
export type MatchRecord =
  | { readonly type: 'vulnerability'; readonly image: string; readonly vulnerability: Vulnerability }
  | { readonly type: 'done'; readonly image: string }
  | { readonly type: 'failed'; readonly image: string; readonly message: string; readonly damaged?: boolean };

/** What is said at the end of that stream. */
export interface MatchBody {
  /** When the database was made, by its own word. */
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

/** The scanner's severity as reports have it; `UNKNOWN` is `info`. */
export function findingSeverity(text: string | undefined): FindingSeverity {
  const known = (['critical', 'high', 'medium', 'low'] as const).find((severity) => severity === text?.toLowerCase());
  return known ?? 'info';
}

/** A vulnerability as Vigil keeps it. */
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

/** The entries that say something. */
const given = <K extends string>(entries: Readonly<Record<K, string | undefined>>): Partial<Record<K, string>> =>
  Object.fromEntries(Object.entries(entries).filter(([, text]) => Boolean(text))) as Partial<Record<K, string>>;

/** The score of whoever gave the severity, else the National Vulnerability Database's, else anybody's. */
function scoreOf({ CVSS = {}, SeveritySource = '' }: TrivyVulnerability): number | undefined {
  const scores = CVSS[SeveritySource] ?? CVSS['nvd'] ?? Object.values(CVSS)[0];
  return scores?.V40Score ?? scores?.V3Score ?? scores?.V2Score;
}
