import type { KubeObject } from '../../api/metadata.ts';
import { JobRunner, type JobClient } from '../../jobs/job-runner.ts';
import { isForbidden } from '../../kube/client/kube-api-error.ts';
import { concurrently } from '../../reports/publishing/concurrently.ts';
import { listImageJobs, type ImageJob } from './image-job-list.ts';

/** The permissions of the operator in a namespace that has opted in. It may list in all namespaces. */
const requiredPermissions = [
  { group: 'batch', resource: 'jobs', verb: 'create' },
  { group: 'batch', resource: 'jobs', verb: 'delete' },
  { group: '', resource: 'pods', subresource: 'log', verb: 'get' },
] as const;

/** The maximum number of concurrent access reviews. */
const concurrency = 4;
const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** Finds the namespaces that have opted in to inventory Jobs, by access reviews, and lists Vigil's Jobs in them. */
export class ImageNamespaces {
  readonly #client: JobClient;
  readonly #runner: JobRunner;
  readonly #home: string;
  readonly #answerLifetime: number;
  readonly #known = new Map<string, { readonly at: number; readonly allowed: boolean }>();
  /** Namespaces without Jobs of Vigil. Empty after the operator starts. */
  readonly #empty = new Set<string>();

  /** @param answerLifetime Milliseconds for which the result of an access review is cached. */
  constructor(client: JobClient, { home, answerLifetime }: { readonly home: string; readonly answerLifetime: number }) {
    this.#client = client;
    this.#runner = new JobRunner(client);
    this.#home = home;
    this.#answerLifetime = answerLifetime;
  }

  /** Returns the namespaces that have opted in. */
  async optedIn(namespaces: Iterable<string>, now: number): Promise<ReadonlySet<string>> {
    const all = [...namespaces];
    for (const [name, { at }] of this.#known) if (at + this.#answerLifetime <= now || at > now) this.#known.delete(name);
    await concurrently(
      all.filter((name) => !this.#known.has(name)),
      concurrency,
      async (name) => void this.#known.set(name, { at: now, allowed: await this.#allows(name) }),
    );
    return new Set(all.filter((name) => this.#known.get(name)?.allowed));
  }

  /** Lists the image Jobs in Vigil's namespace. */
  jobs(): Promise<ImageJob[]> {
    return listImageJobs(this.#runner, this.#home, { home: this.#home });
  }

  /** Lists Vigil's inventory Jobs in these namespaces. */
  async jobsIn(namespaces: Iterable<string>): Promise<ImageJob[]> {
    const found: ImageJob[] = [];
    for (const namespace of namespaces) {
      const jobs = this.#empty.has(namespace) ? [] : await this.#jobsIn(namespace);
      if (jobs.length === 0) this.#empty.add(namespace);
      found.push(...jobs);
    }
    return found;
  }

  /** Records that a Job was created in a namespace. */
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
    for (const attributes of requiredPermissions) {
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
