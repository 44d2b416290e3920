import { AUTHORIZER_FUNCTIONS } from './authorizer.ts';
import { IPS } from './ip.ts';
import { LISTS } from './lists.ts';
import { NAMED_FORMATS } from './named-format.ts';
import { MAP_INSERT, OPTIONALS } from './optionals.ts';
import { QUANTITY } from './quantity.ts';
import { REGEX } from './regex.ts';
import { SEMVERS } from './semver.ts';
import { SETS } from './sets.ts';
import { STRINGS } from './strings.ts';
import { URLS } from './url.ts';
import type { Overload } from './overload.ts';
import { STANDARD } from './standard.ts';

/** All functions of the dialect, of all versions. The checker, the evaluator and the reference use this table. */
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
