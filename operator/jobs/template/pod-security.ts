/**
 * The security contexts of the pods that Vigil creates: what the restricted Pod Security Standard requires, and no more. `runAsUser` is not
 * set: the image decides, or a platform that assigns users to namespaces (OpenShift's restricted-v2).
 */
export const RESTRICTED_POD = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } as const;

/** The security context of a container: no privileges beyond those of its user. */
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;
