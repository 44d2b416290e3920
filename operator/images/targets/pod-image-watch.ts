import { RESOURCES } from '../../api/api-resource.ts';
import { MANAGED_BY, LABELS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { messageOf } from '../../kube/kube-request.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { ListWatch, type ChangeType } from '../../kube/watch/list-watch.ts';

/** For so many milliseconds after a pod was made its changes are news: its containers begin to run. */
const youth = 300_000;

/** Who wants to know. */
export interface PodImageObserver {
  /** Pods were made, have begun to run or are gone, or may be while nobody watched. */
  readonly onChange: () => void;
  /** Pods cannot be followed now, which is tried again; told once for each reason. */
  readonly onError: (error: unknown) => void;
}

/** Tells that there is something new about the images that run, by the metadata of pods and from when it begins. Keeps nothing of them. */
export class PodImageWatch {
  readonly #feed: ListWatch<KubeObject>;
  #problem: string | undefined;

  /** `silence`: milliseconds without a word after which a watch is taken to be dead; `clock`: milliseconds since the epoch. */
  constructor(
    client: KubeClient,
    { onChange, onError }: PodImageObserver,
    { silence, clock }: { readonly silence: number; readonly clock: () => number },
  ) {
    const isNews = (type: ChangeType, { metadata: { labels, creationTimestamp = '' } }: KubeObject): boolean =>
      labels?.[LABELS.managedBy] !== MANAGED_BY && (type === 'DELETED' || clock() - Date.parse(creationTimestamp) < youth);
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
          if (isNews(type, pod)) onChange();
        },
      },
    );
  }

  /** Begins where it has not. */
  start(): void {
    this.#feed.start();
  }

  /** Ends the watch and waits for it. */
  stop(): Promise<void> {
    return this.#feed.stop();
  }
}
