import type { OtherAdmissionBindingSpec } from '../../api/kinds/admission-policy.ts';
import type { SecurityPolicyRule } from '../../api/kinds/security-policy.ts';

/** A rule that a ValidatingAdmissionPolicy and one of its bindings make. */
export interface BoundRule {
  /** With the name of the ValidatingAdmissionPolicy. `params` is the parameter object. */
  readonly rule: SecurityPolicyRule;
  /** What the binding selects besides the policy. An omitted field selects everything. */
  readonly within?: OtherAdmissionBindingSpec['matchResources'];
  /** The properties of its results: the binding, its actions, and the parameter object. */
  readonly properties: Readonly<Record<string, string>>;
  /**
   * The objects for which the parameter object holds: those in one namespace, those in all namespaces except those that have an own object, or
   * cluster-scoped ones (`only: null`). Omitted: all.
   */
  readonly namespaces?: { readonly only: string | null } | { readonly except: readonly string[] };
  /** The outcome for every object, in place of an evaluation. */
  readonly outcome?: { readonly kind: 'skip' | 'fail' | 'error'; readonly message: string };
}
