import { RESOURCES } from '../../api/api-resource.ts';
import { API_VERSION, LABELS, MANAGED_BY } from '../../api/group.ts';
import type { EnforcementEntry } from '../../api/kinds/policy-enforcement.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import type { ObjectMeta } from '../../api/metadata.ts';
import { shortHash } from '../../api/short-hash.ts';
import type { AdmissionBinding, AdmissionPolicy, AdmissionPolicySpec, NamedExpression } from './admission-policy.ts';
import { matchConditions } from './match-conditions.ts';
import { newViolations } from './message-expression.ts';
import type { NamespaceMatch } from './namespace-match.ts';

/** The content of an admission policy and its binding. */
export interface Draft {
  /** What distinguishes it from others of its entry. Part of its name. */
  readonly shape: string;
  /** The namespaces in which it applies. Default: those of the entry. */
  readonly namespaces?: NamespaceMatch;
  /** Whether it reads AdmissionParameters also without exceptions. */
  readonly readsParameters?: boolean;
  readonly spec: Pick<AdmissionPolicySpec, 'failurePolicy' | 'matchConstraints' | 'variables'>;
  /** The messageExpression. */
  readonly message: string;
}

/** The entry that a draft belongs to. */
export interface DraftSettings {
  readonly policy: SecurityPolicy;
  readonly entry: EnforcementEntry;
  /** The position of the entry. */
  readonly index: number;
  /** Whether exceptions apply. */
  readonly waives: boolean;
  /** The user name of the operator. */
  readonly operator: string;
  /** The namespaces of the entry. */
  readonly namespaces: NamespaceMatch;
}

/** The name of the AdmissionParameters of a policy. */
export const parametersName = (policy: string): string => policy;

/** Returns the admission policy of a draft. `denied`: the variables with the checks that other entries refuse. */
export function draftPolicy(draft: Draft, settings: DraftSettings, denied: readonly NamedExpression[]): AdmissionPolicy {
  const { shape, spec, message, namespaces = settings.namespaces, readsParameters = false } = draft;
  const { policy, waives, operator } = settings;
  return {
    metadata: metadataOf(shape, settings),
    spec: {
      ...spec,
      ...(waives || readsParameters ? { paramKind: { apiVersion: API_VERSION, kind: RESOURCES.admissionParameters.kind } } : {}),
      matchConditions: [...matchConditions(operator), ...namespaces.conditions],
      variables: [...spec.variables, ...newViolations(waives, denied)],
      validations: [
        {
          expression: 'variables.new.size() == 0',
          message: `the object breaks SecurityPolicy/${policy.metadata.name}`,
          messageExpression: message,
          reason: 'Forbidden',
        },
      ],
    },
  };
}

/** Returns the binding of a draft. */
export function draftBinding(draft: Draft, settings: DraftSettings): AdmissionBinding {
  const { shape, namespaces = settings.namespaces, readsParameters = false } = draft;
  const { policy, entry, waives } = settings;
  const metadata = metadataOf(shape, settings);
  const paramRef = { name: parametersName(policy.metadata.name), parameterNotFoundAction: 'Allow' as const };
  return {
    metadata,
    spec: {
      policyName: metadata.name,
      validationActions: entry.actions,
      ...(waives || readsParameters ? { paramRef } : {}),
      matchResources: { matchPolicy: 'Equivalent', namespaceSelector: namespaces.selector, objectSelector: {} },
    },
  };
}

/** The name is unique for policy, entry and shape, also if the name of the policy is shortened. */
function metadataOf(shape: string, { policy, index }: DraftSettings): ObjectMeta {
  const { name } = policy.metadata;
  return {
    name: `vigil-${name.slice(0, 150)}-${index + 1}-${shape}-${shortHash(name, 6)}`,
    labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.enforces]: shortHash(name, 20) },
    ownerReferences: [ownerReference(policy)],
  };
}

/** The owner reference to a policy. The objects are deleted with it. */
export function ownerReference({ metadata: { name, uid = '' } }: SecurityPolicy): NonNullable<ObjectMeta['ownerReferences']>[number] {
  return { apiVersion: API_VERSION, kind: RESOURCES.policies.kind, name, uid, controller: true };
}
