import { setConditions, type ConditionUpdate } from '../../api/condition.ts';
import { isFinished, type Scan, type ScanExceptions, type ScanImages, type ScanStatus } from '../../api/kinds/scan.ts';
import { timestampOf } from '../../api/timestamp.ts';
import { coverageOf, problemsOf, progressOf, type Ledger } from '../ledger/ledger.ts';
import { addSeverities, addSummaries, emptySeverities, emptySummary } from '../../findings/tally.ts';
import type { ScanHold } from '../../api/kinds/scan-hold.ts';

/** The stage of a Scan. `hold`: why it does not progress. `stopped`: it was planned, but ended before it was finished. */
export type ScanStage =
  | { readonly stage: 'queued'; readonly hold: ScanHold }
  | { readonly stage: 'planning'; readonly startTime: string; readonly hold?: ScanHold | undefined }
  | { readonly stage: 'refused'; readonly reason: string; readonly message: string }
  | { readonly stage: 'running'; readonly ledger: Ledger; readonly hold?: ScanHold | undefined }
  | { readonly stage: 'stopped'; readonly ledger: Ledger; readonly reason: string; readonly message: string }
  | { readonly stage: 'ended'; readonly ledger: Ledger; readonly images: ScanImages | undefined; readonly exceptions?: ScanExceptions };

const mostProblems = 100;

/**
 * The status of a Scan at a stage. `now`: milliseconds since the epoch. A Scan that has ended keeps its status at any stage: a terminal
 * phase is never left. Pure.
 */
export function scanStatus({ metadata, status }: Scan, stage: ScanStage, now: number): ScanStatus {
  if (status && isFinished({ status })) return status;
  const generation = metadata.generation ?? 0;
  const at = { now: timestampOf(now), generation };
  const conditions = setConditions(status?.conditions, conditionsOf(stage), at);
  return { ...stageFields(status ?? {}, stage, at.now), observedGeneration: generation, conditions };
}

/** The phase, times and counts of a Scan at a stage. */
function stageFields(before: ScanStatus, stage: ScanStage, now: string): ScanStatus {
  const figures = figuresBefore(before);
  switch (stage.stage) {
    case 'queued':
      return { phase: 'Pending' };
    case 'planning':
      // While a scan is planned again, the counts of the previous plan are kept.
      return { startTime: stage.startTime, ...figures, phase: before.phase ?? 'Pending' };
    case 'refused':
      return { progress: '0/0', startTime: now, ...figures, phase: 'Failed', completionTime: now };
    case 'running':
      return { ...(isBehind(stage.ledger, before) ? figures : figuresOf(stage.ledger)), phase: 'Running' };
    case 'stopped':
      return { ...(isBehind(stage.ledger, before) ? figures : figuresOf(stage.ledger)), phase: 'Failed', completionTime: now };
    case 'ended':
      return ended(stage, now);
  }
}

function ended({ ledger, images, exceptions }: Extract<ScanStage, { stage: 'ended' }>, now: string): ScanStatus {
  const phase = hasFailed(ledger) ? 'Failed' : 'Complete';
  return { ...figuresOf(ledger), phase, completionTime: ledger.endTime ?? now, ...exceptions, ...(images && { images }) };
}

/** Whether a shard failed, which is a failure of the scan. What may not be read only reduces the coverage. */
const hasFailed = (ledger: Ledger): boolean => ledger.shards.some(({ state }) => state === 'error');

type Figures = Omit<ScanStatus, 'phase' | 'conditions' | 'observedGeneration'>;

const figuresBefore = ({ phase, conditions, observedGeneration, ...figures }: ScanStatus): Figures => figures;

/** Whether a new plan has fewer results than the previous one had: its counts would seem to go down. */
const isBehind = ({ scanned, failed }: Ledger, { coverage }: ScanStatus): boolean =>
  coverage !== undefined && scanned + failed < coverage.scanned + coverage.failed;

function figuresOf(ledger: Ledger): Figures {
  const totals = Object.values(ledger.totals);
  const problems = problemsOf(ledger);
  return {
    progress: progressOf(ledger),
    startTime: ledger.startTime,
    jobs: ledger.jobs.map(({ name }) => name),
    policies: ledger.policies.map(({ name, generation, revision }) => ({ name, generation, revision })),
    summary: totals.reduce((sum, { summary }) => addSummaries(sum, summary), emptySummary()),
    failing: totals.reduce((sum, { failing }) => addSeverities(sum, failing), emptySeverities()),
    coverage: coverageOf(ledger),
    carriedOver: ledger.carriedOver?.targets ?? 0,
    new: ledger.new,
    fixed: ledger.fixed,
    ...(problems.length === 0 ? {} : { shards: problems.slice(0, mostProblems) }),
  };
}

type Holds = ConditionUpdate['status'];
const holds = (value: boolean): Holds => (value ? 'True' : 'False');

/** The conditions of a Scan that has not ended: its activity, or why it waits. */
function underWay({ reason, message }: ScanHold): ConditionUpdate[] {
  return [
    { type: 'Ready', status: 'False', reason, message },
    { type: 'Reconciling', status: 'True', reason, message },
    { type: 'Stalled', status: 'False', reason, message: '' },
    { type: 'Complete', status: 'False', reason, message: '' },
    { type: 'Failed', status: 'False', reason, message: '' },
  ];
}

/** The conditions of a Scan that has ended: Complete or Failed is True, as for a Job. */
function over(complete: boolean, reason: string, message: string): ConditionUpdate[] {
  return [
    { type: 'Ready', status: holds(complete), reason, message },
    { type: 'Reconciling', status: 'False', reason, message: '' },
    { type: 'Stalled', status: holds(!complete), reason, message: complete ? '' : message },
    { type: 'Complete', status: holds(complete), reason, message: complete ? message : '' },
    { type: 'Failed', status: holds(!complete), reason, message: complete ? '' : message },
  ];
}

function conditionsOf(stage: ScanStage): ConditionUpdate[] {
  switch (stage.stage) {
    case 'queued':
      return underWay(stage.hold);
    case 'planning':
      return underWay(stage.hold ?? { reason: 'Planning', message: 'counting the targets in scope' });
    case 'running':
      return [
        ...underWay(stage.hold ?? { reason: 'Running', message: 'the pods of the scan evaluate the targets' }),
        coveredOf(stage.ledger),
      ];
    case 'refused':
      return over(false, stage.reason, stage.message);
    case 'stopped':
      return [...over(false, stage.reason, stage.message), coveredOf(stage.ledger, true)];
    case 'ended':
      return [...endConditions(stage.ledger), coveredOf(stage.ledger)];
  }
}

function endConditions(ledger: Ledger): ConditionUpdate[] {
  const problems = problemsOf(ledger);
  const [first] = problems;
  if (!first) return over(true, 'Complete', `shards scanned: ${progressOf(ledger)}${carriedText(ledger)}`);
  const message = `${problems.length} of ${ledger.shards.length} shards could not be scanned; first failure: ${first.reason}: ${first.message}`;
  return over(false, first.reason, message);
}

function carriedText(ledger: Ledger): string {
  const { targets = 0 } = ledger.carriedOver ?? {};
  return targets === 0 ? '' : `; ${targets} of ${coverageOf(ledger).inScope} targets are carried over from an earlier scan`;
}

/** Whether every target in scope has verdicts. `isOver`: no more targets will be scanned. */
function coveredOf(ledger: Ledger, isOver = false): ConditionUpdate {
  const { inScope, scanned, failed } = coverageOf(ledger);
  const left = isOver ? inScope - scanned - failed : 0;
  const missing = [
    ...(left > 0 ? [`${left} of ${inScope} targets were not scanned`] : []),
    ...(failed > 0 ? [`${failed} of ${inScope} targets could not be scanned`] : []),
    ...ledger.uncovered.map(({ message }) => message),
  ];
  if (missing.length > 0) return { type: 'Covered', status: 'False', reason: 'Incomplete', message: missing.join('; ') };
  if (scanned < inScope) return { type: 'Covered', status: 'Unknown', reason: 'Running', message: '' };
  return { type: 'Covered', status: 'True', reason: 'AllScanned', message: `${scanned} of ${inScope} targets` };
}
