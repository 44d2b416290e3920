import type { Severity } from '../../catalogue/controls/severity.ts';
import type { FindingSubject } from '../activity/subject.ts';

export type { FindingSubject } from '../activity/subject.ts';

/** The name of the finding that stands for those that are not listed. */
export const MORE_ANOMALIES = 'more-anomalies';

/** Behaviour that is not normal. One for each detection, principal and workload; it counts what happens again. */
export interface AnomalyFinding {
  /** Identifies the finding: detection, principal and workload. It is the same after a restart. */
  readonly id: string;
  /** The id of a detection, or {@link MORE_ANOMALIES}. */
  readonly detection: string;
  readonly severity: Severity;
  readonly about: FindingSubject;
  /** What was seen, as a sentence. */
  readonly seen: string;
  /** What was normal until then, as a sentence. */
  readonly normal: string;
  /** Who did it, and how sure that is: the API server names users, clients choose the names of field managers. */
  readonly actor: string;
  /** Whether the API server named the actor. */
  readonly actorIsCertain: boolean;
  /** The last hop of the connection and the program, which the client chose. Undefined without an audit event. */
  readonly source?: string;
  /** How often it was seen. */
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Audit IDs, at most 3. */
  readonly audit: readonly string[];
  /** Techniques of MITRE ATT&CK. */
  readonly techniques: readonly string[];
  /** What to do next. */
  readonly next: string;
  /** The measured number, for detections with a limit: a policy with a higher limit does not report the finding. */
  readonly measured?: number;
  /** It was raised while Vigil was learning. */
  readonly whileLearning: boolean;
}
