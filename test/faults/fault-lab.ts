import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { evaluationRevision } from '../../operator/engine/evaluation-revision.ts';
import { serverVersion } from '../../operator/kube/discovery.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';
import { listAll } from '../../operator/kube/list.ts';
import { eventually, home, install, scaleOperator } from '../e2e/installation.ts';
import { kubectl, testClient } from '../integration/cluster-access.ts';
import { endState, leftOvers, type EndState } from './end-state.ts';
import { FaultProxy, type FaultRule } from './fault-proxy.ts';
import { InProcessOperator, OperatorProcess, type OperatorAccess, type TestedOperator } from './operator-process.ts';
import { generationScanName } from '../../operator/policies/attempts/generation-names.ts';

const image = '127.0.0.1:5000/pause:1';
export const teams = ['flt-a', 'flt-b', 'flt-c'] as const;
const policyName = 'faults';

/** Suspends or resumes all schedules. Another suite may have deleted the default schedule. */
function suspendSchedules(suspend: boolean): void {
  for (const schedule of kubectl(['get', 'scanschedules', '-o', 'name']).split('\n').filter(Boolean))
    kubectl(['patch', schedule, '--type=merge', '-p', JSON.stringify({ spec: { suspend } })]);
}

/** The objects of every scenario: in each namespace one compliant workload and two with findings. None of them has a pod. */
function workloads(namespace: string): object[] {
  const spec = (hostNetwork: boolean): object => ({
    hostNetwork,
    securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{ name: 'c', image, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
  });
  const template = (hostNetwork: boolean): object => ({ metadata: { labels: { app: namespace } }, spec: spec(hostNetwork) });
  const selector = { matchLabels: { app: namespace } };
  const job = { spec: { template: { spec: { ...spec(true), restartPolicy: 'Never' } } } };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'good', namespace },
      spec: { replicas: 0, selector, template: template(false) },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'bad', namespace },
      spec: { replicas: 0, selector, template: template(true) },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'bad', namespace },
      spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: job },
    },
  ];
}

const policySpec: object = {
  frameworks: [{ name: 'pss-restricted' }],
  scope: { namespaces: { include: ['flt-*'] } },
};

/** The test cluster, prepared for faults: Vigil is installed, but the operator runs on this machine, behind proxies. */
export class FaultLab {
  readonly client: KubeClient = testClient();
  #access: OperatorAccess | undefined;
  /** The Jobs that earlier failed scans keep for users. */
  #kept: readonly string[] = [];
  #upstream: { server: string; ca: Buffer } | undefined;

  /** Installs Vigil without a running operator, and creates the objects to scan. */
  async open(): Promise<void> {
    await install();
    await scaleOperator(0);
    suspendSchedules(true);
    kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: teams.flatMap(workloads) }));
    await this.renew();
  }

  /** Creates a new kubeconfig with a token of the operator's ServiceAccount, so that its permissions are the real ones. */
  async renew(): Promise<void> {
    const path = process.env['KUBECONFIG'] ?? '';
    const config = parse(readFileSync(path, 'utf8')) as { clusters: { cluster: Record<string, string> }[] };
    const { cluster = {} } = config.clusters[0] ?? {};
    const authority = cluster['certificate-authority-data'];
    const ca = authority === undefined ? readFileSync(cluster['certificate-authority'] ?? '') : Buffer.from(authority, 'base64');
    this.#upstream = { server: cluster['server'] ?? '', ca };
    const token = kubectl(['-n', home, 'create', 'token', 'vigil-operator', '--duration=6h']).trim();
    const workerImage = kubectl([
      '-n',
      home,
      'get',
      'deployment',
      'vigil-operator',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    ]);
    this.#access = { server: '', token, workerImage };
    await Promise.resolve();
  }

  /** Restores the cluster for the other suites. */
  async close(): Promise<void> {
    await this.clean();
    kubectl(['delete', '--ignore-not-found', 'namespace', ...teams]);
    suspendSchedules(false);
    await scaleOperator(1);
    kubectl(['-n', home, 'rollout', 'status', 'deployment/vigil-operator', '--timeout=90s']);
  }

  /** Access to the API server through a new proxy. The caller stops the proxy. */
  async access(): Promise<{ readonly proxy: FaultProxy; readonly access: OperatorAccess }> {
    if (!this.#upstream || !this.#access) throw new Error('the lab is not open');
    const proxy = new FaultProxy(this.#upstream);
    return { proxy, access: { ...this.#access, server: await proxy.start() } };
  }

  /** Deletes what a scenario created. No operator runs meanwhile. */
  async clean(): Promise<void> {
    kubectl(['delete', 'securitypolicy,scans,policyreports,clusterpolicyreports', '-A', '-l', 'faults=yes', '--ignore-not-found']);
    kubectl(['delete', 'securitypolicy', policyName, '--ignore-not-found']);
    kubectl(['delete', 'scans', '--all', '--wait=false']);
    kubectl(['delete', 'policyreports', '-A', '-l', 'app.kubernetes.io/managed-by=vigil']);
    kubectl(['delete', 'clusterpolicyreports', '-l', 'app.kubernetes.io/managed-by=vigil']);
    kubectl(['-n', home, 'delete', 'jobs,configmaps', '-l', 'vigil.dev/scan', '--wait=false']);
    kubectl(['-n', home, 'delete', 'lease', 'vigil-operator', '--ignore-not-found']);
    await eventually('the Jobs and ConfigMaps of earlier scans are deleted', async () => {
      const pods = await listAll(this.client, RESOURCES.pods, { namespace: home, labelSelector: 'vigil.dev/scan', metadataOnly: true });
      const scans = await listAll(this.client, RESOURCES.scans, { metadataOnly: true });
      return [...pods, ...scans, ...(await leftOvers(this.client, home))].length === 0 ? true : undefined;
    });
  }

  /** Creates the policy and, if the scan has a template, its Scan. Returns the name of the Scan. */
  async makePolicy(template?: Scan['spec']['scan']): Promise<string> {
    const policy = await this.client.create<SecurityPolicy>(RESOURCES.policies, {
      metadata: { name: policyName },
      spec: policySpec,
    } as KubeObject);
    const { name, uid = '', generation = 0 } = policy.metadata;
    const kubernetesVersion = await serverVersion(this.client);
    const revision = evaluationRevision({ generation, spec: policy.spec }, { kubernetesVersion });
    const scan = generationScanName({ name, uid, generation, revision });
    if (template) {
      const ownerReferences = [{ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name, uid }];
      await this.client.create(RESOURCES.scans, {
        metadata: { name: scan, ownerReferences },
        spec: { policies: [name], ttlSecondsAfterFinished: 86_400, scan: template },
      } as unknown as KubeObject);
    }
    return scan;
  }

  /** Creates another Scan of the policy, and waits for its end. */
  async scanAgain(seconds: number): Promise<EndState> {
    this.#kept = await leftOvers(this.client, home);
    const name = `again-${Date.now().toString(36)}`;
    await this.client.create(RESOURCES.scans, { metadata: { name }, spec: { policies: [policyName], full: true } } as KubeObject);
    return this.ended(name, seconds).finally(() => (this.#kept = []));
  }

  /**
   * Waits until a scan has ended, the status of its policy is updated, and its Jobs and ConfigMaps are deleted. `scan`: its name, or a
   * function if the name changes.
   */
  async ended(scan: string | (() => string), seconds: number): Promise<EndState> {
    const name = typeof scan === 'string' ? () => scan : scan;
    await eventually(`Scan ${name()} has ended and is cleaned up`, async () => ((await this.#isOver(name())) ? true : undefined), seconds);
    return endState(this.client, { scan: name(), policy: policyName });
  }

  /** Waits until the Ready condition of the Scan matches, as `Reason: message`. */
  async conditionMatches(scan: string, what: RegExp, seconds?: number): Promise<void> {
    const ready = async (): Promise<string> => {
      // There is none before the operator has created it.
      const found = await this.client.get<Scan>(RESOURCES.scans, { name: scan }).catch(() => undefined);
      const { reason = '', message = '' } = found?.status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
      return `${reason}: ${message}`;
    };
    await eventually(`Scan ${scan} has the condition ${String(what)}`, async () => (what.test(await ready()) ? true : undefined), seconds);
  }

  async #isOver(name: string): Promise<boolean> {
    const scan = await this.client.get<Scan>(RESOURCES.scans, { name }).catch(() => undefined);
    if (scan?.status?.phase === 'Failed') return (await leftOvers(this.client, home)).every((left) => /-a[0-9]+$/.test(left));
    if (scan?.status?.phase !== 'Complete') return false;
    const policy = await this.client.get<SecurityPolicy>(RESOURCES.policies, { name: policyName }).catch(() => undefined);
    if (!policy) return false;
    // If a scan evaluated nothing, the policy is updated but stays not evaluated.
    const isUpdated = policy.status?.evaluatedGeneration === 1 || scan.status.coverage?.scanned === 0;
    return isUpdated && (await leftOvers(this.client, home)).every((left) => this.#kept.includes(left));
  }
}

/** How the operator of a scenario is started. */
export interface RunOptions {
  readonly flags?: readonly string[];
  /** Whether it runs within this process, with a clock that the scenario sets. */
  readonly inProcess?: boolean;
}

/** A running scenario. */
export class ScenarioRun {
  readonly lab: FaultLab;
  readonly proxy: FaultProxy;
  readonly operator: TestedOperator;
  readonly name: string;
  /** The name of the Scan. */
  scan = '';
  /** Milliseconds by which the clock of an operator within this process is ahead. */
  clockAhead = 0;
  /** Values that a scenario keeps for its end. */
  readonly notes: Record<string, string> = {};
  readonly #others: { readonly proxy: FaultProxy; readonly operator: TestedOperator }[] = [];

  private constructor(lab: FaultLab, name: string, parts: { proxy: FaultProxy; access: OperatorAccess; how: RunOptions }) {
    const { proxy, access, how } = parts;
    this.lab = lab;
    this.name = name;
    this.proxy = proxy;
    this.operator = how.inProcess
      ? new InProcessOperator(access, name, () => Date.now() + this.clockAhead)
      : new OperatorProcess(access, name, how.flags);
  }

  static async begin(lab: FaultLab, name: string, how: RunOptions): Promise<ScenarioRun> {
    return new ScenarioRun(lab, name, { ...(await lab.access()), how });
  }

  /** Starts a second operator behind its own proxy. */
  async another(...rules: readonly FaultRule[]): Promise<{ readonly proxy: FaultProxy; readonly operator: TestedOperator }> {
    const { proxy, access } = await this.lab.access();
    proxy.arm(...rules);
    const operator = new OperatorProcess(access, `${this.name}-${this.#others.length + 2}`);
    this.#others.push({ proxy, operator });
    operator.start();
    return { proxy, operator };
  }

  /** The calls of all operators. */
  get calls(): FaultProxy['calls'] {
    return [this.proxy, ...this.#others.map(({ proxy }) => proxy)].flatMap(({ calls }) => calls);
  }

  async end(): Promise<void> {
    for (const { operator, proxy } of [{ operator: this.operator, proxy: this.proxy }, ...this.#others]) {
      await operator.stop();
      await proxy.stop();
    }
  }
}
