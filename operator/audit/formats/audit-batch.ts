import type { AuditEvent, AuditProblem, AuditProblemReason, ParsedAuditEvent } from '../audit-event.ts';
import { parseAuditEvent } from '../parsing/audit-event-parser.ts';
import { TEXT_LIMIT } from './compressed-text.ts';

/** The most messages about problems that a batch keeps. All problems are counted. */
const MESSAGES = 5;
/** The most envelopes inside each other: Pub/Sub around a forwarder's record around a log entry around an event is four. */
const DEPTH = 8;

/** The events that were read from a document, and what was not read as an event. */
export class AuditBatch {
  readonly events: AuditEvent[] = [];
  /** Records that are no audit events by their own statement: logs of other components and control messages. */
  other = 0;
  /** The first problems. */
  readonly problems: AuditProblem[] = [];
  readonly #counts = new Map<AuditProblemReason, number>();

  /** How many problems there were, by reason. */
  get problemCounts(): ReadonlyMap<AuditProblemReason, number> {
    return this.#counts;
  }

  /** Adds an event or a problem. */
  add(parsed: ParsedAuditEvent): void {
    if ('event' in parsed) this.events.push(parsed.event);
    else this.addProblem(parsed.problem);
  }

  /** Parses a JSON value as an event of `server`, and adds it. */
  parse(json: unknown, server: string): void {
    this.add(parseAuditEvent(json, server));
  }

  /** Counts a problem of so many records. */
  addProblem(problem: AuditProblem, records = 1): void {
    this.#counts.set(problem.reason, (this.#counts.get(problem.reason) ?? 0) + records);
    if (this.problems.length < MESSAGES) this.problems.push(problem);
  }

  /** Counts a malformed record. */
  malformed(message: string): void {
    this.addProblem({ reason: 'malformed', message });
  }
}

/** What is known about the place of a record in its envelopes. */
export class RecordContext {
  /** The API server that wrote the record, as far as an envelope names it. */
  readonly server: string;
  /** How many characters the compressed texts of the document may still have: one that is small can have very many of them. */
  readonly room: { left: number };
  readonly #depth: number;

  constructor(server: string, depth = 0, room = { left: TEXT_LIMIT }) {
    this.server = server;
    this.room = room;
    this.#depth = depth;
  }

  /** The context of a record inside this one, or undefined if there are too many envelopes inside each other. */
  inside(server: unknown = this.server): RecordContext | undefined {
    const name = typeof server === 'string' && server !== '' ? server.slice(0, 253) : this.server;
    return this.#depth + 1 < DEPTH ? new RecordContext(name, this.#depth + 1, this.room) : undefined;
  }
}
