import type { KubeObject } from '../../api/metadata.ts';
import { ownershipOf, type Ownership } from '../identity/report-ownership.ts';

/** The identity and version of a report that Vigil wrote. */
export interface WrittenReport {
  /** See `reportKey`. */
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/**
 * The records of the reports that Vigil wrote. The publisher reads the ownership before it changes or deletes a report, and records each
 * write. An implementation may store versions. For an unknown version it uses the metadata of the report.
 */
export interface ReportRecords {
  /** Records that Vigil created or updated a report, with its new version. */
  wrote(report: WrittenReport): void;
  /** Records that Vigil deleted a report. */
  removed(key: string): void;
  /** Returns the owner of a report in the version that was read. Needs only its metadata with managed fields. */
  ownership(report: KubeObject): Ownership;
}

/** Records without storage: the metadata of a report determines its owner. */
export const metadataRecords: ReportRecords = {
  wrote: () => undefined,
  removed: () => undefined,
  ownership: ownershipOf,
};
