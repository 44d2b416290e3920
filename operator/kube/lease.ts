import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isConflict, isForbidden, isNamespaceTerminating, isNotFound, isUnauthorized } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { messageOf } from './kube-request.ts';
import type { WriteFence } from './write-fence.ts';

interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number;
  readonly renewTime?: string | null;
  readonly acquireTime?: string | null;
  readonly leaseTransitions?: number;
}
interface LeaseObject extends KubeObject {
  readonly spec?: LeaseSpec;
}

/** A moment by two clocks: one that only grows but stands still while the machine sleeps, and one that people set. Both in milliseconds. */
export interface Moment {
  readonly steady: number;
  readonly wall: number;
}

/** Who runs for which lease, and how fast. The leader gives up `renewDeadline` after its last success, before `duration` lets another in. */
export interface LeaseOptions {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  /** Seconds that a lease lasts without renewal. */
  readonly duration: number;
  /** Seconds without a successful renewal after which the leader stops. */
  readonly renewDeadline: number;
  /** Seconds between tries. */
  readonly retryPeriod: number;
  /** A try failed. Called once for each reason, and again when the reason is another or the last try succeeded. */
  readonly onError?: (error: unknown) => void;
  /** Default: the process's clocks. */
  readonly clock?: () => Moment;
}

const present = (): Moment => ({ steady: performance.now(), wall: Date.now() });

/**
 * Leader election on a coordination.k8s.io Lease, as client-go does it: another's lease counts from when its last renewal
 * was *seen*, so clocks need not agree. It is also the fence that keeps writes back: one's own lease counts from when its last
 * renewal was *sent*, and a process that was frozen past the renew deadline writes nothing more. Its client must have short
 * time-outs, connections of its own, no retries, and no fence. Labels, annotations and fields of others stay as they are.
 */
export class Lease implements WriteFence {
  readonly #client: KubeClient;
  readonly #options: LeaseOptions;
  readonly #clock: () => Moment;
  #object: KubeObject | undefined;
  #seen: { readonly record: string; readonly at: number } | undefined;
  #renewed: Moment | undefined;
  #failure: { readonly message: string; readonly isRefusal: boolean } | undefined;
  #trying: Promise<boolean> = Promise.resolve(false);
  /** Milliseconds after which another's lease, as the last try saw it, has lapsed. */
  #lapsesIn = Number.POSITIVE_INFINITY;

  constructor(client: KubeClient, options: LeaseOptions) {
    this.#client = client;
    this.#options = options;
    this.#clock = options.clock ?? present;
  }

  closed(): string | undefined {
    if (!this.#renewed) return 'this process does not lead';
    const { renewDeadline } = this.#options;
    return this.#since(this.#renewed) < renewDeadline * 1000 ? undefined : `this process has not renewed its lease for ${renewDeadline} s`;
  }

  /** Why this process can never lead as things are, and how to mend it; undefined while it can, or while it is only not its turn. */
  get refusal(): string | undefined {
    const { namespace, name } = this.#options;
    return this.#failure?.isRefusal === true
      ? `lease ${namespace}/${name} cannot be taken: ${this.#failure.message}; run the operator in its own namespace, or name that namespace by --namespace or VIGIL_NAMESPACE`
      : undefined;
  }

  /** The Lease as last seen: what Events about the election are about. */
  get object(): KubeObject {
    const { namespace, name } = this.#options;
    return this.#object ?? { metadata: { namespace, name } };
  }

  /** Waits until this process leads. Rejects only when aborted. */
  async acquire(signal: AbortSignal): Promise<void> {
    while (!(await this.#try())) {
      const pause = this.#options.retryPeriod * 1000 * (0.9 + Math.random() / 5);
      // A lease that lapses before the next try is taken the moment it lapses.
      await sleep(Math.min(pause, this.#lapsesIn), undefined, { signal });
    }
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
      await this.#write(lease, { holderIdentity: '', leaseDurationSeconds: 1 });
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  /** Milliseconds since a moment, by the clock that went further. */
  #since({ steady, wall }: Moment): number {
    const now = this.#clock();
    return Math.max(now.steady - steady, now.wall - wall);
  }

  /** Milliseconds until the renew deadline. */
  #left(): number {
    return this.#renewed ? Math.max(this.#options.renewDeadline * 1000 - this.#since(this.#renewed), 0) : 0;
  }

  #try(): Promise<boolean> {
    this.#trying = this.#attempt();
    return this.#trying;
  }

  /** Takes or renews the lease. True when this process holds it now. */
  async #attempt(): Promise<boolean> {
    this.#lapsesIn = Number.POSITIVE_INFINITY;
    try {
      const lease = await this.#read();
      const isTaken = this.#isAnothers(lease);
      const sent = this.#clock();
      if (!isTaken) {
        await this.#claim(lease);
        this.#renewed = sent;
      }
      this.#failure = undefined;
      return !isTaken;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  /** Another holds the lease, and is not known to have let it lapse. */
  #isAnothers(lease: LeaseObject): boolean {
    const { holderIdentity, leaseDurationSeconds = this.#options.duration } = lease.spec ?? {};
    const seenAt = this.#look(lease);
    if (holderIdentity === this.#options.identity || (holderIdentity ?? '') === '') return false;
    const left = seenAt + leaseDurationSeconds * 1000 - this.#clock().steady;
    if (left < 0) return false;
    this.#lapsesIn = left + 1;
    return true;
  }

  #failed(error: unknown): void {
    // Somebody else was faster: that is no failure.
    if (isConflict(error)) return;
    const message = messageOf(error);
    const isRefusal = isForbidden(error) || isUnauthorized(error) || isNamespaceTerminating(error);
    const isNew = this.#failure?.message !== message;
    this.#failure = { message, isRefusal };
    if (isNew) this.#options.onError?.(error);
  }

  async #claim(lease: LeaseObject): Promise<void> {
    const now = microTime(this.#clock().wall);
    const { holderIdentity, acquireTime = now, leaseTransitions = 0 } = lease.spec ?? {};
    const mine = holderIdentity === this.#options.identity;
    await this.#write(lease, {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: this.#options.duration,
      renewTime: now,
      acquireTime: mine ? acquireTime : now,
      leaseTransitions: leaseTransitions + (mine ? 0 : 1),
    });
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

  /** Replaces the lease as it was read, with these fields changed. */
  async #write(lease: LeaseObject, spec: LeaseSpec): Promise<void> {
    this.#look(await this.#client.replace<LeaseObject>(RESOURCES.leases, { ...lease, spec: { ...lease.spec, ...spec } } as LeaseObject));
  }

  /** Takes note of a renewal. Returns when it was first seen, by the steady clock. */
  #look(lease: LeaseObject): number {
    this.#object = lease;
    const { spec } = lease;
    const record = `${spec?.holderIdentity ?? ''}/${spec?.renewTime ?? ''}`;
    const at = this.#seen?.record === record ? this.#seen.at : this.#clock().steady;
    this.#seen = { record, at };
    return at;
  }
}

/** A time as a `MicroTime`. */
function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
