import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from './client/kube-client.ts';
import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isConflict, isForbidden, isNamespaceTerminating, isNotFound, isUnauthorized } from './client/kube-api-error.ts';
import { messageOf } from './client/kube-request.ts';
import type { WriteFence } from './client/write-fence.ts';

/** The part of a client that a {@link Lease} uses. */
export type LeaseClient = Pick<KubeClient, 'create' | 'get' | 'replace'>;

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

/** A time on two clocks, in milliseconds: the monotonic clock, which stops while the machine sleeps, and the wall clock. */
export interface Moment {
  readonly steady: number;
  readonly wall: number;
}

/** The settings of a {@link Lease}. The leader stops `renewDeadline` after its last renewal, before another process may take over after `duration`. */
export interface LeaseOptions {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  /** Seconds without a renewal after which another process may take over the lease. */
  readonly duration: number;
  /** Seconds without a successful renewal after which the leader stops. */
  readonly renewDeadline: number;
  /** Seconds between attempts. */
  readonly retryPeriod: number;
  /** Called when an attempt fails: once for a run of failures with the same message. */
  readonly onError?: (error: unknown) => void;
  /** Default: the clocks of the process. */
  readonly clock?: () => Moment;
}

const present = (): Moment => ({ steady: performance.now(), wall: Date.now() });

/**
 * Leader election on a coordination.k8s.io Lease, as in client-go. The lease of another holder expires a duration after its last renewal was
 * *observed*, so that clocks need not agree. The lease of this process counts from when its last renewal was *sent*. The lease is also the
 * write fence: a process that was frozen past the renew deadline writes nothing more. Its client needs short timeouts, its own connections,
 * no retries and no fence. Labels, annotations and other fields of the Lease are not changed.
 */
export class Lease implements WriteFence {
  readonly #client: LeaseClient;
  readonly #options: LeaseOptions;
  readonly #clock: () => Moment;
  #object: KubeObject | undefined;
  #seen: { readonly record: string; readonly at: number } | undefined;
  #renewed: Moment | undefined;
  #failure: { readonly message: string; readonly isRefusal: boolean } | undefined;
  #trying: Promise<boolean> = Promise.resolve(false);
  /** Milliseconds until the lease of another holder expires, as of the last attempt. */
  #expiresIn = Number.POSITIVE_INFINITY;

  constructor(client: LeaseClient, options: LeaseOptions) {
    this.#client = client;
    this.#options = options;
    this.#clock = options.clock ?? present;
  }

  closed(): string | undefined {
    if (!this.#renewed) return 'this process does not lead';
    const { renewDeadline } = this.#options;
    return this.#since(this.#renewed) < renewDeadline * 1000 ? undefined : `this process has not renewed its lease for ${renewDeadline} s`;
  }

  /** Why this process cannot acquire the lease until its configuration changes, and how to fix it. Undefined if it can, or if another process holds the lease. */
  get refusal(): string | undefined {
    const { namespace, name } = this.#options;
    return this.#failure?.isRefusal === true
      ? `lease ${namespace}/${name} cannot be acquired: ${this.#failure.message}; run the operator in its own namespace, or set --namespace or VIGIL_NAMESPACE to that namespace`
      : undefined;
  }

  /** The Lease as last read: the involved object of leader election Events. */
  get object(): KubeObject {
    const { namespace, name } = this.#options;
    return this.#object ?? { metadata: { namespace, name } };
  }

  /** Waits until this process holds the lease. Rejects only if the signal is aborted. */
  async acquire(signal: AbortSignal): Promise<void> {
    while (!(await this.#try())) {
      const pause = this.#options.retryPeriod * 1000 * (0.9 + Math.random() / 5);
      // A lease that expires before the next attempt is acquired when it expires.
      await sleep(Math.min(pause, this.#expiresIn), undefined, { signal });
    }
  }

  /** Renews the lease. Resolves when it is lost, or when the signal is aborted. */
  async hold(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#options.retryPeriod * 1000, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const held = await Promise.race([this.#try(), sleep(this.#left(), 'late' as const, { ref: false })]);
      if (held !== true && this.closed() !== undefined) return;
      if (held === false && this.#seen && !this.#seen.record.startsWith(`${this.#options.identity}/`)) return;
    }
  }

  /** Releases the lease, so that another process can acquire it at once. Closes the write fence. */
  async release(): Promise<void> {
    // A renewal in flight must not arrive after the release.
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

  /** Milliseconds since a time, by the clock that advanced more. */
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

  /** Acquires or renews the lease. Returns whether this process holds it. */
  async #attempt(): Promise<boolean> {
    this.#expiresIn = Number.POSITIVE_INFINITY;
    try {
      const lease = await this.#read();
      const isHeldByOther = this.#isHeldByOther(lease);
      const sent = this.#clock();
      if (!isHeldByOther) {
        await this.#claim(lease);
        this.#renewed = sent;
      }
      this.#failure = undefined;
      return !isHeldByOther;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  /** Whether another process holds the lease and it has not expired. */
  #isHeldByOther(lease: LeaseObject): boolean {
    const { holderIdentity, leaseDurationSeconds = this.#options.duration } = lease.spec ?? {};
    const seenAt = this.#observe(lease);
    if (holderIdentity === this.#options.identity || (holderIdentity ?? '') === '') return false;
    const left = seenAt + leaseDurationSeconds * 1000 - this.#clock().steady;
    if (left < 0) return false;
    this.#expiresIn = left + 1;
    return true;
  }

  #failed(error: unknown): void {
    // Another process acquired it first: that is not a failure.
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

  /** Replaces the lease that was read, with these fields changed. */
  async #write(lease: LeaseObject, spec: LeaseSpec): Promise<void> {
    this.#observe(await this.#client.replace<LeaseObject>(RESOURCES.leases, { ...lease, spec: { ...lease.spec, ...spec } } as LeaseObject));
  }

  /** Records the holder and renewal time of a lease. Returns when this renewal was first observed, by the monotonic clock. */
  #observe(lease: LeaseObject): number {
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
