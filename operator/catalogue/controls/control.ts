import type { ArgumentCheck } from './components/argument-check.ts';
import type { Severity } from './severity.ts';

/**
 * The kinds that a control evaluates: `workloads` (every kind with a pod template, and Pod), `longRunning` (workloads without Job and
 * CronJob), `namespaced` (every namespaced object), `manifests` (objects of files whose kind Kubernetes itself has: the API server checked
 * those of a cluster), or a list of `Kind` and `Kind.group`.
 */
export type ControlKinds = 'workloads' | 'longRunning' | 'namespaced' | 'manifests' | readonly string[];

/** The type of a value. A value of another type makes the verdict `error`, because the API server would refuse the manifest. */
export type ValueType = 'bool' | 'int' | 'string' | 'quantity' | 'list' | 'map' | 'any';

/**
 * A requirement for the values at a path of one object.
 *
 * `at` is the path of the value: field names with dots, and `[]` for each item of a list. It starts at the object, or for a workload at
 * its synthetic Pod. With the prefix `C*` (init, main and ephemeral), `AM` (init and main) or `M` (main) it starts at each container.
 * A value that is missing, null, `{}` or `[]` is unset: then `fallback` is read, and if that is unset too, `missing` decides.
 * `require` is a CEL expression over `item` (the value), `object`, `container`, `params` and `version` (the minor version of the Pod
 * Security Standard). If it is false, the check fails at that path.
 */
export interface ValueCheck {
  readonly at: string | readonly string[];
  readonly type: ValueType;
  readonly require: string;
  /** The path that is read if the value is unset, such as the field of the pod for a field of a container. */
  readonly fallback?: string;
  /** The verdict for an unset value. By default the check passes. */
  readonly missing?: 'fail';
  /** The check is only evaluated if the object has a value at this path. */
  readonly given?: string;
  /** The first and the last minor version of the Pod Security Standard with this check. */
  readonly since?: number;
  readonly until?: number;
  /** The check is evaluated for pod templates only, not for Pods. */
  readonly templatesOnly?: boolean;
  /** The check is evaluated for this kind only. */
  readonly kind?: string;
  /** `at` is the path of a map, and `require` is evaluated for each entry. The expression can use `key`. */
  readonly entries?: boolean;
}

/** An exemption. If its CEL expression over `object` is true, the control passes. */
export interface Exemption {
  readonly when: string;
  /** The first minor version of the Pod Security Standard with this exemption. */
  readonly since?: number;
}

/** A parameter of a control. A policy sets its value. */
export interface Parameter {
  readonly description: string;
  readonly type: 'string' | 'int' | 'bool' | 'strings';
  /** The default. If there is none, the control is skipped until a policy sets the parameter. */
  readonly default?: string | number | boolean | readonly string[];
  /** The allowed values. */
  readonly values?: readonly string[];
}

/** The values of the parameters of a control, including defaults. */
export type ControlParameters = Readonly<Record<string, unknown>>;

/** A group of controls. Compliance standards map requirements to themes (CONTROLS.md §0). */
export type Theme = 'hardening' | 'network' | 'tls' | 'access' | 'secrets' | 'supply-chain' | 'availability' | 'logging';

/** The requirements of frameworks that a control covers, by the ids of each framework. */
export interface Placement {
  /**
   * The level of the Pod Security Standard, the name of the requirement, and the first minor version with the requirement.
   * `replaces` is the id of the baseline control that a restricted control replaces.
   */
  readonly pss?: { readonly level: 'baseline' | 'restricted'; readonly name: string; readonly since?: number; readonly replaces?: string };
  /** The CIS benchmark. `old/new` if a later version changed the number, and `-` for versions without the requirement. */
  readonly cis?: readonly string[];
  readonly nsa?: readonly string[];
  readonly nist?: readonly string[];
  readonly mitre?: readonly string[];
}

/** A built-in control: its checks, the reason, the fix, and the requirements that it covers. Data only. */
export interface Control {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** The control is part of the framework `vigil` from its first version. `operator/catalogue/frameworks/essentials.ts` has the others. */
  readonly essential: boolean;
  readonly kinds: ControlKinds;
  /** The reason why a failure matters. */
  readonly why: string;
  /** The remedy, in one or two sentences. */
  readonly fix: string;
  /** YAML before and after the fix. */
  readonly example: { readonly before: string; readonly after: string };
  /** The message of a failure. It names the field. The engine adds the names of containers and volumes before it, and other names after it. */
  readonly message: string;
  /**
   * The controls that report the same fact, if they fail at the same places: the one field and the one fix. In a scan for which nothing was
   * chosen, only the failure of the first of them is listed. Frameworks have every control.
   */
  readonly sameFactAs?: readonly string[];
  readonly placement: Placement;
  readonly theme: Theme | readonly Theme[];
  readonly parameters?: Readonly<Record<string, Parameter>>;
  /** The checks of single objects. */
  readonly checks?: readonly ValueCheck[];
  readonly exemptions?: readonly Exemption[];
  /** `version` is the minor version of the cluster, whatever the versions of the policy's Pod Security Standards are. */
  readonly atClusterVersion?: boolean;
  /**
   * The only object of its kinds that is a target of the control. It is evaluated also if the scope leaves out its namespace because it is a
   * system namespace.
   */
  readonly named?: { readonly namespace: string; readonly name: string };
  /** The control is about system namespaces. A policy with this control includes them in its scope. */
  readonly aboutSystemNamespaces?: boolean;
  /** The check of arguments of a program of the control plane or of nodes. Only objects that show the program are targets. */
  readonly argument?: ArgumentCheck;
  /** The name of a function of the engine that checks one object. Used if CEL is not suitable. */
  readonly builtin?: string;
  /**
   * The checks that the API server evaluates in place of `builtin`. They fail only for objects that fail `builtin`, but not for all of
   * them. Without them, the API server does not evaluate the control.
   */
  readonly enforced?: readonly ValueCheck[];
  /**
   * The name of a function of the engine that checks an object together with other objects of the snapshot, and the kinds that it reads.
   * `across` lists the namespaced kinds of `reads` that the function also reads in other namespaces.
   */
  readonly crossObject?: {
    readonly check: string;
    readonly reads: readonly string[];
    readonly across?: readonly string[];
    /** The function also evaluates live pods that differ from their owner's template. */
    readonly livePods?: boolean;
    /** The function reads which objects a workload names. */
    readonly references?: boolean;
  };
  /** The field of a policy that turns the control on. It is in no framework. Listed without the field, it is skipped. */
  readonly setBy?: string;
}

/** A control with the title of its section. */
export interface CatalogueEntry extends Control {
  /** The title of the section. It is the `category` in reports. */
  readonly category: string;
}

/** A section of the catalogue. */
export interface Section {
  readonly title: string;
  readonly controls: readonly Control[];
}
