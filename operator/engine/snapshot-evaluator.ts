import type { CompiledPolicy } from './compiled-policy.ts';
import type { ControlCheck } from './controls/control-check.ts';
import { clusterKind, kindsInclude, kindsReadBy, wholeCluster } from './controls/control-kinds.ts';
import { runCrossObjectCheck } from './cross-object-checks.ts';
import {
  type CheckObserver,
  emptyEvaluation,
  type Evaluation,
  EvaluationBuilder,
  type EvaluationObservers,
} from './outcomes/evaluation.ts';
import { evaluateTogether } from './outcomes/joined-evaluation.ts';
import { bareNamespace, type NamespaceFacts } from './objects/policy-scope.ts';
import { addControlResult } from './controls/control-result.ts';
import { clean, type Outcome, skipped } from './outcomes/outcome.ts';
import type { Projection, Snapshot } from './snapshot/snapshot.ts';
import type { ResourceReference } from '../findings/finding.ts';

/** Options of the evaluation of a snapshot. */
export interface SnapshotOptions {
  /** Selects the objects to evaluate. Default: all. */
  readonly only?: (reference: ResourceReference) => boolean;
  /** Why kinds could not be read, by `Kind` or `Kind.group`. A check that reads such a kind results in an error. */
  readonly unreadable?: ReadonlyMap<string, string>;
  /** Called for each pass. */
  readonly onPass?: CheckObserver;
  /** The time of the evaluation, in milliseconds since the epoch: an ImageApproval may have ended. */
  readonly now: number;
}

/** The cross-object evaluation of one object of a snapshot. */
export interface SnapshotEvaluation extends Evaluation {
  readonly resource: ResourceReference;
}

/** Evaluates the objects of a snapshot with the cross-object checks. */
export class SnapshotEvaluator {
  readonly #policies: readonly CompiledPolicy[];
  readonly #input: SnapshotInput;

  constructor(policies: readonly CompiledPolicy[], snapshot: Snapshot, options: Omit<SnapshotOptions, 'only'>) {
    this.#policies = policies;
    this.#input = snapshotInput(snapshot, options);
  }

  /** Evaluates the selected objects. Leaves out objects that no policy covers. */
  evaluations(wanted: (reference: ResourceReference) => boolean): readonly SnapshotEvaluation[] {
    const { snapshot } = this.#input;
    const evaluations: SnapshotEvaluation[] = [];
    for (const kind of snapshot.kinds) {
      for (const projections of byObject(snapshot.all(kind))) {
        const [projection] = projections;
        if (projection === undefined || projection.owned || !wanted(projection.reference)) continue;
        evaluations.push({ ...this.evaluateAll(projections), resource: projection.reference });
      }
    }
    if (wanted(wholeCluster)) evaluations.push({ ...this.#evaluateCluster(), resource: wholeCluster });
    return evaluations.filter(({ policies }) => policies.length > 0);
  }

  /** Evaluates one object by its projections. A workload with several pod templates has several. */
  evaluateAll(projections: readonly Projection[]): Evaluation {
    const [only] = projections;
    if (only === undefined) return emptyEvaluation;
    if (projections.length === 1) return this.#evaluate(only, this.#input);
    return evaluateTogether(projections, (projection, observers) => this.#evaluate(projection, observers), this.#input);
  }

  #evaluate(projection: Projection, observers: EvaluationObservers): Evaluation {
    const { reference, labels, groupKind } = projection;
    const name = groupKind === 'Namespace' ? reference.name : reference.namespace;
    const namespace = name === undefined ? undefined : (this.#input.namespaces.get(name) ?? bareNamespace(name));
    const builder = new EvaluationBuilder(observers);
    for (const policy of this.#policies) {
      const controls = crossControls(policy, groupKind, reference.namespace !== undefined);
      if (controls.length === 0 || !policy.scope.includes({ namespace, labels })) continue;
      builder.inScope(policy.owner.name);
      evaluateProjection(projection, controls.filter(appliesTo(namespace)), { policy, input: this.#input, builder });
    }
    return builder.build();
  }

  /** Evaluates a live pod for its owner, with the checks that evaluate live pods. Passes are not reported to the observer. */
  evaluatePod(pod: Projection, owner: Projection): Evaluation {
    const { reference, labels, groupKind } = owner;
    const { namespace: name = '' } = reference;
    const namespace = this.#input.namespaces.get(name) ?? bareNamespace(name);
    const builder = new EvaluationBuilder();
    for (const policy of this.#policies) {
      const controls = crossControls(policy, groupKind, true).filter(({ control }) => control.crossObject?.livePods === true);
      if (controls.length === 0 || !policy.scope.includes({ namespace, labels })) continue;
      evaluateProjection(pod, controls.filter(appliesTo(namespace)), { policy, input: this.#input, builder, reportAt: reference });
    }
    return builder.build();
  }

  #evaluateCluster(): Evaluation {
    const projection: Projection = { reference: wholeCluster, groupKind: clusterKind, labels: {}, annotations: {}, owned: false, body: {} };
    const builder = new EvaluationBuilder(this.#input);
    for (const policy of this.#policies) {
      const controls = crossControls(policy, clusterKind, false);
      if (controls.length === 0 || !policy.scope.wholeCluster) continue;
      builder.inScope(policy.owner.name);
      evaluateProjection(projection, controls, { policy, input: this.#input, builder });
    }
    return builder.build();
  }
}

const appliesTo =
  (namespace: NamespaceFacts | undefined) =>
  ({ appliesIn }: ControlCheck): boolean =>
    appliesIn === undefined || (namespace !== undefined && appliesIn(namespace));

/** Groups the projections of one object, which follow each other. */
function byObject(projections: readonly Projection[]): readonly (readonly Projection[])[] {
  const groups: Projection[][] = [];
  for (const projection of projections) {
    const last = groups.at(-1);
    if (last?.[0]?.reference === projection.reference) last.push(projection);
    else groups.push([projection]);
  }
  return groups;
}

function factsOf({ reference, labels, annotations }: Projection): NamespaceFacts {
  return { name: reference.name, labels: { ...bareNamespace(reference.name).labels, ...labels }, annotations };
}

/** The cross-object controls of a policy by kind. Computed once. */
const crossControlsOf = new WeakMap<CompiledPolicy, Map<string, readonly ControlCheck[]>>();

/** Returns the cross-object controls of a policy for one kind. */
export function crossControls(policy: CompiledPolicy, groupKind: string, namespaced: boolean): readonly ControlCheck[] {
  const byKind = crossControlsOf.get(policy) ?? new Map<string, readonly ControlCheck[]>();
  crossControlsOf.set(policy, byKind);
  const key = namespaced ? groupKind : `/${groupKind}`;
  const known = byKind.get(key);
  if (known !== undefined) return known;
  const controls = policy.controls.filter(
    ({ control }) => control.crossObject !== undefined && kindsInclude(control.kinds, groupKind, namespaced),
  );
  byKind.set(key, controls);
  return controls;
}

/** The inputs of the cross-object checks. */
interface SnapshotInput {
  readonly snapshot: Snapshot;
  readonly namespaces: ReadonlyMap<string, NamespaceFacts>;
  readonly unreadable: ReadonlyMap<string, string>;
  readonly onPass: CheckObserver | undefined;
  readonly now: number;
}

function snapshotInput(snapshot: Snapshot, { unreadable = new Map<string, string>(), onPass, now }: SnapshotOptions): SnapshotInput {
  const named = snapshot.all('Namespace').map(({ reference: { name } }) => snapshot.find('Namespace', '', name));
  const namespaces = new Map(named.filter((found) => found !== undefined).map((found) => [found.reference.name, factsOf(found)]));
  return { snapshot, namespaces, unreadable, onPass, now };
}

function evaluateProjection(
  projection: Projection,
  controls: readonly ControlCheck[],
  {
    policy,
    input,
    builder,
    reportAt = projection.reference,
  }: { policy: CompiledPolicy; input: SnapshotInput; builder: EvaluationBuilder; reportAt?: ResourceReference },
): void {
  for (const check of controls)
    addControlResult(builder, check, policy.owner, { resource: reportAt, outcome: outcomeOf(projection, check, input) });
}

function outcomeOf(projection: Projection, check: ControlCheck, { snapshot, unreadable, now }: SnapshotInput): Outcome {
  const { control, parameters, skip } = check;
  if (skip !== undefined) return skipped(skip);
  const unread = unreadable.size === 0 ? undefined : kindsReadBy(control).find((kind) => unreadable.has(kind));
  if (unread !== undefined) return { ...clean, faults: [{ path: '', problem: unreadable.get(unread) ?? `${unread} could not be read` }] };
  const outcome = runCrossObjectCheck(projection, control.crossObject?.check ?? '', { control: control.id, parameters, snapshot, now });
  const passes = outcome.skip === undefined && outcome.violations.length + outcome.faults.length === 0;
  return passes && projection.incomplete !== undefined ? skipped(projection.incomplete) : outcome;
}
