import { apiVersionOf, type ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { KubernetesObject } from '../../engine/objects/kubernetes-object.ts';
import { isForbidden, isNotFound } from '../../kube/client/kube-api-error.ts';
import { ListWatch } from '../../kube/watch/list-watch.ts';
import type { WatchClient } from '../../kube/watch/watch-stream.ts';

/** The settings of an {@link ObjectCache}. */
export interface ObjectCacheOptions {
  readonly namespace?: string | undefined;
  /** Whether an object is kept. Default: all are. */
  readonly keeps?: (object: KubernetesObject) => boolean;
  /** Milliseconds without data after which the watch counts as broken. */
  readonly silence: number;
  /** Called after the cached objects or the problem have changed. */
  readonly onChange: () => void;
  /** Called for each error of the watch, which is retried. */
  readonly onError: (error: unknown) => void;
}

/** A cache of the objects of one resource. Unlike a Reflector, it knows when the operator may not read or watch them. */
export class ObjectCache {
  readonly resource: ApiResource;
  readonly #options: ObjectCacheOptions;
  readonly #watch: ListWatch<KubeObject>;
  #objects = new Map<string, KubernetesObject>();
  #fresh = new Map<string, KubernetesObject>();
  #isComplete = false;
  #startedAt = 0;
  #problem: string | undefined;

  constructor(client: WatchClient, resource: ApiResource, options: ObjectCacheOptions) {
    this.resource = resource;
    this.#options = options;
    const { namespace, silence } = options;
    this.#watch = new ListWatch<KubeObject>(
      client,
      resource,
      { namespace, silence, onError: (error) => this.#failed(error) },
      {
        begin: () => void (this.#fresh = new Map()),
        listed: (object) => this.#put(this.#fresh, object),
        complete: () => this.#replace(),
        steady: () => this.#setProblem(undefined),
        changed: (type, object) => this.#change(type === 'DELETED', object),
      },
    );
  }

  /** The objects, without what changes without a meaning. Empty while there is a {@link problem}. */
  get objects(): readonly KubernetesObject[] {
    return this.#problem === undefined ? [...this.#objects.values()] : [];
  }

  /** Why the objects are not known: the kind is not served, or the operator may not list or watch it. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Whether the objects are known, or will not be. */
  get isReady(): boolean {
    return this.#isComplete || this.#problem !== undefined;
  }

  start(): void {
    this.#startedAt = performance.now();
    this.#watch.start();
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  #put(objects: Map<string, KubernetesObject>, object: KubeObject): void {
    const kept = this.#contentOf(object);
    if (this.#options.keeps?.(kept) === false) objects.delete(keyOf(object));
    else objects.set(keyOf(object), kept);
  }

  /** Lists of the API server leave out the kind of each object. */
  #contentOf({ metadata, ...content }: KubeObject): KubernetesObject {
    const {
      managedFields: _managers,
      resourceVersion: _version,
      ...identity
    } = metadata as KubeObject['metadata'] & { managedFields?: unknown };
    return { ...content, apiVersion: apiVersionOf(this.resource), kind: this.resource.kind, metadata: identity };
  }

  #replace(): void {
    this.#objects = this.#fresh;
    this.#fresh = new Map();
    this.#isComplete = true;
    this.#options.onChange();
  }

  #change(isDeleted: boolean, object: KubeObject): void {
    if (isDeleted) this.#objects.delete(keyOf(object));
    else this.#put(this.#objects, object);
    this.#options.onChange();
  }

  #failed(error: unknown): void {
    this.#options.onError(error);
    const isOverdue = !this.#isComplete && performance.now() - this.#startedAt > patience;
    if (isForbidden(error) || isNotFound(error) || isOverdue) this.#setProblem(problemText(this.resource, error));
  }

  #setProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onChange();
  }
}

/** Milliseconds after which a resource that could never be listed counts as unreadable, such as one of a server that does not respond. */
const patience = 30_000;

const keyOf = ({ metadata: { namespace = '', name } }: KubeObject): string => `${namespace}/${name}`;

/** A constant text, because it is part of results in reports. */
function problemText({ group, resource }: ApiResource, error: unknown): string {
  const what = group === '' ? resource : `${resource}.${group}`;
  if (isNotFound(error)) return `the cluster does not serve ${what}`;
  if (!isForbidden(error)) return `${what} could not be listed: its API server does not respond`;
  return `${what} may not be listed and watched: grant it by ClusterRoles labelled vigil.dev/aggregate-to-scan: "true" and vigil.dev/aggregate-to-watch: "true"`;
}
