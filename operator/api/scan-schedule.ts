import { z } from 'zod';
import { conditions } from './condition.ts';
import { duration, field, labelSelector, timestamp } from './field.ts';
import type { Resource } from './metadata.ts';
import { scanTemplate } from './scan.ts';

const cronPattern = String.raw`^\s*(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every +[0-9.hms]+|([-0-9A-Za-z*,/?]+\s+){4}[-0-9A-Za-z*,/?]+)\s*$`;
const cronMessage =
  'must have five fields (minute hour day-of-month month day-of-week, none for seconds), or be @hourly, @daily, @weekly, @monthly, @yearly, or @every and a duration such as 1h30m; the time zone goes into spec.timeZone';

/** The spec of a ScanSchedule. Fields named as in CronJob mean the same. */
export const scanScheduleSpec = z.strictObject({
  schedule: field(
    z
      .string()
      .min(1)
      .max(256)
      .refine((text) => new RegExp(cronPattern).test(text), { error: cronMessage })
      .optional(),
    'When to scan: five cron fields (minute hour day month weekday), or @hourly, @daily, @weekly, @monthly, @yearly, or @every 1h30m. May be omitted where onChange is given.',
    [{ rule: `self.matches(r"${cronPattern}")`, message: cronMessage }],
  ),
  onChange: field(
    z
      .strictObject({ debounce: field(duration().optional(), 'How long to gather changes before they are judged. Omitted: 2s.') })
      .optional(),
    'Judges what changes when it changes, without a Scan; {} is enough. Omitted: only scans by the schedule.',
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
  suspend: field(z.boolean().optional(), 'true: no new scans; those that run go on.'),
  concurrencyPolicy: field(
    z.enum(['Allow', 'Forbid', 'Replace']).optional(),
    'When the last scan still runs at a due time: Allow starts another beside it, Forbid waits for its end (within startingDeadlineSeconds), Replace deletes it. Omitted: Allow.',
  ),
  startingDeadlineSeconds: field(z.int().min(0).max(31_536_000).optional(), 'How late a missed scan may still start. Omitted: any time.'),
  jitterSeconds: field(
    z.int().min(0).max(86_400).optional(),
    'Delays each scan by up to this, always by the same for one schedule in one cluster. Omitted: 0.',
  ),
  policySelector: field(labelSelector.optional(), 'Which SecurityPolicies. Omitted: all.'),
  successfulScansHistoryLimit: field(z.int().min(0).max(100).optional(), 'How many finished scans to keep. Omitted: 3.'),
  failedScansHistoryLimit: field(z.int().min(0).max(100).optional(), 'How many failed scans to keep. Omitted: 1.'),
  scan: field(scanTemplate.optional(), 'How the pods of a scan run.'),
});
export type ScanScheduleSpec = z.infer<typeof scanScheduleSpec>;

/** The status of a ScanSchedule. */
export const scanScheduleStatus = z.strictObject({
  observedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The generation that the conditions speak of.'),
  conditions,
  active: field(
    z
      .array(z.strictObject({ name: field(z.string(), 'The Scan.') }))
      .max(100)
      .optional(),
    'Scans that run now.',
  ),
  lastScheduleTime: field(timestamp.optional(), 'The due time that last started a scan.'),
  lastMissedTime: field(timestamp.optional(), 'The last due time that passed its starting deadline without a scan.'),
  nextScheduleTime: field(timestamp.optional(), 'The next due time, jitter included.'),
  lastSuccessfulTime: field(timestamp.optional(), 'When a scan last completed.'),
});
export type ScanScheduleStatus = z.infer<typeof scanScheduleStatus>;

/** When to look. */
export type ScanSchedule = Resource<ScanScheduleSpec, ScanScheduleStatus>;
