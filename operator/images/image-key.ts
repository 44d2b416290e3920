/** What an image is kept under that was looked into in a namespace, and counts there alone: no digest has an @ in it. */
export const keyIn = (digest: string, namespace: string): string => `${digest}@${namespace}`;

/** The namespace of such a key; undefined for what counts for all. */
export const namespaceOf = (key: string): string | undefined => key.split('@')[1];
