import type { WorkQueue } from '../../operator/controller/work-queue.ts';

/** Takes all keys that are ready in the queue of a controller that was not started. Returns them in their order. */
export async function takeKeys(queue: WorkQueue): Promise<readonly string[]> {
  const keys: string[] = [];
  while (queue.depth > 0) {
    const key = await queue.take();
    if (key === undefined) break;
    keys.push(key);
    queue.done(key);
  }
  return keys;
}
