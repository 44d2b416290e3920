import { z } from 'zod';
import { field, listMap, timestamp } from './field.ts';

/** A status condition with the fields of `metav1.Condition`. */
export const condition = z.strictObject({
  type: field(z.string().max(316), 'The type of the condition, such as Ready.'),
  status: field(z.enum(['True', 'False', 'Unknown']), 'The status of the condition: True, False or Unknown.'),
  reason: field(z.string().min(1).max(1024), 'The reason for the last transition, as one CamelCase word for programs.'),
  message: field(z.string().max(32_768), 'The reason in plain words, with the affected field or object and how to fix it.'),
  lastTransitionTime: field(timestamp, 'The time at which the status of the condition last changed.'),
  observedGeneration: field(
    z.int().min(0).meta({ format: 'int64' }).optional(),
    'The metadata.generation that the condition was computed for.',
  ),
});
export type Condition = z.infer<typeof condition>;

/** The `conditions` of a status, merged by type. */
export const conditions = field(
  listMap(condition, ['type'], 16).optional(),
  'Conditions. Ready, Reconciling and Stalled follow kstatus and describe how Vigil processes this object. The other conditions describe the results.',
);

/** The new value of one condition. {@link setConditions} adds the transition time and the observed generation. */
export interface ConditionUpdate {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message?: string;
}

/**
 * Returns the complete list of conditions after an update. A condition without an update is removed, as server-side apply removes the
 * fields that an applied status omits. `lastTransitionTime` changes only when `status` changes.
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
