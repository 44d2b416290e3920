import type { LedgerStore } from '../ledger/ledger-store.ts';
import { nextAttempt, queuedShards, type Ledger, type LedgerJob } from '../ledger/ledger.ts';
import { jobName } from '../ledger/names.ts';
import { PAGE_SIZE } from '../plan/plan.ts';
import type { AttemptInput } from '../../worker/scan-input.ts';
import type { Shard } from '../../worker/shard.ts';

/**
 * Stores the shards of the next attempt, which runs the queued shards. Returns the ledger with this attempt. Throws `InputLost` if a
 * document of an earlier attempt was deleted.
 */
export async function storeNextAttempt(
  store: Pick<LedgerStore, 'shards' | 'storeShards'>,
  scan: { readonly name: string; readonly uid: string },
  ledger: Ledger,
): Promise<Ledger> {
  const definitions = new Map<number, Shard>();
  const documents = new Map<LedgerJob, AttemptInput>();
  for (const { shard, job, index } of queuedShards(ledger)) {
    const own = ledger.shards[shard]?.slices;
    if (own) definitions.set(shard, { slices: own, pageSize: PAGE_SIZE });
    if (own || !job) continue;
    const document = documents.get(job) ?? (await store.shards(job.configMaps));
    documents.set(job, document);
    const definition = document.shards[index];
    if (!definition) throw new Error(`Job ${job.name} has no shard at index ${index}`);
    definitions.set(shard, definition);
  }
  const name = jobName(scan.uid, ledger.jobs.length + 1);
  const { input } = nextAttempt(ledger, definitions, { name, configMaps: [] });
  const configMaps = await store.storeShards(scan, input);
  return nextAttempt(ledger, definitions, { name, configMaps }).ledger;
}
