import { z } from 'zod';
import { duration, field } from '../field.ts';
import { severity } from './severity.ts';

/** The bounds that a policy sets for exceptions. */
export const exceptionBounds = z.strictObject({
  allow: field(
    z.enum(['None', 'ReportOnly', 'All']).optional(),
    'None: exceptions do not apply to this policy. ReportOnly: they apply to reports, but Deny still refuses. All: they apply to admission too. Omitted: ReportOnly.',
  ),
  maxSeverity: field(severity.optional(), 'The highest severity of a finding that an exception may cover. Omitted: all severities.'),
  maxDuration: field(
    duration().optional(),
    'The longest time from the creation of an exception to its end. If set, an exception must have expiresAt. Omitted: an exception ends 365d after its creation at the latest.',
  ),
  requireApprovalLabel: field(
    z
      .string()
      .min(1)
      .max(381)
      .regex(/^[-A-Za-z0-9_./]+(=[-A-Za-z0-9_.]*)?$/)
      .optional(),
    'A label that an exception must have, as key or key=value. Omitted: none.',
  ),
  inline: field(
    z.enum(['Allow', 'Refuse']).optional(),
    'Whether the annotation vigil.dev/except of an object counts as an exception for that object. Omitted: Refuse.',
  ),
});
export type ExceptionBounds = z.infer<typeof exceptionBounds>;
