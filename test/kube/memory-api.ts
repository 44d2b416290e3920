import { KubeConfig } from '@kubernetes/client-node';
import type { KubeObject, ManagedFields } from '../../operator/api/metadata.ts';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { KubeClient } from '../../operator/kube/client/kube-client.ts';
import type { KubeRequest } from '../../operator/kube/client/kube-request.ts';

type Stored = KubeObject & Record<string, unknown>;
type Fields = Readonly<Record<string, unknown>>;
type Entries = Readonly<Record<string, string | null | undefined>>;
const maps = ['labels', 'annotations'] as const;

/** The parts of a path: the collection of a resource, and the name of an object if the path names one. */
function partsOf(path: string): { readonly collection: string; readonly resource: string; readonly name: string | undefined } {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const root = parts.splice(0, parts[0] === 'api' ? 2 : 3);
  const scope = parts[0] === 'namespaces' && parts.length > 2 ? parts.splice(0, 2) : [];
  const [resource = '', name] = parts;
  return { collection: ['', ...root, ...scope, resource].join('/'), resource, name };
}

const notFound = (name: string): KubeApiError => new KubeApiError(`"${name}" not found`, { status: 404, reason: 'NotFound' });
const conflict = (name: string): KubeApiError => new KubeApiError(`"${name}" has changed or exists`, { status: 409, reason: 'Conflict' });

/**
 * A client of an API server in memory: it creates, reads, lists (by page, with label and name selectors), replaces, patches and deletes objects
 * of any resource, checks resourceVersions and preconditions, and records who owns labels and annotations. It has no watches, validation,
 * defaults or admission: use it for code that reads and writes objects.
 */
export class MemoryApi extends KubeClient {
  /** Method and path of each call. */
  readonly calls: string[] = [];
  /** Called before each call. May throw the response of a server that fails. */
  onCall: (call: KubeRequest) => unknown = () => undefined;
  readonly #objects = new Map<string, Stored>();
  /** The fields of a status that a manager applied last, by path and manager. */
  readonly #applied = new Map<string, readonly string[]>();
  #version = 0;

  constructor() {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromClusterAndUser({ name: 'c', server: 'http://127.0.0.1:9', skipTLSVerify: true }, { name: 'u', token: 't' });
    super(new Credentials({ kubeConfig }));
  }

  /** The methods of the calls that write, such as `POST`. */
  get writes(): string[] {
    return this.calls.flatMap((call) => (call.startsWith('GET ') ? [] : [call.split(' ')[0] ?? '']));
  }

  /** All objects, by path. */
  get objects(): ReadonlyMap<string, KubeObject> {
    return this.#objects;
  }

  override async call<T>(call: KubeRequest): Promise<T> {
    const { method = 'GET', path } = call;
    this.calls.push(`${method} ${path}`);
    await this.onCall(call);
    return structuredClone(this.#answer(method, call)) as T;
  }

  #answer(method: string, call: KubeRequest): unknown {
    const { name } = partsOf(call.path);
    if (method === 'POST') return this.#create(call);
    if (name === undefined) return this.#list(call);
    const known = this.#objects.get(objectPath(call.path));
    if (method === 'PATCH' && call.contentType === 'application/apply-patch+yaml')
      return this.#patch(call, known ?? { metadata: { name } });
    if (!known) throw notFound(name);
    if (method === 'PUT') return this.#replace(call, known);
    if (method === 'PATCH') return this.#patch(call, known);
    return method === 'DELETE' ? this.#delete(call, known) : known;
  }

  #create(call: KubeRequest): Stored {
    const object = call.body as Stored;
    const path = `${call.path}/${encodeURIComponent(object.metadata.name)}`;
    if (this.#objects.has(path)) throw conflict(object.metadata.name);
    return this.#store(path, { object, before: undefined, manager: managerOf(call) });
  }

  #replace(call: KubeRequest, before: Stored): Stored {
    const object = call.body as Stored;
    const { uid, resourceVersion, name } = object.metadata;
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) throw conflict(name);
    if (uid !== undefined && uid !== before.metadata.uid) throw conflict(name);
    return this.#store(objectPath(call.path), { object, before, manager: managerOf(call) });
  }

  #patch(call: KubeRequest, before: Stored): Stored {
    const { metadata: { resourceVersion, ...metadata } = {}, ...fields } = call.body as Omit<Partial<Stored>, 'metadata'> & {
      readonly metadata?: Partial<KubeObject['metadata']>;
    };
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) throw conflict(before.metadata.name);
    const merged = Object.fromEntries(maps.map((map) => [map, withoutNulls({ ...before.metadata[map], ...metadata[map] })]));
    const status = fields['status'] === undefined ? {} : { status: this.#statusAfter(call, before, fields['status'] as Fields) };
    const object = { ...before, ...fields, ...status, metadata: { ...before.metadata, ...metadata, ...merged } } as Stored;
    const known = this.#objects.get(objectPath(call.path));
    return this.#store(objectPath(call.path), { object, before: known, manager: managerOf(call) });
  }

  /** A status after a patch. An apply also removes the fields that the same manager applied before and does not apply now. */
  #statusAfter(call: KubeRequest, { status = {} }: Stored & { readonly status?: Fields }, wanted: Fields): Fields {
    if (call.contentType !== 'application/apply-patch+yaml') return { ...status, ...wanted };
    const key = `${objectPath(call.path)} ${managerOf(call)}`;
    const left = (this.#applied.get(key) ?? []).filter((field) => !(field in wanted));
    this.#applied.set(key, Object.keys(wanted));
    return { ...Object.fromEntries(Object.entries(status).filter(([field]) => !left.includes(field))), ...wanted };
  }

  #delete(call: KubeRequest, { metadata }: Stored): object {
    const { preconditions = {} } = (call.body ?? {}) as {
      readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
    };
    const differs = (['uid', 'resourceVersion'] as const).some(
      (key) => preconditions[key] !== undefined && preconditions[key] !== metadata[key],
    );
    if (differs) throw conflict(metadata.name);
    this.#objects.delete(objectPath(call.path));
    return { kind: 'Status', status: 'Success' };
  }

  #list({ path, query = {}, accept }: KubeRequest): object {
    const { collection, resource } = partsOf(path);
    const isInEach = !collection.includes('/namespaces/');
    const all = [...this.#objects].flatMap(([key, object]) => {
      const parts = partsOf(key);
      const isIncluded = parts.collection === collection || (isInEach && parts.resource === resource && sameRoot(key, collection));
      return isIncluded && isSelected(object, query) ? [object] : [];
    });
    const from = Number(query['continue'] ?? 0);
    const end = from + Number(query['limit'] ?? all.length);
    const next = end < all.length ? { continue: String(end) } : {};
    const items = all
      .slice(from, end)
      .map((object) => (accept?.includes('PartialObjectMetadata') ? { metadata: object.metadata } : object));
    return { metadata: { resourceVersion: String(this.#version), ...next }, items };
  }

  #store(
    path: string,
    { object, before, manager }: { readonly object: Stored; readonly before: Stored | undefined; readonly manager: string },
  ): Stored {
    const { creationTimestamp = '2026-01-01T00:00:00Z' } = before?.metadata ?? object.metadata;
    const version = String(++this.#version);
    const uid = before?.metadata.uid ?? object.metadata.uid ?? `uid-${version}`;
    const managedFields = ownersAfter(object, before, manager);
    const metadata = { ...object.metadata, uid, creationTimestamp, resourceVersion: version, managedFields };
    const stored = structuredClone({ ...object, metadata });
    this.#objects.set(path, stored);
    return stored;
  }
}

const managerOf = ({ query }: KubeRequest): string => String(query?.['fieldManager'] ?? 'unknown');

/** The path of an object, without its subresource. */
function objectPath(path: string): string {
  const { collection, name = '' } = partsOf(path);
  return `${collection}/${encodeURIComponent(name)}`;
}

const sameRoot = (a: string, b: string): boolean => {
  const rootOf = (path: string): string =>
    path
      .split('/')
      .slice(0, path.startsWith('/api/') ? 3 : 4)
      .join('/');
  return rootOf(a) === rootOf(b);
};

const withoutNulls = (entries: Entries): Record<string, string> =>
  Object.fromEntries(Object.entries(entries).flatMap(([key, value]) => (value === null || value === undefined ? [] : [[key, value]])));

/** The managed fields after a write: a manager owns the labels and annotations that it set or changed last. */
function ownersAfter(object: Stored, before: Stored | undefined, manager: string): ManagedFields[] {
  const owners = new Map<string, Record<string, Record<string, object>>>();
  for (const map of maps) {
    const earlier = new Map(
      (before?.metadata.managedFields ?? []).flatMap((owner) => {
        const fields = (owner.fieldsV1?.['f:metadata'] as Record<string, object> | undefined)?.[`f:${map}`] ?? {};
        return Object.keys(fields).map((key) => [key, owner.manager ?? ''] as const);
      }),
    );
    for (const [key, value] of Object.entries(object.metadata[map] ?? {})) {
      const isKept = before?.metadata[map]?.[key] === value;
      const owner = (isKept ? earlier.get(`f:${key}`) : undefined) ?? manager;
      const fields = owners.get(owner) ?? {};
      fields[`f:${map}`] = { ...fields[`f:${map}`], [`f:${key}`]: {} };
      owners.set(owner, fields);
    }
  }
  return [...owners].map(([name, fields]) => ({ manager: name, operation: 'Update', fieldsV1: { 'f:metadata': fields } }) as ManagedFields);
}

/** Whether an object has the labels of a selector such as `a=b,c,d in (e,f)`. */
export function isLabelled({ metadata }: KubeObject, labelSelector: string): boolean {
  const parts = labelSelector.split(/,(?![^(]*\))/).filter((part) => part !== '');
  return parts.every((part) => {
    const [, set, members = ''] = /^(\S+) in \((.*)\)$/.exec(part) ?? [];
    if (set !== undefined) return members.split(',').includes(metadata.labels?.[set] ?? '');
    const [key = '', value] = part.split('=');
    const found = metadata.labels?.[key];
    return value === undefined ? found !== undefined : found === value;
  });
}

function isSelected(object: KubeObject, { labelSelector, fieldSelector }: NonNullable<KubeRequest['query']>): boolean {
  const name = /^metadata\.name=(.*)$/.exec(String(fieldSelector ?? ''))?.[1];
  return isLabelled(object, String(labelSelector ?? '')) && (name === undefined || object.metadata.name === name);
}
