import type { EnforcementEntry, EnforcementStatus } from '../../api/kinds/policy-enforcement.ts';
import type { SecurityPolicyRule } from '../../api/kinds/security-policy.ts';
import { atLeast, type Severity } from '../../catalogue/controls/severity.ts';
import { didYouMean } from '../../catalogue/suggestion.ts';
import type { CompiledPolicy } from '../../engine/compiled-policy.ts';
import { IMAGE_APPROVED, type ControlCheck } from '../../engine/controls/control-check.ts';

/** A check that the API server cannot evaluate, with the reason. */
export type NotEnforced = NonNullable<EnforcementStatus['notEnforced']>[number];

/** The checks of an enforcement entry. */
export interface EntryChecks {
  /** Without the control about approved images. */
  readonly controls: readonly ControlCheck[];
  /** The control about approved images, if the entry selects it. */
  readonly approval?: ControlCheck;
  readonly rules: readonly SecurityPolicyRule[];
  readonly notEnforced: readonly NotEnforced[];
  /** Names of the entry that the policy does not have, each with its path and a suggestion. */
  readonly problems: readonly string[];
}

/** Returns why the API server cannot evaluate a control, or undefined. */
function reasonOf(check: ControlCheck): string | undefined {
  const { control, skip } = check;
  if (skip !== undefined) return skip;
  if (control.id === IMAGE_APPROVED) return undefined;
  if (control.crossObject !== undefined) return 'it compares the object with other objects';
  if (control.argument !== undefined) return 'it is about arguments of a program';
  if (control.builtin !== undefined && control.enforced === undefined) return 'it is not an expression';
  return undefined;
}

/** Where an entry does not apply, and its consequence for a check about system namespaces. */
interface LeftOut {
  /** Whether the API server evaluates the check somewhere. */
  readonly isEnforced: boolean;
  readonly reason: string;
}

/** Returns what an entry leaves out of a check about system namespaces. Undefined: nothing, or the check is about all namespaces. */
function leftOutOf({ control, parameters, inSystemNamespaces }: ControlCheck, { denies, leftOut }: EntryPlace): LeftOut | undefined {
  const why = denies
    ? 'in which Deny does not apply'
    : 'which are not in the scope of the policy: set spec.scope.systemNamespaces to Include';
  if (control.aboutSystemNamespaces !== true)
    return inSystemNamespaces && (denies || leftOut.length > 0)
      ? { isEnforced: false, reason: `it is about system namespaces, ${why}` }
      : undefined;
  const named = parameters['namespaces'] as readonly string[];
  const missing = named.filter((name) => leftOut.includes(name));
  if (missing.length === 0) return undefined;
  if (missing.length === named.length) return { isEnforced: false, reason: `it is about system namespaces, ${why}` };
  return { isEnforced: true, reason: `it is also about the system namespaces ${missing.join(', ')}, ${why}` };
}

/** Where an entry applies. */
interface EntryPlace {
  readonly denies: boolean;
  /** The system namespaces in which the entry does not apply. */
  readonly leftOut: readonly string[];
}

/** Selects the checks of an entry by framework, name and severity. `path` is the path of the entry. */
export function entryChecks(
  policy: CompiledPolicy,
  rules: readonly SecurityPolicyRule[],
  { entry, path, leftOut }: { readonly entry: EnforcementEntry; readonly path: string } & Pick<EntryPlace, 'leftOut'>,
): EntryChecks {
  const { frameworks, controls: names, minSeverity } = entry;
  const inFrameworks = new Set(
    policy.frameworks.filter(({ name }) => frameworks?.includes(name)).flatMap(({ controls }) => controls.map(({ id }) => id)),
  );
  const isSelected = (name: string, severity: Severity): boolean =>
    (minSeverity === undefined || atLeast(severity, minSeverity)) &&
    ((frameworks === undefined && names === undefined) || inFrameworks.has(name) || names?.includes(name) === true);
  const selected = policy.controls.filter(({ control, severity }) => isSelected(control.id, severity));
  const place = { denies: entry.actions.includes('Deny'), leftOut };
  const reasons = selected.map((check) => {
    const reason = reasonOf(check);
    const out = leftOutOf(check, place);
    return { check, reason: reason ?? out?.reason, isEnforced: reason === undefined && out?.isEnforced !== false };
  });
  const enforced = reasons.filter(({ isEnforced }) => isEnforced).map(({ check }) => check);
  const approval = enforced.find(({ control }) => control.id === IMAGE_APPROVED);
  return {
    controls: enforced.filter((check) => check !== approval),
    ...(approval === undefined ? {} : { approval }),
    rules: rules.filter(({ name, severity }) => isSelected(name, severity ?? 'medium')),
    notEnforced: reasons.flatMap(({ check, reason }) => (reason === undefined ? [] : [{ check: check.control.id, reason }])),
    problems: [
      ...unknown(
        frameworks,
        policy.frameworks.map(({ name }) => name),
        `${path}.frameworks`,
        'framework',
      ),
      ...unknown(
        names,
        [...policy.controls.map(({ control }) => control.id), ...rules.map(({ name }) => name)],
        `${path}.controls`,
        'control or rule',
      ),
    ],
  };
}

function unknown(names: readonly string[] | undefined, known: readonly string[], path: string, what: string): readonly string[] {
  return (names ?? [])
    .map((name, index) => ({ name, index }))
    .filter(({ name }) => !known.includes(name))
    .map(({ name, index }) => `${path}[${index}]: the policy has no ${what} '${name}'${didYouMean(name, known)}`);
}
