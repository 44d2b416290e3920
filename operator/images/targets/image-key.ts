import type { RunningImage } from './image-reference.ts';

/**
 * An image key consists of the digest, the platform of the nodes that run the image (one digest may be an index of several platforms), and
 * the namespace if the entry applies to that namespace only: `sha256:…+linux/arm64@shop`. Digests and platforms have no `+` or `@`.
 */

/** Returns the key of a running image. The key has no platform if the platform of the node is unknown. */
export const keyOf = ({ digest, platform }: Pick<RunningImage, 'digest' | 'platform'>): string =>
  platform === undefined ? digest : `${digest}+${platform}`;

/** Returns the key of an image that is scanned in a namespace and whose results apply to that namespace only. */
export const keyInNamespace = (key: string, namespace: string): string => `${key}@${namespace}`;

/** The namespace of a key; undefined if the entry applies to all namespaces. */
export const namespaceOf = (key: string): string | undefined => key.split('@')[1];

/** The platform of a key; undefined if the key has none, as in older versions. */
export const platformOf = (key: string): string | undefined => key.split('@')[0]?.split('+')[1];

/** Returns the key of the same image in the same namespace without its platform. */
export const withoutPlatform = (key: string): string => key.replace(/\+[^@]*/, '');
