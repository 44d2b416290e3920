import type { CatalogueEntry, Section } from './control.ts';
import { namespacesAndAdmission } from './sections/namespaces-and-admission.ts';
import { networkAndExposure } from './sections/network-and-exposure.ts';
import { podSecurityBaseline } from './sections/pod-security-baseline.ts';
import { podSecurityRestricted } from './sections/pod-security-restricted.ts';
import { rbacAndIdentity } from './sections/rbac-and-identity.ts';
import { resourcesAndAvailability } from './sections/resources-and-availability.ts';
import { secretsHygiene } from './sections/secrets-hygiene.ts';
import { supplyChain } from './sections/supply-chain.ts';
import { workloadHardening } from './sections/workload-hardening.ts';

const sections: readonly Section[] = [
  podSecurityBaseline,
  podSecurityRestricted,
  workloadHardening,
  resourcesAndAvailability,
  supplyChain,
  secretsHygiene,
  rbacAndIdentity,
  networkAndExposure,
  namespacesAndAdmission,
];

/** Every built-in control, in the order of CONTROLS.md. */
export const catalogue: readonly CatalogueEntry[] = sections.flatMap((section) =>
  section.controls.map((control) => ({ ...control, category: section.title })),
);

const byId: ReadonlyMap<string, CatalogueEntry> = new Map(catalogue.map((control) => [control.id, control]));

/** The control with this id. */
export function controlById(id: string): CatalogueEntry | undefined {
  return byId.get(id);
}
