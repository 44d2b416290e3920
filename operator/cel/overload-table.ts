import { AUTHORIZER_FUNCTIONS } from './library/authorizer.ts';
import { IPS } from './library/ip.ts';
import { LISTS } from './library/lists.ts';
import { NAMED_FORMATS } from './library/named-format.ts';
import { MAP_INSERT, OPTIONALS } from './library/optionals.ts';
import { QUANTITY } from './library/quantity.ts';
import { REGEX } from './library/regex.ts';
import { SEMVERS } from './library/semver.ts';
import { SETS } from './library/sets.ts';
import { STRINGS } from './library/strings.ts';
import { URLS } from './library/url.ts';
import type { Overload } from './overload.ts';
import { STANDARD } from './standard.ts';

/** Every function of the dialect, of every version: what the checker resolves, the evaluator runs, and the reference lists. */
export const OVERLOADS: readonly Overload[] = [
  ...STANDARD,
  ...OPTIONALS,
  ...MAP_INSERT,
  ...STRINGS,
  ...LISTS,
  ...SETS,
  ...REGEX,
  ...URLS,
  ...QUANTITY,
  ...IPS,
  ...NAMED_FORMATS,
  ...SEMVERS,
  ...AUTHORIZER_FUNCTIONS,
];
