import type { ClusterSecurityException, SecurityException } from '../api/kinds/security-exception.ts';

/** Either kind of exception. */
export type Exception = SecurityException | ClusterSecurityException;
