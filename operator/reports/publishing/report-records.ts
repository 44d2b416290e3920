import type { KubeObject } from '../../api/metadata.ts';
import { ownershipOf, type Ownership } from '../identity/report-ownership.ts';

/** A report as the server has it after Vigil wrote it. */
export interface WrittenReport {
  /** As `reportKey` names it. */
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/**
 * What Vigil knows of the reports that it wrote. The publisher asks before it changes or deletes a report, and says what it has written. An
 * implementation may remember versions; one that does not know a version falls back on what the report itself says.
 */
export interface ReportRecords {
  /** Vigil has made or updated a report: it is in this version now. */
  wrote(report: WrittenReport): void;
  /** Vigil has deleted a report. */
  removed(key: string): void;
  /** Whose a report is in the version that was read. Metadata with its managed fields is enough. */
  ownership(report: KubeObject): Ownership;
}

/** Records that remember nothing: whose a report is, the report itself says. */
export const metadataRecords: ReportRecords = {
  wrote: () => undefined,
  removed: () => undefined,
  ownership: ownershipOf,
};
