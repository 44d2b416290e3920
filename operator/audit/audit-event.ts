/** The stages of a request that the API server writes an event for. A long-running request (watch, exec, attach) has ResponseStarted, every other only ResponseComplete. */
export const AUDIT_STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
/** A stage of a request. */
export type AuditStage = (typeof AUDIT_STAGES)[number];

/** The levels of an audit policy. Only Request and RequestResponse have a body. */
export const AUDIT_LEVELS = ['Metadata', 'Request', 'RequestResponse'] as const;
/** A level of an audit policy. */
export type AuditLevel = (typeof AUDIT_LEVELS)[number];

/** Who sent a request, or whom they impersonated. */
export interface AuditUser {
  /** As RBAC names it: `system:serviceaccount:NAMESPACE:NAME`, `system:node:NAME`, `system:anonymous`, or the name from a certificate or identity provider. */
  readonly username: string;
  readonly uid?: string;
  /** At most 64: the last of the event. */
  readonly groups: readonly string[];
  /**
   * What the authenticator knows about the credential: only `authentication.kubernetes.io/pod-name` and `…/node-name`, to which a token of a service
   * account can be bound, and the identity keys of EKS (`arn`, `canonicalArn`, `principalId`, `sessionName`).
   */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** The object or resource of a request. Absent fields are absent in the event: a list has no name, a cluster-wide request no namespace. */
export interface AuditObjectReference {
  /** '' for the core group. */
  readonly apiGroup: string;
  readonly apiVersion: string;
  /** Plural, as in a path: `pods`. */
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

/** What a request for a service account's token asked for. Only there if the audit policy records serviceaccounts/token at level Request. */
export interface AuditTokenRequest {
  /** Seconds that the token was asked to be valid. Absent if the server's default applies. */
  readonly expirationSeconds?: number;
  /** At most 16. */
  readonly audiences: readonly string[];
  /** The object whose deletion ends the token: a kubelet binds every token to its pod. */
  readonly boundTo?: { readonly kind: string; readonly name: string };
}

/**
 * A bounded projection of an `audit.k8s.io/v1` Event. It has no request or response body, no token and no content of an object.
 *
 * Every text may have been chosen by an attacker. Each is bounded: a longer one is cut and ends in `~` and the first 12 hexadecimal digits of its SHA-256,
 * so different names stay different. Control characters and characters that change the direction of text are replaced by U+FFFD, with the same ending.
 */
export interface AuditEvent {
  /** The same for all stages of a request. The client may choose it (header Audit-ID), so it identifies events only together with `server` and `stage`. */
  readonly auditID: string;
  readonly stage: AuditStage;
  readonly level: AuditLevel;
  /** When the stage was reached: milliseconds since 1970 by the API server's clock. */
  readonly at: number;
  /** When the request reached the API server: milliseconds since 1970 by its clock. */
  readonly receivedAt: number;
  /** get, list, watch, create, update, patch, delete, deletecollection; the HTTP method in lower case for a path that is no resource. */
  readonly verb: string;
  /** The authenticated user, not the impersonated one. */
  readonly user: AuditUser;
  readonly impersonatedUser?: AuditUser;
  /** At most 16. The client can invent all but the last: it is the address that connected to the API server. */
  readonly sourceIPs: readonly string[];
  /** Chosen by the client. */
  readonly userAgent: string;
  /** Absent for a path that is no resource (`/metrics`). */
  readonly objectRef?: AuditObjectReference;
  /**
   * Path and query, at most 4096 characters. Values of query parameters that say nothing about what was done are replaced by `REDACTED`; commands of exec are kept.
   * What looks like a token is `REDACTED` everywhere.
   */
  readonly requestURI: string;
  /** The HTTP status of the response. Absent before the response (RequestReceived). 101 for an exec by websocket or SPDY. */
  readonly code?: number;
  /**
   * Annotations of the authorizer (`authorization.k8s.io/decision`: allow or forbid, `authorization.k8s.io/reason`), of authentication (`authentication.k8s.io/legacy-token`,
   * `authentication.kubernetes.io/issued-credential-id`) and of Pod Security (`pod-security.kubernetes.io/…`). At most 16.
   */
  readonly annotations: Readonly<Record<string, string>>;
  readonly tokenRequest?: AuditTokenRequest;
  /** Which API server sent the event, as far as is known (name of its pod, log stream or address). Events are in order only for each server. */
  readonly server: string;
  /** Names of the fields that were cut. A command or address that goes on after the cut was not seen. */
  readonly cut: readonly string[];
}

/**
 * Why something was not taken as an event.
 * `malformed`: not JSON, or no event; `version`: an event of an API version other than `audit.k8s.io/v1`; `too-large`: larger than the bound for one event.
 */
export type AuditProblemReason = 'malformed' | 'version' | 'too-large';

/** What was not taken, and why. The message names the field and the fix, and contains nothing of the event's bodies. */
export interface AuditProblem {
  readonly reason: AuditProblemReason;
  readonly message: string;
}

/** An event, or why there is none. */
export type ParsedAuditEvent = { readonly event: AuditEvent } | { readonly problem: AuditProblem };
