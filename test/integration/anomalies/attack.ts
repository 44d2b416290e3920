import type { WatchedCluster } from './watched-cluster.ts';

/** An attack: what is done, and the finding that it is. */
export interface Attack {
  readonly rule: string;
  /** What it is about. Undefined: one of several objects, such as the last that was deleted. */
  readonly about?: string;
  readonly actor: string;
  readonly severity?: string;
  readonly act: () => Promise<unknown>;
}

/** What attacks are made with. */
export interface Stage {
  readonly cluster: WatchedCluster;
  /** The namespace of the attackers. */
  readonly red: string;
  /** The namespace of the victims: it has the Secrets s0 to s14 and the Pod `target`. */
  readonly shop: string;
  /** The user name of an account of the attackers. */
  readonly user: (account: string) => string;
  /** Sends a request as an account of the attackers. Resolves to the status. */
  readonly as: (account: string, method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<number>;
}
