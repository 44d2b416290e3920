import { LABELS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { databaseOf, isPull, javaIndexOf, scannerOf } from './image-job-state.ts';
import { PARTS } from '../targets/image-names.ts';

/** The scanner, Java index and database of an image scan. A failed scan is retried at once if these change. */
export interface ScannerInputs {
  readonly scanner: string;
  readonly javaIndex?: string | undefined;
  readonly database?: string | undefined;
}

/** Returns the inputs of an inventory as a text, for a mounted or a pulled image. */
export const inventoryInputs = ({ scanner, javaIndex }: ScannerInputs, pull: boolean): string =>
  pull ? `${scanner} pulls` : [scanner, ...(javaIndex === undefined ? [] : [javaIndex])].join(' ');

/** Returns the inputs of a match as a text. */
export const matchInputs = ({ scanner, database = '' }: ScannerInputs): string => `${scanner} ${database}`;

/** Returns the inputs of a Job, as {@link inventoryInputs} or {@link matchInputs} does. */
export function inputsOf(job: KubeObject): string {
  const inputs = { scanner: scannerOf(job) ?? '', javaIndex: javaIndexOf(job), database: databaseOf(job) };
  return job.metadata.labels?.[LABELS.part] === PARTS.inventory ? inventoryInputs(inputs, isPull(job)) : matchInputs(inputs);
}
