import { setConditions, type ConditionUpdate } from '../api/condition.ts';
import type { Scan, ScanImages, ScanStatus } from '../api/scan.ts';
import { coverageOf, problemsOf, progressOf, type Ledger } from './ledger.ts';
import { addSeverities, addSummaries, emptySeverities, emptySummary } from './tally.ts';

/** Whether a scan has come to its end. */
export const isFinished = ({ status }: Pick<Scan, 'status'>): boolean => status?.phase === 'Complete' || status?.phase === 'Failed';

/** Where a scan is on its way. */
export type ScanStage =
  | { readonly stage: 'planning'; readonly message: string }
  | { readonly stage: 'refused'; readonly reason: string; readonly message: string }
  | { readonly stage: 'running'; readonly ledger: Ledger; readonly message: string }
  | { readonly stage: 'ended'; readonly ledger: Ledger; readonly images: ScanImages | undefined };

const mostProblems = 100;

/** `2026-01-31T12:00:00Z` of milliseconds since the epoch. */
export const timestampOf = (now: number): string => new Date(Math.floor(now / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** The status of a Scan at a stage. Pure; `now` in milliseconds since the epoch. */
export function scanStatus({ metadata, status }: Scan, stage: ScanStage, now: number): ScanStatus {
  const generation = metadata.generation ?? 0;
  const at = { now: timestampOf(now), generation };
  const conditions = setConditions(status?.conditions, conditionsOf(stage), at);
  const base = { observedGeneration: generation, conditions };
  switch (stage.stage) {
    case 'planning':
      return { ...base, phase: 'Pending' };
    case 'refused':
      return { ...base, phase: 'Failed', startTime: status?.startTime ?? at.now, completionTime: at.now };
    case 'running':
      return { ...base, phase: 'Running', ...figuresOf(stage.ledger) };
    case 'ended':
      return {
        ...base,
        phase: hasFailed(stage.ledger) ? 'Failed' : 'Complete',
        completionTime: at.now,
        ...figuresOf(stage.ledger),
        ...(stage.images && { images: stage.images }),
      };
  }
}

/** Whether some shard could not be scanned, which is a failure of the scan; what may not be read is told as missing coverage. */
const hasFailed = (ledger: Ledger): boolean => ledger.shards.some(({ state }) => state === 'error');

function figuresOf(ledger: Ledger): Omit<ScanStatus, 'phase' | 'conditions' | 'observedGeneration'> {
  const totals = Object.values(ledger.totals);
  const problems = problemsOf(ledger);
  return {
    progress: progressOf(ledger),
    startTime: ledger.startTime,
    jobs: ledger.jobs.map(({ name }) => name),
    policies: ledger.policies.map(({ name, generation }) => ({ name, generation })),
    summary: totals.reduce((sum, { summary }) => addSummaries(sum, summary), emptySummary()),
    failing: totals.reduce((sum, { failing }) => addSeverities(sum, failing), emptySeverities()),
    coverage: coverageOf(ledger),
    new: ledger.new,
    fixed: ledger.fixed,
    ...(problems.length === 0 ? {} : { shards: problems.slice(0, mostProblems) }),
  };
}

function conditionsOf(stage: ScanStage): ConditionUpdate[] {
  const ready = (holds: boolean, reason: string, message: string): ConditionUpdate => ({
    type: 'Ready',
    status: holds ? 'True' : 'False',
    reason,
    message,
  });
  const busy = (holds: boolean, reason: string, message = ''): ConditionUpdate => ({
    type: 'Reconciling',
    status: holds ? 'True' : 'False',
    reason,
    message,
  });
  const stalled = (holds: boolean, reason: string, message = ''): ConditionUpdate => ({
    type: 'Stalled',
    status: holds ? 'True' : 'False',
    reason,
    message,
  });
  const complete = (holds: boolean, reason: string): ConditionUpdate => ({
    type: 'Complete',
    status: holds ? 'True' : 'False',
    reason,
    message: '',
  });
  switch (stage.stage) {
    case 'planning':
      return [
        ready(false, 'Planning', stage.message),
        busy(true, 'Planning', stage.message),
        stalled(false, 'Planning'),
        complete(false, 'Planning'),
      ];
    case 'running':
      return [
        ready(false, 'Running', stage.message),
        busy(true, 'Running', stage.message),
        stalled(false, 'Running'),
        complete(false, 'Running'),
        coveredOf(stage.ledger),
      ];
    case 'refused':
      return [
        ready(false, stage.reason, stage.message),
        busy(false, stage.reason),
        stalled(true, stage.reason, stage.message),
        complete(false, stage.reason),
      ];
    case 'ended':
      return endConditions(stage.ledger, { ready, busy, stalled, complete });
  }
}

interface Makers {
  readonly ready: (holds: boolean, reason: string, message: string) => ConditionUpdate;
  readonly busy: (holds: boolean, reason: string, message?: string) => ConditionUpdate;
  readonly stalled: (holds: boolean, reason: string, message?: string) => ConditionUpdate;
  readonly complete: (holds: boolean, reason: string) => ConditionUpdate;
}

function endConditions(ledger: Ledger, { ready, busy, stalled, complete }: Makers): ConditionUpdate[] {
  const problems = problemsOf(ledger);
  const [first] = problems;
  if (!first) {
    return [
      ready(true, 'Complete', ''),
      busy(false, 'Complete'),
      stalled(false, 'Complete'),
      complete(true, 'Complete'),
      coveredOf(ledger),
    ];
  }
  const message = `${problems.length} of ${ledger.shards.length} shards could not be scanned; the first: ${first.reason}: ${first.message}`;
  return [
    ready(false, first.reason, message),
    busy(false, first.reason),
    stalled(true, first.reason, message),
    complete(false, first.reason),
    coveredOf(ledger),
  ];
}

/** Whether every target in scope came to verdicts. */
function coveredOf(ledger: Ledger): ConditionUpdate {
  const { inScope, scanned, failed } = coverageOf(ledger);
  const missing = [
    ...(failed > 0 ? [`${failed} of ${inScope} targets could not be scanned`] : []),
    ...ledger.uncovered.map(({ message }) => message),
  ];
  if (missing.length > 0) return { type: 'Covered', status: 'False', reason: 'Incomplete', message: missing.join('; ') };
  if (scanned < inScope) return { type: 'Covered', status: 'Unknown', reason: 'Running', message: '' };
  return { type: 'Covered', status: 'True', reason: 'AllScanned', message: `${scanned} of ${inScope} targets` };
}
