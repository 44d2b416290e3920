import { definedEntries } from '../../api/defined-entries.ts';
import type { AnomaliesStatus } from '../../api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import { timestampOf } from '../../api/timestamp.ts';
import { noTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import type { DetectorStatus, LearningStatus } from '../anomaly-detector.ts';

const HALF_HOUR = 1_800_000;
/** Milliseconds after which a changed rate is written. */
const RATE_INTERVAL = 300_000;

/** The inputs of {@link anomaliesStatus}. */
export interface AnomaliesStatusInput {
  readonly policy: SecurityPolicy;
  readonly detector: DetectorStatus;
  readonly totals: PolicyTotals | undefined;
  /** Audit events that were lost since the operator started. */
  readonly dropped: number;
  /** Why something is not observed, as sentences. */
  readonly problems: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The anomalies part of a policy's status. Pure. */
export const anomaliesStatus = ({ policy, detector, totals = noTotals, dropped, problems, now }: AnomaliesStatusInput): AnomaliesStatus => {
  const { generation = 0 } = policy.metadata;
  const excluded = new Set(policy.spec.anomalies?.detections?.filter(({ exclude }) => exclude === true).map(({ name }) => name));
  const blind = detector.blind.filter(({ detection }) => !excluded.has(detection));
  const all = [...problems, ...detector.problems].map((problem) => problem.slice(0, 1024));
  return {
    evaluatedGeneration: generation,
    lastObservedTime: timestampOf(now),
    ...definedEntries({
      learning: learningOf(detector.learning, now),
      excepted: totals.excepted,
      blind: blind.length > 0 ? [...blind] : undefined,
      problems: all.length > 0 ? all.slice(0, 20) : undefined,
    }),
    summary: totals.summary,
    failing: totals.failing,
    open: totals.summary.fail,
    baselineKeys: detector.baselineKeys,
    eventsPerSecond: Math.round(detector.eventsPerSecond),
    dropped,
  };
};

/** The input that has most to learn. An input that nothing has come from is reported as blind, and learns nothing. */
const learningOf = (inputs: readonly LearningStatus[], now: number): AnomaliesStatus['learning'] => {
  const [slowest] = inputs
    .filter(({ learning, since }) => learning && since !== undefined)
    .toSorted((one, other) => one.progress - other.progress);
  const first = slowest ?? inputs.find(({ learning, input }) => learning && input === 'watch');
  if (first === undefined) return undefined;
  const { since, until, progress } = first;
  const time = (at: number | undefined): string | undefined => (at === undefined ? undefined : timestampOf(at));
  const left = until === undefined || until > now ? until : undefined;
  return { ...definedEntries({ since: time(since), until: time(left) }), progress: `${Math.min(99, Math.floor(progress * 100))}%` };
};

/**
 * Whether a new status is worth a write: something other than the counters of activity differs, the rate has changed much, or the last write
 * is half an hour old. A busy cluster changes the counters all the time.
 */
export const isWorthWriting = (before: AnomaliesStatus | undefined, after: AnomaliesStatus): boolean => {
  if (before === undefined) return true;
  const age = Date.parse(after.lastObservedTime) - Date.parse(before.lastObservedTime);
  if (!(age >= 0 && age < HALF_HOUR) || essence(before) !== essence(after)) return true;
  return age >= RATE_INTERVAL && (isOtherRate(before, after) || before.dropped !== after.dropped);
};

const isOtherRate = ({ eventsPerSecond: before }: AnomaliesStatus, { eventsPerSecond: after }: AnomaliesStatus): boolean =>
  Math.abs(after - before) > Math.max(1, before / 2);

/** What does not change with each event. The first lost event counts, further ones are a counter. */
const essence = ({
  lastObservedTime: _time,
  baselineKeys: _keys,
  eventsPerSecond: _rate,
  dropped,
  learning,
  ...rest
}: AnomaliesStatus): string => JSON.stringify([rest, dropped > 0, learning && [learning.since, learning.until, learning.progress]]);
