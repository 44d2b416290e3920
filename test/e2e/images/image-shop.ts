import { readFileSync } from 'node:fs';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { PolicyReport, ReportResult } from '../../../operator/api/kinds/policy-report.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { kubectl, testClient, uniqueName } from '../../integration/cluster-access.ts';
import { eventually, home, install, operatorSettled, reportsIn } from '../installation.ts';

/** The registry of the cluster under test. */
export const registry = '127.0.0.1:5000';
/** The registry that requires a password, and a user who may read everything in it. */
export const privateRegistry = { address: '127.0.0.1:5001', user: 'reader', password: 'reader-of-tests' } as const;

/** Returns the node's address, at which pods reach the registries. */
export const nodeAddress = (): string =>
  kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}']);

/** Applies objects as the user who runs the tests. */
export const apply = (...objects: readonly object[]): string =>
  kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));

/** The namespace of a pod, and more fields of its spec. */
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

  /** Installs Vigil with the guard and these settings, with a sync of images every two seconds, and creates the namespace. */
  async open(...settings: readonly string[]): Promise<void> {
    await install();
    this.useScanner('trivy:1', `VIGIL_DATABASE_IMAGE=${registry}/trivy-database:1`, 'VIGIL_IMAGE_INTERVAL=2', ...settings);
    await operatorSettled();
    this.#forgetAll();
    this.addNamespace(this.namespace);
  }

  /** Restores the settings of the operator, and deletes its image ledger. */
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

  /** Deletes the ledger. Otherwise failures of one suite would be retried only minutes or hours later. */
  #forgetAll(): void {
    kubectl(['-n', home, 'delete', 'configmap', 'vigil-images', '--ignore-not-found']);
    kubectl(['-n', home, 'delete', 'configmap', '-l', 'vigil.dev/part in (image-inventory,image-findings)']);
  }

  /** Configures the operator to use this scanner, and the guard to admit only this one. */
  useScanner(image: string, ...settings: readonly string[]): void {
    this.guard(`${registry}/${image}`);
    this.configure(`VIGIL_SCANNER_IMAGE=${registry}/${image}`, ...settings);
  }

  /** Configures the guard to admit only this scanner. */
  guard(scanner: string): void {
    const text = readFileSync('config/components/guard/guard.yaml', 'utf8').replace('ghcr.io/aquasecurity/trivy:0.70.0', scanner);
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], text);
  }

  configure(...settings: readonly string[]): void {
    kubectl(['-n', home, 'set', 'env', 'deployment/vigil-operator', ...settings]);
    kubectl(['-n', home, 'rollout', 'status', 'deployment/vigil-operator', '--timeout=90s']);
  }

  /** Creates a namespace that enforces the restricted Pod Security Standard. It is in the policy's scope unless `inScope` is false. */
  addNamespace(name: string, inScope = true): void {
    if (name !== this.namespace) (inScope ? this.#more : this.#others).push(name);
    apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } });
  }

  /** Applies the policy for the images in all its namespaces. */
  ask(images: object = { vulnerabilities: {} }): void {
    apply({
      apiVersion: 'vigil.dev/v1alpha1',
      kind: 'SecurityPolicy',
      metadata: { name: this.name },
      spec: { scope: { namespaces: { include: [this.namespace, ...this.#more] } }, images },
    });
  }

  /** Creates a Deployment of an image, and waits until it is available. */
  run(app: string, image: string, spec: PodSpec = {}): void {
    this.place(app, image, spec);
    kubectl(['-n', spec.namespace ?? this.namespace, 'rollout', 'status', `deployment/${app}`, '--timeout=60s']);
  }

  /** Creates a Deployment of an image. Does not wait for its pods. */
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

  /** Returns the image report of a Deployment. */
  async reportOf(app: string, namespace = this.namespace): Promise<PolicyReport | undefined> {
    return (await reportsIn(namespace)).find(({ metadata }) => metadata.name === `vigil-images-deployment-${app}`);
  }

  /** Returns the image results of a Deployment, each as `rule verdict`, sorted by rule. Stale ones end with `stale`. */
  async linesOf(app: string, namespace = this.namespace): Promise<string[]> {
    const results = (await this.reportOf(app, namespace))?.results ?? [];
    return results
      .map(({ rule, result, properties }) => `${rule ?? ''} ${result ?? ''}${properties?.['stale'] === 'true' ? ' stale' : ''}`)
      .toSorted();
  }

  /** Waits until a Deployment has exactly these image results: long enough for a retry, one minute after a failure. */
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

  /** Returns the result of this rule. */
  async result(app: string, rule: string, namespace = this.namespace): Promise<ReportResult | undefined> {
    return (await this.reportOf(app, namespace))?.results?.find((each) => each.rule === rule);
  }

  /** Returns the names of Vigil's ConfigMaps with inventories. */
  async inventories(): Promise<string[]> {
    const found = await listAll<KubeObject>(testClient(), RESOURCES.configMaps, {
      namespace: home,
      labelSelector: 'vigil.dev/part=image-inventory',
      metadataOnly: true,
    });
    return found.map(({ metadata }) => metadata.name).toSorted();
  }
}
