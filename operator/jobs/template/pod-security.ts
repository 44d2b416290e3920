/**
 * The security contexts of pods that Vigil makes: what the restricted Pod Security Standard asks for, and no more. There is no `runAsUser`: the
 * image says which user runs, and where a platform gives each namespace users of its own (OpenShift's restricted-v2), it says so.
 */
export const RESTRICTED_POD = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } as const;

/** Of a container: nothing more than its user may do. */
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;
