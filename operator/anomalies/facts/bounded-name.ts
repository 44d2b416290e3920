import { shortHash } from '../../api/short-hash.ts';

/** Characters of the hash in a name that was cut. */
const hashLength = 16;

/** A name of at most `most` characters (more than 17). One that is longer ends with `~` and a hash, so that different names stay different. */
export const boundedName = (name: string, most: number): string =>
  name.length <= most ? name : `${name.slice(0, most - hashLength - 1)}~${shortHash(name, hashLength)}`;
