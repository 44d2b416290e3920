import { RESOURCES } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import { KubeApiError } from '../kube/client/kube-api-error.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import { LineTooLongError, lines } from '../kube/lines.ts';
import { resourcePath } from '../kube/client/resource-path.ts';
import { StreamError } from '../stream/frame.ts';
import { acceptStream, type AcceptedStream } from '../stream/stream-reader.ts';
import { Ages } from './ages.ts';
import type { JobFailure } from './job-failure.ts';

/** The options of {@link LogReader.read}. */
export interface LogOptions {
  /** The container that writes the stream. */
  readonly container: string;
  /** The most bytes of the uncompressed stream, for logs that others may have written. Default: no limit. */
  readonly mostUnpacked?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The API server cannot read a log now, but may later. */
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError';
}

/** Milliseconds for which the API server may fail to read a log before it counts as lost: the node may come back. */
const patience = 60_000;

/** Reads the streams that the pods of Jobs write to their logs. It returns a complete stream or a failure. */
export class LogReader {
  readonly #client: Pick<KubeClient, 'stream'>;
  readonly #ages: Ages;

  /** @param ages Measures since when a log could not be read. Default: by the clock of this process. */
  constructor(client: Pick<KubeClient, 'stream'>, ages = new Ages()) {
    this.#client = client;
    this.#ages = ages;
  }

  /**
   * Reads and verifies the stream in a pod's log. Returns a failure if the log was deleted (`LogLost`), is truncated or modified
   * (`StreamBroken`) or is from another version of Vigil (`OtherVersion`). If the node does not return the log, throws {@link
   * LogUnavailableError} for at most a minute, then returns `LogLost`. Throws every other error of the API server, such as a missing
   * permission.
   */
  async read<T>(pod: KubeObject, { container, mostUnpacked, signal }: LogOptions): Promise<AcceptedStream<T> | JobFailure> {
    const { namespace, name, uid } = pod.metadata;
    const path = resourcePath(RESOURCES.pods, { namespace, name, sub: 'log' });
    const unread: KubeObject = { metadata: { name, uid: uid ?? path } };
    try {
      const body = await this.#client.stream({ path, query: { container }, ...(signal && { signal }) });
      const stream = await acceptStream<T>(lines(body as AsyncIterable<Buffer>), mostUnpacked);
      this.#ages.forget(unread);
      return stream;
    } catch (error) {
      signal?.throwIfAborted();
      const failure = failureOf(error);
      if (!failure && this.#ages.of(unread) < patience) throw new LogUnavailableError(messageOf(error), { cause: error });
      this.#ages.forget(unread);
      return failure ?? { class: 'LogLost', message: messageOf(error) };
    }
  }
}

/** The permanent failure of a log; undefined if a retry may succeed. Throws errors that are not about the log. */
function failureOf(error: unknown): JobFailure | undefined {
  if (error instanceof StreamError) return { class: error.kind === 'version' ? 'OtherVersion' : 'StreamBroken', message: error.message };
  if (error instanceof LineTooLongError) return { class: 'StreamBroken', message: error.message };
  if (!(error instanceof KubeApiError)) return undefined;
  // 400: the container has no log any more, such as after an eviction. 404: the pod or its node was deleted.
  if (error.status === 404 || error.status === 400) return { class: 'LogLost', message: error.message };
  if (error.status === 500) return undefined;
  throw error;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
