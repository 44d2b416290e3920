import type { CatalogueEntry, Section } from './control.ts';
import { clusterConfiguration } from './cluster/cluster-configuration.ts';
import { managedClusters } from './cluster/managed-clusters.ts';
import { versionControls } from './cluster/version-controls.ts';
import { controlPlaneAndNodes } from './control-plane-and-nodes.ts';
import { manifests } from './manifests.ts';
import { namespacesAndAdmission } from './namespaces-and-admission.ts';
import { networkAndExposure } from './network-and-exposure.ts';
import { podSecurityBaseline } from './pod-security-baseline.ts';
import { podSecurityRestricted } from './pod-security-restricted.ts';
import { rbacAndIdentity } from './rbac-and-identity.ts';
import { resourcesAndAvailability } from './resources-and-availability.ts';
import { secretsHygiene } from './secrets-hygiene.ts';
import { supplyChain } from './supply-chain.ts';
import { workloadHardening } from './workload-hardening.ts';

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
  clusterConfiguration,
  versionControls,
  managedClusters,
  controlPlaneAndNodes,
  manifests,
];

/** Every built-in control, in the order of CONTROLS.md. */
export const catalogue: readonly CatalogueEntry[] = sections.flatMap((section) =>
  section.controls.map((control) => ({ ...control, category: section.title })),
);

const byId: ReadonlyMap<string, CatalogueEntry> = new Map(catalogue.map((control) => [control.id, control]));

/** Returns the control with an id, or undefined. */
export function controlById(id: string): CatalogueEntry | undefined {
  return byId.get(id);
}
