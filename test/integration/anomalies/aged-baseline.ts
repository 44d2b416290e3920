import type { BaselineDocument } from '../../../operator/anomalies/anomaly-detector.ts';
import { BaselineStore } from '../../../operator/anomalies/baseline-store.ts';
import { readBaseline, writeBaseline } from '../../../operator/anomalies/baseline/baseline-documents.ts';
import type { SavedOwner } from '../../../operator/anomalies/baseline/known-keys.ts';
import type { SavedLearning } from '../../../operator/anomalies/baseline/learning.ts';
import { testClient } from '../cluster-access.ts';

const day = 86_400_000;

/** Makes what the operator has learned ten days older, as if it had learned since then. The operator must not run. */
export async function ageBaseline(): Promise<void> {
  const store = new BaselineStore(testClient(), 'vigil-system');
  const { documents, problem } = await store.load();
  if (problem !== undefined || documents.length === 0) throw new Error(`no baseline to make older: ${problem ?? 'nothing was learned'}`);
  await store.save(aged(documents));
}

function aged(documents: readonly BaselineDocument[]): readonly BaselineDocument[] {
  const { items } = readBaseline(documents);
  const state = (items.get('state') ?? []) as readonly { readonly learning: readonly SavedLearning[] }[];
  const keys = (items.get('keys') ?? []) as readonly SavedOwner[];
  return writeBaseline({
    state: state.map((each) => ({ ...each, learning: each.learning.map(olderLearning) })),
    // What was found ten days ago is gone.
    findings: [],
    // It was then seen on more than one day.
    keys: keys.map(([owner, known]) => [
      owner,
      known.map(([key, first, last, reported]) => [key, first - 10 * 24 * 60, last, reported ?? null]),
    ]),
    incomplete: items.get('incomplete') ?? [],
    rates: items.get('rates') ?? [],
  }).documents;
}

const olderLearning = (learning: SavedLearning): SavedLearning => {
  const today = Math.floor(learning.last / day);
  return { ...learning, since: learning.since - 10 * day, days: [today - 2, today - 1, today] };
};
