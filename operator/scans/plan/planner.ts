import type { ApiResource } from '../../api/api-resource.ts';
import type { ReportReader } from '../../reports/sweeping/report-sweeper.ts';
import { apiVersionOf, RESOURCES } from '../../api/api-resource.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { ScanSpec } from '../../api/kinds/scan.ts';
import { bareNamespace, compilePolicies, type NamespaceFacts, type PolicySet } from '../../engine/policy-set.ts';
import { type CustomWorkloadCount, CustomWorkloadCounts } from '../../engine/objects/custom-workload-counts.ts';
import { policyScope, unmatchedPatterns } from '../../engine/objects/policy-scope.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import { countTargets, type UnlistedResource } from './inventory.ts';
import type { LedgerPolicy, Uncovered } from '../ledger/ledger.ts';
import { packShards, type Count } from './plan.ts';
import { neverScanned } from '../../worker/never-scanned.ts';
import { reportingPolicy } from '../../worker/policy-snapshot.ts';
import type { PolicySnapshot, ScanInput } from '../../worker/scan-input.ts';
import { indexOfResource, WHOLE_CLUSTER, type Shard } from '../../worker/shard.ts';

/** The inputs of a plan. */
export interface PlanRequest {
  readonly scan: ScanInput['scan'];
  readonly spec: ScanSpec;
  readonly policies: readonly PolicySnapshot[];
  readonly kubernetesVersion: string;
  readonly resources: readonly ApiResource[];
  /** Group versions whose server does not respond. Rules for their kinds are reported as not covered. */
  readonly unavailable?: readonly string[];
  readonly systemNamespaces: readonly string[];
  readonly shardTargets: number;
  /** Chooses namespaces whose verdicts are carried over. Default: none. */
  readonly carryOver?: CarryOver | undefined;
  readonly signal: AbortSignal;
}

/** The targets in scope, before they are packed into shards. */
export interface TargetsInScope {
  readonly set: PolicySet;
  readonly policies: readonly PolicySnapshot[];
  readonly kubernetesVersion: string;
  readonly resources: readonly ApiResource[];
  readonly systemNamespaces: readonly string[];
  /** The resources that were listed with `onObject`. */
  readonly listed: readonly ApiResource[];
  readonly unlisted: readonly UnlistedResource[];
  readonly counts: readonly Count[];
  readonly signal: AbortSignal;
}

/** Finds the namespaces that do not have to be evaluated again. */
export interface CarryOver {
  /** Reads the results of earlier scans, while targets are counted. */
  readonly prepare: (client: ReportReader, found: Pick<TargetsInScope, 'policies' | 'signal'>) => Promise<void>;
  /** Called for each object of the listed kinds. */
  readonly onObject: (resource: ApiResource, object: KubeObject) => void;
  /** Returns the namespaces whose targets are left out of the shards; the empty name stands for cluster-scoped objects. */
  readonly choose: (client: ListClient, found: TargetsInScope) => Promise<ReadonlySet<string>>;
}

/** A planned scan. */
export interface ScanPlan {
  readonly input: ScanInput;
  readonly shards: readonly Shard[];
  readonly policies: readonly LedgerPolicy[];
  readonly uncovered: readonly Uncovered[];
  readonly excludedNamespaces: number;
  /** The custom kinds with pods, sorted. */
  readonly customWorkloads: readonly CustomWorkloadCount[];
}

const defaultParallelism = 4;
/** The most names of excluded namespaces in the status of a policy. */
const mostNames = 20;

/**
 * Counts the targets in scope and packs them into shards. Throws errors of the API server. Resources that may not be listed are in
 * `uncovered`.
 */
export async function planScan(client: ReportReader, request: PlanRequest): Promise<ScanPlan> {
  const { scan, spec, policies, kubernetesVersion, resources, systemNamespaces, shardTargets, signal } = request;
  const set = compilePolicies(policies, { kubernetesVersion, resources, systemNamespaces, converts: true });
  const namespaces = await namespacesOf(client, signal);
  const scope = new TargetScope(set, spec, namespaces);
  const { toList, refused } = resourcesToList(set, resources);
  const { carryOver } = request;
  const { policiesOf } = scope;
  const custom = new CustomWorkloadCounts();
  const onTarget = (resource: ApiResource, { metadata }: KubeObject): void =>
    custom.add({ apiVersion: apiVersionOf(resource), kind: resource.kind, metadata });
  const options = { resources: toList, policiesOf, sliceTargets: shardTargets, onObject: carryOver?.onObject, onTarget, signal };
  const [inventory] = await Promise.all([countTargets(client, options), carryOver?.prepare(client, request)]);
  for (const { resource, message } of inventory.unlisted) custom.addUnreadable(resource, message);
  const counts = [...inventory.counts, ...wholeClusterCount(set, spec)];
  const carriedOver = await carryOver?.choose(client, {
    ...request,
    set,
    listed: [...toList.values()],
    unlisted: inventory.unlisted,
    counts,
  });
  const toScan = counts.filter(({ namespace = '' }) => carriedOver?.has(namespace) !== true);
  const shards = packShards(toScan, {
    shardTargets,
    parallelism: spec.scan?.parallelism ?? defaultParallelism,
  });
  const excluded = excludedNamespaces(set, namespaces);
  const chosen = [...namespaces.values()].filter(({ name }) => scope.includesNamespace(name));
  const used = chosen.filter((facts) => set.policiesForNamespace(facts).length > 0);
  const names = [...namespaces.keys()];
  return {
    input: {
      scan,
      kubernetesVersion,
      systemNamespaces,
      policies,
      resources,
      namespaces: Object.fromEntries(chosen.map(({ name, labels }) => [name, { labels }])),
    },
    shards,
    policies: policies.map((policy) => ({ ...ledgerPolicy(policy, excluded.get(policy.name)), ...unmatchedBy(policy, names) })),
    uncovered: [
      ...refused,
      ...unmatchedByScan(spec, names),
      ...unavailableTo(policies, request.unavailable ?? []),
      ...inventory.unlisted.map(({ resource, message }) => ({ message, policies: set.policiesForResource(resource) })),
    ],
    excludedNamespaces: namespaces.size - used.length,
    customWorkloads: custom.list(),
  };
}

/** Finds the policies that have an object as a target, within the namespaces of the Scan. */
export class TargetScope {
  readonly #set: PolicySet;
  readonly #namespaces: ReadonlyMap<string, NamespaceFacts>;
  readonly #limit: ((name: string) => boolean) | undefined;

  constructor(set: PolicySet, { namespaces: limit }: ScanSpec, namespaces: ReadonlyMap<string, NamespaceFacts>) {
    this.#set = set;
    this.#namespaces = namespaces;
    if (limit !== undefined) {
      const scope = policyScope({ namespaces: limit, systemNamespaces: 'Include' }, []);
      this.#limit = (name) => scope.includesNamespace({ name, labels: {} });
    }
  }

  /** Whether the Scan includes the namespace. */
  includesNamespace(name: string): boolean {
    return this.#limit?.(name) ?? true;
  }

  /** The policies that have an object as a target; its metadata is enough. Objects in terminating namespaces are no targets. */
  readonly policiesOf = (resource: ApiResource, object: KubeObject): readonly string[] => {
    const home = resource.kind === 'Namespace' && resource.group === '' ? object.metadata.name : object.metadata.namespace;
    if (home === undefined ? this.#limit !== undefined : !this.includesNamespace(home)) return [];
    const facts = home === undefined ? undefined : this.#namespaces.get(home);
    if (home !== undefined && facts === undefined) return [];
    const target = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
    return this.#set.inScope(target, facts === undefined ? {} : { namespace: facts });
  };
}

/** All namespaces that are not being deleted, with the facts that scopes use. */
export async function namespacesOf(client: ListClient, signal: AbortSignal): Promise<ReadonlyMap<string, NamespaceFacts>> {
  const found = new Map<string, NamespaceFacts>();
  for await (const { items } of listPages(client, RESOURCES.namespaces, { metadataOnly: true, omitManagedFields: true, signal })) {
    for (const { metadata } of items) {
      if (metadata.deletionTimestamp !== undefined) continue;
      found.set(metadata.name, { name: metadata.name, labels: { ...bareNamespace(metadata.name).labels, ...metadata.labels } });
    }
  }
  return found;
}

/** The resources to list by index, and the reasons why others are not listed. */
function resourcesToList(set: PolicySet, resources: readonly ApiResource[]): { toList: Map<number, ApiResource>; refused: Uncovered[] } {
  const toList = new Map<number, ApiResource>();
  const refused: Uncovered[] = [];
  for (const resource of set.targets) {
    const why = neverScanned.get(`${resource.group}/${resource.resource}`);
    if (why === undefined) {
      const index = indexOfResource(resources, resource);
      if (index === undefined) throw new Error(`${resource.resource} is a target, but the cluster does not serve it`);
      toList.set(index, resource);
    } else if (why !== '') refused.push({ message: why, policies: set.policiesForResource(resource) });
  }
  return { toList, refused };
}

function wholeClusterCount(set: PolicySet, { namespaces }: ScanSpec): Count[] {
  const policies = namespaces === undefined ? set.wholeClusterPolicies : [];
  if (policies.length === 0) return [];
  return [{ resource: WHOLE_CLUSTER, targets: 1, policies: Object.fromEntries(policies.map((policy) => [policy, 1])) }];
}

/** The namespaces that the scope of each policy excludes. */
function excludedNamespaces(set: PolicySet, namespaces: ReadonlyMap<string, NamespaceFacts>): ReadonlyMap<string, Excluded> {
  const excluded = new Map(set.policies.map((policy) => [policy, { count: 0, names: [] as string[] }]));
  for (const facts of namespaces.values()) {
    const matching = new Set(set.policiesForNamespace(facts));
    for (const [policy, left] of excluded) {
      if (matching.has(policy)) continue;
      left.count++;
      if (left.names.length < mostNames) left.names.push(facts.name);
    }
  }
  return excluded;
}

/** The number of namespaces that a policy excludes, and their first names. */
interface Excluded {
  readonly count: number;
  readonly names: readonly string[];
}

/** The entries of a policy's scope that match no namespace. */
function unmatchedBy({ spec: { scope } }: PolicySnapshot, names: readonly string[]): Pick<LedgerPolicy, 'unmatchedNamespaces'> {
  const unmatched = unmatchedPatterns(scope?.namespaces?.include ?? [], names);
  return unmatched.length > 0 ? { unmatchedNamespaces: unmatched.slice(0, mostNames) } : {};
}

/** The entries of `spec.namespaces.include` of the Scan that match no namespace. */
function unmatchedByScan({ namespaces }: ScanSpec, names: readonly string[]): Uncovered[] {
  const unmatched = unmatchedPatterns(namespaces?.include ?? [], names);
  if (unmatched.length === 0) return [];
  return [{ message: `no namespace matches ${unmatched.slice(0, mostNames).join(', ')} (spec.namespaces.include)`, policies: [] }];
}

/** The rules for API groups whose server does not respond. */
function unavailableTo(policies: readonly PolicySnapshot[], unavailable: readonly string[]): Uncovered[] {
  return unavailable.flatMap((groupVersion) => {
    const asking = policies.filter(({ spec }) => spec.rules?.some((rule) => asksFor(rule, groupVersion)));
    if (asking.length === 0) return [];
    const message = `API ${groupVersion} is registered but does not answer: its objects are not scanned (see kubectl get apiservices)`;
    return [{ message, policies: asking.map(({ name }) => name) }];
  });
}

/** Whether a rule may match kinds of a group version about which only the name is known. */
function asksFor({ matchConstraints }: NonNullable<PolicySnapshot['spec']['rules']>[number], groupVersion: string): boolean {
  const [group = '', version = ''] = groupVersion.split('/');
  return matchConstraints.resourceRules.some(({ apiGroups, apiVersions, resources }) => {
    const isNamed = apiGroups.includes(group) || (apiGroups.includes('*') && resources.some((entry) => entry.startsWith('*')));
    const isExact = matchConstraints.matchPolicy === 'Exact' && !apiVersions.includes('*');
    return isNamed && (!isExact || apiVersions.includes(version));
  });
}

/** The part of a policy that the ledger stores. */
const ledgerPolicy = (policy: PolicySnapshot, { count, names }: Excluded = { count: 0, names: [] }): LedgerPolicy => ({
  ...reportingPolicy(policy),
  excludedNamespaces: count,
  ...(names.length > 0 ? { excludedNames: names } : {}),
});
