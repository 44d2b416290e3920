import type { AuditUser } from '../../audit/audit-event.ts';
import { actorOf, tokenOf, type Actor } from './actor.ts';

/**
 * The actors of the last users. A few users send most requests: they share one object, since thousands of requests are kept to be joined with
 * changes. Two generations of at most `capacity` actors each.
 */
export class RecentActors {
  readonly #capacity: number;
  #recent = new Map<string, Actor>();
  #older = new Map<string, Actor>();

  constructor(capacity = 1000) {
    this.#capacity = capacity;
  }

  /** The actor of a user, equal to that of {@link actorOf}. */
  of(user: AuditUser): Actor {
    const { pod = '', node = '' } = tokenOf(user.extra) ?? {};
    const key = [user.username, pod, node, ...user.groups].join('\0');
    const known = this.#recent.get(key);
    if (known !== undefined) return known;
    const actor = this.#older.get(key) ?? actorOf(user);
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, actor);
    return actor;
  }
}
