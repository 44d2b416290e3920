import { shortHash } from '../../api/short-hash.ts';

/** The part of the names of a Scan's Jobs and ConfigMaps that identifies the Scan: ten characters of the hash of its uid. */
export const scanHash = (uid: string): string => shortHash(uid, 10);

/** The name of the Job of a Scan's n-th attempt. */
export const jobName = (uid: string, attempt: number): string => `vigil-${scanHash(uid)}-a${attempt}`;
