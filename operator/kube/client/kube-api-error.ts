/** The reason of the error about a response body that exceeds the caller's limit. */
export const RESPONSE_TOO_LONG = 'ResponseTooLong';

/**
 * An error response of the API server, or a request without a response. The message is that of the server, without method and path, so that
 * it fits into a condition, an Event or a report. `call` has the method and path, for logs.
 */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';
  /** HTTP status. 0: no response. */
  readonly status: number;
  /** Method and path, such as `GET /api/v1/pods`. Empty if the error is from an event of a watch. */
  readonly call: string;
  /** The `reason` of the server, such as NotFound or AlreadyExists. Empty: none. */
  readonly reason: string;
  /** The Retry-After header, in seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** The parsed `Status` body, if there is one. */
  readonly body: unknown;

  constructor(
    message: string,
    detail: { status: number; call?: string; reason?: string; retryAfterSeconds?: number | undefined; body?: unknown; cause?: unknown },
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.status = detail.status;
    this.call = detail.call ?? '';
    this.reason = detail.reason ?? '';
    this.retryAfterSeconds = detail.retryAfterSeconds;
    this.body = detail.body;
  }
}

interface StatusDetails {
  readonly kind?: string;
  readonly name?: string;
  readonly causes?: readonly { readonly reason?: string }[];
}

/** The `details` of the `Status` body: kind and name of the object, and the machine-readable causes. */
const detailsOf = ({ body }: KubeApiError): StatusDetails => (body as { details?: StatusDetails } | undefined)?.details ?? {};

const hasStatus = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof KubeApiError && statuses.includes(error.status);

/** The object or its resource does not exist. */
export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);
/** The object changed since it was read, or already exists. */
export const isConflict = (error: unknown): boolean => hasStatus(error, 409);
/** The request is forbidden: missing permission, quota, or admission. */
export const isForbidden = (error: unknown): boolean => hasStatus(error, 403);
/** The credentials are missing, invalid or expired. */
export const isUnauthorized = (error: unknown): boolean => hasStatus(error, 401);
/** The resourceVersion or the continue token is too old. */
export const isExpired = (error: unknown): boolean => hasStatus(error, 410);
/** The object is invalid: a retry with the same content cannot succeed. */
export const isInvalid = (error: unknown): boolean => hasStatus(error, 400, 413, 422) || isTooLarge(error);

/**
 * etcd refuses the object for its size. The server answers with status 500 and no reason, and a retry cannot succeed. Only the constant texts
 * of the errors of etcd and gRPC distinguish it from other errors.
 */
export function isTooLarge(error: unknown): boolean {
  return (
    error instanceof KubeApiError &&
    (error.status === 413 || (error.status === 500 && error.reason === '' && /request is too large|larger than max/.test(error.message)))
  );
}

/** A retry may succeed: no response, too many requests, or a temporary server error. */
export function isRetryable(error: unknown): boolean {
  return hasStatus(error, 0, 429, 500, 502, 503, 504) && !isTooLarge(error) && !isResponseTooLong(error);
}

/** The response body exceeds the caller's limit: the caller must request less, such as a smaller page. */
export const isResponseTooLong = (error: unknown): boolean => error instanceof KubeApiError && error.reason === RESPONSE_TOO_LONG;

/** The server may have executed the request: there is no response, or a server error. */
export const mayHaveSucceeded = (error: unknown): boolean => hasStatus(error, 0, 500, 502, 503, 504);

/**
 * Whether a create failed because the account lacks the permission. The authorizer decides before the object is read, so its `details` have a
 * kind and no name. Quota, Pod Security and admission policies name the object; webhooks may send any details or none.
 */
export function lacksPermission(error: unknown): boolean {
  if (!(error instanceof KubeApiError) || error.status !== 403 || error.reason !== 'Forbidden') return false;
  const { kind, name, causes } = detailsOf(error);
  return kind !== undefined && name === undefined && causes === undefined;
}

/** The namespace is terminating or does not exist: nothing can be created in it. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!(error instanceof KubeApiError)) return false;
  const { kind, causes = [] } = detailsOf(error);
  if (error.status === 403) return causes.some(({ reason }) => reason === 'NamespaceTerminating');
  return error.status === 404 && error.reason === 'NotFound' && kind === 'namespaces';
}
