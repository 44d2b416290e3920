import type { ControlParameters } from '../../catalogue/controls/control.ts';
import { textsOf } from '../objects/kubernetes-object.ts';
import { clean, type Violation } from '../outcomes/outcome.ts';
import { isOpenHostPort, WaysIn } from '../network/exposure/ways-in.ts';
import { isInterface } from '../network/exposure/admin-interface.ts';
import type { CrossObjectCheck } from './cross-object-check.ts';
import { labelsPath } from './network-checks.ts';
import { labelled } from './selectable-pods.ts';
import { type Projection, type Snapshot, workloadOf } from './snapshot.ts';

interface Known {
  readonly size: number;
  readonly waysIn: WaysIn;
}

const knownWays = new WeakMap<Snapshot, WeakMap<ControlParameters, Known>>();

/** Returns what leads to the pods of a snapshot from outside. Computed once, and again after objects were added. */
function waysInto(snapshot: Snapshot, parameters: ControlParameters): WaysIn {
  const known = knownWays.get(snapshot) ?? new WeakMap<ControlParameters, Known>();
  knownWays.set(snapshot, known);
  const found = known.get(parameters);
  if (found?.size === snapshot.size) return found.waysIn;
  const waysIn = new WaysIn(snapshot, textsOf(parameters['internalAnnotations']));
  known.set(parameters, { size: snapshot.size, waysIn });
  return waysIn;
}

function exposuresOf(workload: Projection, snapshot: Snapshot, parameters: ControlParameters): readonly Violation[] {
  const { hostPorts, namedPorts, prefix } = workloadOf(workload);
  const ways = waysInto(snapshot, parameters).to(workload.reference.namespace ?? '', labelled(workload), namedPorts);
  return [
    ...ways.map((label) => ({ path: labelsPath(workload), label })),
    ...hostPorts.filter(isOpenHostPort).map(({ path, port }) => ({ path: prefix + path, label: `host port ${port}` })),
  ];
}

const internetExposed: CrossObjectCheck = (workload, { snapshot, parameters }) => {
  const violations = exposuresOf(workload, snapshot, parameters);
  return violations.length === 0 ? clean : { violations, faults: [] };
};

const sensitiveExposed: CrossObjectCheck = (workload, query) => {
  const images = workloadOf(workload).containers.map(({ image }) => image);
  const isSensitive = textsOf(query.parameters['names']).some((name) => isInterface(workload.reference.name, images, name));
  return isSensitive ? internetExposed(workload, query) : clean;
};

/** The checks of what is reachable from outside, by the names that controls use. */
export const exposureChecks: Readonly<Record<string, CrossObjectCheck>> = { internetExposed, sensitiveExposed };
