import { Credentials } from '../kube/client/credentials.ts';
import { KubeClient } from '../kube/client/kube-client.ts';
import { readMountedDocument } from '../kube/documents/mounted-document.ts';
import { writeStreamLine, type PrintLine } from '../stream/stream-output.ts';
import { StreamWriter } from '../stream/stream-writer.ts';
import { createLogger } from '../telemetry/logger.ts';
import { ShardWorker } from './shard-worker.ts';
import { INPUT, INPUT_FILE, SHARDS, SHARDS_FILE, INPUT_PATH } from './input-documents.ts';
import { PERMANENT_EXIT } from '../jobs/exit-code.ts';

/** The maximum size of a stream, in bytes. Well below the kubelet's log rotation at 10 MiB. */
const streamBytes = 4 * 1024 * 1024;

/**
 * Runs `vigil worker`: evaluates the shard of $JOB_COMPLETION_INDEX. Exits 0 if the stream is complete, and 42 if a retry cannot succeed. A
 * call to the API server times out after $VIGIL_REQUEST_TIMEOUT seconds. Default: 60. `print` is replaced in tests.
 */
export async function workerVerb(_args: readonly string[], signal: AbortSignal, print: PrintLine = writeStreamLine): Promise<number> {
  const log = createLogger('info');
  const index = Number(process.env['JOB_COMPLETION_INDEX'] ?? Number.NaN);
  const folder = process.env['VIGIL_INPUT'] ?? INPUT_PATH;
  const input = readMountedDocument(folder, INPUT_FILE, INPUT);
  const shard = readMountedDocument(folder, SHARDS_FILE, SHARDS).shards[index];
  if (!shard) {
    log.error({ index }, 'no shard has this index: JOB_COMPLETION_INDEX does not match the input');
    return PERMANENT_EXIT;
  }
  const timeout = Number(process.env['VIGIL_REQUEST_TIMEOUT'] ?? 60) * 1000;
  const client = new KubeClient(new Credentials(), { timeout });
  const writer = new StreamWriter(print);
  // Nothing else is printed, because the log is the stream.
  await new ShardWorker({ client, input, shard, index, writer, streamBytes, signal }).run();
  await client.credentials.close();
  return 0;
}
