import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject, ObjectMeta } from '../../../operator/api/metadata.ts';
import type { ScanSpec } from '../../../operator/api/kinds/scan.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';
import { addTallies, type PolicyTally } from '../../../operator/findings/tally.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import type { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import type { KubeRequest } from '../../../operator/kube/client/kube-request.ts';
import { resourcePath } from '../../../operator/kube/client/resource-path.ts';
import { ReportPublisher } from '../../../operator/reports/publishing/report-publisher.ts';
import { sweepReports } from '../../../operator/reports/sweeping/report-sweeper.ts';
import { ReportTracker } from '../../../operator/reports/sweeping/report-tracker.ts';
import { reportKey, reportName } from '../../../operator/reports/identity/report-name.ts';
import { namespacesOf, planScan, TargetScope, type ScanPlan } from '../../../operator/scans/plan/planner.ts';
import { MarkCollector } from '../../../operator/scans/rescan/mark-collector.ts';
import { RescanStore } from '../../../operator/scans/rescan/rescan-store.ts';
import type { StreamRecord } from '../../../operator/stream/stream-record.ts';
import type { RecordSink } from '../../../operator/stream/stream-writer.ts';
import { ShardWorker } from '../../../operator/worker/shard-worker.ts';
import { desiredReports } from '../../../operator/reports/publishing/evaluation-results.ts';
import { reportLocation } from '../../../operator/reports/building/report-location.ts';
import { snapshotOf } from '../../../operator/worker/policy-snapshot.ts';

const [services, accounts, deployments, roleBindings] = (['services', 'serviceaccounts', 'deployments', 'rolebindings'] as const).map(
  (name) => builtinResources.find(({ resource }) => resource === name),
) as [ApiResource, ApiResource, ApiResource, ApiResource];
/** The kinds of the objects in the tests. */
export const KINDS = { ...RESOURCES, services, accounts, deployments, roleBindings };

const notFound = (): Promise<never> => Promise.reject(new KubeApiError('not found', { status: 404 }));

/** Objects as an API server stores them: with uids, resource versions and lists. */
class Objects {
  readonly #kept = new Map<string, KubeObject>();
  /** The paths of refused lists. */
  readonly refused = new Set<string>();
  readonly writes: string[] = [];
  /** The paths of requested lists. */
  readonly lists: string[] = [];
  #version = 0;

  put(resource: ApiResource, object: KubeObject): KubeObject {
    const path = resourcePath(resource, object.metadata);
    const uid = this.#kept.get(path)?.metadata.uid ?? object.metadata.uid ?? `uid-${++this.#version}`;
    const kept = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(++this.#version) } };
    this.#kept.set(path, kept);
    return kept;
  }

  at(resource: ApiResource, key: Pick<ObjectMeta, 'name' | 'namespace'>): KubeObject | undefined {
    return this.#kept.get(resourcePath(resource, key));
  }

  remove(resource: ApiResource, key: Pick<ObjectMeta, 'name' | 'namespace'>): void {
    this.#kept.delete(resourcePath(resource, key));
  }

  list(resource: ApiResource): KubeObject[] {
    return this.#under(resourcePath(resource));
  }

  readonly client = {
    call: ({ path, query = {} }: KubeRequest): Promise<unknown> => {
      this.lists.push(path);
      if ([...this.refused].some((refused) => path.endsWith(refused))) return Promise.reject(new KubeApiError('no', { status: 403 }));
      const { labelSelector, fieldSelector } = query;
      const name = typeof fieldSelector === 'string' ? fieldSelector.replace('metadata.name=', '') : undefined;
      const labels = typeof labelSelector === 'string' ? labelSelector.split(',').map((part) => part.split('=')) : [];
      const isWanted = ({ metadata }: KubeObject): boolean =>
        (name === undefined || metadata.name === name) &&
        labels.every(([key = '', value]) => value === undefined || metadata.labels?.[key] === value);
      return Promise.resolve({ metadata: { resourceVersion: '1' }, items: this.#under(path).filter(isWanted) });
    },
    get: (resource: ApiResource, key: ObjectMeta) => {
      const found = this.at(resource, key);
      return found ? Promise.resolve(found) : notFound();
    },
    create: (resource: ApiResource, object: KubeObject) => {
      this.writes.push(`create ${object.metadata.name}`);
      return Promise.resolve(this.put(resource, object));
    },
    replace: (resource: ApiResource, object: KubeObject) => {
      this.writes.push(`replace ${object.metadata.name}`);
      return Promise.resolve(this.put(resource, object));
    },
    delete: (resource: ApiResource, key: ObjectMeta) => {
      this.writes.push(`delete ${key.name}`);
      this.remove(resource, key);
      return Promise.resolve();
    },
  } as unknown as KubeClient;

  /** The objects of a list path: of one namespace or of all. */
  #under(path: string): KubeObject[] {
    const at = path.lastIndexOf('/');
    const all = new RegExp(`^${path.slice(0, at)}(/namespaces/[^/]+)?${path.slice(at)}/[^/]+$`.replaceAll('.', String.raw`\.`));
    const found = [...this.#kept].filter(([key]) => all.test(key) && (!path.endsWith('/namespaces') || key.split('/').length === 5));
    return found.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }
}

/** The result of a scan. */
export interface Scanned {
  readonly plan: ScanPlan;
  /** The namespaces with shards; the empty name stands for cluster-scoped objects. */
  readonly evaluated: readonly string[];
  readonly totals: Readonly<Record<string, PolicyTally>>;
  /** The reports that were written or deleted. */
  readonly written: readonly string[];
  /** The lists that the sweep read. */
  readonly swept: readonly string[];
}

/** A cluster with a policy. Its scans run in one process from plan to sweep. */
export class RescanBench {
  readonly objects = new Objects();
  spec: SecurityPolicySpec = {
    controls: [
      'host-network',
      'rbac-dangling-binding',
      'workload-admin-service-account',
      'service-dangling-selector',
      'namespace-psa-enforced',
    ].map((name) => ({ name })),
  };
  generation = 1;
  program = 'vigil:1';
  kubernetesVersion = '1.36';
  resources: readonly ApiResource[] = builtinResources;
  /** Called after planning, before the workers run. */
  meanwhile: () => void = () => undefined;
  /** Called after the workers have run. */
  afterwards: () => void = () => undefined;
  readonly store = new RescanStore(this.objects.client, 'vigil-system', { info: () => undefined, warn: () => undefined });

  constructor() {
    for (const name of ['blue', 'green']) {
      this.objects.put(KINDS.namespaces, { metadata: { name } });
      this.deployment(name, 'web');
      this.objects.put(KINDS.services, { metadata: { name: 'web', namespace: name }, spec: { selector: { app: 'web' } } } as KubeObject);
      this.objects.put(KINDS.accounts, { metadata: { name: 'web', namespace: name } });
    }
  }

  deployment(namespace: string, name: string, hostNetwork = true): void {
    const spec = {
      template: { metadata: { labels: { app: name } }, spec: { hostNetwork, serviceAccountName: 'web', containers: [{ name: 'c' }] } },
    };
    this.objects.put(KINDS.deployments, { metadata: { name, namespace }, spec } as KubeObject);
  }

  get policy(): SecurityPolicy {
    return { metadata: { name: 'p', uid: 'p', generation: this.generation }, spec: this.spec };
  }

  async scan(spec: ScanSpec = {}): Promise<Scanned> {
    const { client } = this.objects;
    const { signal } = new AbortController();
    const policy = snapshotOf(this.policy, this.kubernetesVersion);
    const options = { program: this.program, full: spec.full === true, partial: spec.namespaces !== undefined };
    const carryOver = new MarkCollector({ store: this.store, ...options });
    const { kubernetesVersion, resources } = this;
    const request = { scan: { name: 's', uid: 's' }, spec, policies: [policy], kubernetesVersion, resources, systemNamespaces: [] };
    const plan = await planScan(client, { ...request, shardTargets: 2, carryOver, signal });
    this.meanwhile();
    this.objects.writes.length = 0;
    const seen = new ReportTracker();
    const publisher = new ReportPublisher(client);
    let totals = carryOver.totals.totals;
    for (const [index, shard] of plan.shards.entries()) {
      const sink = new Sink();
      await new ShardWorker({ client, input: plan.input, shard, index, writer: sink, streamBytes: 1e9, signal }).run();
      const context = { id: 's', seconds: 1, policies: plan.policies, isAlive: () => true, evaluatedSince: () => undefined };
      const desired = sink.records.flatMap((record) => (record.type === 'target' ? desiredReports(record, context) : []));
      const { versions } = await publisher.publish(desired);
      for (const { source, target } of desired) {
        const key = reportKey(reportLocation(target).namespace, reportName(source, target));
        seen.recordUpToDate(key, index, versions.get(key) ?? '');
      }
      const namespaces = sink.records.filter((record) => record.type === 'namespace');
      carryOver.draft?.collected(index, namespaces);
      for (const { policies } of namespaces)
        for (const [name, tally] of Object.entries(policies)) totals = { ...totals, [name]: addTallies(totals[name], tally) };
    }
    this.afterwards();
    const set = compilePolicies([policy], { kubernetesVersion, resources, systemNamespaces: [], converts: true });
    const scope = new TargetScope(set, spec, await namespacesOf(client, signal));
    this.objects.lists.length = 0;
    const carried = new Set(carryOver.totals.carriedOver?.namespaces);
    const known = carryOver.draft?.takeSwept();
    const swept =
      known ??
      (await sweepReports(client, publisher, {
        policies: new Set(['p']),
        resources,
        policiesOf: scope.policiesOf,
        wholeClusterPolicies: set.wholeClusterPolicies,
        includesNamespace: (namespace) => (namespace === undefined ? spec.namespaces === undefined : scope.includesNamespace(namespace)),
        seen,
        isCarriedOver: (namespace) => carried.has(namespace),
        signal,
      }));
    const written = [...this.objects.writes];
    const lists = [...this.objects.lists];
    await this.store.update(plan.policies, (before) => carryOver.draft?.next(before, swept.digests) ?? before);
    const evaluated = [...new Set(plan.shards.flatMap(({ slices }) => slices.map(({ namespace = '' }) => namespace)))].toSorted();
    return { plan, evaluated, totals, written, swept: lists };
  }
}

class Sink implements RecordSink {
  readonly bytes = 0;
  readonly records: StreamRecord[] = [];

  record(value: unknown): void {
    this.records.push(value as StreamRecord);
  }

  end(): void {
    // The summary is not used here.
  }
}
