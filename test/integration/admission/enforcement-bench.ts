import pino from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { RESOURCES, apiVersionOf, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { Enforcement } from '../../../operator/admission/enforcement.ts';
import type { EnforcementWrite } from '../../../operator/admission/enforcement-sync.ts';
import type { ApprovalsInForce, ReadWaiversInForce, WaiversInForce } from '../../../operator/admission/parameters-in-force.ts';
import type { NamespaceLabels } from '../../../operator/admission/objects/namespace-match.ts';
import { clusterInfoReader } from '../../../operator/kube/cluster-info.ts';
import { resourcePath } from '../../../operator/kube/client/resource-path.ts';
import { Reflector } from '../../../operator/kube/watch/reflector.ts';
import type { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { kubectl, testClient } from '../cluster-access.ts';

/** The answer of the API server to a write: whether it is refused, and its warnings. */
export interface Answer {
  readonly status: number;
  readonly message: string;
  readonly warnings: readonly string[];
}

/** The enforcement controller of an operator, on a real API server. */
export class EnforcementBench {
  readonly client: KubeClient;
  readonly writes: EnforcementWrite[] = [];
  readonly events: { readonly type: string; readonly reason: string; readonly message: string }[] = [];
  waivers: WaiversInForce = { waivers: [] };
  /** Reads the exceptions in force. By default {@link waivers}, for every policy. */
  readWaivers: ReadWaiversInForce = () => this.waivers;
  approvals: ApprovalsInForce = { images: new Map(), until: Infinity };
  /** The namespaces that exist. Undefined: they are not known. */
  namespaces: readonly NamespaceLabels[] | undefined;
  #running: { readonly enforcement: Enforcement; readonly policies: Reflector<SecurityPolicy> } | undefined;

  constructor(client: KubeClient = testClient()) {
    this.client = client;
  }

  /** Installs the CRDs. */
  static install(): void {
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
  }

  /** Starts the controller with its watch of policies. */
  async start(): Promise<void> {
    const log = pino({ level: process.env['VIGIL_TEST_LOG'] ?? 'silent' });
    const policies: Reflector<SecurityPolicy> = new Reflector<SecurityPolicy>(this.client, RESOURCES.policies, {
      onChange: (type, object) => enforcement.controller.changed(RESOURCES.policies, object, type),
    });
    const enforcement: Enforcement = new Enforcement({
      client: this.client,
      log,
      policies,
      observe: undefined,
      metrics: { statusRefusals: { inc: () => undefined } },
      events: { record: (_resource, _object, event) => void this.events.push(event) },
      clock: Date.now,
      clusterInfo: clusterInfoReader(this.client, () => undefined),
      namespace: 'vigil-system',
      existingNamespaces: () => this.namespaces,
      systemNamespaces: ['kube-system', 'kube-public', 'kube-node-lease', 'vigil-system'],
      waiversInForce: (...args) => this.readWaivers(...args),
      approvalsInForce: () => this.approvals,
      onEnforcementWrite: (write) => void this.writes.push(write),
    });
    policies.start();
    await policies.whenSynced(AbortSignal.timeout(10_000));
    enforcement.controller.start();
    this.#running = { enforcement, policies };
  }

  /** Stops the controller. What it wrote stays. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.policies.stop();
    await running?.enforcement.stop();
    await running?.enforcement.controller.stop();
  }

  /** Reconciles a policy now, as after a change of its exceptions. */
  enqueue(name: string): void {
    this.#running?.enforcement.controller.queue.add(name);
  }

  /** Creates or changes a policy, and waits until the status describes its generation and all admission policies are in force. */
  async apply(name: string, spec: SecurityPolicySpec): Promise<SecurityPolicy> {
    kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name }, spec }));
    return this.enforced(name);
  }

  /** Waits until the status of a policy describes its generation and all admission policies are in force. */
  enforced(name: string): Promise<SecurityPolicy> {
    return eventually(`SecurityPolicy ${name} is enforced`, async () => {
      const policy = await this.client.get<SecurityPolicy>(RESOURCES.policies, { name });
      const { observedGeneration, inForce, policies } = policy.status?.enforcement ?? {};
      return observedGeneration === policy.metadata.generation && inForce === policies ? policy : undefined;
    });
  }

  /** Sends a write with `dryRun=All`, unless `persist`. The API server refuses unknown fields: a scan sees them in files, and the API server drops them. */
  async send(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    resource: ApiResource,
    object: KubeObject,
    { persist = false, body, sub = '' }: { readonly persist?: boolean; readonly body?: object; readonly sub?: string } = {},
  ): Promise<Answer> {
    const { server, headers, pool } = await this.client.credentials.current();
    const { name, namespace } = object.metadata;
    const path = resourcePath(resource, { namespace, ...(method === 'POST' ? {} : { name }) });
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const response = await request(`${server}${path}${sub}?fieldManager=test&fieldValidation=Strict${persist ? '' : '&dryRun=All'}`, {
      method,
      dispatcher: pool('shared'),
      headers: { ...headers, 'content-type': contentType },
      body: JSON.stringify(method === 'DELETE' ? {} : (body ?? { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind })),
    });
    const text = await response.body.text();
    const { message = '' } = JSON.parse(text) as { readonly message?: string };
    return {
      status: response.statusCode,
      message: response.statusCode < 300 ? '' : message,
      warnings: warningsOf(response.headers['warning']),
    };
  }
}

function warningsOf(header: string | string[] | undefined): readonly string[] {
  return [header ?? []].flat().flatMap((line) =>
    [
      ...Buffer.from(line, 'latin1')
        .toString('utf8')
        .matchAll(/299 - "((?:[^"\\]|\\.)*)"/g),
    ].map(([, text = '']) => text.replace(/\\(.)/g, '$1')),
  );
}

/** Waits until a condition returns a value. Throws after 20 seconds. */
export async function eventually<T>(
  what: string,
  condition: () => Promise<T | undefined> | T | undefined,
  milliseconds = 20_000,
): Promise<T> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const value = await condition();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await sleep(50);
  }
}
