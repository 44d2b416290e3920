import { PassThrough, Readable } from 'node:stream';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { KubeRequest } from '../../operator/kube/client/kube-request.ts';
import { MemoryApi } from './memory-api.ts';

interface AccessReview {
  readonly spec: { readonly resourceAttributes: AccessAttributes };
}

/** The action that an access review asks about. */
export interface AccessAttributes {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  readonly namespace: string;
}

/** An API server in memory that also returns the logs of pods, opens watches, and answers access reviews. */
export class ClusterApi extends MemoryApi {
  /** The lines of the logs, by the name of the pod. */
  readonly logs = new Map<string, readonly string[]>();
  /** The open watches, the latest last. A test writes their events. */
  readonly watches: PassThrough[] = [];
  readonly #byPath = new Map<string, PassThrough>();
  /** The actions that access reviews asked about. */
  readonly reviews: AccessAttributes[] = [];
  /** Answers an access review. */
  allows: (action: AccessAttributes) => boolean = () => false;

  override async call<T>(call: KubeRequest): Promise<T> {
    if (!call.path.endsWith('/selfsubjectaccessreviews')) return super.call<T>(call);
    const { resourceAttributes } = (call.body as AccessReview).spec;
    this.reviews.push(resourceAttributes);
    return Promise.resolve({ status: { allowed: this.allows(resourceAttributes) } } as T);
  }

  override stream(call: KubeRequest): Promise<never> {
    if (call.query?.['watch']) return Promise.resolve(this.#watch(call) as never);
    const lines = this.logs.get(call.path.split('/').at(-2) ?? '');
    if (!lines) return Promise.reject(new KubeApiError('the log is gone', { status: 404 }));
    return Promise.resolve(Readable.from([Buffer.from(`${lines.join('\n')}\n`)]) as never);
  }

  /** The latest watch of a collection, by its path. */
  watchOf(path: string): PassThrough | undefined {
    return this.#byPath.get(path);
  }

  /** Opens a watch that sends only what a test writes, until its signal is aborted. */
  #watch({ path, signal }: KubeRequest): PassThrough {
    const events = new PassThrough();
    signal?.addEventListener('abort', () => events.end(), { once: true });
    this.watches.push(events);
    this.#byPath.set(path, events);
    return events;
  }
}
