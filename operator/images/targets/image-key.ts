import type { RunningImage } from './image-reference.ts';

/**
 * What is known of an image is kept under its digest, the platform of the nodes that run it, since one digest may be of an index over
 * several, and the namespace where it counts for that alone: `sha256:…+linux/arm64@shop`. No digest or platform has these characters.
 */

/** What an image that runs is kept under; without a platform while the node that runs it does not say which it has. */
export const keyOf = ({ digest, platform }: Pick<RunningImage, 'digest' | 'platform'>): string =>
  platform === undefined ? digest : `${digest}+${platform}`;

/** What an image is kept under that was looked into in a namespace, and counts there alone. */
export const keyInNamespace = (key: string, namespace: string): string => `${key}@${namespace}`;

/** The namespace of such a key; undefined for what counts for all. */
export const namespaceOf = (key: string): string | undefined => key.split('@')[1];

/** The platform of a key: none in those of versions that did not tell platforms apart. */
export const platformOf = (key: string): string | undefined => key.split('@')[0]?.split('+')[1];

/** A key without its platform: of the same image in the same namespace. */
export const withoutPlatform = (key: string): string => key.replace(/\+[^@]*/, '');
