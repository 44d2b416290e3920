import type { AuditTokenRequest } from '../../audit/audit-event.ts';
import type { ResourceReference } from '../../findings/finding.ts';
import type { Actor } from './actor.ts';
import type { ObjectFacts } from '../facts/object-facts.ts';

/** The answer of the authorizer and the authenticator to a request. */
export type Decision = 'allow' | 'forbid' | 'unauthenticated';

/** A request that the API server has answered, from an audit event. It has no body, no token and no query but the command of an exec. */
export interface RequestActivity {
  readonly type: 'request';
  /** When the request was answered, in milliseconds since 1970. */
  readonly at: number;
  /** The audit ID. */
  readonly id: string;
  /** Who sent the request, not whom they impersonated. */
  readonly actor: Actor;
  readonly impersonated?: Actor;
  readonly verb: string;
  /** '' for the core group and for a path that is no resource. */
  readonly group: string;
  /** Plural. '' for a path that is no resource. */
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** The path of the request, without its query. */
  readonly path: string;
  /** The command of an exec. */
  readonly command: readonly string[];
  readonly decision: Decision;
  /** Whether the request was allowed and its answer is no error. */
  readonly succeeded: boolean;
  /**
   * The request asked for a dry run: it changed nothing, but its answer has the objects. Never set for a deletion of one object, and no proof for
   * one of many: the API server ignores the parameter if the request has a body.
   */
  readonly dryRun?: true;
  /** The request is about Secrets in which Helm keeps its releases, and no others. */
  readonly helmReleases?: true;
  /** The binding that allowed the request, such as `ClusterRoleBinding "admins"`. */
  readonly binding?: string;
  /** The address that connected to the API server. */
  readonly address?: string;
  /** The product in the user agent, such as kubectl. Chosen by the client. */
  readonly agent: string;
  /** The account whose token from a Secret was used, as a user name. */
  readonly legacyToken?: string;
  readonly tokenRequest?: AuditTokenRequest;
}

/** What happened to an object. `found`: it is in the first list after a start, and nothing is known about before. */
export type Operation = 'create' | 'update' | 'delete' | 'found';

/** A change of an object, as a watch shows it. */
export interface ChangeActivity {
  readonly type: 'change';
  /** When the watch showed it, in milliseconds since 1970. */
  readonly at: number;
  readonly operation: Operation;
  /** Plural, as in a path. */
  readonly resource: string;
  readonly object: ResourceReference;
  readonly before?: ObjectFacts;
  /** Undefined for a deletion. */
  readonly after?: ObjectFacts;
  /** The field manager that wrote last. Chosen by the client: a hint. Undefined for a deletion. */
  readonly manager?: string;
  /** Who made the change, after {@link WriteJoin} has found its audit event. */
  readonly request?: RequestActivity;
}

/** What detections read: who did what. */
export type Activity = RequestActivity | ChangeActivity;
