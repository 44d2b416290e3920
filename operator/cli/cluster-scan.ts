import type { ScanResult } from '../output/scan-result.ts';
import type { ScanArguments } from './scan-arguments.ts';
import { UsageError } from './usage-error.ts';

/** Judges what is in a cluster. */
export function scanCluster({ context }: ScanArguments): Promise<ScanResult> {
  return Promise.reject(new UsageError(`--cluster does not work yet${context === undefined ? '' : ` (context ${context})`}`));
}
