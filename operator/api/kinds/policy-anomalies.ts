import { z } from 'zod';
import { anyObject, duration, field, listMap } from '../field.ts';
import { severity } from './severity.ts';

const detection = z.strictObject({
  name: field(
    z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/),
    'The name of a detection. `vigil controls` lists all detections.',
  ),
  severity: field(severity.optional(), 'Overrides the severity of the detection.'),
  exclude: field(z.boolean().optional(), 'true: the policy does not report the detection.'),
  parameters: field(anyObject().optional(), 'Parameters of the detection. `vigil explain` lists the parameters of a detection.'),
});

/** `spec.anomalies` of a SecurityPolicy. All policies share one detector and what it has learned. */
export const anomalies = z.strictObject({
  learningPeriod: field(
    duration().optional(),
    'How long Vigil learns what is normal before it reports what is new. Learning also needs three days with activity. If policies differ, the longest applies. Omitted: 168h.',
  ),
  keepFor: field(
    duration().optional(),
    'How long a result is kept after the behaviour was last seen. A result about a state, such as a binding, is kept while the state lasts. Omitted: 168h.',
  ),
  detections: field(
    listMap(detection, ['name'], 128).optional(),
    'Changes of single detections. All detections are reported unless an entry excludes them.',
  ),
});
/** The type of `spec.anomalies`. */
export type PolicyAnomalies = z.infer<typeof anomalies>;
