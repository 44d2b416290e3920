import { clean, type Outcome, skipped } from '../outcomes/outcome.ts';
import { faultsFor } from './projection-faults.ts';
import type { Projection } from './snapshot.ts';
import { accessChecks } from './access-checks.ts';
import { admissionChecks } from './admission-checks.ts';
import { availabilityChecks } from './availability-checks.ts';
import type { CrossObjectCheck, CrossObjectQuery } from './cross-object-check.ts';
import { networkChecks } from './network-checks.ts';

/** Every cross-object check by the name that controls call it. */
const crossObjectChecks: Readonly<Record<string, CrossObjectCheck>> = {
  ...accessChecks,
  ...networkChecks,
  ...availabilityChecks,
  ...admissionChecks,
};

/** Judges that look at one entry after the other: what they find stands beside what is broken. */
const byEntry: ReadonlySet<string> = new Set(['roleGrants', 'bindingGrants', 'danglingBinding']);

/**
 * What a check, by its name, has to say about one object among all the others. What the check reads of the object and what has the
 * wrong type there cannot be judged: it is told, and never taken for a pass.
 */
export function runCrossObjectCheck(projection: Projection, name: string, query: CrossObjectQuery): Outcome {
  const check = crossObjectChecks[name];
  if (check === undefined) return skipped(`no check '${name}'`);
  const faults = projection.faults === undefined ? [] : faultsFor(projection.faults, name, query.control);
  if (faults.length === 0) return check(projection, query);
  const found = byEntry.has(name) ? check(projection, query) : clean;
  return found.violations.length > 0 ? found : { ...clean, faults };
}
