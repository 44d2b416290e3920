import { ownEntry } from '../../api/own-entry.ts';
import { RESOURCES, type ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { catalogueVersion } from '../../engine/evaluation-revision.ts';
import { builtinResources } from '../../engine/objects/builtin-resources.ts';
import { contextReads, livePodReads } from '../../engine/context-reads.ts';
import { namespaceReads } from '../../engine/namespace-reads.ts';
import {
  allObjects,
  CLUSTER_SCOPE,
  objectsIn,
  evaluationMark,
  resourceKey,
  ListedObjects,
  namespaceMark,
  type ReadSet,
} from '../../findings/namespace-marks.ts';
import { addTallies, type PolicyTally } from '../../findings/tally.ts';
import { KubeApiError } from '../../kube/client/kube-api-error.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import { readReports, type ReadReports, type ReportReader } from '../../reports/sweeping/report-sweeper.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Count } from '../plan/plan.ts';
import type { CarryOver, TargetsInScope } from '../plan/planner.ts';
import { resourceOf } from '../../worker/shard.ts';
import { RescanDraft } from './rescan-draft.ts';
import { isUnchanged, type NamespaceState, type RescanEntry, type RescanIndex } from './rescan-index.ts';
import type { RescanStore } from './rescan-store.ts';

/** The options of a rescan. */
export interface RescanOptions {
  readonly store: Pick<RescanStore, 'read'>;
  /** The image of the workers. With another image, everything is evaluated again. */
  readonly program: string;
  /** The ImageApprovals that have ended; default: none. */
  readonly endedApprovals?: readonly string[];
  /** Whether to evaluate everything. */
  readonly full: boolean;
  /** Whether the Scan includes only some namespaces. Then cluster-scoped objects are always evaluated, and their results are not stored. */
  readonly partial: boolean;
}

/** The part of a new ledger about carried-over namespaces. */
export type CarriedOverTotals = Pick<Ledger, 'carriedOver' | 'totals'>;

/**
 * Computes the marks of namespaces from metadata while a scan is planned, and chooses those whose verdicts still hold. One instance per
 * plan.
 */
export class MarkCollector implements CarryOver {
  readonly #options: RescanOptions;
  readonly #listed = new ListedObjects();
  /** Kinds that could not be listed: namespaces that depend on them are evaluated. */
  readonly #unread = new Set<string>();
  #draft: RescanDraft | undefined;
  #reports: ReadReports | undefined;
  /** The results of earlier scans. */
  #known: RescanIndex = new Map();
  #carried: ReadonlyMap<string, RescanEntry> = new Map();

  constructor(options: RescanOptions) {
    this.#options = options;
  }

  readonly prepare = async (client: ReportReader, { policies, signal }: Pick<TargetsInScope, 'policies' | 'signal'>): Promise<void> => {
    if (this.#options.full) return;
    this.#known = await this.#options.store.read(policies);
    if (this.#known.size > 0) this.#reports = await readReports(client, signal);
  };

  readonly onObject = (resource: ApiResource, { metadata }: KubeObject): void => this.#listed.add(resource, metadata);

  readonly choose = async (client: ListClient, found: TargetsInScope): Promise<ReadonlySet<string>> => {
    for (const { resource } of found.unlisted) this.#unread.add(resourceKey(resource));
    await this.#listContext(client, found);
    const planned = this.#plannedOf(found);
    this.#carried = this.#unchanged(planned);
    const carriedOver = new Set(this.#carried.keys());
    const { partial } = this.#options;
    this.#draft = new RescanDraft({ planned, carriedOver, listed: this.#listed, partial, reports: this.#reports });
    return carriedOver;
  };

  /** Collects the results of the planned scan; undefined before it was planned. */
  get draft(): RescanDraft | undefined {
    return this.#draft;
  }

  /** The totals of the carried-over verdicts. */
  get totals(): CarriedOverTotals {
    const totals: Record<string, PolicyTally> = {};
    for (const { policies } of this.#carried.values())
      for (const [policy, tally] of Object.entries(policies)) totals[policy] = addTallies(ownEntry(totals, policy), tally);
    const targets = [...this.#carried.values()].reduce((sum, { scanned }) => sum + scanned, 0);
    return { totals, ...(this.#carried.size === 0 ? {} : { carriedOver: { targets, namespaces: [...this.#carried.keys()] } }) };
  }

  /** Lists the kinds that checks read besides the targets and that were not listed as targets. */
  async #listContext(client: ListClient, found: TargetsInScope): Promise<void> {
    const known = new Set(found.listed.map(resourceKey));
    for (const resource of contextOf(found)) {
      const kind = resourceKey(resource);
      if (known.has(kind) || this.#unread.has(kind)) continue;
      known.add(kind);
      await this.#list(client, resource, found.signal);
    }
  }

  /** Lists the metadata of a resource. If this fails, namespaces that depend on it are evaluated, and workers report the error. */
  async #list(client: ListClient, resource: ApiResource, signal: AbortSignal): Promise<void> {
    try {
      for await (const { items } of listPages(client, resource, { metadataOnly: true, omitManagedFields: true, signal }))
        for (const item of items) this.onObject(resource, item);
    } catch (error) {
      if (!(error instanceof KubeApiError)) throw error;
      this.#unread.add(resourceKey(resource));
    }
  }

  #plannedOf(found: TargetsInScope): ReadonlyMap<string, NamespaceState> {
    const evaluation = evaluationOf(found, this.#options);
    const groups = Map.groupBy(found.counts, ({ namespace = CLUSTER_SCOPE }) => namespace);
    if (this.#options.partial) groups.delete(CLUSTER_SCOPE);
    return new Map(
      [...groups].map(([name, counts]) => [name, { mark: this.#markOf(name, counts, { found, evaluation }), ...sumOf(counts) }]),
    );
  }

  #markOf(
    namespace: string,
    counts: readonly Count[],
    { found, evaluation }: { readonly found: TargetsInScope; readonly evaluation: string },
  ): string | undefined {
    const kinds = [...new Set(counts.map((count) => resourceOf(count, found.resources)))];
    if (kinds.some((kind) => kind !== undefined && isConvertedByOthers(kind, found))) return undefined;
    const sets = setsOf(namespace, kinds, found);
    return sets.some(({ kind }) => this.#unread.has(kind)) ? undefined : namespaceMark(evaluation, sets, this.#listed);
  }

  #unchanged(planned: ReadonlyMap<string, NamespaceState>): ReadonlyMap<string, RescanEntry> {
    const unchanged = new Map<string, RescanEntry>();
    for (const [name, now] of planned) {
      const entry = this.#known.get(name);
      if (isUnchanged(entry, now, this.#reports?.digests.digestOf(name))) unchanged.set(name, entry);
    }
    this.#known = new Map();
    return unchanged;
  }
}

/** All kinds that the checks of the policies read besides the targets. */
function contextOf({ set, listed, resources }: TargetsInScope): readonly ApiResource[] {
  const { clusterWide, inNamespace } = contextReads(set, [...listed, undefined]);
  const { links, pods } = livePodReads(listed, resources);
  return [RESOURCES.namespaces, ...clusterWide, ...inNamespace, ...links, ...pods];
}

const isBuiltin = ({ group, kind }: ApiResource): boolean => builtinResources.some((known) => known.group === group && known.kind === kind);

/**
 * Whether rules evaluate objects of a custom kind in another version than the listed one. A conversion webhook may then change its output
 * at any time.
 */
const isConvertedByOthers = (kind: ApiResource, { set }: TargetsInScope): boolean =>
  !isBuiltin(kind) && set.requiredVersions(kind).length > 0;

/** The inputs of the verdicts in a namespace: its objects of the listed kinds, the Namespace, and the context of its targets. */
function setsOf(
  namespace: string,
  kinds: readonly (ApiResource | undefined)[],
  { set, listed, resources }: TargetsInScope,
): readonly ReadSet[] {
  const isOutside = namespace === CLUSTER_SCOPE;
  const own = listed.filter(({ namespaced }) => namespaced !== isOutside);
  const { context, live } = namespaceReads(set, { namespace, kinds, resources });
  return [
    allObjects(RESOURCES.namespaces, namespace),
    ...own.map((resource) => (isOutside ? allObjects(resource, namespace) : objectsIn(resource, namespace))),
    ...context,
    ...live,
  ];
}

function evaluationOf(found: TargetsInScope, { program, endedApprovals = [] }: RescanOptions): string {
  const { policies, kubernetesVersion, systemNamespaces } = found;
  const kinds = new Set([...found.listed, ...contextOf(found)].map(({ kind }) => kind));
  const resources = found.resources.filter(({ kind }) => kinds.has(kind));
  return evaluationMark({ policies, catalogue: catalogueVersion, program, kubernetesVersion, systemNamespaces, endedApprovals, resources });
}

function sumOf(counts: readonly Count[]): Pick<NamespaceState, 'targets' | 'policies'> {
  const policies: Record<string, number> = {};
  for (const count of counts)
    for (const [policy, targets] of Object.entries(count.policies)) policies[policy] = (ownEntry(policies, policy) ?? 0) + targets;
  return { targets: counts.reduce((sum, { targets }) => sum + targets, 0), policies };
}
