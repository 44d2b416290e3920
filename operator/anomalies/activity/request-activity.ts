import { definedEntries } from '../../api/defined-entries.ts';
import type { AuditEvent } from '../../audit/audit-event.ts';
import type { Decision, RequestActivity } from './activity.ts';
import { actorOf } from './actor.ts';
import { RecentActors } from './recent-actors.ts';
import { agentProduct } from '../facts/template-names.ts';

/** Resources that only say that a process is alive. */
const heartbeats: ReadonlySet<string> = new Set(['leases']);

/**
 * Makes activities of audit events. A request is one activity: of a request that lasts (exec, attach, watch) the start counts, of any other the
 * end. It remembers the last requests that have started, so it must see the events of a server in order.
 */
export class RequestActivities {
  readonly #started = new Set<string>();
  readonly #actors = new RecentActors();
  readonly #limit: number;

  /** `limit` is how many started requests are remembered. */
  constructor(limit = 4096) {
    this.#limit = limit;
  }

  /** Returns the activity of an event, or undefined if the request has none or has had it already. */
  activity(event: AuditEvent): RequestActivity | undefined {
    if (event.stage === 'RequestReceived') return undefined;
    if (heartbeats.has(event.objectRef?.resource ?? '')) return undefined;
    const request = identityOf(event);
    if (event.stage === 'ResponseStarted') {
      this.#remember(request);
      return requestActivity(event, this.#actors);
    }
    return this.#started.delete(request) ? undefined : requestActivity(event, this.#actors);
  }

  #remember(request: string): void {
    this.#started.add(request);
    if (this.#started.size <= this.#limit) return;
    const [oldest] = this.#started;
    if (oldest !== undefined) this.#started.delete(oldest);
  }
}

/** Clients may choose the audit ID. Without user, verb and URI, the end of a request that lasts could be that of another with the same ID. */
const identityOf = ({ server, auditID, verb, user, requestURI }: AuditEvent): string =>
  JSON.stringify([server, auditID, verb, user.username, requestURI]);

/** The API server gives the requests about a Namespace its own name as their namespace, although the object is in none. */
const namespaceIn = ({ objectRef }: AuditEvent): string | undefined =>
  objectRef?.resource === 'namespaces' && objectRef.apiGroup === '' ? undefined : objectRef?.namespace;

/** Returns the activity of an event that ends or starts a request. */
export function requestActivity(event: AuditEvent, actors: Pick<RecentActors, 'of'> = { of: actorOf }): RequestActivity {
  const { objectRef, code, annotations } = event;
  const decision = decisionOf(event);
  const { apiGroup: group = '', resource = '', subresource, name } = objectRef ?? {};
  const namespace = namespaceIn(event);
  return {
    type: 'request',
    at: event.at,
    id: event.auditID,
    actor: actors.of(event.user),
    verb: event.verb,
    group,
    resource,
    path: event.requestURI.split('?', 1)[0] ?? '',
    command: subresource === 'exec' ? commandOf(event.requestURI) : [],
    decision,
    succeeded: hasSucceeded(decision, code),
    agent: agentProduct(event.userAgent),
    ...definedEntries({
      subresource,
      namespace,
      name,
      tokenRequest: event.tokenRequest,
      binding: bindingOf(annotations),
      dryRun: dryRunOf(event),
      helmReleases: isOfHelmReleases(event),
    }),
    ...definedEntries({
      address: event.sourceIPs.at(-1)?.replace(/^::ffff:/, ''),
      legacyToken: annotations['authentication.k8s.io/legacy-token'],
    }),
    ...definedEntries({ impersonated: event.impersonatedUser && actors.of(event.impersonatedUser) }),
  };
}

const hasSucceeded = (decision: Decision, code: number | undefined): boolean => decision === 'allow' && (code === undefined || code < 400);

/** The binding that allowed a request, from the reason that the RBAC authorizer writes. */
const bindingOf = (annotations: AuditEvent['annotations']): string | undefined =>
  /allowed by ((?:Cluster)?RoleBinding "[^"]{1,300}")/.exec(annotations['authorization.k8s.io/reason'] ?? '')?.[1];

/**
 * The authorizer writes its decision. A request without credentials that are accepted has no decision, and the status 401. What is behind a
 * proxy also answers 401 or 403: then the authorizer has allowed the request.
 */
function decisionOf({ annotations, code }: AuditEvent): Decision {
  const decision = annotations['authorization.k8s.io/decision'];
  if (decision === 'allow') return 'allow';
  if (decision === 'forbid' || code === 403) return 'forbid';
  return code === 401 ? 'unauthenticated' : 'allow';
}

const changing: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'deletecollection']);
/** What the API server does in a dry run too: tokens, and answers about rights and identities. It refuses a dry run of a session. */
const neverDry: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy', 'token']);
const answers: ReadonlySet<string> = new Set(['authorization.k8s.io', 'authentication.k8s.io']);

/** Whether a request changes nothing. Where the API server ignores the parameter, it hides nothing. */
function dryRunOf({ verb, objectRef, requestURI }: AuditEvent): true | undefined {
  if (!changing.has(verb) || objectRef === undefined) return undefined;
  if (neverDry.has(objectRef.subresource ?? '') || answers.has(objectRef.apiGroup)) return undefined;
  return queryOf(requestURI).getAll('dryRun').includes('All') || undefined;
}

/** Helm finds the Secrets of its releases by a label, and names them by release and revision. */
function isOfHelmReleases({ objectRef, requestURI }: AuditEvent): true | undefined {
  if (objectRef?.resource !== 'secrets' || objectRef.apiGroup !== '') return undefined;
  if (objectRef.name !== undefined) return objectRef.name.startsWith('sh.helm.release.v1.') || undefined;
  const selector = queryOf(requestURI).get('labelSelector') ?? '';
  return selector.split(',').includes('owner=helm') || undefined;
}

/** The API server leaves out a parameter with a semicolon or with a percent sign that escapes nothing, and reads the others. */
const leftOut = /;|%(?![\da-f]{2})/i;

/** Reads the query of a URI as the API server does. */
function queryOf(uri: string): URLSearchParams {
  const start = uri.indexOf('?');
  const parameters = start < 0 ? [] : uri.slice(start + 1).split('&');
  return new URLSearchParams(parameters.filter((parameter) => !leftOut.test(parameter)).join('&'));
}

/** Reads the command from the query of an exec. What the API server leaves out hides nothing here. */
const commandOf = (uri: string): readonly string[] => new URLSearchParams(uri.slice(uri.indexOf('?') + 1)).getAll('command').slice(0, 64);
