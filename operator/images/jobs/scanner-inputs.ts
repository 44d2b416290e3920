import { LABELS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { databaseOf, isPull, javaIndexOf, scannerOf } from './image-job-state.ts';
import { PARTS } from '../targets/image-names.ts';

/** What images are looked into with: what failed with one is tried with another at once. */
export interface ScannerInputs {
  readonly scanner: string;
  readonly javaIndex?: string | undefined;
  readonly database?: string | undefined;
}

/** What an inventory is taken with, by mounting or by pulling, as a text. */
export const inventoryInputs = ({ scanner, javaIndex }: ScannerInputs, pull: boolean): string =>
  pull ? `${scanner} pulls` : [scanner, ...(javaIndex === undefined ? [] : [javaIndex])].join(' ');

/** What is matched with, as a text. */
export const matchInputs = ({ scanner, database = '' }: ScannerInputs): string => `${scanner} ${database}`;

/** What a Job did its work with, as one of these. */
export function inputsOf(job: KubeObject): string {
  const means = { scanner: scannerOf(job) ?? '', javaIndex: javaIndexOf(job), database: databaseOf(job) };
  return job.metadata.labels?.[LABELS.part] === PARTS.inventory ? inventoryInputs(means, isPull(job)) : matchInputs(means);
}
