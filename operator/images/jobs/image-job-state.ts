import { ANNOTATIONS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';

/** What a Job for images was made for, and with what: kept in its annotation `vigil.dev/image-job`, so that nobody reads it back from a template. */
export interface ImageJobState {
  /** The scanner's image. */
  readonly scanner: string;
  /** By what the image is to be had: by the scanner that pulls it, or by a volume. */
  readonly reference?: string;
  /** The scanner pulls the image by itself. */
  readonly pull?: boolean;
  /** The image with an index of Java archives. */
  readonly javaIndex?: string;
  /** The name of the database that it matches with. */
  readonly database?: string;
  /** The node that it would best run on. */
  readonly node?: string;
}

/** The annotation with a state. */
export const imageJobAnnotation = (state: ImageJobState): Readonly<Record<string, string>> => ({
  [ANNOTATIONS.imageJob]: JSON.stringify(state),
});

/** The state of a Job; undefined for one that an older version of Vigil made, or another program. */
export function imageJobState({ metadata: { annotations } }: KubeObject): ImageJobState | undefined {
  try {
    const state = JSON.parse(annotations?.[ANNOTATIONS.imageJob] ?? 'null') as Partial<ImageJobState> | null;
    return typeof state?.scanner === 'string' ? (state as ImageJobState) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the scanner of a Job pulls the image by itself. */
export const isPull = (job: KubeObject): boolean => imageJobState(job)?.pull === true;

/** By which an image is to be had: by the scanner that pulls it, or by a volume. */
export const imageReferenceOf = (job: KubeObject): string | undefined => imageJobState(job)?.reference;

/** The scanner's image that a Job runs. */
export const scannerOf = (job: KubeObject): string | undefined => imageJobState(job)?.scanner;

/** The index of Java archives that the Job of an inventory has; undefined for none. */
export const javaIndexOf = (job: KubeObject): string | undefined => imageJobState(job)?.javaIndex;

/** The name of the database that a Job matches with. */
export const databaseOf = (job: KubeObject): string => imageJobState(job)?.database ?? '';

/** The node that a Job would best run on. */
export const preferredNode = (job: KubeObject): string | undefined => imageJobState(job)?.node;
