import { RESOURCES, type ApiResource } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { catalogueVersion } from '../../engine/evaluation-revision.ts';
import { builtinResources } from '../../engine/objects/builtin-resources.ts';
import { contextReads, livePodReads } from '../../engine/context-reads.ts';
import { namespaceReads } from '../../engine/namespace-reads.ts';
import {
  anywhere,
  CLUSTER_SCOPE,
  inPlace,
  evaluationMark,
  kindInMarks,
  ListedObjects,
  namespaceMark,
  type ReadSet,
} from '../../findings/namespace-marks.ts';
import { addTallies, type PolicyTally } from '../../findings/tally.ts';
import { KubeApiError } from '../../kube/kube-api-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { listPages } from '../../kube/list.ts';
import { readReports, type ReadReports } from '../../reports/sweeping/report-sweeper.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Count } from '../plan/plan.ts';
import type { CarryOver, TargetsInScope } from '../plan/planner.ts';
import { resourceOf } from '../../worker/shard.ts';
import { RescanDraft } from './rescan-draft.ts';
import { isUnchanged, type NamespaceState, type RescanEntry, type RescanIndex } from './rescan-index.ts';
import type { RescanStore } from './rescan-store.ts';

/** How a scan is asked to rescan. */
export interface RescanOptions {
  readonly store: Pick<RescanStore, 'read'>;
  /** What workers run: another version evaluates everything anew. */
  readonly program: string;
  /** Evaluates everything, whatever is known. */
  readonly full: boolean;
  /** Looks only at some namespaces: what is outside of all is then always evaluated, and not as a whole. */
  readonly partial: boolean;
}

/** What a ledger begins with where something is carried over. */
export type CarriedOverTotals = Pick<Ledger, 'carriedOver' | 'totals'>;

/** Marks namespaces while a scan is planned, by metadata alone, and chooses those whose verdicts hold. For one plan. */
export class MarkCollector implements CarryOver {
  readonly #options: RescanOptions;
  readonly #listed = new ListedObjects();
  /** Kinds that could not be listed: nothing is proved where they count. */
  readonly #unread = new Set<string>();
  #draft: RescanDraft | undefined;
  #reports: ReadReports | undefined;
  /** What is known from earlier scans. */
  #known: RescanIndex = new Map();
  #carried: ReadonlyMap<string, RescanEntry> = new Map();

  constructor(options: RescanOptions) {
    this.#options = options;
  }

  readonly prepare = async (client: KubeClient, { policies, signal }: Pick<TargetsInScope, 'policies' | 'signal'>): Promise<void> => {
    if (this.#options.full) return;
    this.#known = await this.#options.store.read(policies);
    if (this.#known.size > 0) this.#reports = await readReports(client, signal);
  };

  readonly onObject = (resource: ApiResource, { metadata }: KubeObject): void => this.#listed.add(resource, metadata);

  readonly choose = async (client: KubeClient, found: TargetsInScope): Promise<ReadonlySet<string>> => {
    for (const { resource } of found.unlisted) this.#unread.add(kindInMarks(resource));
    await this.#listContext(client, found);
    const planned = this.#plannedOf(found);
    this.#carried = this.#unchanged(planned);
    const carriedOver = new Set(this.#carried.keys());
    const { partial } = this.#options;
    this.#draft = new RescanDraft({ planned, carriedOver, listed: this.#listed, partial, reports: this.#reports });
    return carriedOver;
  };

  /** Gathers what the planned scan finds; undefined until it was planned. */
  get draft(): RescanDraft | undefined {
    return this.#draft;
  }

  /** What the verdicts that are carried over come to. */
  get totals(): CarriedOverTotals {
    const totals: Record<string, PolicyTally> = {};
    for (const { policies } of this.#carried.values())
      for (const [policy, tally] of Object.entries(policies)) totals[policy] = addTallies(totals[policy], tally);
    const targets = [...this.#carried.values()].reduce((sum, { scanned }) => sum + scanned, 0);
    return { totals, ...(this.#carried.size === 0 ? {} : { carriedOver: { targets, namespaces: [...this.#carried.keys()] } }) };
  }

  /** Lists what verdicts depend on beside the targets, as far as no target is of that kind. */
  async #listContext(client: KubeClient, found: TargetsInScope): Promise<void> {
    const known = new Set(found.listed.map(kindInMarks));
    for (const resource of contextOf(found)) {
      const kind = kindInMarks(resource);
      if (known.has(kind) || this.#unread.has(kind)) continue;
      known.add(kind);
      await this.#list(client, resource, found.signal);
    }
  }

  /** Lists a resource by its metadata. What cannot be listed proves nothing: its workers say why. */
  async #list(client: KubeClient, resource: ApiResource, signal: AbortSignal): Promise<void> {
    try {
      for await (const { items } of listPages(client, resource, { metadataOnly: true, signal }))
        for (const item of items) this.onObject(resource, item);
    } catch (error) {
      if (!(error instanceof KubeApiError)) throw error;
      this.#unread.add(kindInMarks(resource));
    }
  }

  #plannedOf(found: TargetsInScope): ReadonlyMap<string, NamespaceState> {
    const evaluation = evaluationOf(found, this.#options.program);
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

/** Everything that the checks of the policies read beside targets. */
function contextOf({ set, listed, resources }: TargetsInScope): readonly ApiResource[] {
  const { everywhere, inNamespace } = contextReads(set, [...listed, undefined]);
  const { links, pods } = livePodReads(listed, resources);
  return [RESOURCES.namespaces, ...everywhere, ...inNamespace, ...links, ...pods];
}

const isBuiltin = ({ group, kind }: ApiResource): boolean => builtinResources.some((known) => known.group === group && known.kind === kind);

/**
 * Whether rules judge objects of a custom kind in another version than they are listed in: a webhook may convert them, and may do so otherwise
 * from one day to the next.
 */
const isConvertedByOthers = (kind: ApiResource, { set }: TargetsInScope): boolean => !isBuiltin(kind) && set.formsOf(kind).length > 0;

/** What verdicts in a namespace depend on: its own objects of the kinds that are looked at, itself, and what is read beside its targets. */
function setsOf(
  namespace: string,
  kinds: readonly (ApiResource | undefined)[],
  { set, listed, resources }: TargetsInScope,
): readonly ReadSet[] {
  const isOutside = namespace === CLUSTER_SCOPE;
  const own = listed.filter(({ namespaced }) => namespaced !== isOutside);
  const { context, live } = namespaceReads(set, { namespace, kinds, resources });
  return [
    anywhere(RESOURCES.namespaces, namespace),
    ...own.map((resource) => (isOutside ? anywhere(resource, namespace) : inPlace(resource, namespace))),
    ...context,
    ...live,
  ];
}

function evaluationOf(found: TargetsInScope, program: string): string {
  const { policies, kubernetesVersion, systemNamespaces } = found;
  const kinds = new Set([...found.listed, ...contextOf(found)].map(({ kind }) => kind));
  const resources = found.resources.filter(({ kind }) => kinds.has(kind));
  return evaluationMark({ policies, catalogue: catalogueVersion, program, kubernetesVersion, systemNamespaces, resources });
}

function sumOf(counts: readonly Count[]): Pick<NamespaceState, 'targets' | 'policies'> {
  const policies: Record<string, number> = {};
  for (const count of counts)
    for (const [policy, targets] of Object.entries(count.policies)) policies[policy] = (policies[policy] ?? 0) + targets;
  return { targets: counts.reduce((sum, { targets }) => sum + targets, 0), policies };
}
