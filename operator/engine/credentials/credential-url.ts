import { isLiteral } from './literal-value.ts';

/** `scheme://user:password@host`, anywhere in a text. */
const authority = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#:@"'<>\\]*:([^\s/?#@"'<>\\]+)@[^\s"']/gi;
const oracle = /\bjdbc:oracle:[a-z0-9]+:[^\s/:@]+\/([^\s/@]+)@/gi;
const machine = /\bmachine\s+\S+\s+login\s+\S+\s+password\s+(\S+)/g;
/** The data source names of Go's drivers: `user:password@tcp(db:3306)/app`. */
const goSource = /(?:^|[\s"'=])[^\s:@/"'=]+:([^\s@"']+)@(?:tcp|tcp6|unix|cloudsql)\(/g;
const registryAuth = /:_(?:authToken|password|auth)\s*=\s*["']?([^\s"']+)/g;
const patterns: readonly RegExp[] = [authority, oracle, goSource, machine, registryAuth];

/** What stands for a password in documentation and templates. */
const placeholder = /^[$%[<]|^[A-Z_]*PASS[A-Z_]*$|^(x+|\*+|\.{3})$/;

/**
 * Whether a text has an address with a password that is no reference: a URL, also of JDBC, or an entry of .netrc and .npmrc.
 */
export function hasPasswordInAddress(text: string): boolean {
  if (!/@|:_|machine/.test(text)) return false;
  return patterns.some((pattern) =>
    [...text.matchAll(pattern)].some(([, password = '']) => isLiteral(password) && !placeholder.test(password)),
  );
}
