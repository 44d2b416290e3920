import { createHash } from 'node:crypto';

/**
 * The delay of a schedule in milliseconds, from 0 to `seconds` seconds. It is constant for a schedule in a cluster, so that many clusters
 * do not start in the same second.
 */
export function jitterMilliseconds(clusterIdentity: string, schedule: string, seconds: number): number {
  if (seconds <= 0) return 0;
  const digest = createHash('sha256').update(`${clusterIdentity}\0${schedule}`).digest();
  return Math.floor((digest.readUInt32BE(0) / 2 ** 32) * seconds * 1000);
}
