import type { RequestActivity } from '../activity/activity.ts';
import { isControlPlane } from '../activity/actor.ts';
import type { Observation } from './judge.ts';
import { actorSubject, patience } from './subjects.ts';

interface Listing {
  readonly request: RequestActivity;
  readonly resource: string;
}

/** How long a list waits for the watch that shows it is the start of a cache. */
const WAIT = 15_000;
const most = 10_000;

/** A list in all namespaces that no watch followed, with what it means. */
export interface DueListing {
  readonly request: RequestActivity;
  readonly observation: Observation;
}

/**
 * Finds users who list many kinds in all namespaces. A controller does so too when it starts, but then watches each of the kinds: such lists
 * do not count.
 */
export class Enumeration {
  #waiting: Listing[] = [];

  /** Takes a request. */
  observe(request: RequestActivity): void {
    const { verb, namespace, name, resource, group, succeeded, actor } = request;
    if (namespace !== undefined || name !== undefined || resource === '' || !succeeded) return;
    if (isControlPlane(actor)) return;
    const kind = `${resource}.${group}`;
    if (verb === 'watch') this.#waiting = this.#waiting.filter((each) => each.resource !== kind || each.request.actor.key !== actor.key);
    else if (verb === 'list' && this.#waiting.length < most) this.#waiting.push({ request, resource: kind });
  }

  /** Returns the lists that have waited long enough, in the order of time. */
  due(now: number): readonly DueListing[] {
    const due = this.#waiting.filter(({ request }) => request.at <= now - WAIT);
    this.#waiting = this.#waiting.filter(({ request }) => request.at > now - WAIT);
    return due.map(({ request, resource }) => ({
      request,
      observation: {
        detection: 'enumeration',
        about: actorSubject(request.actor),
        seen: `${request.actor.name} listed {count} kinds of resources in all namespaces`,
        compared: { kind: 'rate', owner: request.actor.key, item: resource, window: 60_000, daily: 5, slow: patience(request.actor) },
      },
    }));
  }
}
