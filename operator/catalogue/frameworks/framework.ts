import { catalogue } from '../controls/catalogue.ts';
import type { CatalogueEntry, Theme } from '../controls/control.ts';
import { cisId, cisRequirements, cisVersions } from './cis.ts';
import { essentialVersions, isEssential } from './essentials.ts';
import { gdprRequirements, pciRequirements, socRequirements, type ThemedRequirement } from './compliance.ts';
import { aksRequirements, eksRequirements, gkeRequirements } from './managed-clusters.ts';
import { comparedWith, type ManagedRequirement } from './managed-requirements.ts';
import { mitreRequirements, nistRequirements, nsaRequirements } from './guidance.ts';
import type { RequirementSource } from './requirement-source.ts';
import { didYouMean } from '../suggestion.ts';

/** The newest minor version of Kubernetes for which the catalogue has Pod Security Standards. */
export const newestMinor = 37;

/** One requirement of a framework, with the ids of the controls that cover it. */
export interface Requirement {
  readonly id: string;
  readonly title: string;
  /** The requirement fails if one of these controls fails. If the list is empty, the requirement is a manual check. */
  readonly controls: readonly string[];
  /** The manual check. Set if controls do not cover the requirement, or only a part of it. */
  readonly manual?: string;
  /** The reason if there is no target for its controls. Default: that the scope has no objects for them. */
  readonly unseen?: string;
}

/** One version of a framework: its controls and its requirements. */
export interface Framework {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly controls: readonly CatalogueEntry[];
  readonly requirements: readonly Requirement[];
  /** The minor version of Kubernetes, for the Pod Security Standards only. */
  readonly podSecurityMinor?: number;
}

interface Family {
  readonly title: string;
  readonly versions: readonly string[];
  readonly requirements: (version: string) => readonly Requirement[];
}

const minorOf = (version: string): number => Number(version.slice(2));
const minors = Array.from({ length: newestMinor + 1 }, (_, minor) => `1.${minor}`);

/** Returns the controls of a Pod Security Standard in one minor version. A restricted control replaces its baseline counterpart. */
function podSecurityControls(level: 'baseline' | 'restricted', minor: number): readonly CatalogueEntry[] {
  const members = catalogue.filter(
    ({ placement: { pss } }) => pss !== undefined && (pss.since ?? 0) <= minor && (level === 'restricted' || pss.level === 'baseline'),
  );
  const replaced = new Set(members.map((control) => control.placement.pss?.replaces));
  return members.filter((control) => !replaced.has(control.id));
}

function podSecurityRequirements(level: 'baseline' | 'restricted', version: string): readonly Requirement[] {
  const members = podSecurityControls(level, minorOf(version));
  const names = [...new Set(members.map((control) => control.placement.pss?.name ?? ''))];
  return names.map((name) => ({
    id: name,
    title: name,
    controls: members.filter((control) => control.placement.pss?.name === name).map(({ id }) => id),
  }));
}

/** Adds the controls to each requirement. A control covers a requirement if `idsOf` returns its id. */
function placed(
  sources: readonly RequirementSource[],
  idsOf: (control: CatalogueEntry) => readonly (string | undefined)[] | undefined,
): readonly Requirement[] {
  return sources.map((source) => ({
    ...source,
    controls: catalogue.filter((control) => idsOf(control)?.includes(source.id)).map(({ id }) => id),
  }));
}

/** Adds the controls to the requirements of a benchmark of a managed cluster. */
function managed(sources: readonly ManagedRequirement[]): readonly Requirement[] {
  const covers = ({ id, placement }: CatalogueEntry, { as, controls }: ManagedRequirement): boolean =>
    controls.includes(id) || (placement.cis ?? []).some((cis) => as.includes(cisId(cis, comparedWith) ?? ''));
  return sources.map((source) => {
    const { as: _as, controls: _controls, ...requirement } = source;
    return { ...requirement, controls: catalogue.filter((control) => covers(control, source)).map(({ id }) => id) };
  });
}

function themed(sources: readonly ThemedRequirement[]): readonly Requirement[] {
  const themesOf = (control: CatalogueEntry): readonly Theme[] => (typeof control.theme === 'string' ? [control.theme] : control.theme);
  return sources.map(({ themes, ...source }) => ({
    ...source,
    controls: catalogue.filter((control) => themesOf(control).some((theme) => themes.includes(theme))).map(({ id }) => id),
  }));
}

const families: ReadonlyMap<string, Family> = new Map<string, Family>([
  [
    'pss-baseline',
    {
      title: 'Pod Security Standards, baseline',
      versions: minors,
      requirements: (version) => podSecurityRequirements('baseline', version),
    },
  ],
  [
    'pss-restricted',
    {
      title: 'Pod Security Standards, restricted',
      versions: minors,
      requirements: (version) => podSecurityRequirements('restricted', version),
    },
  ],
  [
    'cis',
    {
      title: 'CIS Kubernetes Benchmark',
      versions: cisVersions,
      requirements: (version) => placed(cisRequirements(version), ({ placement }) => placement.cis?.map((id) => cisId(id, version))),
    },
  ],
  [
    'cis-eks',
    {
      title: 'CIS Amazon EKS Benchmark',
      versions: ['1.7', '1.8'],
      requirements: (version) => managed(eksRequirements(version)),
    },
  ],
  ['cis-aks', { title: 'CIS Azure Kubernetes Service Benchmark', versions: ['1.8'], requirements: () => managed(aksRequirements()) }],
  ['cis-gke', { title: 'CIS Google Kubernetes Engine Benchmark', versions: ['1.9'], requirements: () => managed(gkeRequirements()) }],
  [
    'nsa',
    {
      title: 'NSA/CISA Kubernetes Hardening Guidance',
      versions: ['1.2'],
      requirements: () => placed(nsaRequirements, ({ placement }) => placement.nsa),
    },
  ],
  [
    'mitre-containers',
    {
      title: 'MITRE ATT&CK, Containers matrix',
      versions: ['16'],
      requirements: () => placed(mitreRequirements, ({ placement }) => placement.mitre),
    },
  ],
  [
    'nist-800-190',
    {
      title: 'NIST SP 800-190, Application Container Security Guide',
      versions: ['1'],
      requirements: () => placed(nistRequirements, ({ placement }) => placement.nist),
    },
  ],
  ['pci-dss', { title: 'PCI DSS', versions: ['4.0'], requirements: () => themed(pciRequirements) }],
  ['soc2', { title: 'SOC 2 Trust Services Criteria', versions: ['2017'], requirements: () => themed(socRequirements) }],
  ['gdpr', { title: 'GDPR, Article 32', versions: ['2016'], requirements: () => themed(gdprRequirements) }],
  [
    'vigil',
    {
      title: 'Essential controls of Vigil',
      versions: essentialVersions,
      requirements: (version) =>
        catalogue.filter((control) => isEssential(control, version)).map(({ id, title }) => ({ id, title, controls: [id] })),
    },
  ],
]);

/** Returns the name, the title and the versions (oldest first) of every framework. */
export function frameworkVersions(): readonly { readonly name: string; readonly title: string; readonly versions: readonly string[] }[] {
  return [...families].map(([name, { title, versions }]) => ({ name, title, versions }));
}

const controlsByFramework = new Map<string, ReadonlySet<string>>();

/** Returns the ids of the controls of a framework in any of its versions. Empty for an unknown framework. */
export function controlsOfFramework(name: string): ReadonlySet<string> {
  return controlsByFramework.getOrInsertComputed(name, () => {
    const family = families.get(name);
    return new Set(family?.versions.flatMap((version) => family.requirements(version).flatMap(({ controls }) => controls)));
  });
}

const resolved = new Map<string, Framework>();

function build(name: string, family: Family, version: string): Framework {
  const requirements = family.requirements(version);
  const ids = new Set(requirements.flatMap((requirement) => requirement.controls));
  const podSecurity = name.startsWith('pss-') ? { podSecurityMinor: minorOf(version) } : {};
  return { name, version, title: family.title, requirements, controls: catalogue.filter(({ id }) => ids.has(id)), ...podSecurity };
}

/** Returns `name@version`, the id of a framework in results. */
export function frameworkId(framework: Pick<Framework, 'name' | 'version'>): string {
  return `${framework.name}@${framework.version}`;
}

/**
 * Returns the framework with this name and version, or a message if there is no such framework or version. If the version is undefined or
 * `latest`, it is the newest one. For the Pod Security Standards it is then the minor version of the cluster (`kubernetesVersion`, such as
 * "1.36"), but at most {@link newestMinor}. A leading `v` is allowed.
 */
export function resolveFramework(
  name: string,
  version: string | undefined,
  kubernetesVersion: string | undefined,
): { readonly ok: true; readonly framework: Framework } | { readonly ok: false; readonly message: string } {
  const family = families.get(name);
  if (family === undefined)
    return {
      ok: false,
      message: `no framework '${name}'${didYouMean(name, families.keys())}; the frameworks are ${[...families.keys()].join(', ')}`,
    };
  const wanted = version === undefined || version === 'latest' ? latest(family, kubernetesVersion) : version.replace(/^v/, '');
  if (!family.versions.includes(wanted)) {
    return {
      ok: false,
      message: `framework '${name}' has no version '${version ?? wanted}'; the versions are ${versionList(family.versions)}`,
    };
  }
  const key = `${name}@${wanted}`;
  const framework = resolved.get(key) ?? build(name, family, wanted);
  resolved.set(key, framework);
  return { ok: true, framework };
}

function latest(family: Family, kubernetesVersion: string | undefined): string {
  const newest = family.versions.at(-1) ?? '';
  if (family.versions !== minors || kubernetesVersion === undefined) return newest;
  const minor = Number(/^v?1\.(\d+)/.exec(kubernetesVersion)?.[1] ?? newestMinor);
  return `1.${Math.min(minor, newestMinor)}`;
}

function versionList(versions: readonly string[]): string {
  return versions.length > 6 ? `${versions[0] ?? ''} to ${versions.at(-1) ?? ''} and latest` : [...versions, 'latest'].join(', ');
}
