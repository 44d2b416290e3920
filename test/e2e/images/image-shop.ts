import { readFileSync } from 'node:fs';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { PolicyReport, ReportResult } from '../../../operator/api/policy-report.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { kubectl, testClient, uniqueName } from '../../integration/cluster-access.ts';
import { eventually, home, install, operatorSettled, reportsIn } from '../installation.ts';

/** The registry of the cluster under test. */
export const registry = '127.0.0.1:5000';
/** The registry that asks for a password, and one that it gives everything to. */
export const privateRegistry = { address: '127.0.0.1:5001', user: 'reader', password: 'reader-of-tests' } as const;

/** The node's address, by which pods reach the registries. */
export const nodeAddress = (): string =>
  kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}']);

/** Applies objects as whoever runs the tests. */
export const apply = (...objects: readonly object[]): string =>
  kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));

/** What a pod has besides, and where. */
interface PodSpec {
  readonly namespace?: string;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent';
  readonly [field: string]: unknown;
}

/** Namespaces with workloads that satisfy the restricted Pod Security Standard, and a policy about their images. */
export class ImageShop {
  readonly name: string;
  readonly namespace: string;
  readonly #more: string[] = [];
  readonly #others: string[] = [];

  constructor(prefix: string) {
    this.name = uniqueName(prefix);
    this.namespace = uniqueName(prefix);
  }

  /** Installs Vigil with the guard and these settings, has it look at what runs every other second, and makes the namespace. */
  async open(...settings: readonly string[]): Promise<void> {
    await install();
    this.useScanner('trivy:1', `VIGIL_DATABASE_IMAGE=${registry}/trivy-database:1`, 'VIGIL_IMAGE_INTERVAL=2', ...settings);
    await operatorSettled();
    this.#forgetAll();
    this.addNamespace(this.namespace);
  }

  /** Leaves the operator as it was found, and knowing of no image. */
  async close(): Promise<void> {
    kubectl(['delete', '-f', 'config/components/guard/guard.yaml', '--ignore-not-found']);
    kubectl(['delete', 'securitypolicy', this.name, '--ignore-not-found']);
    kubectl(['delete', 'namespace', this.namespace, ...this.#more, ...this.#others, '--ignore-not-found', '--wait=false']);
    this.configure(
      'VIGIL_SCANNER_IMAGE-',
      'VIGIL_DATABASE_IMAGE-',
      'VIGIL_IMAGE_INTERVAL-',
      'VIGIL_IMAGE_JOBS-',
      'VIGIL_JAVA_INDEX_IMAGE-',
    );
    await operatorSettled();
    this.#forgetAll();
  }

  /** What failed in one suite is tried again minutes or hours later: each begins anew. */
  #forgetAll(): void {
    kubectl(['-n', home, 'delete', 'configmap', 'vigil-images', '--ignore-not-found']);
    kubectl(['-n', home, 'delete', 'configmap', '-l', 'vigil.dev/part in (image-inventory,image-findings)']);
  }

  /** Has the operator use this scanner, and the guard admit it alone. */
  useScanner(image: string, ...settings: readonly string[]): void {
    this.guard(`${registry}/${image}`);
    this.configure(`VIGIL_SCANNER_IMAGE=${registry}/${image}`, ...settings);
  }

  /** Has the guard admit this scanner alone. */
  guard(scanner: string): void {
    const text = readFileSync('config/components/guard/guard.yaml', 'utf8').replace('ghcr.io/aquasecurity/trivy:0.70.0', scanner);
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], text);
  }

  configure(...settings: readonly string[]): void {
    kubectl(['-n', home, 'set', 'env', 'deployment/vigil-operator', ...settings]);
    kubectl(['-n', home, 'rollout', 'status', 'deployment/vigil-operator', '--timeout=90s']);
  }

  /** A namespace that enforces the restricted Pod Security Standard; the policy asks about it unless that is none of its business. */
  addNamespace(name: string, asked = true): void {
    if (name !== this.namespace) (asked ? this.#more : this.#others).push(name);
    apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } });
  }

  /** Asks about the images in all its namespaces. */
  ask(images: object = { vulnerabilities: {} }): void {
    apply({
      apiVersion: 'vigil.dev/v1alpha1',
      kind: 'SecurityPolicy',
      metadata: { name: this.name },
      spec: { scope: { namespaces: { include: [this.namespace, ...this.#more] } }, images },
    });
  }

  /** Runs an image, and waits until it does. */
  run(app: string, image: string, spec: PodSpec = {}): void {
    this.place(app, image, spec);
    kubectl(['-n', spec.namespace ?? this.namespace, 'rollout', 'status', `deployment/${app}`, '--timeout=60s']);
  }

  /** Has an image run, if it can. */
  place(app: string, image: string, { namespace = this.namespace, imagePullPolicy = 'IfNotPresent', ...spec }: PodSpec = {}): void {
    const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    const pod = {
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'main', image, imagePullPolicy, securityContext }],
      ...spec,
    };
    apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: app, namespace },
      spec: { selector: { matchLabels: { app } }, template: { metadata: { labels: { app } }, spec: pod } },
    });
  }

  /** The report about the images of a Deployment. */
  async reportOf(app: string, namespace = this.namespace): Promise<PolicyReport | undefined> {
    return (await reportsIn(namespace)).find(({ metadata }) => metadata.name === `vigil-images-deployment-${app}`);
  }

  /** The results about a Deployment's images, each as `rule verdict`, in the order of rules; stale ones say so. */
  async linesOf(app: string, namespace = this.namespace): Promise<string[]> {
    const results = (await this.reportOf(app, namespace))?.results ?? [];
    return results
      .map(({ rule, result, properties }) => `${rule ?? ''} ${result ?? ''}${properties?.['stale'] === 'true' ? ' stale' : ''}`)
      .toSorted();
  }

  /** Waits until a Deployment’s images have just these results: long enough for a second try, which comes a minute after a failure. */
  async becomes(app: string, expected: readonly string[], { namespace = this.namespace, seconds = 150 } = {}): Promise<void> {
    let last: readonly string[] = [];
    await eventually(
      '',
      async () => ((last = await this.linesOf(app, namespace)).join('\n') === expected.toSorted().join('\n') ? true : undefined),
      seconds,
    ).catch(async () => {
      const said = ((await this.reportOf(app, namespace))?.results ?? []).map(({ message }) => message ?? '');
      throw new Error(
        `not within ${seconds} s: the images of ${app}: ${expected.join(', ')}; they are: ${last.join(', ')}\n${said.join('\n')}`,
      );
    });
  }

  /** The one result of this rule. */
  async result(app: string, rule: string, namespace = this.namespace): Promise<ReportResult | undefined> {
    return (await this.reportOf(app, namespace))?.results?.find((each) => each.rule === rule);
  }

  /** Vigil's ConfigMaps with inventories, by their names. */
  async inventories(): Promise<string[]> {
    const found = await listAll<KubeObject>(testClient(), RESOURCES.configMaps, {
      namespace: home,
      labelSelector: 'vigil.dev/part=image-inventory',
      metadataOnly: true,
    });
    return found.map(({ metadata }) => metadata.name).toSorted();
  }
}
