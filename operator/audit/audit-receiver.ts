import type { Runnable } from '../controller/lifecycle.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { AuditEvent } from './audit-event.ts';
import { publishAddress, publishAuthority } from './audit-publication.ts';
import type { AuditDropReason, AuditObserver } from './receiving/audit-counts.ts';
import { AuditEndpoint, type RefusalReason } from './receiving/audit-endpoint.ts';
import { AuditFiles, type AuditFilePaths, type AuditIdentity } from './receiving/audit-files.ts';
import { AuditQueue } from './receiving/audit-queue.ts';

/** Milliseconds between two reads of the mounted files. */
const FILE_INTERVAL = 30_000;
/** Milliseconds for which a problem of the same kind is not logged again. */
const LOG_INTERVAL = 60_000;

/** What an {@link AuditReceiver} needs. */
export interface ReceiverOptions {
  readonly client: Pick<KubeClient, 'apply' | 'get'>;
  readonly log: Logger;
  readonly namespace: string;
  readonly port: number;
  /** The address that API servers reach this process at. Undefined: no EndpointSlice is written. */
  readonly address?: string;
  readonly files: AuditFilePaths;
  /** Takes events in order. Must not throw. */
  readonly consume: (events: readonly AuditEvent[]) => void;
  /** Counts, for metrics and status. */
  readonly observer: Pick<AuditObserver, 'received' | 'dropped'> & { readonly refused: (reason: RefusalReason) => void };
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/**
 * Receives audit events while this process leads: reads the mounted files, listens, and publishes its address and certificate authority. Files that cannot be used do not
 * stop the operator: the receiver reads them again every 30 seconds, and {@link problem} says what is wrong.
 */
export class AuditReceiver implements Runnable {
  readonly name = 'audit receiver';
  /** Why no events can be received, and how to mend it. Undefined while the endpoint listens and is published. */
  problem: string | undefined = 'the audit endpoint has not started yet';
  /** The port that it listens at. */
  port: number | undefined;
  readonly #options: ReceiverOptions;
  readonly #files: AuditFiles;
  readonly #queue: AuditQueue;
  readonly #logged = new Map<string, number>();
  #endpoint: AuditEndpoint | undefined;
  #authority: string | undefined;
  #published = false;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#files = new AuditFiles(options.files);
    const { received, dropped } = options.observer;
    this.#queue = new AuditQueue({
      consume: options.consume,
      now: options.clock,
      observer: { received, dropped, problem: (reason, message) => this.#warn(reason, message) },
    });
  }

  /** Starts to listen. Resolves after the first attempt. */
  async start(): Promise<void> {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#queue.start();
    this.#timer = setInterval(() => void this.#step(), FILE_INTERVAL);
    await this.#step();
  }

  /** Stops listening, and passes on what was received. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
    await this.#endpoint?.stop();
    this.#queue.stop();
  }

  /** One attempt after the other. */
  #step(): Promise<void> {
    this.#running = this.#running.then(() => (this.#stopped ? undefined : this.#refresh()));
    return this.#running;
  }

  async #refresh(): Promise<void> {
    try {
      const identity = await this.#files.read(this.#options.clock());
      if (identity !== undefined) await this.#use(identity);
      if (!this.#published) await this.#publish();
      this.problem = undefined;
    } catch (error) {
      // With an endpoint that listens, old credentials stay in use.
      this.problem = error instanceof Error ? error.message : String(error);
      this.#options.log.warn({ err: error }, 'audit endpoint not set up; retrying');
    }
  }

  async #use({ credentials, check, authority }: AuditIdentity): Promise<void> {
    if (this.#endpoint === undefined) {
      const { port, observer } = this.#options;
      const endpoint = new AuditEndpoint({
        port,
        credentials,
        check,
        offer: (body) => this.#queue.offer(body),
        refused: (reason) => {
          observer.refused(reason);
          this.#warn(reason, 'a request to the audit endpoint was refused');
        },
      });
      try {
        this.port = await endpoint.start();
      } catch (error) {
        this.#files.forget();
        throw error;
      }
      this.#endpoint = endpoint;
      this.#options.log.info({ port: this.port }, 'audit endpoint listens');
    } else {
      this.#endpoint.renew(credentials, check);
      this.#options.log.info('audit endpoint uses renewed files');
    }
    this.#published = this.#published && authority === this.#authority;
    this.#authority = authority;
  }

  async #publish(): Promise<void> {
    const { client, namespace, address } = this.#options;
    if (this.#authority !== undefined) await publishAuthority(client, namespace, this.#authority);
    if (address !== undefined && this.port !== undefined) await publishAddress(client, namespace, { address, port: this.port });
    this.#published = true;
  }

  /** Logs a problem once a minute for each kind: a flood of events is no flood of lines. */
  #warn(reason: AuditDropReason | RefusalReason, message: string): void {
    const now = performance.now();
    if (now - (this.#logged.get(reason) ?? -Infinity) < LOG_INTERVAL) return;
    this.#logged.set(reason, now);
    this.#options.log.warn({ reason, problem: message }, 'audit events dropped');
  }
}
