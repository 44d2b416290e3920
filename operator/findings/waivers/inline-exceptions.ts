import { z } from 'zod';
import { compileWaiver, type Waiver } from './waiver.ts';

/** The id of exceptions from the annotation `vigil.dev/except`. */
export const INLINE = 'inline';
/** The longest annotation that is read, in characters. */
const longest = 8192;
/** The longest problem that is reported, in characters. */
const longestProblem = 300;

/** A date, or a time with a zone. */
const datePattern = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Whether a text is a date such as 2027-02-28 that exists, or such a date with a time and a zone. */
export function isDate(text: string): boolean {
  const day = datePattern.exec(text)?.[1];
  if (day === undefined || !Number.isFinite(Date.parse(text))) return false;
  // A date that does not exist, such as 31 February, is read as one of the next month.
  return new Date(day).toISOString().startsWith(day);
}

/**
 * Returns what inline exceptions are read from: the creation time of the object, a space, and its annotation `vigil.dev/except`. Undefined
 * without the annotation. A longer annotation than is read is cut.
 */
export function inlineOf(annotation: string | undefined, created: string | undefined): string | undefined {
  if (annotation === undefined) return undefined;
  const text = annotation.slice(0, longest + 1).toWellFormed();
  return created === undefined ? text : `${created} ${text}`;
}

/** Separates the creation time from the annotation, see {@link inlineOf}. JSON of an array does not begin with a digit. */
function partsOf(inline: string): { readonly created: string | undefined; readonly text: string } {
  const [, created, text = inline] = /^(\d\S*) ([\s\S]*)$/.exec(inline) ?? [];
  return { created, text };
}

const entries = z
  .array(
    z.strictObject({
      check: z.string().min(1).max(128),
      reason: z.string().min(10).max(4096),
      until: z.string().refine(isDate, 'must be a date such as 2027-02-28'),
    }),
  )
  .max(64);

/** The exceptions of an annotation, or the problem of its text. */
export type InlineExceptions = { readonly waivers: readonly Waiver[] } | { readonly problem: string };

/** Reads the annotation `vigil.dev/except` of an object. The exceptions cover only this object. Pure. */
export function inlineExceptions({ inline, name }: { readonly inline: string; readonly name: string }): InlineExceptions {
  const { created, text } = partsOf(inline);
  if (text.length > longest) return { problem: `the annotation vigil.dev/except has more than ${longest} characters` };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { problem: 'the annotation vigil.dev/except is not JSON' };
  }
  const read = entries.safeParse(parsed);
  if (!read.success) {
    const texts = read.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`));
    const problem = `the annotation vigil.dev/except is invalid: ${texts.slice(0, 1).join()}`;
    return { problem: problem.slice(0, longestProblem).toWellFormed() };
  }
  return {
    waivers: read.data.map(({ check, reason, until }) => ({
      ...compileWaiver({
        metadata: { name, ...(created === undefined ? {} : { creationTimestamp: created }) },
        spec: { reason, expiresAt: until, checks: [/^(CVE|GHSA)-/.test(check) ? { vulnerability: check } : { name: check }] },
      }),
      id: INLINE,
    })),
  };
}
