import pino from 'pino';
import { Enforcement, type EnforcementDependencies } from '../../operator/admission/enforcement.ts';
import type { EnforcementStatus } from '../../operator/api/kinds/policy-enforcement.ts';
import type { NamespaceLabels } from '../../operator/admission/objects/namespace-match.ts';
import type { ApprovalsInForce, EnforcedChecks, WaiversInForce } from '../../operator/admission/parameters-in-force.ts';
import { type ApiResource, RESOURCES } from '../../operator/api/api-resource.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { resourcePath } from '../../operator/kube/client/resource-path.ts';
import { ControllerRunner, type ReconcileOutcome } from '../controller/reconcile-once.ts';
import { ClusterApi } from '../kube/cluster-api.ts';

/** When the API server in memory creates objects. */
export const createdAt = Date.parse('2026-01-01T00:00:00Z');

/** The enforcement controller with an API server in memory. */
export class EnforcementBench {
  readonly api = new ClusterApi();
  /** The Events, as `reason: message`. */
  readonly events: string[] = [];
  /** The writes that were counted, as `operation kind name`. */
  readonly counted: string[] = [];
  now = createdAt;
  waivers: WaiversInForce = { waivers: [] };
  approvals: ApprovalsInForce = { images: new Map(), until: Infinity };
  /** The checks for which exceptions were read. */
  checks: EnforcedChecks | undefined;
  namespaces: readonly NamespaceLabels[] | undefined;
  readonly enforcement: Enforcement;
  readonly #runner: ControllerRunner;

  /** `watches`: whether changes of its objects are watched, which reconciles the policy by themselves. */
  constructor({ watches = false } = {}) {
    const own: EnforcementDependencies = {
      client: this.api,
      log: pino({ level: 'silent' }),
      observe: undefined,
      metrics: { statusRefusals: { inc: () => undefined } },
      events: { record: (_resource, _object, { reason, message }) => void this.events.push(`${reason}: ${message}`) },
      policies: { get: (name) => this.policy(name), list: () => this.all(RESOURCES.policies) as unknown as SecurityPolicy[] },
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: builtinResources }),
      existingNamespaces: () => this.namespaces,
      systemNamespaces: ['kube-system', 'vigil-system'],
      namespace: 'vigil-system',
      clock: () => this.now,
      waiversInForce: (_policy, checks) => ((this.checks = checks), this.waivers),
      approvalsInForce: () => this.approvals,
      onEnforcementWrite: ({ operation, kind, name }) => void this.counted.push(`${operation} ${kind} ${name}`),
    };
    this.enforcement = new Enforcement(own);
    if (!watches) void this.enforcement.stop();
    this.#runner = new ControllerRunner(this.enforcement.controller);
  }

  reconcile(name = 'p'): Promise<ReconcileOutcome> {
    return this.#runner.reconcile(name);
  }

  async stop(): Promise<void> {
    await this.#runner.stop();
    await this.enforcement.stop();
  }

  /** Creates a policy, or replaces its spec. */
  async put(spec: SecurityPolicySpec, generation = 1, name = 'p'): Promise<void> {
    const known = this.policy(name);
    const object = { ...known, metadata: { ...known?.metadata, name, generation }, spec };
    if (known === undefined) await this.api.create(RESOURCES.policies, object);
    else await this.api.replace(RESOURCES.policies, object);
  }

  policy(name = 'p'): SecurityPolicy | undefined {
    return this.all(RESOURCES.policies).find(({ metadata }) => metadata.name === name) as SecurityPolicy | undefined;
  }

  get status(): EnforcementStatus | undefined {
    return this.policy()?.status?.enforcement;
  }

  /** The objects of a cluster-scoped resource. */
  all(resource: ApiResource): readonly (KubeObject & Readonly<Record<string, unknown>>)[] {
    const root = `${resourcePath(resource)}/`;
    return [...this.api.objects].flatMap(([path, object]) =>
      path.startsWith(root) ? [object as KubeObject & Readonly<Record<string, unknown>>] : [],
    );
  }

  /** The kinds of the writes since the call before, in order, as `POST admissionparameters`. Writes of the status are left out. */
  writes(): readonly string[] {
    return this.api.calls
      .splice(0)
      .filter((call) => !call.startsWith('GET ') && !call.endsWith('/status'))
      .map((call) => {
        const [method = '', path = ''] = call.split(' ');
        const [resource = ''] = path.split('/').slice(4);
        return `${method} ${resource}`;
      });
  }

  /** Makes the calls of a method and a resource fail. */
  refuse(method: string, resource: ApiResource, status: number, message = 'no'): void {
    this.api.onCall = (call) => {
      if ((call.method ?? 'GET') === method && call.path.split('/').includes(resource.resource))
        throw new KubeApiError(message, { status });
    };
  }
}
