import { z } from 'zod';
import { compileWaiver, type Waiver, type WaiverTarget } from './waiver.ts';

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
  const [, day = ''] = datePattern.exec(text) ?? [];
  const midnight = new Date(`${day}T00:00:00Z`);
  // A date that does not exist, such as 31 February, is read as one of the next month.
  return Number.isFinite(Date.parse(text)) && Number.isFinite(midnight.getTime()) && midnight.toISOString().startsWith(day);
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
export function inlineExceptions({ inline = '[]', namespace, name }: WaiverTarget): InlineExceptions {
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
    const [issue] = read.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    const problem = `the annotation vigil.dev/except is invalid: ${path === '' ? '' : `${path}: `}${issue?.message ?? ''}`;
    return { problem: problem.slice(0, longestProblem).toWellFormed() };
  }
  return {
    waivers: read.data.map(({ check, reason, until }) => ({
      ...compileWaiver({
        metadata: {
          name,
          ...(namespace === undefined ? {} : { namespace }),
          ...(created === undefined ? {} : { creationTimestamp: created }),
        },
        spec: { reason, expiresAt: until, checks: [/^(CVE|GHSA)-/.test(check) ? { vulnerability: check } : { name: check }] },
      }),
      id: INLINE,
    })),
  };
}
