/** A minor version of Kubernetes and the day after which the project gives it no more patches. */
export interface KubernetesSupport {
  readonly minor: number;
  /** ISO 8601. */
  readonly ends: string;
}

/**
 * The ends of support of Kubernetes. Up to 1.31: data/releases/eol.yaml of kubernetes/website. From 1.33: the page of each release, such as
 * kubernetes.io/releases/1.37. 1.32: 14 months after its release (KEP-1498). Versions before the first one have no support either.
 */
export const kubernetesSupport: readonly KubernetesSupport[] = [
  { minor: 20, ends: '2022-02-28' },
  { minor: 21, ends: '2022-06-28' },
  { minor: 22, ends: '2022-12-08' },
  { minor: 23, ends: '2023-02-28' },
  { minor: 24, ends: '2023-07-28' },
  { minor: 25, ends: '2023-10-28' },
  { minor: 26, ends: '2024-02-28' },
  { minor: 27, ends: '2024-07-16' },
  { minor: 28, ends: '2024-10-22' },
  { minor: 29, ends: '2025-02-28' },
  { minor: 30, ends: '2025-07-15' },
  { minor: 31, ends: '2025-11-11' },
  { minor: 32, ends: '2026-02-28' },
  { minor: 33, ends: '2026-06-28' },
  { minor: 34, ends: '2026-10-27' },
  { minor: 35, ends: '2027-02-28' },
  { minor: 36, ends: '2027-06-28' },
  { minor: 37, ends: '2027-10-28' },
];

/** A vulnerability of a program, and the first version without it in each line of versions. */
export interface KnownVulnerability {
  readonly cve: string;
  readonly severity: 'high' | 'critical';
  /** The fixed versions, oldest first. Older lines than the first have no fix. */
  readonly fixed: readonly string[];
}

/** The vulnerabilities of ingress-nginx that give access to Secrets: the issues with the label official-cve-feed of kubernetes/kubernetes. */
export const ingressNginxVulnerabilities: readonly KnownVulnerability[] = [
  { cve: 'CVE-2021-25742', severity: 'high', fixed: ['0.49.1', '1.0.1'] },
  { cve: 'CVE-2021-25745', severity: 'high', fixed: ['1.2.0'] },
  { cve: 'CVE-2023-5043', severity: 'high', fixed: ['1.9.0'] },
  { cve: 'CVE-2024-7646', severity: 'high', fixed: ['1.10.4', '1.11.2'] },
  { cve: 'CVE-2025-1974', severity: 'critical', fixed: ['1.11.5', '1.12.1'] },
  { cve: 'CVE-2025-15566', severity: 'high', fixed: ['1.12.5', '1.13.1'] },
  { cve: 'CVE-2026-24512', severity: 'high', fixed: ['1.13.7', '1.14.3'] },
  { cve: 'CVE-2026-3288', severity: 'high', fixed: ['1.13.8', '1.14.4', '1.15.0'] },
  // kubernetes/kubernetes issue 137893
  { cve: 'CVE-2026-4342', severity: 'high', fixed: ['1.13.9', '1.14.5', '1.15.1'] },
];
