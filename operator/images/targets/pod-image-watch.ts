import { RESOURCES } from '../../api/api-resource.ts';
import type { WatchClient } from '../../kube/watch/watch-stream.ts';
import { MANAGED_BY, LABELS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { messageOf } from '../../kube/client/kube-request.ts';
import { ListWatch, type ChangeType } from '../../kube/watch/list-watch.ts';

/** Milliseconds after a pod's creation in which its changes are reported, since its containers are starting. */
const startPeriod = 300_000;

/** The callbacks of {@link PodImageWatch}. */
export interface PodImageObserver {
  /** Called when pods were created, started or deleted, or when such changes may have been missed. */
  readonly onChange: () => void;
  /** Called once for each reason when the watch fails. The watch is retried. */
  readonly onError: (error: unknown) => void;
}

/** Watches the metadata of pods from now on and reports changes that may affect the running images. Stores no pods. */
export class PodImageWatch {
  readonly #feed: ListWatch<KubeObject>;
  #problem: string | undefined;

  /** `silence`: milliseconds without an event after which the watch is restarted; `clock`: returns milliseconds since the epoch. */
  constructor(
    client: WatchClient,
    { onChange, onError }: PodImageObserver,
    { silence, clock }: { readonly silence: number; readonly clock: () => number },
  ) {
    const isRelevant = (type: ChangeType, { metadata: { labels, creationTimestamp = '' } }: KubeObject): boolean =>
      labels?.[LABELS.managedBy] !== MANAGED_BY && (type === 'DELETED' || clock() - Date.parse(creationTimestamp) < startPeriod);
    this.#feed = new ListWatch<KubeObject>(
      client,
      RESOURCES.pods,
      {
        metadataOnly: true,
        fromNow: true,
        silence,
        onError: (error) => {
          const problem = messageOf(error);
          if (problem === this.#problem) return;
          this.#problem = problem;
          onError(error);
        },
      },
      {
        begin: () => undefined,
        listed: () => undefined,
        complete: onChange,
        steady: () => void (this.#problem = undefined),
        changed: (type, pod) => {
          if (isRelevant(type, pod)) onChange();
        },
      },
    );
  }

  /** Starts the watch if it is not running. */
  start(): void {
    this.#feed.start();
  }

  /** Stops the watch and waits until it has ended. */
  stop(): Promise<void> {
    return this.#feed.stop();
  }
}
