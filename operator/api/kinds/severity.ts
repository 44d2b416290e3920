import { z } from 'zod';

/** Severities in ascending order. */
export const severities = ['low', 'medium', 'high', 'critical'] as const;
export const severity = z.enum(severities);
export type PolicySeverity = z.infer<typeof severity>;
