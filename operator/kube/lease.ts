import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { isConflict, isNotFound } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';

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

/**
 * Leader election on a coordination.k8s.io Lease, as client-go does it: another's lease counts from when its last renewal
 * was *seen*, so clocks need not agree.
 */
export class Lease {
  readonly #client: KubeClient;
  readonly #options: Required<Omit<LeaseOptions, 'onError'>> & Pick<LeaseOptions, 'onError'>;
  #seen: { readonly record: string; readonly at: number } | undefined;

  constructor(client: KubeClient, options: LeaseOptions) {
    this.#client = client;
    this.#options = { duration: 15, renewDeadline: 10, retryPeriod: 2, ...options };
  }

  /** Waits until this process leads. Rejects only when aborted. */
  async acquire(signal: AbortSignal): Promise<void> {
    while (!(await this.#attempt())) await sleep(this.#options.retryPeriod * 1000 * (0.9 + Math.random() / 5), undefined, { signal });
  }

  /** Renews while this process leads. Resolves when leadership is lost, or the signal is given. */
  async hold(signal: AbortSignal): Promise<void> {
    let renewed = performance.now();
    while (!signal.aborted) {
      await sleep(this.#options.retryPeriod * 1000, undefined, { signal }).catch(() => undefined);
      const left = this.#options.renewDeadline * 1000 - (performance.now() - renewed);
      const held = await Promise.race([this.#attempt(), sleep(Math.max(left, 0), 'late' as const, { ref: false })]);
      if (held === true) renewed = performance.now();
      if (performance.now() - renewed >= this.#options.renewDeadline * 1000) return;
      if (held === false && this.#seen && !this.#seen.record.startsWith(`${this.#options.identity}/`)) return;
    }
  }

  /** Gives the lease up, so that another may lead at once. */
  async release(): Promise<void> {
    try {
      const lease = await this.#client.get<LeaseObject>(RESOURCES.leases, this.#options);
      if (lease.spec?.holderIdentity !== this.#options.identity) return;
      await this.#write(lease, { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 });
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  /** Takes or renews the lease. True when this process holds it now. */
  async #attempt(): Promise<boolean> {
    try {
      const lease = await this.#read();
      const holder = lease.spec?.holderIdentity ?? '';
      this.#look(lease);
      if (holder !== this.#options.identity && holder !== '' && !this.#lapsed(lease)) return false;
      await this.#claim(lease);
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
