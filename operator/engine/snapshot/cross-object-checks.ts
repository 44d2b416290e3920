import { clean, type Outcome, skipped } from '../outcomes/outcome.ts';
import { faultsFor } from './projection-shape.ts';
import type { Projection } from './snapshot.ts';
import { accessChecks } from './access.ts';
import { admissionChecks } from './admission-presence.ts';
import { availabilityChecks } from './availability.ts';
import type { CrossObjectCheck, CrossObjectQuery } from './cross-object-check.ts';
import { networkChecks } from './network.ts';

/** Every cross-object judge by the name that controls call it. */
const crossObjectJudges: Readonly<Record<string, CrossObjectCheck>> = {
  ...accessChecks,
  ...networkChecks,
  ...availabilityChecks,
  ...admissionChecks,
};

/** Judges that look at one entry after the other: what they find stands beside what is broken. */
const byEntry: ReadonlySet<string> = new Set(['roleGrants', 'bindingGrants', 'danglingBinding']);

/**
 * What a judge, by its name, has to say about one object among all the others. What the judge reads of the object and what has the
 * wrong type there cannot be judged: it is told, and never taken for a pass.
 */
export function runCrossObjectCheck(projection: Projection, name: string, question: CrossObjectQuery): Outcome {
  const judge = crossObjectJudges[name];
  if (judge === undefined) return skipped(`no judge '${name}'`);
  const faults = projection.faults === undefined ? [] : faultsFor(projection.faults, name, question.control);
  if (faults.length === 0) return judge(projection, question);
  const found = byEntry.has(name) ? judge(projection, question) : clean;
  return found.offences.length > 0 ? found : { ...clean, faults };
}
