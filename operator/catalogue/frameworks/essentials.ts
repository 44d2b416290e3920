import type { CatalogueEntry } from '../controls/control.ts';

/**
 * The controls that version 2 of the framework `vigil` has in addition: severe facts about which no essential control of version 1 says
 * anything. None of them is about pods: the time that the essential controls take for a pod stays the same.
 */
const addedInVersion2: ReadonlySet<string> = new Set([
  'rbac-write-secrets',
  'rbac-constrained-impersonation',
  'rbac-manage-nodes',
  'rbac-manage-namespaces',
  'rbac-manage-api-services',
  'rbac-default-role-binding',
  'persistent-volume-host-path',
  'api-service-tls',
  'aws-auth-masters',
  'kubelet-anonymous-auth',
  'kubelet-authorization',
  'kubelet-read-only-port',
]);

/** The versions of the framework `vigil`, oldest first. */
export const essentialVersions = ['1', '2'] as const;

/** Whether a control is in a version of the framework `vigil`. Default: the newest version. */
export const isEssential = ({ id, essential }: CatalogueEntry, version: string | undefined = essentialVersions.at(-1)): boolean =>
  essential || (version !== '1' && addedInVersion2.has(id));
