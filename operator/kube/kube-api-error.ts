/** The reason of an error about an answer that is too long to be read. */
export const RESPONSE_TOO_LONG = 'ResponseTooLong';

/**
 * What the API server (or the way to it) answered instead of success. The message is what the server said, so that it may stand in a
 * condition, an Event or a report: method and path are in `call`, which logs show.
 */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';
  /** HTTP status; 0 when no answer came at all. */
  readonly status: number;
  /** Method and path, such as `GET /api/v1/pods`; empty where it is of no call. */
  readonly call: string;
  /** The server's `reason`, such as NotFound or AlreadyExists; empty when it gave none. */
  readonly reason: string;
  /** What the server asked to wait before another try, in seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** The `Status` body, where there was one. */
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

/** The `details` of the server's `Status`: what its answer is about, and the machine-readable causes. */
const detailsOf = ({ body }: KubeApiError): StatusDetails => (body as { details?: StatusDetails } | undefined)?.details ?? {};

const hasStatus = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof KubeApiError && statuses.includes(error.status);

/** The object, or its kind, is not there. */
export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);
/** Somebody else changed the object since it was read, or it exists already. */
export const isConflict = (error: unknown): boolean => hasStatus(error, 409);
/** The account may not do this; the message names verb and resource. */
export const isForbidden = (error: unknown): boolean => hasStatus(error, 403);
/** The credentials are not accepted (any more). */
export const isUnauthorized = (error: unknown): boolean => hasStatus(error, 401);
/** A resource version or continue token is too old. */
export const isExpired = (error: unknown): boolean => hasStatus(error, 410);
/** The object is refused as it is: another try with the same content cannot succeed. */
export const isInvalid = (error: unknown): boolean => hasStatus(error, 400, 413, 422) || isTooLarge(error);

/**
 * etcd refuses the object for its size; the server says so with a 500 that must not be retried. It hands on etcd's error and gRPC's, which
 * have neither reason nor causes: their constant texts are all that tells them from other errors.
 */
export function isTooLarge(error: unknown): boolean {
  return (
    error instanceof KubeApiError &&
    (error.status === 413 || (error.status === 500 && error.reason === '' && /request is too large|larger than max/.test(error.message)))
  );
}

/** Another try may succeed: no answer, too many requests, or a passing server error. */
export function isRetryable(error: unknown): boolean {
  return hasStatus(error, 0, 429, 500, 502, 503, 504) && !isTooLarge(error) && !isResponseTooLong(error);
}

/** An answer that is longer than its caller reads: a smaller part of it must be asked for. */
export const isResponseTooLong = (error: unknown): boolean => error instanceof KubeApiError && error.reason === RESPONSE_TOO_LONG;

/** The server may have done what it was asked, whatever came back: nothing came, or an error after the request was in. */
export const mayHaveSucceeded = (error: unknown): boolean => hasStatus(error, 0, 500, 502, 503, 504);

/**
 * Of a create: the account lacks the right. The authorizer decides before the object is read, so that its refusal names the kind alone;
 * a quota, Pod Security or an admission policy names the object, and a webhook names what it likes, or nothing.
 */
export function lacksPermission(error: unknown): boolean {
  if (!(error instanceof KubeApiError) || error.status !== 403 || error.reason !== 'Forbidden') return false;
  const { kind, name, causes } = detailsOf(error);
  return kind !== undefined && name === undefined && causes === undefined;
}

/** The namespace is being deleted, or is gone: nothing can be made in it any more. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!(error instanceof KubeApiError)) return false;
  const { kind, causes = [] } = detailsOf(error);
  if (error.status === 403) return causes.some(({ reason }) => reason === 'NamespaceTerminating');
  return error.status === 404 && error.reason === 'NotFound' && kind === 'namespaces';
}
