import { RESOURCES } from '../../api/api-resource.ts';
import type { Scan } from '../../api/kinds/scan.ts';
import type { ScanHold } from '../../api/kinds/scan-hold.ts';
import type { EventRecorder } from '../../controller/event-recorder.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { ScanStage } from './scan-status.ts';
import { writeScanStatus, type ScanStatusWriting, type StatusMemory } from './scan-status-writer.ts';

/** The dependencies of {@link ScanStatusRecorder}. */
export interface ScanStatusDependencies extends ScanStatusWriting {
  readonly events: Pick<EventRecorder, 'record'>;
  readonly log: ScanStatusWriting['log'] & Pick<Logger, 'warn'>;
  readonly metrics: ScanStatusWriting['metrics'] & Pick<Metrics, 'scans' | 'scanSeconds'>;
}

/** The stages in which a Scan has ended without its results. */
export type EndedEarly = Extract<ScanStage, { readonly stage: 'refused' | 'stopped' }>;

/** The reasons of holds that were already recorded as Events. */
interface HoldMemory extends StatusMemory {
  readonly reportedHolds: Set<string>;
}

/** Writes the stage of a Scan to its status, and records it in Events, in the log and in metrics. */
export class ScanStatusRecorder {
  readonly #deps: ScanStatusDependencies;

  constructor(deps: ScanStatusDependencies) {
    this.#deps = deps;
  }

  /** Writes the status. Counts the Scan if it has ended. */
  async write(scan: Scan, stage: ScanStage, memory: StatusMemory): Promise<void> {
    const phase = await writeScanStatus(this.#deps, scan, stage, memory);
    if (!phase) return;
    this.#deps.metrics.scans.inc({ phase });
    const made = Date.parse(scan.metadata.creationTimestamp ?? '');
    if (!Number.isNaN(made)) this.#deps.metrics.scanSeconds.observe({ phase }, Math.max(this.#deps.clock() - made, 0) / 1000);
  }

  /** Writes the status, and records one Event for each reason of a hold. */
  async writeHold(scan: Scan, stage: ScanStage & { readonly hold?: ScanHold | undefined }, memory: HoldMemory): Promise<void> {
    await this.write(scan, stage, memory);
    const { hold } = stage;
    if (!hold || memory.reportedHolds.has(hold.reason)) return;
    memory.reportedHolds.add(hold.reason);
    this.#deps.events.record(RESOURCES.scans, scan, { type: 'Warning', ...hold });
  }

  /** Writes the status of a Scan that is refused or cannot be finished, and records an Event. */
  async writeFailure(scan: Scan, stage: EndedEarly, memory: StatusMemory): Promise<void> {
    await this.write(scan, stage, memory);
    const { reason, message } = stage;
    this.#deps.events.record(RESOURCES.scans, scan, { type: 'Warning', reason, message });
    this.#deps.log.warn({ scan: scan.metadata.name, reason, message }, 'scan failed');
  }
}
