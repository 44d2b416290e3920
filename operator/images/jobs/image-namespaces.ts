import type { KubeObject } from '../../api/metadata.ts';
import { JobRunner } from '../../jobs/job-runner.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isForbidden } from '../../kube/kube-api-error.ts';
import { concurrently } from '../../reports/publishing/concurrently.ts';
import { listImageJobs, type ImageJob } from './image-job-list.ts';

/** What a namespace that has opted in lets the operator do there; listing it may everywhere. */
const asked = [
  { group: 'batch', resource: 'jobs', verb: 'create' },
  { group: 'batch', resource: 'jobs', verb: 'delete' },
  { group: '', resource: 'pods', subresource: 'log', verb: 'get' },
] as const;

/** Questions to the server at the same time. */
const atOnce = 4;
const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** The namespaces outside of Vigil's own where it may take inventories, by what the API server says of its rights there, and its Jobs in them. */
export class ImageNamespaces {
  readonly #client: KubeClient;
  readonly #runner: JobRunner;
  readonly #home: string;
  readonly #lasts: number;
  readonly #known = new Map<string, { readonly at: number; readonly allowed: boolean }>();
  /** Where no Job is left; an operator that has just begun knows of none. */
  readonly #empty = new Set<string>();

  /** @param lasts Milliseconds for which an answer counts. */
  constructor(client: KubeClient, { home, lasts }: { readonly home: string; readonly lasts: number }) {
    this.#client = client;
    this.#runner = new JobRunner(client);
    this.#home = home;
    this.#lasts = lasts;
  }

  /** Those of them that have opted in. */
  async optedIn(namespaces: Iterable<string>, now: number): Promise<ReadonlySet<string>> {
    const all = [...namespaces];
    for (const [name, { at }] of this.#known) if (at + this.#lasts <= now || at > now) this.#known.delete(name);
    await concurrently(
      all.filter((name) => !this.#known.has(name)),
      atOnce,
      async (name) => void this.#known.set(name, { at: now, allowed: await this.#allows(name) }),
    );
    return new Set(all.filter((name) => this.#known.get(name)?.allowed));
  }

  /** Vigil's Jobs in Vigil's namespace. */
  jobs(): Promise<ImageJob[]> {
    return listImageJobs(this.#runner, this.#home, { home: this.#home });
  }

  /** Vigil's Jobs in these namespaces. */
  async jobsIn(namespaces: Iterable<string>): Promise<ImageJob[]> {
    const found: ImageJob[] = [];
    for (const namespace of namespaces) {
      const there = this.#empty.has(namespace) ? [] : await this.#jobsIn(namespace);
      if (there.length === 0) this.#empty.add(namespace);
      found.push(...there);
    }
    return found;
  }

  /** A Job was made there. */
  noteJob({ metadata: { namespace = '' } }: KubeObject): void {
    this.#empty.delete(namespace);
  }

  async #jobsIn(namespace: string): Promise<ImageJob[]> {
    try {
      return await listImageJobs(this.#runner, namespace, { home: this.#home });
    } catch (error) {
      if (isForbidden(error)) return [];
      throw error;
    }
  }

  async #allows(namespace: string): Promise<boolean> {
    for (const attributes of asked) {
      const review = await this.#client.call<{ readonly status?: { readonly allowed?: boolean } }>({
        method: 'POST',
        path: reviews,
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { ...attributes, namespace } },
        },
      });
      if (review.status?.allowed !== true) return false;
    }
    return true;
  }
}
