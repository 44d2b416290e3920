import { hash } from 'node:crypto';
import type { AuditEvent } from '../audit-event.ts';

/** Bytes of a hash that tell events apart. */
const DIGEST = 16;

/**
 * Remembers events, to drop those that come twice: an API server sends a batch again if the answer was lost. Two generations of at most `capacity` events each.
 *
 * The client of the API server may choose the audit ID, so it is no identity: somebody could send all requests with the ID of the first. Only an event that is equal in
 * time, user, verb and path is a duplicate.
 */
export class SeenEvents {
  readonly #capacity: number;
  #recent = new Set<string>();
  #older = new Set<string>();

  constructor(capacity = 20_000) {
    this.#capacity = capacity;
  }

  /** Whether the event was there before. Remembers it. */
  add(event: AuditEvent): boolean {
    const { auditID, stage, at, user, verb, requestURI } = event;
    // A slice of a text would keep all of it: 40,000 of them take megabytes.
    const key = hash('sha256', JSON.stringify([auditID, stage, at, user.username, verb, requestURI]), 'buffer').toString(
      'latin1',
      0,
      DIGEST,
    );
    if (this.#recent.has(key)) return true;
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(key);
    return this.#older.has(key);
  }
}
