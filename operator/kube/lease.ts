import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isConflict, isNotFound } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';
import type { WriteFence } from './write-fence.ts';

interface LeaseObject extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string | null;
    readonly acquireTime?: string | null;
    readonly leaseTransitions?: number;
  };
}

/** Who runs for which lease, and how fast. The leader gives up `renewDeadline` after its last success, before `duration` lets another in. */
export interface LeaseOptions {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  /** Seconds that a lease lasts without renewal. Default 15. */
  readonly duration?: number;
  /** Seconds without a successful renewal after which the leader stops. Default 10. */
  readonly renewDeadline?: number;
  /** Seconds between tries. Default 2. */
  readonly retryPeriod?: number;
  readonly onError?: (error: unknown) => void;
}

/** Two clocks: one that only grows but stands still while the machine sleeps, and one that people set. */
interface Moment {
  readonly steady: number;
  readonly wall: number;
}

const present = (): Moment => ({ steady: performance.now(), wall: Date.now() });

/** Milliseconds since a moment, by the clock that went further. */
const since = ({ steady, wall }: Moment): number => Math.max(performance.now() - steady, Date.now() - wall);

/**
 * Leader election on a coordination.k8s.io Lease, as client-go does it: another's lease counts from when its last renewal
 * was *seen*, so clocks need not agree. It is also the fence that keeps writes back: one's own lease counts from when its last
 * renewal was *sent*, and a process that was frozen past the renew deadline writes nothing more. Its client must have short
 * time-outs, no retries, and no fence.
 */
export class Lease implements WriteFence {
  readonly #client: KubeClient;
  readonly #options: Required<Omit<LeaseOptions, 'onError'>> & Pick<LeaseOptions, 'onError'>;
  #seen: { readonly record: string; readonly at: number } | undefined;
  #renewed: Moment | undefined;
  #trying: Promise<boolean> = Promise.resolve(false);

  constructor(client: KubeClient, options: LeaseOptions) {
    this.#client = client;
    this.#options = { duration: 15, renewDeadline: 10, retryPeriod: 2, ...options };
  }

  closed(): string | undefined {
    if (!this.#renewed) return 'this process does not lead';
    const { renewDeadline } = this.#options;
    return since(this.#renewed) < renewDeadline * 1000 ? undefined : `this process has not renewed its lease for ${renewDeadline} s`;
  }

  /** Waits until this process leads. Rejects only when aborted. */
  async acquire(signal: AbortSignal): Promise<void> {
    while (!(await this.#try())) await sleep(this.#options.retryPeriod * 1000 * (0.9 + Math.random() / 5), undefined, { signal });
  }

  /** Renews while this process leads. Resolves when leadership is lost, or the signal is given. */
  async hold(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#options.retryPeriod * 1000, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const held = await Promise.race([this.#try(), sleep(this.#left(), 'late' as const, { ref: false })]);
      if (held !== true && this.closed() !== undefined) return;
      if (held === false && this.#seen && !this.#seen.record.startsWith(`${this.#options.identity}/`)) return;
    }
  }

  /** Gives the lease up, so that another may lead at once. Nothing is written from here on. */
  async release(): Promise<void> {
    // A renewal that is still on its way must not come after the release.
    await this.#trying;
    this.#renewed = undefined;
    try {
      const lease = await this.#client.get<LeaseObject>(RESOURCES.leases, this.#options);
      if (lease.spec?.holderIdentity !== this.#options.identity) return;
      await this.#write(lease, { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 });
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  /** Milliseconds until the renew deadline. */
  #left(): number {
    return this.#renewed ? Math.max(this.#options.renewDeadline * 1000 - since(this.#renewed), 0) : 0;
  }

  #try(): Promise<boolean> {
    this.#trying = this.#attempt();
    return this.#trying;
  }

  /** Takes or renews the lease. True when this process holds it now. */
  async #attempt(): Promise<boolean> {
    try {
      const lease = await this.#read();
      const holder = lease.spec?.holderIdentity ?? '';
      this.#look(lease);
      if (holder !== this.#options.identity && holder !== '' && !this.#lapsed(lease)) return false;
      const sent = present();
      await this.#claim(lease);
      this.#renewed = sent;
      return true;
    } catch (error) {
      if (!isConflict(error)) this.#options.onError?.(error);
      return false;
    }
  }

  async #claim(lease: LeaseObject): Promise<void> {
    const now = microTime();
    const renewal = { holderIdentity: this.#options.identity, leaseDurationSeconds: this.#options.duration, renewTime: now };
    const { holderIdentity, acquireTime = now, leaseTransitions = 0 } = lease.spec ?? {};
    const mine = holderIdentity === this.#options.identity;
    await this.#write(lease, { ...renewal, acquireTime: mine ? acquireTime : now, leaseTransitions: leaseTransitions + (mine ? 0 : 1) });
  }

  async #read(): Promise<LeaseObject> {
    const { namespace, name } = this.#options;
    try {
      return await this.#client.get<LeaseObject>(RESOURCES.leases, { namespace, name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return this.#client.create<LeaseObject>(RESOURCES.leases, { metadata: { namespace, name } });
    }
  }

  async #write(lease: LeaseObject, spec: NonNullable<LeaseObject['spec']>): Promise<void> {
    const { namespace, name } = this.#options;
    const body: LeaseObject = { metadata: { namespace, name, resourceVersion: lease.metadata.resourceVersion ?? '' }, spec };
    this.#look(await this.#client.replace<LeaseObject>(RESOURCES.leases, body));
  }

  #look({ spec }: LeaseObject): void {
    const record = `${spec?.holderIdentity ?? ''}/${spec?.renewTime ?? ''}`;
    if (this.#seen?.record !== record) this.#seen = { record, at: performance.now() };
  }

  #lapsed({ spec }: LeaseObject): boolean {
    return this.#seen !== undefined && performance.now() - this.#seen.at > (spec?.leaseDurationSeconds ?? this.#options.duration) * 1000;
  }
}

/** Now as a `MicroTime`. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
