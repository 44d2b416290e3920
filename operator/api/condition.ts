import { z } from 'zod';
import { field, listMap, timestamp } from './field.ts';

/** A status condition as `metav1.Condition` has it. */
export const condition = z.strictObject({
  type: field(z.string().max(316), 'What the condition is about.'),
  status: field(z.enum(['True', 'False', 'Unknown']), 'Whether it holds.'),
  reason: field(z.string().min(1).max(1024), 'Why, as one CamelCase word for programs.'),
  message: field(z.string().max(32_768), 'Why, for people; names the place and the mend.'),
  lastTransitionTime: field(timestamp, 'When the status last changed.'),
  observedGeneration: field(z.int().min(0).meta({ format: 'int64' }).optional(), 'The generation of the spec that this was judged on.'),
});
export type Condition = z.infer<typeof condition>;

/** The `conditions` of a status, merged by type. */
export const conditions = field(
  listMap(condition, ['type'], 16).optional(),
  'Conditions by kstatus: Ready, Reconciling and Stalled are about Vigil, the others about the cluster.',
);

/** What a reconciler says of one condition; times and transitions are filled in by {@link setConditions}. */
export interface ConditionUpdate {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message?: string;
}

/**
 * The full list of conditions after an update. A condition that is not named is dropped (server-side apply of a status
 * drops what it leaves out anyway); `lastTransitionTime` moves only when `status` changes.
 */
export function setConditions(
  previous: readonly Condition[] | undefined,
  updates: readonly ConditionUpdate[],
  at: { readonly now: string; readonly generation: number },
): Condition[] {
  return updates.map((update) => {
    const before = previous?.find(({ type }) => type === update.type);
    return {
      type: update.type,
      status: update.status,
      reason: update.reason,
      message: (update.message ?? '').slice(0, 32_000),
      lastTransitionTime: before?.status === update.status ? before.lastTransitionTime : at.now,
      observedGeneration: at.generation,
    };
  });
}
