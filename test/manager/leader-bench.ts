import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { Condition } from '../../operator/api/condition.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { resourcePath } from '../../operator/kube/client/resource-path.ts';
import { readOperatorConfig } from '../../operator/manager/operator-config.ts';
import { runOperator } from '../../operator/manager/operator.ts';
import { LedgerStore } from '../../operator/scans/ledger/ledger-store.ts';
import { StreamWriter } from '../../operator/stream/stream-writer.ts';
import { createLogger } from '../../operator/telemetry/logger.ts';
import { ShardWorker } from '../../operator/worker/shard-worker.ts';
import { MemoryServer } from '../kube/memory-server.ts';

const namespace = 'audit';
const flags = ['--health-host=127.0.0.1', '--health-port=0', '--worker-image=v:1', `--namespace=${namespace}`, '--lease-retry-period=0.1'];

/** Any object with a status. */
export type StatusObject = KubeObject & {
  readonly spec?: Record<string, unknown>;
  readonly status?: { readonly conditions?: readonly Condition[] } & Record<string, unknown>;
};

/** The operator in this process, with an API server in memory. Its Jobs run their workers in this process when {@link runJobs} is called. */
export class LeaderBench {
  readonly server = new MemoryServer();
  readonly #abort = new AbortController();
  #ended: ReturnType<typeof runOperator> | undefined;
  #port = 0;
  readonly messages: string[] = [];

  /** Starts the operator. Resolves when it listens. `more` are further flags. */
  async start(...more: readonly string[]): Promise<void> {
    await this.put('namespaces', { name: 'kube-system' });
    const credentials = await this.server.credentials();
    const started = Promise.withResolvers<number>();
    const write = (line: string): void => {
      const { port, msg } = JSON.parse(line) as { port?: number; msg: string };
      this.messages.push(msg);
      if (port !== undefined) started.resolve(port);
    };
    const config = readOperatorConfig([...flags, ...more], {});
    this.#ended = runOperator(config, createLogger('info', { write }), this.#abort.signal, { credentials });
    this.#port = await started.promise;
  }

  /** Stops the operator, then the server. Returns why the operator ended. */
  async stop(): Promise<string | undefined> {
    this.#abort.abort();
    const ended = await this.#ended;
    await this.until('the end of all watches', () => this.server.watched.length === 0);
    this.server.stop();
    return ended;
  }

  /** Resolves when the operator ends by itself. */
  get ended(): Promise<string> | undefined {
    return this.#ended;
  }

  /** The status and the text of a page of the health server. */
  async page(path: string): Promise<readonly [number, string]> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`);
    return [response.status, await response.text()];
  }

  /** Resolves when the function returns a value other than undefined and false, for at most twenty seconds. */
  async until<T>(what: string, probe: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
    for (const end = Date.now() + 20_000; Date.now() < end;) {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      await sleep(10);
    }
    return expect.fail(`${what}: not within twenty seconds`);
  }

  resource(plural: string): ApiResource {
    const found = [...this.server.resources, ...builtinResources].find(({ resource }) => resource === plural);
    return found ?? expect.fail(`no resource ${plural}`);
  }

  /** Creates or replaces an object. */
  async put(plural: string, { name, namespace: home, ...metadata }: KubeObject['metadata'], fields: object = {}): Promise<void> {
    const collection = resourcePath(this.resource(plural), { namespace: home });
    const path = `${collection}/${name}`;
    const known = this.server.api.objects.get(path);
    const body = {
      ...known,
      ...fields,
      metadata: { ...known?.metadata, ...metadata, name, ...(home === undefined ? {} : { namespace: home }) },
    };
    await this.server.change(known ? { method: 'PUT', path, body } : { method: 'POST', path: collection, body });
  }

  async remove(plural: string, name: string, home?: string): Promise<void> {
    await this.server.change({ method: 'DELETE', path: `${resourcePath(this.resource(plural), { namespace: home })}/${name}` });
  }

  policy(name: string, spec: SecurityPolicySpec, generation = 1): Promise<void> {
    return this.put('securitypolicies', { name, generation }, { spec });
  }

  deployment(name: string, hostNetwork: boolean): Promise<void> {
    const template = { metadata: { labels: { app: name } }, spec: { hostNetwork, containers: [{ name: 'main', image: 'a:1' }] } };
    return this.put('deployments', { name, namespace: 'shop' }, { spec: { template } });
  }

  /** The objects of a resource in all namespaces. */
  all(plural: string): readonly StatusObject[] {
    const { group, version } = this.resource(plural);
    const root = group === '' ? `/api/${version}/` : `/apis/${group}/${version}/`;
    return [...this.server.api.objects].flatMap(([path, object]) =>
      path.startsWith(root) && path.split('/').at(-2) === plural ? [object as StatusObject] : [],
    );
  }

  get(plural: string, name: string): StatusObject | undefined {
    return this.all(plural).find(({ metadata }) => metadata.name === name);
  }

  /** The status and reason of a condition, such as `True Scheduled`. */
  condition(plural: string, name: string, type: string): string | undefined {
    const condition = this.get(plural, name)?.status?.conditions?.find((each) => each.type === type);
    return condition && `${condition.status} ${condition.reason}`;
  }

  /** The Events, as `reason kind/name: message`. */
  get events(): readonly string[] {
    return this.all('events').map((event) => {
      const { involvedObject, reason, message } = event as unknown as {
        involvedObject: Record<string, string>;
        reason: string;
        message: string;
      };
      return `${reason} ${involvedObject['kind'] ?? ''}/${involvedObject['name'] ?? ''}: ${message}`;
    });
  }

  /** The results of the reports, as `Kind/name policy rule verdict`. */
  get results(): readonly string[] {
    return ['policyreports', 'clusterpolicyreports'].flatMap((plural) =>
      this.all(plural).flatMap((report) => {
        const { scope, results = [] } = report as PolicyReport;
        return results.map(
          ({ policy, rule, result }) => `${scope?.kind ?? ''}/${scope?.name ?? ''} ${policy} ${rule ?? ''} ${result ?? ''}`,
        );
      }),
    );
  }

  /** Runs the pods of every Job of a scan that has none yet. */
  async runJobs(): Promise<void> {
    for (const job of this.all('jobs')) {
      const isRun = this.all('pods').some(({ metadata }) => metadata.ownerReferences?.[0]?.uid === job.metadata.uid);
      if (!isRun && job.metadata.name.endsWith('-a1')) await this.#run(job);
    }
  }

  async #run(job: StatusObject): Promise<void> {
    const owner = job.metadata.ownerReferences?.[0]?.name ?? job.metadata.labels?.['vigil.dev/scan'] ?? '';
    const scan = this.get('scans', owner) as Scan | undefined;
    const store = new LedgerStore(this.server.api, namespace);
    const { ledger } = (await store.read({ name: owner, uid: scan?.metadata.uid ?? '' })) ?? expect.fail(`no ledger of ${owner}`);
    const input = await store.input(ledger.input);
    const { shards } = await store.shards(ledger.jobs.at(-1)?.configMaps ?? []);
    for (const [index, shard] of shards.entries()) {
      const lines: string[] = [];
      const writer = new StreamWriter((line) => void lines.push(line));
      const signal = new AbortController().signal;
      await new ShardWorker({ client: this.server.api, input, shard, index, writer, streamBytes: 1e9, signal }).run();
      const pod = `${job.metadata.name}-${index}`;
      this.server.logs.set(`/api/v1/namespaces/${namespace}/pods/${pod}/log`, `${lines.join('\n')}\n`);
      await this.put(
        'pods',
        {
          ...{ name: pod, namespace, labels: { ...job.metadata.labels, 'batch.kubernetes.io/job-name': job.metadata.name } },
          annotations: { 'batch.kubernetes.io/job-completion-index': String(index) },
          ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job.metadata.name, uid: job.metadata.uid ?? '' }],
        },
        { status: { phase: 'Succeeded' } },
      );
    }
    const status = { completedIndexes: `0-${shards.length - 1}`, succeeded: shards.length };
    await this.put('jobs', { ...job.metadata }, { status });
  }
}
