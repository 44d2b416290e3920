import { KubeConfig } from '@kubernetes/client-node';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import { customResourceDefinition } from '../../operator/api/crds/crd.ts';
import { ownKinds } from '../../operator/api/crds/own-kinds.ts';
import { reportKinds } from '../../operator/api/crds/report-kinds.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { timestampOf } from '../../operator/api/timestamp.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { KubeRequest } from '../../operator/kube/client/kube-request.ts';
import { isLabelled, MemoryApi } from './memory-api.ts';

/** The resources of Vigil's kinds and of the reports. */
const ownResources: readonly ApiResource[] = [...ownKinds, ...reportKinds].map(({ plural, ...kind }) => ({ ...kind, resource: plural }));

interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly path: string;
  readonly object: KubeObject;
  readonly version: number;
}
interface OpenWatch {
  readonly collection: string;
  readonly labelSelector: string;
  readonly answer: ServerResponse;
}

/** The resource of a request path, without the namespace: `/apis/batch/v1/jobs`. */
const resourceOf = (path: string): string => path.replace(/\/namespaces\/[^/]+(?=\/)/, '');
const isIn = (path: string, collection: string): boolean =>
  path.startsWith(`${collection}/`) || resourceOf(path).replace(/\/[^/]+$/, '') === collection;

/** The object with the time of its creation, as a server sets it. */
function withCreation(body: unknown): unknown {
  const object = body as KubeObject;
  return { ...object, metadata: { creationTimestamp: timestampOf(Date.now()), ...object.metadata } };
}

/**
 * An API server in memory over HTTP: the objects of a {@link MemoryApi} with watches, discovery and `/version`. It has no validation, defaults,
 * admission and garbage collection, and refuses streamed lists as a server without WatchList does.
 */
export class MemoryServer {
  readonly api = new MemoryApi();
  /** The resources that discovery returns. */
  resources: readonly ApiResource[] = [...builtinResources, ...ownResources];
  /** Returns the error of a request that the server refuses. */
  refuse: (method: string, path: string) => KubeApiError | undefined = () => undefined;
  /** The logs of pods, by the path of the request. */
  readonly logs = new Map<string, string>();
  readonly #changes: Change[] = [];
  readonly #watches = new Set<OpenWatch>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((incoming, answer) => {
      this.#serve(incoming, answer).catch((error: unknown) => this.#fail(answer, error));
    });
  }

  /** Starts to listen. Returns the configuration of a client. */
  async start(): Promise<KubeConfig> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const kubeConfig = new KubeConfig();
    const server = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    kubeConfig.loadFromClusterAndUser({ name: 'memory', server, skipTLSVerify: true }, { name: 'u', token: 't' });
    return kubeConfig;
  }

  async credentials(): Promise<Credentials> {
    return new Credentials({ kubeConfig: await this.start() });
  }

  /** Stores the CRDs of Vigil and of the reports. */
  async installCrds(): Promise<void> {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    for (const kind of [...ownKinds, ...reportKinds]) await this.change({ method: 'POST', path, body: customResourceDefinition(kind) });
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The paths of the open watches. */
  get watched(): readonly string[] {
    return [...this.#watches].map(({ collection }) => collection).sort();
  }

  /** Runs a request, and sends what it changes to the watches. */
  async change(call: KubeRequest): Promise<unknown> {
    const before = new Map(this.api.objects);
    const result = await this.api.call(call.method === 'POST' ? { ...call, body: withCreation(call.body) } : call);
    if ((call.method ?? 'GET') !== 'GET') for (const change of this.#changesSince(before)) this.#send(change);
    return result;
  }

  #changesSince(before: ReadonlyMap<string, KubeObject>): Change[] {
    const versionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion);
    const set = [...this.api.objects].flatMap(([path, object]): Change[] => {
      const known = before.get(path);
      if (known === object) return [];
      // A server records the time of each write.
      const { managedFields } = object.metadata as unknown as { readonly managedFields: object[] };
      managedFields.push({ manager: 'server', operation: 'Update', time: timestampOf(Date.now()) });
      return [{ type: known ? 'MODIFIED' : 'ADDED', path, object, version: versionOf(object) }];
    });
    const latest = Math.max(0, ...this.#changes.map(({ version }) => version));
    const gone = [...before].filter(([path]) => !this.api.objects.has(path));
    return [...set, ...gone.map(([path, object]): Change => ({ type: 'DELETED', path, object, version: latest }))];
  }

  #send(change: Change): void {
    this.#changes.push(change);
    for (const watch of this.#watches) this.#sendTo(watch, change);
  }

  #sendTo({ collection, labelSelector, answer }: OpenWatch, { type, path, object, version }: Change): void {
    if (!isIn(path, collection) || !isLabelled(object, labelSelector)) return;
    const sent = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    answer.write(`${JSON.stringify({ type, object: sent })}\n`);
  }

  async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(incoming.url ?? '', 'http://server');
    let body = '';
    for await (const chunk of incoming) body += String(chunk);
    const method = incoming.method ?? 'GET';
    const refused = this.refuse(method, path);
    if (refused) throw refused;
    const query = Object.fromEntries(searchParams);
    const log = this.logs.get(path);
    if (query['watch'] === 'true') this.#watch(path, query, answer);
    else if (log !== undefined) answer.writeHead(200, { 'content-type': 'text/plain' }).end(log);
    else {
      const { accept = '', 'content-type': contentType = '' } = incoming.headers;
      // Like a server without protobuf for the resource.
      const call = { method, path, query, accept: accept.includes('PartialObjectMetadata') ? 'as=PartialObjectMetadata' : '', contentType };
      const result = this.#fixed(path) ?? (await this.change({ ...call, ...(body === '' ? {} : { body: JSON.parse(body) as unknown }) }));
      answer.writeHead(method === 'POST' ? 201 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
    }
  }

  #watch(collection: string, query: Readonly<Record<string, string>>, answer: ServerResponse): void {
    if (query['sendInitialEvents'] !== undefined)
      throw new KubeApiError('sendInitialEvents is forbidden', { status: 422, reason: 'Invalid' });
    answer.writeHead(200, { 'content-type': 'application/json' });
    const watch = { collection, labelSelector: query['labelSelector'] ?? '', answer };
    this.#watches.add(watch);
    answer.on('close', () => this.#watches.delete(watch));
    answer.flushHeaders();
    for (const change of this.#changes) if (change.version > Number(query['resourceVersion'] ?? 0)) this.#sendTo(watch, change);
  }

  #fixed(path: string): unknown {
    if (path === '/version') return { major: '1', minor: '36+' };
    if (path === '/api') return { items: this.#groups((group) => group === '') };
    return path === '/apis' ? { items: this.#groups((group) => group !== '') } : undefined;
  }

  #groups(isWanted: (group: string) => boolean): unknown[] {
    const groups = Map.groupBy(
      this.resources.filter(({ group }) => isWanted(group)),
      ({ group }) => group,
    );
    return [...groups].map(([name, resources]) => ({
      metadata: { name },
      versions: [...Map.groupBy(resources, ({ version }) => version)].map(([version, served]) => ({
        version,
        resources: served.map(({ resource, kind, namespaced }) => {
          return { resource, scope: namespaced ? 'Namespaced' : 'Cluster', responseKind: { kind }, verbs: ['list', 'watch'] };
        }),
      })),
    }));
  }

  #fail(answer: ServerResponse, error: unknown): void {
    const { status, reason, message } = error instanceof KubeApiError ? error : new KubeApiError(String(error), { status: 500 });
    if (!answer.headersSent) answer.writeHead(status, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ kind: 'Status', status: 'Failure', code: status, reason, message }));
  }
}
