import { ANNOTATIONS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';

/** The inputs of an image Job, from its annotation `vigil.dev/image-job`. They are never read from the pod template. */
export interface ImageJobState {
  /** The scanner's image. */
  readonly scanner: string;
  /** The image reference that the scanner pulls or the volume mounts. */
  readonly reference?: string;
  /** The scanner pulls the image. */
  readonly pull?: boolean;
  /** The image with the index of Java archives. */
  readonly javaIndex?: string;
  /** The name of the database that it matches against. */
  readonly database?: string;
  /** The preferred node. */
  readonly node?: string;
}

/** Returns the annotation with these inputs. */
export const imageJobAnnotation = (state: ImageJobState): Readonly<Record<string, string>> => ({
  [ANNOTATIONS.imageJob]: JSON.stringify(state),
});

/** Returns the inputs of a Job; undefined if an older version of Vigil or another program created it. */
export function imageJobState({ metadata: { annotations } }: KubeObject): ImageJobState | undefined {
  try {
    const state = JSON.parse(annotations?.[ANNOTATIONS.imageJob] ?? 'null') as Partial<ImageJobState> | null;
    return typeof state?.scanner === 'string' ? (state as ImageJobState) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the scanner of a Job pulls the image. */
export const isPull = (job: KubeObject): boolean => imageJobState(job)?.pull === true;

/** The image reference that the scanner of a Job pulls or its volume mounts. */
export const imageReferenceOf = (job: KubeObject): string | undefined => imageJobState(job)?.reference;

/** The scanner image of a Job. */
export const scannerOf = (job: KubeObject): string | undefined => imageJobState(job)?.scanner;

/** The image with the Java archive index of an inventory Job; undefined if it has none. */
export const javaIndexOf = (job: KubeObject): string | undefined => imageJobState(job)?.javaIndex;

/** The name of the database that a Job matches against; empty for an inventory Job. */
export const databaseOf = (job: KubeObject): string => imageJobState(job)?.database ?? '';

/** The preferred node of a Job. */
export const preferredNode = (job: KubeObject): string | undefined => imageJobState(job)?.node;
