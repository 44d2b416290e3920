import { expect } from 'chai';
import fc from 'fast-check';
import { catalogue } from '../../operator/catalogue/controls/catalogue.ts';
import { run as runScan } from '../../operator/cli/scan.ts';
import type { ScanResult } from '../../operator/output/scan-result.ts';
import { Folder, runCommand } from './command-fixture.ts';

const template = (app: string, more = ''): string =>
  `{metadata: {labels: {app: ${app}}}, spec: {containers: [{name: a, image: a}]${more}}}`;
const object = (apiVersion: string, kind: string, name: string, rest: string, namespace = 'namespace: shop'): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: ${name}, ${namespace}}, ${rest}}`;

/** Objects that are judged by each other: what one of them says depends on the others. */
const objects: readonly string[] = [
  '{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}}',
  object(
    'apps/v1',
    'Deployment',
    'web',
    `spec: {selector: {matchLabels: {app: web}}, template: ${template('web', ', serviceAccountName: web')}}`,
  ),
  object(
    'apps/v1',
    'ReplicaSet',
    'web-1',
    `spec: {template: ${template('web')}}`,
    'namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]',
  ),
  object(
    'v1',
    'Pod',
    'web-1-a',
    'spec: {hostPID: true, containers: [{name: a, image: a}]}',
    'namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, controller: true}]',
  ),
  object('argoproj.io/v1alpha1', 'Rollout', 'api', `spec: {template: ${template('api')}}`),
  object(
    'ray.io/v1',
    'RayCluster',
    'ray',
    `spec: {headGroupSpec: {template: ${template('head')}}, workerGroupSpecs: [{template: ${template('worker', ', hostIPC: true')}}]}`,
  ),
  object('v1', 'Service', 'web', 'spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}'),
  object('v1', 'Service', 'gone', 'spec: {selector: {app: gone}, ports: [{port: 80}]}'),
  object('networking.k8s.io/v1', 'NetworkPolicy', 'all', 'spec: {podSelector: {}, ingress: [{}]}'),
  object('policy/v1', 'PodDisruptionBudget', 'web', 'spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}'),
  object('v1', 'ServiceAccount', 'web', 'automountServiceAccountToken: true'),
  object('rbac.authorization.k8s.io/v1', 'Role', 'all', 'rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]'),
  object(
    'rbac.authorization.k8s.io/v1',
    'RoleBinding',
    'all',
    'roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: all}, subjects: [{kind: ServiceAccount, name: web, namespace: shop}]',
  ),
  ...['b', 'a', 'c'].map((name) => `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}, data: {password: hunter2hunter2}}`),
  '{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: privileged}}}',
  object('v1', 'ServiceAccount', 'web', 'automountServiceAccountToken: false'),
  object('rbac.authorization.k8s.io/v1', 'Role', 'all', 'rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]'),
  '{apiVersion: v1, kind: Deployment, metadata: {name: lost, namespace: shop}}',
  // Several objects about one workload, also of one name, with different content.
  ...[1, 3].map((minReplicas) =>
    object(
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      `web-${minReplicas}`,
      `spec: {minReplicas: ${minReplicas}, maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}`,
    ),
  ),
  object('policy/v1', 'PodDisruptionBudget', 'web', 'spec: {maxUnavailable: 1, selector: {}}'),
  object('v1', 'Service', 'web', 'spec: {selector: {app: api}, ports: [{port: 22}]}'),
  ...['web', 'gone'].map((name) =>
    object('networking.k8s.io/v1', 'Ingress', 'web', `spec: {defaultBackend: {service: {name: ${name}, port: {number: 80}}}}`),
  ),
  ...['HTTP', 'TLS'].map((protocol) =>
    object(
      'gateway.networking.k8s.io/v1',
      'Gateway',
      'edge',
      `spec: {gatewayClassName: c, listeners: [{name: a, port: 80, protocol: ${protocol}}]}`,
    ),
  ),
  object(
    'gateway.networking.k8s.io/v1',
    'HTTPRoute',
    'web',
    'spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}',
  ),
  object('networking.istio.io/v1', 'VirtualService', 'web', 'spec: {hosts: [a], gateways: [g], http: [{delegate: {name: inner}}]}'),
  ...['web', 'gone'].map((host) =>
    object('networking.istio.io/v1', 'VirtualService', 'inner', `spec: {http: [{route: [{destination: {host: ${host}}}]}]}`),
  ),
  object('cilium.io/v2', 'CiliumNetworkPolicy', 'out', 'spec: {endpointSelector: {}, egress: [{toCIDR: [10.0.0.0/8]}]}'),
  ...['Allow', 'Deny'].map((action, index) =>
    object(
      'projectcalico.org/v3',
      'NetworkPolicy',
      index === 0 ? 'first' : 'second',
      `spec: {order: 10, selector: "app == 'api'", types: [Egress], egress: [{action: ${action}, destination: {nets: [169.254.0.0/16]}}]}`,
    ),
  ),
  '{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: b}, spec: {policyName: p, validationActions: [Deny]}}',
  ...['pods', 'services'].map(
    (resource) =>
      `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: p}, spec: {matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [${resource}]}]}, validations: [{expression: "true"}]}}`,
  ),
];

const controls = catalogue
  .filter(
    ({ parameters = {}, setBy }) => setBy === undefined && Object.values(parameters).every((parameter) => parameter.default !== undefined),
  )
  .map(({ id }) => id);

describe('the order of objects and files', () => {
  const folder = new Folder();
  after(() => {
    folder.remove();
  });

  /** Scans objects, each group in a file of its own. Returns verdicts and messages without their places. */
  async function verdicts(files: readonly (readonly string[])[]): Promise<readonly string[]> {
    const paths = files.map((group, index) => folder.file(`${index}.yaml`, group.join('\n---\n')));
    const { out } = await runCommand(runScan, [
      ...paths,
      '--control',
      controls.join(','),
      '--framework',
      'pss-restricted',
      '--passing',
      '-o',
      'json',
    ]);
    const { results, errors, summary } = JSON.parse(out) as ScanResult;
    const found = results.map(({ source, ...result }) => JSON.stringify(result));
    return [...found, ...errors.map(({ message }) => message), JSON.stringify(summary)].sort();
  }

  it('changes no verdict', async () => {
    const expected = await verdicts([objects]);
    expect(expected.length).to.be.greaterThan(400);
    const arrangement = fc.shuffledSubarray([...objects], { minLength: objects.length }).chain((shuffled) =>
      fc.array(fc.integer({ min: 1, max: objects.length - 1 }), { maxLength: 3 }).map((cuts) => {
        const ends = [...new Set([...cuts, objects.length])].sort((a, b) => a - b);
        return ends.map((end, index) => shuffled.slice(ends[index - 1] ?? 0, end));
      }),
    );
    await fc.assert(
      fc.asyncProperty(arrangement, async (files) => {
        expect(await verdicts(files)).to.deep.equal(expected);
      }),
      { numRuns: 40, seed: 20_261_129 },
    );
  }).timeout(120_000);
});
