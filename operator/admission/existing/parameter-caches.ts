import { apiVersionOf, type ApiResource } from '../../api/api-resource.ts';
import {
  isSecretKind,
  isSelected,
  type OtherAdmissionBinding,
  type OtherAdmissionPolicy,
  type ParameterObjects,
  type ParamKind,
  type ParamRef,
} from '../../engine/admission-policies/bound-rules.ts';
import type { WatchClient } from '../../kube/watch/watch-stream.ts';
import { ObjectCache, type ObjectCacheOptions } from './object-cache.ts';

/** The most parameter objects of one kind, and the most that a cache of one kind and namespace holds. With more, its bindings are not evaluated. */
const mostObjects = 1000;

/** The parameter objects of one kind that bindings refer to. */
interface WantedParameters {
  readonly kind: ParamKind;
  readonly refs: readonly ParamRef[];
}

interface KindCache {
  readonly refs: string;
  readonly namespaced: boolean;
  readonly caches: readonly ObjectCache[];
}

const sizeOf = ({ caches }: KindCache): number => caches.reduce((sum, { size }) => sum + size, 0);
/** Whether there are few enough objects again, but some are not held. */
const isOutdated = (known: KindCache): boolean => sizeOf(known) <= mostObjects && known.caches.some(({ isCut }) => isCut);

type CacheOptions = Omit<ObjectCacheOptions, 'namespace' | 'keeps' | 'most'>;

const keyOf = ({ apiVersion, kind }: ParamKind): string => `${apiVersion}/${kind}`;

/** Returns the parameter objects that the bindings of these policies refer to, by kind. Secrets are left out. */
export function wantedParameters(
  policies: readonly OtherAdmissionPolicy[],
  bindings: readonly OtherAdmissionBinding[],
): readonly WantedParameters[] {
  const wanted = policies.flatMap(({ name, spec: { paramKind } }) =>
    paramKind === undefined || isSecretKind(paramKind)
      ? []
      : bindings.flatMap(({ spec }) => (spec.policyName === name && spec.paramRef ? [{ kind: paramKind, ref: spec.paramRef }] : [])),
  );
  return [...Map.groupBy(wanted, ({ kind }) => keyOf(kind)).values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ kind: first.kind, refs: same.map(({ ref }) => ref) }] : [];
  });
}

/** Watches the parameter objects that bindings refer to, and no other objects of their kinds longer than it takes to look at them. */
export class ParameterCaches {
  readonly #client: WatchClient;
  readonly #options: CacheOptions;
  readonly #kinds = new Map<string, KindCache>();
  /** Kinds that the cluster does not serve. */
  readonly #unserved = new Set<string>();

  constructor(client: WatchClient, options: CacheOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Watches exactly these parameters. `resources`: those that the server serves. */
  async follow(wanted: readonly WantedParameters[], resources: readonly ApiResource[]): Promise<void> {
    const keys = new Set(wanted.map(({ kind }) => keyOf(kind)));
    for (const key of [...this.#kinds.keys()]) if (!keys.has(key)) await this.#forget(key);
    this.#unserved.clear();
    for (const one of wanted) {
      const resource = resources.find((each) => apiVersionOf(each) === one.kind.apiVersion && each.kind === one.kind.kind);
      if (resource) await this.#followKind(one, resource);
      else {
        this.#unserved.add(keyOf(one.kind));
        await this.#forget(keyOf(one.kind));
      }
    }
  }

  /** Whether the parameters are known, or the reason why not. */
  get isReady(): boolean {
    return [...this.#kinds.values()].every((known) => !isOutdated(known) && known.caches.every(({ isReady }) => isReady));
  }

  /** Whether some kind cannot be read. It may be readable later, without a change that is seen. */
  get hasProblems(): boolean {
    return this.#unserved.size > 0 || [...this.#kinds.values()].some(({ caches }) => caches.some(({ problem }) => problem !== undefined));
  }

  /** The objects of a kind. */
  read(kind: ParamKind): ParameterObjects {
    const known = this.#kinds.get(keyOf(kind));
    if (!known) return { objects: [], problem: `the cluster does not serve its parameters: ${kind.kind} in ${kind.apiVersion}` };
    const problem = known.caches.find((cache) => cache.problem !== undefined)?.problem ?? tooMany(known, kind);
    if (problem !== undefined) return { objects: [], namespaced: known.namespaced, problem };
    return { objects: known.caches.flatMap((cache) => cache.objects), namespaced: known.namespaced };
  }

  async stop(): Promise<void> {
    for (const key of [...this.#kinds.keys()]) await this.#forget(key);
  }

  async #followKind({ kind, refs }: WantedParameters, resource: ApiResource): Promise<void> {
    const [key, identity] = [keyOf(kind), JSON.stringify([resource, refs])];
    const known = this.#kinds.get(key);
    if (known?.refs === identity && !isOutdated(known)) return;
    await this.#forget(key);
    const named = refs.map(({ namespace }) => (resource.namespaced ? namespace : undefined));
    const namespaces = named.includes(undefined) ? [undefined] : [...new Set(named)];
    const caches = namespaces.map(
      (namespace) =>
        new ObjectCache(this.#client, resource, {
          ...this.#options,
          namespace,
          most: mostObjects,
          keeps: (object) => refs.some((ref) => isSelected(object, ref)),
        }),
    );
    this.#kinds.set(key, { refs: identity, namespaced: resource.namespaced, caches });
    for (const cache of caches) cache.start();
  }

  async #forget(key: string): Promise<void> {
    const known = this.#kinds.get(key);
    this.#kinds.delete(key);
    for (const cache of known?.caches ?? []) await cache.stop();
  }
}

/** A constant text, because it is part of results in reports: the number may change all the time. */
function tooMany(known: KindCache, { kind }: ParamKind): string | undefined {
  if (sizeOf(known) <= mostObjects) return undefined;
  return `its bindings refer to more than ${mostObjects} parameter objects of kind ${kind}, the most that Vigil evaluates`;
}
