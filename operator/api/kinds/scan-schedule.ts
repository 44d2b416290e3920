import { z } from 'zod';
import { conditions } from '../condition.ts';
import { duration, field, labelSelector, timestamp } from '../field.ts';
import type { Resource } from '../metadata.ts';
import { scanTemplate } from './scan.ts';

const cronPattern = String.raw`^\s*(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every +[0-9.hms]+|([-0-9A-Za-z*,/?]+\s+){4}[-0-9A-Za-z*,/?]+)\s*$`;
const cronMessage =
  'must have five fields (minute hour day-of-month month day-of-week, without seconds), or be @hourly, @daily, @weekly, @monthly, @yearly, or @every with a duration such as 1h30m; set the time zone in spec.timeZone';

/** The spec of a ScanSchedule. A field with the name of a CronJob field has the same meaning. */
export const scanScheduleSpec = z.strictObject({
  schedule: field(
    z
      .string()
      .min(1)
      .max(256)
      .refine((text) => new RegExp(cronPattern).test(text), { error: cronMessage })
      .optional(),
    'When to scan: five cron fields (minute hour day month weekday), or @hourly, @daily, @weekly, @monthly, @yearly, or @every 1h30m. Optional if onChange is set.',
    [{ rule: `self.matches(r"${cronPattern}")`, message: cronMessage }],
  ),
  onChange: field(
    z
      .strictObject({ debounce: field(duration().optional(), 'How long to collect changes before they are evaluated. Omitted: 2s.') })
      .optional(),
    'Evaluates objects when they change, without a Scan. Set {} to use the defaults. Omitted: objects are evaluated only by scheduled scans.',
  ),
  timeZone: field(
    z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z][-+A-Za-z0-9_/]*$/)
      .optional(),
    'The time zone of the schedule, such as Europe/Lisbon. Omitted: UTC.',
  ),
  suspend: field(z.boolean().optional(), 'true: the schedule starts no new scans. Running scans continue.'),
  concurrencyPolicy: field(
    z.enum(['Allow', 'Forbid', 'Replace']).optional(),
    'What to do if the last scan still runs at a scheduled time. Allow: start another scan. Forbid: wait until the last scan ends, at most startingDeadlineSeconds. Replace: delete the last scan and start a new one. Omitted: Allow.',
  ),
  startingDeadlineSeconds: field(
    z.int().min(0).max(31_536_000).optional(),
    'How many seconds after its scheduled time a missed scan may still start. Omitted: no limit.',
  ),
  jitterSeconds: field(
    z.int().min(0).max(86_400).optional(),
    'The maximum delay of each scan in seconds. One schedule in one cluster always has the same delay. Omitted: 0.',
  ),
  policySelector: field(labelSelector.optional(), 'Selects SecurityPolicies by label. Omitted: all.'),
  successfulScansHistoryLimit: field(z.int().min(0).max(100).optional(), 'How many successful scans to keep. Omitted: 3.'),
  failedScansHistoryLimit: field(z.int().min(0).max(100).optional(), 'How many failed scans to keep. Omitted: 1.'),
  scan: field(scanTemplate.optional(), 'Settings for the pods of the scans.'),
});
export type ScanScheduleSpec = z.infer<typeof scanScheduleSpec>;

/** The status of a ScanSchedule. */
export const scanScheduleStatus = z.strictObject({
  observedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The metadata.generation that the conditions describe.'),
  conditions,
  active: field(
    z
      .array(z.strictObject({ name: field(z.string(), 'The name of the Scan.') }))
      .max(100)
      .optional(),
    'Scans that are running.',
  ),
  lastScheduleTime: field(timestamp.optional(), 'The last scheduled time at which a scan started.'),
  lastMissedTime: field(timestamp.optional(), 'The last scheduled time whose starting deadline passed without a scan.'),
  nextScheduleTime: field(timestamp.optional(), 'The next scheduled time, jitter included.'),
  lastSuccessfulTime: field(timestamp.optional(), 'The time at which a scan last completed successfully.'),
});
export type ScanScheduleStatus = z.infer<typeof scanScheduleStatus>;

/** A ScanSchedule: when to scan, and which policies to evaluate. */
export type ScanSchedule = Resource<ScanScheduleSpec, ScanScheduleStatus>;
