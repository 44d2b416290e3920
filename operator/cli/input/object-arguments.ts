import { stringify } from 'yaml';
import { API_VERSION } from '../../api/group.ts';
import { isDate } from '../../findings/waivers/inline-exceptions.ts';
import { UsageError } from './usage-error.ts';

/**
 * Returns the value of --until as RFC 3339. A date is its first second in UTC, as in the annotation. `now`: milliseconds since the epoch. Throws
 * {@link UsageError} for another text and for a time in the past.
 */
export function endOf(until: string | undefined, now: number): string | undefined {
  if (until === undefined) return undefined;
  const text = /^\d{4}-\d{2}-\d{2}$/.test(until) ? `${until}T00:00:00Z` : until;
  if (!isDate(text)) throw new UsageError(`--until: '${until}' is not a date such as 2027-02-28`);
  if (Date.parse(text) <= now) throw new UsageError(`--until: ${until} is in the past`);
  return text;
}

/** Returns the name of an object that is made of parts. */
export const nameOf = (parts: readonly string[]): string =>
  parts
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '');

/** Returns the YAML of an object of one of Vigil's kinds. Parsers of YAML 1.1, as in kubectl, read it too: a text such as `on` has quotes. */
export const yamlOf = (kind: string, object: object): string =>
  stringify({ apiVersion: API_VERSION, kind, ...object }, { lineWidth: 0, version: '1.1' });
