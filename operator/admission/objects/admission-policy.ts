import type { LabelSelector } from '../../api/field.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { ResourceRule } from '../../api/kinds/security-policy.ts';

/** A name with a CEL expression: a variable or a match condition. */
export interface NamedExpression {
  readonly name: string;
  readonly expression: string;
}

/** `ValidatingAdmissionPolicySpec`, with every field that the API server would set by default. */
export interface AdmissionPolicySpec {
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly paramKind?: { readonly apiVersion: string; readonly kind: string };
  readonly matchConstraints: {
    readonly matchPolicy: 'Exact' | 'Equivalent';
    readonly namespaceSelector: LabelSelector;
    readonly objectSelector: LabelSelector;
    readonly resourceRules: readonly ResourceRule[];
    readonly excludeResourceRules?: readonly ResourceRule[];
  };
  readonly matchConditions?: readonly NamedExpression[];
  readonly variables: readonly NamedExpression[];
  readonly validations: readonly {
    readonly expression: string;
    readonly message: string;
    readonly messageExpression: string;
    readonly reason: string;
  }[];
}

/** `ValidatingAdmissionPolicyStatus`. */
export interface AdmissionPolicyStatus {
  readonly observedGeneration?: number;
  readonly typeChecking?: { readonly expressionWarnings?: readonly { readonly fieldRef: string; readonly warning: string }[] };
}

/** A `ValidatingAdmissionPolicy`. */
export interface AdmissionPolicy extends KubeObject {
  readonly spec: AdmissionPolicySpec;
  readonly status?: AdmissionPolicyStatus;
}

/** A `ValidatingAdmissionPolicyBinding`, with every field that the API server would set by default. */
export interface AdmissionBinding extends KubeObject {
  readonly spec: {
    readonly policyName: string;
    readonly validationActions: readonly string[];
    readonly paramRef?: { readonly name: string; readonly parameterNotFoundAction: 'Allow' };
    readonly matchResources: {
      readonly matchPolicy: 'Equivalent';
      readonly namespaceSelector: LabelSelector;
      readonly objectSelector: LabelSelector;
    };
  };
}
