import { parseAuditEvent } from '../../operator/audit/parsing/audit-event-parser.ts';
import type { AuditEvent } from '../../operator/audit/audit-event.ts';
import type { World } from './world.ts';

/** What a request has besides its method, its path and its user. */
export interface HttpOptions {
  readonly from?: string;
  readonly agent?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly as?: string;
  readonly asGroups?: readonly string[];
  readonly code?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The name that the body has: the API server adds it to the object of a create. */
  readonly name?: string;
  /** The body of a request that is recorded at level Request. */
  readonly body?: unknown;
  readonly id?: string;
  /** Default: those that the API server writes for the request. */
  readonly stages?: readonly AuditEvent['stage'][];
}

interface Target {
  readonly apiGroup?: string;
  readonly apiVersion?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Splits a path as the API server's RequestInfoFactory does. Undefined: it is no resource. */
function targetOf(path: string): Target | undefined {
  let parts = path.split('/').filter((part) => part !== '');
  let base: Target;
  if (parts[0] === 'api' && parts.length > 2) {
    base = { apiVersion: parts[1] ?? '' };
    parts = parts.slice(2);
  } else if (parts[0] === 'apis' && parts.length > 3) {
    base = { apiGroup: parts[1] ?? '', apiVersion: parts[2] ?? '' };
    parts = parts.slice(3);
  } else return undefined;
  if (parts[0] === 'watch') parts = parts.slice(1);
  if (parts[0] === 'namespaces') {
    const [, namespace = '', resource] = parts;
    if (namespace === '') return { ...base, resource: 'namespaces' };
    if (resource === undefined || resource === 'status' || resource === 'finalize')
      return { ...base, resource: 'namespaces', namespace, name: namespace, ...(resource === undefined ? {} : { subresource: resource }) };
    base = { ...base, namespace };
    parts = parts.slice(2);
  }
  const [resource = '', name, subresource] = parts;
  return { ...base, resource, ...(name === undefined ? {} : { name }), ...(subresource === undefined ? {} : { subresource }) };
}

const connects: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);
const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch' };

function verbOf(method: string, target: Target | undefined, query: URLSearchParams, isWatchPath: boolean): string {
  if (target === undefined) return method.toLowerCase();
  if (method === 'DELETE') return target.name === undefined ? 'deletecollection' : 'delete';
  if (method !== 'GET' && method !== 'HEAD') return verbs[method] ?? method.toLowerCase();
  if (isWatchPath || ['1', 'true'].includes(query.get('watch') ?? '')) return 'watch';
  return target.name === undefined ? 'list' : 'get';
}

let ids = 0;

/** Sends a request to the API server of a world, which writes its audit events at level Metadata. */
export function http(world: World, user: string, line: string, options: HttpOptions = {}): void {
  world.now += 1000;
  const [method = 'GET', uri = ''] = line.split(' ');
  const [path = '', search = ''] = uri.split('?');
  const query = new URLSearchParams(search);
  const target = targetOf(path);
  const verb = verbOf(method, target, query, path.includes('/watch/'));
  const selected = /(?:^|,)metadata\.name=([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1];
  const name = target?.name ?? (method === 'GET' ? selected : undefined) ?? options.name;
  const isConnect = connects.has(target?.subresource ?? '');
  const isLong = verb === 'watch' || (isConnect && target?.subresource !== 'proxy');
  const code = options.code ?? (isConnect && target?.subresource !== 'proxy' ? 101 : verb === 'create' ? 201 : 200);
  const stages =
    options.stages ?? (isLong && code < 400 ? ['RequestReceived', 'ResponseStarted'] : ['RequestReceived', 'ResponseComplete']);
  const auditID = options.id ?? `http-${(ids += 1)}`;
  for (const stage of stages) {
    const time = new Date(world.now).toISOString();
    const parsed = parseAuditEvent({
      level: options.body === undefined ? 'Metadata' : 'Request',
      auditID,
      stage,
      requestURI: uri,
      verb,
      user: { username: user, groups: options.groups ?? ['system:authenticated'], extra: options.extra ?? {} },
      ...(options.as === undefined
        ? {}
        : { impersonatedUser: { username: options.as, groups: options.asGroups ?? ['system:authenticated'] } }),
      sourceIPs: [options.from ?? '192.0.2.10'],
      userAgent: options.agent ?? 'kubectl/v1.36.0 (linux/amd64) kubernetes/abc',
      ...(target === undefined ? {} : { objectRef: { ...target, ...(name === undefined ? {} : { name }) } }),
      ...(stage === 'RequestReceived' ? {} : { responseStatus: { metadata: {}, code } }),
      ...(options.body === undefined ? {} : { requestObject: options.body }),
      requestReceivedTimestamp: time,
      stageTimestamp: time,
      annotations:
        stage === 'RequestReceived' || (code === 401 && options.annotations === undefined)
          ? {}
          : {
              'authorization.k8s.io/decision': code === 403 ? 'forbid' : 'allow',
              'authorization.k8s.io/reason': '',
              ...options.annotations,
            },
    });
    if ('problem' in parsed) throw new Error(parsed.problem.message);
    world.event(parsed.event);
  }
}
