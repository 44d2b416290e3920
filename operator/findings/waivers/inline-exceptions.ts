import { z } from 'zod';
import { compileWaiver, type Waiver, type WaiverTarget } from './waiver.ts';

/** The id of exceptions from the annotation `vigil.dev/except`. */
export const INLINE = 'inline';
/** The longest annotation that is read, in characters. */
const longest = 8192;

const entries = z
  .array(
    z.strictObject({
      check: z.string().min(1).max(128),
      reason: z.string().min(10).max(4096),
      until: z.string().refine((text) => Number.isFinite(Date.parse(text)), 'must be a date such as 2027-02-28'),
    }),
  )
  .max(64);

/** The exceptions of an annotation, or the problem of its text. */
export type InlineExceptions = { readonly waivers: readonly Waiver[] } | { readonly problem: string };

/** Reads the annotation `vigil.dev/except` of an object. The exceptions cover only this object. Pure. */
export function inlineExceptions({ inline = '[]', namespace, name }: WaiverTarget): InlineExceptions {
  if (inline.length > longest) return { problem: `the annotation vigil.dev/except has more than ${longest} characters` };
  let parsed: unknown;
  try {
    parsed = JSON.parse(inline);
  } catch {
    return { problem: 'the annotation vigil.dev/except is not JSON' };
  }
  const read = entries.safeParse(parsed);
  if (!read.success) {
    const [issue] = read.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    return { problem: `the annotation vigil.dev/except is invalid: ${path === '' ? '' : `${path}: `}${issue?.message ?? ''}` };
  }
  return {
    waivers: read.data.map(({ check, reason, until }) => ({
      ...compileWaiver({
        metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
        spec: { reason, expiresAt: until, checks: [check.startsWith('CVE-') ? { vulnerability: check } : { name: check }] },
      }),
      id: INLINE,
    })),
  };
}
