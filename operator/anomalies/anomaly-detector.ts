import type { Severity } from '../catalogue/controls/severity.ts';
import type { Activity } from './activity/activity.ts';
import type { AnomalyFinding } from './results/anomaly-finding.ts';

/** A part of what the detector has learned: plain JSON of at most 1 MiB. */
export interface BaselineDocument {
  /** Unique among the documents of a save, such as `keys-0`. Stable, so that a document can be compared with what is stored. */
  readonly name: string;
  /** An unknown version is learned again, never read. */
  readonly formatVersion: number;
  readonly content: unknown;
}

/** How {@link AnomalyDetector.load} ended. */
export interface LoadResult {
  /** The number of documents that were read. */
  readonly read: number;
  /** What could not be read and is learned again, in sentences for a condition. Empty: everything was read. */
  readonly problems: readonly string[];
}

/** How far the detector has learned what one of its inputs shows. */
export interface LearningStatus {
  readonly input: 'watch' | 'audit';
  /** When the first activity came, in milliseconds since 1970. Undefined: none has come. */
  readonly since?: number;
  /** When learning ends if there is activity on enough days. Undefined: none has come. */
  readonly until?: number;
  /** From 0 to 1. */
  readonly progress: number;
  readonly learning: boolean;
}

/** A detection that cannot see anything now, and what it needs. */
export interface BlindDetection {
  readonly detection: string;
  readonly needs: 'audit events' | 'watches' | 'audit events with token requests';
}

/** The state of a detector, for `status.anomalies`. */
export interface DetectorStatus {
  readonly learning: readonly LearningStatus[];
  /** Findings that are open, those that are not listed included. */
  readonly open: number;
  readonly openBySeverity: Readonly<Record<Severity, number>>;
  readonly baselineKeys: number;
  /** Keys that were forgotten because of the bounds. */
  readonly forgottenKeys: number;
  /** Activities in the last minute, by second. */
  readonly eventsPerSecond: number;
  /** Findings that were dropped because too many were open. */
  readonly droppedFindings: number;
  readonly blind: readonly BlindDetection[];
  /** What could not be read when the detector started, and is learned again. */
  readonly problems: readonly string[];
}

/** What policies set. The detector takes the most watchful of several policies; each policy filters the findings by its own settings. */
export interface DetectorSettings {
  /** Milliseconds. */
  readonly learningPeriod: number;
  /** Milliseconds. */
  readonly keepFor: number;
  /** The limits of detections by id and parameter, such as `{'secret-spread': {floor: 10}}`. */
  readonly parameters?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The user name of Vigil's own service account. What it writes is normal; where its token is used from is judged. */
  readonly ownUser?: string;
}

/**
 * Finds behaviour that is not normal. It makes no calls and reads no clock: time comes with each activity and each tick. One detector serves
 * all policies. Times are milliseconds since 1970.
 */
export interface AnomalyDetector {
  /**
   * Takes an activity. Activities of one API server come in order; a later time than that of the last tick is possible. `replay`: the activity
   * comes from a stored log: it is learned and raises nothing.
   */
  observe(activity: Activity, options?: { readonly replay?: boolean }): void;
  /** The first lists of all watches have been observed. Until then changes are `found`, and are learned if nothing was learned before. */
  synced(now: number): void;
  /** Called at least every ten seconds: judges changes whose audit event did not come, ends windows, and removes results that are too old. */
  tick(now: number): void;
  /** The open findings, at most 20 for a namespace and 100 in all, the most severe first; then one `more-anomalies` if there are more. */
  findings(): readonly AnomalyFinding[];
  /**
   * An exception covers the findings with these ids: what they are about is normal from now on. An id that is not open is ignored.
   */
  accept(ids: readonly string[], now: number): void;
  /** Changes the settings, also while learning. */
  configure(settings: DetectorSettings): void;
  /** The version of the API server, on each start and change. After a change, system users are learned for two hours. */
  serverVersion(version: string, now: number): void;
  status(now: number): DetectorStatus;
  /** Returns what was learned and the open findings: at most 8 MiB. Undefined if nothing has changed since the last save. `isLast`: the process stops. */
  save(now: number, options?: { readonly isLast?: boolean }): readonly BaselineDocument[] | undefined;
  /** Reads what {@link save} returned. Called before the first activity. A document that is missing, torn or unknown is learned again. */
  load(documents: readonly BaselineDocument[], now: number): LoadResult;
}
