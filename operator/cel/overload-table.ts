import type { Overload } from './overload.ts';
import { LISTS } from './library/lists.ts';
import { MAP_INSERT, OPTIONALS } from './library/optionals.ts';
import { STRINGS } from './library/strings.ts';
import { STANDARD } from './standard.ts';

/** Every function of the dialect, of every version: what the checker resolves, the evaluator runs, and the reference lists. */
export const OVERLOADS: readonly Overload[] = [...STANDARD, ...OPTIONALS, ...MAP_INSERT, ...STRINGS, ...LISTS];
