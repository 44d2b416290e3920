import type { SecurityPolicySpec } from '../../api/kinds/security-policy.ts';
import { catalogue, controlById } from '../../catalogue/controls/catalogue.ts';
import { detectionById } from '../../catalogue/detections/detections.ts';
import type { CatalogueEntry, ControlParameters } from '../../catalogue/controls/control.ts';
import { type Framework, frameworkId, newestMinor, resolveFramework } from '../../catalogue/frameworks/framework.ts';
import type { Severity } from '../../catalogue/controls/severity.ts';
import { didYouMean } from '../../catalogue/suggestion.ts';
import { CheckProgram, type ControlProgram, controlProgram, isSet } from './control-program.ts';
import { type Outcome, skipped } from '../outcomes/outcome.ts';
import type { ReportProblem } from '../outcomes/policy-problem.ts';
import { certainOutcome } from '../pods/incomplete-pod.ts';
import { isParticular } from './particular-target.ts';
import { parameterProblem } from './parameter-problem.ts';
import type { Subject } from './subject.ts';
import { type NamespaceFacts, policyScope } from '../objects/policy-scope.ts';

/** A control with the settings of one policy. */
export interface ControlCheck {
  readonly control: CatalogueEntry;
  readonly severity: Severity;
  /** Whether the policy sets the severity. A check cannot lower it then. */
  readonly severityIsSet: boolean;
  readonly parameters: ControlParameters;
  /** The frameworks of the policy that contain the control. */
  readonly frameworks: readonly string[];
  /** One program for each version of the Pod Security Standards that the policy uses. Empty for cross-object controls. */
  readonly programs: readonly ControlProgram[];
  /** The versions of the Pod Security Standards at which the control is evaluated, as minor versions of Kubernetes. One for each program. */
  readonly minors: readonly number[];
  /**
   * Whether the control is also evaluated in system namespaces: it is about the programs that run there, or the policy lists it and it is about
   * these namespaces.
   */
  readonly inSystemNamespaces: boolean;
  /** Returns whether the control is evaluated in a namespace of the policy's scope. Omitted: in all of them. */
  readonly appliesIn?: (namespace: NamespaceFacts) => boolean;
  /** Why the control is skipped, such as a missing parameter. */
  readonly skip?: string;
}

function parametersOf(
  control: CatalogueEntry,
  set: ControlParameters,
): { readonly parameters: ControlParameters; readonly missing?: string } {
  const parameters: Record<string, unknown> = {};
  let missing: string | undefined;
  for (const [name, parameter] of Object.entries(control.parameters ?? {})) {
    parameters[name] = set[name] ?? parameter.default;
    if (parameter.default === undefined && !isSet(parameters[name])) missing = name;
  }
  return { parameters, ...(missing === undefined ? {} : { missing }) };
}

type ControlEntry = NonNullable<SecurityPolicySpec['controls']>[number];

function chosenFrameworks(spec: SecurityPolicySpec, kubernetesVersion: string, report: ReportProblem): readonly Framework[] {
  return (spec.frameworks ?? []).flatMap(({ name, version }, index) => {
    const found = resolveFramework(name, version, kubernetesVersion);
    if (found.ok) return [found.framework];
    report({ path: `spec.frameworks[${index}]`, reason: 'UnknownFramework', message: found.message });
    return [];
  });
}

function unknownControl(name: string): string {
  if (detectionById(name)) return `'${name}' is a detection: name it in spec.anomalies.detections`;
  return `no control '${name}'${didYouMean(
    name,
    catalogue.map(({ id }) => id),
  )}`;
}

function knownEntries(spec: SecurityPolicySpec, report: ReportProblem): ReadonlyMap<string, ControlEntry> {
  const entries = new Map<string, ControlEntry>();
  for (const [index, entry] of (spec.controls ?? []).entries()) {
    const control = controlById(entry.name);
    if (control === undefined) {
      report({ path: `spec.controls[${index}].name`, reason: 'UnknownControl', message: unknownControl(entry.name) });
      continue;
    }
    entries.set(entry.name, entry);
    for (const [name, value] of Object.entries(entry.parameters ?? {})) {
      const message = parameterProblem(`control '${control.id}'`, control.parameters ?? {}, [name, value]);
      if (message !== undefined) report({ path: `spec.controls[${index}].parameters.${name}`, reason: 'InvalidParameter', message });
    }
  }
  return entries;
}

/**
 * The minors of the Pod Security Standards that a control is evaluated at: those of the policy's standards that contain it, or the newest. A
 * control about the version of the cluster is evaluated at that.
 */
function minorsFor(control: CatalogueEntry, frameworks: readonly Framework[], cluster: number): readonly number[] {
  if (control.atClusterVersion === true) return [cluster];
  const newest = Math.min(cluster, newestMinor);
  const standards = frameworks.filter(({ podSecurityMinor }) => podSecurityMinor !== undefined);
  const having = standards.filter(({ controls }) => controls.includes(control));
  const minors = having.length > 0 ? having : standards;
  return minors.length === 0 ? [newest] : [...new Set(minors.map(({ podSecurityMinor }) => podSecurityMinor ?? newest))];
}

const programs = new Map<string, ControlProgram | undefined>();

/** Returns a program that policies share. It depends only on the control, the parameters and the minor. */
function sharedProgram(control: CatalogueEntry, parameters: ControlParameters, minor: number): ControlProgram | undefined {
  const key = `${control.id} ${minor} ${control.parameters === undefined ? '' : JSON.stringify(parameters)}`;
  if (programs.has(key)) return programs.get(key);
  if (programs.size > 10_000) programs.clear();
  const program = controlProgram(control, parameters, minor);
  programs.set(key, program);
  return program;
}

/** The id of the control that `spec.images.approval` turns on. */
export const IMAGE_APPROVED = 'image-approved';

/** The entry of `spec.images.approval`, with what `spec.controls` sets for the control. */
function approvalEntry({ images }: SecurityPolicySpec, entry: ControlEntry | undefined): ControlEntry | undefined {
  if (images?.approval?.required !== true) return entry;
  const { severity = entry?.severity } = images.approval;
  return { ...entry, name: IMAGE_APPROVED, ...(severity === undefined ? {} : { severity }) };
}

/** The settings of the control that `spec.images.approval` turns on. Empty for other controls. */
function approvalSettings({ id, setBy }: CatalogueEntry, { images }: SecurityPolicySpec): Pick<ControlCheck, 'appliesIn' | 'skip'> {
  if (id !== IMAGE_APPROVED) return {};
  if (images?.approval?.required !== true) return { skip: `${setBy ?? ''} is not true` };
  const { namespaces } = images.approval;
  if (namespaces === undefined) return {};
  const scope = policyScope({ namespaces }, []);
  return { appliesIn: (namespace) => scope.includesNamespace(namespace) };
}

function checkOf(
  control: CatalogueEntry,
  entry: ControlEntry | undefined,
  frameworks: readonly Framework[],
  cluster: number,
): ControlCheck {
  const { parameters, missing } = parametersOf(control, entry?.parameters ?? {});
  const minors = missing === undefined ? minorsFor(control, frameworks, cluster) : [];
  return {
    control,
    severity: entry?.severity ?? control.severity,
    severityIsSet: entry?.severity !== undefined,
    parameters,
    inSystemNamespaces: isParticular(control) || (control.aboutSystemNamespaces === true && entry !== undefined),
    frameworks: frameworks.filter(({ controls }) => controls.includes(control)).map(frameworkId),
    minors,
    programs: minors.map((at) => sharedProgram(control, parameters, at)).filter((program) => program !== undefined),
    ...(missing === undefined ? {} : { skip: `parameter '${missing}' is not set` }),
  };
}

/** Returns the controls of a policy in the catalogue's order, and its frameworks. Calls `report` for each problem. */
export function controlChecks(
  spec: SecurityPolicySpec,
  kubernetesVersion: string,
  report: ReportProblem,
): { readonly checks: readonly ControlCheck[]; readonly frameworks: readonly Framework[] } {
  const frameworks = chosenFrameworks(spec, kubernetesVersion, report);
  const entries = new Map(knownEntries(spec, report));
  const approval = approvalEntry(spec, entries.get(IMAGE_APPROVED));
  if (approval) entries.set(IMAGE_APPROVED, approval);
  const cluster = Number(/^v?1\.(\d+)/.exec(kubernetesVersion)?.[1] ?? newestMinor);
  const fromFrameworks = new Set(frameworks.flatMap(({ controls }) => controls.map(({ id }) => id)));
  const wanted = catalogue.filter(({ id }) => entries.get(id)?.exclude !== true && (entries.has(id) || fromFrameworks.has(id)));
  const checks = wanted.map((control) => ({
    ...checkOf(control, entries.get(control.id), frameworks, cluster),
    ...approvalSettings(control, spec),
  }));
  return { checks, frameworks };
}

const outcomeOf = (program: ControlProgram, subject: Subject): Outcome =>
  program instanceof CheckProgram ? program.end() : program.evaluate(subject);

/**
 * Returns the combined outcome of all programs of a check. The check must hold at every version in use. The programs of value checks must
 * have walked the subject before. See {@link KindWalk}.
 */
export function evaluateControl(check: ControlCheck, subject: Subject): Outcome {
  const { programs } = check;
  const [first] = programs;
  if (first === undefined) return { violations: [], faults: [], skip: check.skip ?? 'cannot be evaluated' };
  if (subject.fault !== undefined) return { violations: [], faults: [subject.fault] };
  if (subject.skip !== undefined) return skipped(subject.skip);
  let outcome = outcomeOf(first, subject);
  for (let at = 1; at < programs.length; at += 1) {
    const next = outcomeOf(programs[at] as ControlProgram, subject);
    outcome = { violations: [...outcome.violations, ...next.violations], faults: [...outcome.faults, ...next.faults] };
  }
  return subject.incomplete === undefined ? outcome : ofIncomplete(outcome, check, subject);
}

/** The outcome about a pod that is not known in full. Controls about all objects do not read the pod. */
function ofIncomplete(outcome: Outcome, { control: { kinds } }: ControlCheck, { incomplete, input }: Subject): Outcome {
  if (incomplete === undefined) return outcome;
  const certain = kinds === 'namespaced' || kinds === 'manifests' ? outcome : certainOutcome(outcome, input.object, incomplete);
  const inObject = <Entry extends { readonly path: string }>(entry: Entry): Entry => ({ ...entry, path: incomplete.toPath(entry.path) });
  return { ...certain, violations: certain.violations.map(inObject), faults: certain.faults.map(inObject) };
}
