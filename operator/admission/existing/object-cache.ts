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
  /** The most objects that are held in memory. Of those beyond it, only the names are. Default: all are held. */
  readonly most?: number;
  /** Milliseconds without data after which the watch counts as broken. */
  readonly silence: number;
  /** Called after the cached objects or the problem have changed. */
  readonly onChange: () => void;
  /** Called for each error of the watch, which is retried. */
  readonly onError: (error: unknown) => void;
}

/** The objects of a cache. */
interface Held {
  readonly objects: Map<string, KubernetesObject>;
  /** The keys of the objects beyond the most. */
  readonly others: Set<string>;
}

const holdNothing = (): Held => ({ objects: new Map(), others: new Set() });

/** A cache of the objects of one resource. Unlike a Reflector, it knows when the operator may not read or watch them. */
export class ObjectCache {
  readonly resource: ApiResource;
  readonly #options: ObjectCacheOptions;
  readonly #watch: ListWatch<KubeObject>;
  #held = holdNothing();
  #fresh = holdNothing();
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
        begin: () => void (this.#fresh = holdNothing()),
        listed: (object) => this.#put(this.#fresh, object),
        complete: () => this.#replace(),
        steady: () => this.#setProblem(undefined),
        changed: (type, object) => this.#change(type === 'DELETED', object),
      },
    );
  }

  /** The objects that are held, without what changes without a meaning. Empty while there is a {@link problem}. */
  get objects(): readonly KubernetesObject[] {
    return this.#problem === undefined ? [...this.#held.objects.values()] : [];
  }

  /** The number of objects, with those beyond the most. */
  get size(): number {
    return this.#held.objects.size + this.#held.others.size;
  }

  /** Whether there were more objects than the cache holds. Those beyond the most are only read by another cache. */
  get isCut(): boolean {
    return this.#held.others.size > 0;
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

  #put(held: Held, object: KubeObject): void {
    const [key, content] = [keyOf(object), this.#contentOf(object)];
    const isHeld = held.objects.has(key);
    remove(held, key);
    if (this.#options.keeps?.(content) === false) return;
    if (isHeld || held.objects.size < (this.#options.most ?? Infinity)) held.objects.set(key, content);
    else held.others.add(key);
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
    this.#held = this.#fresh;
    this.#fresh = holdNothing();
    this.#isComplete = true;
    this.#options.onChange();
  }

  #change(isDeleted: boolean, object: KubeObject): void {
    if (isDeleted) remove(this.#held, keyOf(object));
    else this.#put(this.#held, object);
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

function remove({ objects, others }: Held, key: string): void {
  objects.delete(key);
  others.delete(key);
}

const keyOf = ({ metadata: { namespace = '', name } }: KubeObject): string => `${namespace}/${name}`;

/** A constant text, because it is part of results in reports. */
function problemText({ group, resource }: ApiResource, error: unknown): string {
  const what = group === '' ? resource : `${resource}.${group}`;
  if (isNotFound(error)) return `the cluster does not serve ${what}`;
  if (!isForbidden(error)) return `${what} could not be listed: its API server does not respond`;
  return `${what} may not be listed and watched: grant it by ClusterRoles labelled vigil.dev/aggregate-to-scan: "true" and vigil.dev/aggregate-to-watch: "true"`;
}
