/** The reason of an error about an answer that is too long to be read. */
export const ANSWER_TOO_LONG = 'AnswerTooLong';

/** What the API server (or the way to it) answered instead of success. */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';
  /** HTTP status; 0 when no answer came at all. */
  readonly status: number;
  /** The server's `reason`, such as NotFound or AlreadyExists; empty when it gave none. */
  readonly reason: string;
  /** What the server asked to wait before another try, in seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** The `Status` body, where there was one. */
  readonly body: unknown;

  constructor(
    message: string,
    detail: { status: number; reason?: string; retryAfterSeconds?: number | undefined; body?: unknown; cause?: unknown },
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.status = detail.status;
    this.reason = detail.reason ?? '';
    this.retryAfterSeconds = detail.retryAfterSeconds;
    this.body = detail.body;
  }
}

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

/** etcd refuses the object for its size; the server says so with a 500 that must not be retried. */
export function isTooLarge(error: unknown): boolean {
  return (
    error instanceof KubeApiError &&
    (error.status === 413 || (error.status === 500 && /request is too large|larger than max/.test(error.message)))
  );
}

/** Another try may succeed: no answer, too many requests, or a passing server error. */
export function isRetryable(error: unknown): boolean {
  return hasStatus(error, 0, 429, 500, 502, 503, 504) && !isTooLarge(error) && !isTooLong(error);
}

/** An answer that is longer than its caller reads: a smaller part of it must be asked for. */
export const isTooLong = (error: unknown): boolean => error instanceof KubeApiError && error.reason === ANSWER_TOO_LONG;

/** The server may have done what it was asked, whatever came back: nothing came, or an error after the request was in. */
export const mayHaveHappened = (error: unknown): boolean => hasStatus(error, 0, 500, 502, 503, 504);

/** The account lacks the right: the refusal is the authorizer's, not a quota's or an admission plugin's. The message names verb and resource. */
export function isDenied(error: unknown): boolean {
  return isForbidden(error) && /User "[^"]*" cannot /.test((error as KubeApiError).message);
}

/** The namespace is being deleted, or is gone: nothing can be made in it any more. */
export function isNamespaceGoing(error: unknown): boolean {
  if (!(error instanceof KubeApiError)) return false;
  return (
    (error.status === 403 && /being terminated/.test(error.message)) ||
    (error.status === 404 && /namespaces "[^"]*" not found/.test(error.message))
  );
}
