import { clean, type Outcome, skipped } from './outcomes/outcome.ts';
import { faultsFor } from './snapshot/projection-faults.ts';
import type { Projection } from './snapshot/snapshot.ts';
import { accessChecks } from './rbac/access-checks.ts';
import { admissionChecks } from './snapshot/admission-checks.ts';
import { availabilityChecks } from './snapshot/availability-checks.ts';
import type { CrossObjectCheck, CrossObjectQuery } from './snapshot/cross-object-check.ts';
import { imageChecks } from './snapshot/image-checks.ts';
import { exposureChecks } from './snapshot/exposure-checks.ts';
import { referenceChecks } from './snapshot/reference-checks.ts';
import { networkChecks } from './snapshot/network-checks.ts';
import { versionChecks } from './snapshot/version-checks.ts';

/** All cross-object checks by the names that controls use. */
const crossObjectChecks: Readonly<Record<string, CrossObjectCheck>> = {
  ...accessChecks,
  ...networkChecks,
  ...exposureChecks,
  ...availabilityChecks,
  ...admissionChecks,
  ...imageChecks,
  ...versionChecks,
  ...referenceChecks,
};

/** Checks that evaluate each entry of a list by itself. Their violations are reported even if another entry is malformed. */
const byEntry: ReadonlySet<string> = new Set(['roleGrants', 'bindingGrants', 'danglingBinding', 'defaultRoleBinding']);

/**
 * Runs a cross-object check, by its name, on one object. A field of the wrong type that the check reads results in an error, never in a
 * pass.
 */
export function runCrossObjectCheck(projection: Projection, name: string, query: CrossObjectQuery): Outcome {
  const check = crossObjectChecks[name];
  if (check === undefined) return skipped(`no check '${name}'`);
  const faults = projection.faults === undefined ? [] : faultsFor(projection.faults, name, query.control);
  if (faults.length === 0) return check(projection, query);
  const found = byEntry.has(name) ? check(projection, query) : clean;
  return found.violations.length > 0 ? found : { ...clean, faults };
}
