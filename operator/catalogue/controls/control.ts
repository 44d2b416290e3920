import type { Severity } from './severity.ts';

/**
 * Which kinds a control judges: `workloads` is every kind that bears a pod template, `services` those that are meant to run on
 * (workloads less Job and CronJob), `namespaced` every namespaced object; else `Kind` or `Kind.group` names.
 */
export type ControlKinds = 'workloads' | 'longRunning' | 'namespaced' | readonly string[];

/** What a value must be, or the check errs: a manifest that the API server would refuse is never a silent pass. */
export type ValueType = 'bool' | 'int' | 'string' | 'quantity' | 'list' | 'map' | 'any';

/**
 * One thing that must hold in one object, as a value and what is required of it.
 *
 * `at` is the way to the value: field names with dots, `[]` for each item of a list; it starts at the object (of a workload: its
 * synthetic Pod), or at each container with `C*` (init, main and ephemeral), `AM` (init and main) or `M` (main). A value that is
 * missing, null, `{}` or `[]` is unset: then `fallback` is read, then `missing` decides. `require` is a CEL expression over `item` (the value), `object`,
 * `container`, `params` and `version` (the minor of the Pod Security Standard in force); false is a failure at that path.
 */
export interface ValueCheck {
  readonly at: string | readonly string[];
  readonly type: ValueType;
  readonly require: string;
  /** Read from the object when the value is unset, such as a pod's setting behind a container's. */
  readonly fallback?: string;
  /** What an unset value means; by default that there is nothing to judge. */
  readonly missing?: 'fail';
  /** An object without anything at this way has nothing to judge: spares work. */
  readonly given?: string;
  /** The first and the last minor of the Pod Security Standard that has this check. */
  readonly since?: number;
  readonly until?: number;
  /** Only for pod templates, not for Pods themselves. */
  readonly templatesOnly?: boolean;
  /** Only for this kind, where a control judges several. */
  readonly kind?: string;
  /** For a map: a failing entry is reported, with CEL over `key` as well; `at` is then the map. */
  readonly entries?: boolean;
}

/** An exemption: when its CEL expression over `object` is true, nothing fails. */
export interface Exemption {
  readonly when: string;
  /** The first minor of the Pod Security Standard that has it. */
  readonly since?: number;
}

/** A parameter of a control, as a policy sets it. */
export interface Parameter {
  readonly description: string;
  readonly type: 'string' | 'int' | 'bool' | 'strings';
  /** Without a default the control is skipped until a policy sets the parameter. */
  readonly default?: string | number | boolean | readonly string[];
  /** The values that are allowed. */
  readonly values?: readonly string[];
}

/** The values of a control's parameters, with the defaults filled in. */
export type ControlParameters = Readonly<Record<string, unknown>>;

/** What compliance texts say about a control, by group of controls (CONTROLS.md §0). */
export type Theme = 'hardening' | 'network' | 'tls' | 'access' | 'secrets' | 'supply-chain' | 'availability' | 'logging';

/** A control's place in the frameworks: ids of their own numbering. */
export interface Placement {
  /** The level, the standard's name for it, and the first minor that has it. A restricted control may replace a baseline one. */
  readonly pss?: { readonly level: 'baseline' | 'restricted'; readonly name: string; readonly since?: number; readonly replaces?: string };
  /** Section 5 of the CIS benchmark; `old/new` where a later version renumbered, `-` where it dropped the id. */
  readonly cis?: readonly string[];
  readonly nsa?: readonly string[];
  readonly nist?: readonly string[];
  readonly mitre?: readonly string[];
}

/** A built-in check: what it looks for, why, how to mend it, and where it stands in the frameworks. Pure data. */
export interface Control {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** Part of the must-have set: the framework `vigil`. */
  readonly essential: boolean;
  readonly kinds: ControlKinds;
  /** Why a failure matters. */
  readonly why: string;
  /** What to do about it, in one sentence. */
  readonly fix: string;
  /** YAML before and after the fix. */
  readonly example: { readonly before: string; readonly after: string };
  /** The short text of a failure; the names of what offends follow it. */
  readonly message: string;
  readonly placement: Placement;
  readonly theme: Theme | readonly Theme[];
  readonly parameters?: Readonly<Record<string, Parameter>>;
  /** The judgement over one object. */
  readonly checks?: readonly ValueCheck[];
  readonly exemptions?: readonly Exemption[];
  /** About system namespaces: a policy that lists the control asks for them by that. */
  readonly aboutSystemNamespaces?: boolean;
  /** For what CEL says badly: the name of a function of the engine over one object. */
  readonly builtin?: string;
  /**
   * For what needs other objects: the name of a function of the engine over the snapshot, and the kinds that it reads. `across`: of these,
   * the namespaced kinds that it looks for in other namespaces, too.
   */
  readonly crossObject?: { readonly check: string; readonly reads: readonly string[]; readonly across?: readonly string[] };
}

/** A control with the section of the catalogue that it stands in. */
export interface CatalogueEntry extends Control {
  /** The section's title: `category` in reports. */
  readonly category: string;
}

/** A section of the catalogue. */
export interface Section {
  readonly title: string;
  readonly controls: readonly Control[];
}
