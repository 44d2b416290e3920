import { pino } from 'pino';
import { SelectedAdmissionPolicies } from '../../../operator/admission/existing/selected-admission-policies.ts';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import type { ClusterInfo } from '../../../operator/kube/cluster-info.ts';
import { ClusterApi } from '../../kube/cluster-api.ts';

const limits: ApiResource = { group: 'example.com', version: 'v1', resource: 'limits', kind: 'Limit', namespaced: false };
const matchConstraints = {
  resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'], scope: '*' }],
  ...{ matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} },
};

/** {@link SelectedAdmissionPolicies} with an API server in memory. */
export class SelectionBench {
  readonly api = new ClusterApi();
  readonly policies: SecurityPolicy[] = [];
  /** The names of each report of a changed selection. */
  readonly changes: string[][] = [];
  clusterInfo = (): Promise<ClusterInfo> => Promise.resolve({ kubernetesVersion: '1.36', resources: [...builtinResources, limits] });
  readonly selected = new SelectedAdmissionPolicies({
    client: this.api,
    log: pino({ level: 'silent' }),
    observe: () => undefined,
    policies: { list: () => this.policies },
    clusterInfo: () => this.clusterInfo(),
    watchSilence: 150_000,
    changeInterval: 10,
    onSelectionChange: (names) => this.changes.push([...names]),
  });

  async start(): Promise<void> {
    await this.selected.start(new AbortController().signal);
    this.selected.controller.start();
  }

  async stop(): Promise<void> {
    await this.selected.controller.stop();
    await this.selected.stop();
  }

  securityPolicy(name: string, spec: SecurityPolicySpec = { admissionPolicies: { selector: {} } }): SecurityPolicy {
    const policy = { metadata: { name, uid: name, generation: 1 }, spec };
    this.policies.push(policy);
    return policy;
  }

  create(resource: ApiResource, name: string, content: object, metadata: object = {}): Promise<KubeObject> {
    return this.api.create(resource, { metadata: { name, ...metadata }, ...content });
  }

  admissionPolicy(name: string, spec: object = {}, metadata: object = {}): Promise<KubeObject> {
    const base = { failurePolicy: 'Fail', matchConstraints, validations: [{ expression: 'object.spec.replicas <= 3' }] };
    return this.create(RESOURCES.admissionPolicies, name, { spec: { ...base, ...spec } }, metadata);
  }

  binding(policyName: string, spec: object = {}): Promise<KubeObject> {
    return this.create(RESOURCES.admissionBindings, policyName, { spec: { policyName, validationActions: ['Deny'], ...spec } });
  }

  /** The paths that were read. */
  get paths(): readonly string[] {
    return [...new Set(this.api.calls.flatMap((call) => (call.startsWith('GET ') ? [call.slice(4)] : [])))];
  }

  /** Sends an event to the watch of a collection. */
  send(path: string, type: string, object: object): void {
    this.api.watchOf(path)?.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** Waits for at most fifteen seconds. Bounded: a loop that outlives its test would keep the process from ending. */
  async until(holds: () => boolean): Promise<void> {
    for (let tries = 0; tries < 1500 && !holds(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
