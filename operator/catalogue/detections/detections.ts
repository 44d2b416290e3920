import { didYouMean } from '../suggestion.ts';
import { cluster } from './cluster.ts';
import { credentials } from './credentials.ts';
import { dataAccess } from './data-access.ts';
import type { Detection } from './detection.ts';
import { permissions } from './permissions.ts';
import { workloads } from './workloads.ts';

/** Every detection of behaviour. */
export const detections: readonly Detection[] = [...credentials, ...permissions, ...dataAccess, ...workloads, ...cluster];

const byId: ReadonlyMap<string, Detection> = new Map(detections.map((detection) => [detection.id, detection]));

/** Returns the detection with an id, or undefined. */
export function detectionById(id: string): Detection | undefined {
  return byId.get(id);
}

/** Returns ` (did you mean 'x'?)` for the id of a detection that does not exist. */
export const detectionHint = (id: string): string => didYouMean(id, byId.keys());
