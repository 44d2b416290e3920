import type { OtherAdmissionBindingSpec, OtherAdmissionPolicySpec } from '../../api/kinds/admission-policy.ts';
import { labelMatch } from '../../api/label-match.ts';
import { fieldsOf, type KubernetesObject, nameOf, textMapOf, textOf } from '../objects/kubernetes-object.ts';
import type { BoundRule } from '../rules/bound-rule.ts';

/** A ValidatingAdmissionPolicy. */
export interface OtherAdmissionPolicy {
  readonly name: string;
  readonly spec: OtherAdmissionPolicySpec;
}

/** A ValidatingAdmissionPolicyBinding. */
export interface OtherAdmissionBinding {
  readonly name: string;
  readonly spec: OtherAdmissionBindingSpec;
}

/** The kind of the parameters of a policy. */
export type ParamKind = NonNullable<OtherAdmissionPolicySpec['paramKind']>;

/** The reference of a binding to its parameter objects. */
export type ParamRef = NonNullable<OtherAdmissionBindingSpec['paramRef']>;

/** The objects of a parameter kind. */
export interface ParameterObjects {
  readonly objects: readonly KubernetesObject[];
  /** Whether the kind is namespaced. Omitted: it is if an object has a namespace. */
  readonly namespaced?: boolean;
  /** Why the objects cannot be read. */
  readonly problem?: string;
}

/** Returns the possible parameter objects of a kind. */
export type ReadParameters = (kind: ParamKind) => ParameterObjects;

type Outcome = NonNullable<BoundRule['outcome']>;

const skipped = (message: string): Outcome => ({ kind: 'skip', message });

/** Whether parameters are Secrets. Vigil never reads these. */
export const isSecretKind = ({ apiVersion, kind }: ParamKind): boolean => apiVersion === 'v1' && kind === 'Secret';

/**
 * Returns the rules of a ValidatingAdmissionPolicy: one for each binding and parameter object. What a scan cannot evaluate is a rule that is
 * skipped with the reason. Without a binding, the policy is evaluated on everything that it matches, as its author tests it. Pure.
 */
export function boundRules(
  policy: OtherAdmissionPolicy,
  bindings: readonly OtherAdmissionBinding[],
  parameters: ReadParameters,
): readonly BoundRule[] {
  const own = bindings.filter(({ spec }) => spec.policyName === policy.name);
  if (own.length > 0) return own.flatMap((binding) => ofBinding(policy, binding, parameters));
  const { paramKind } = policy.spec;
  const outcome = paramKind && skipped(`no ValidatingAdmissionPolicyBinding names its parameters of kind ${paramKind.kind}`);
  return [{ rule: ruleOf(policy), properties: {}, ...(outcome ? { outcome } : {}) }];
}

function ruleOf({ name, spec }: OtherAdmissionPolicy, params?: unknown): BoundRule['rule'] {
  const { paramKind, auditAnnotations: _annotations, validations = [], ...rest } = spec;
  // Without a parameter object, params is null for the policies that have a paramKind.
  const bound = paramKind === undefined ? {} : { params: (params ?? null) as Record<string, unknown> };
  return { ...rest, name, category: 'Admission policy', validations, ...bound };
}

function ofBinding(policy: OtherAdmissionPolicy, binding: OtherAdmissionBinding, parameters: ReadParameters): readonly BoundRule[] {
  const { paramRef } = binding.spec;
  const { paramKind } = policy.spec;
  const base = withoutParameters(policy, binding);
  if (paramKind === undefined || paramRef === undefined) return [base];
  if (isSecretKind(paramKind)) return [{ ...base, outcome: skipped('its parameters are Secrets, which Vigil never reads') }];
  const { objects, namespaced, problem } = parameters(paramKind);
  if (problem !== undefined) return [{ ...base, outcome: { kind: 'error', message: problem } }];
  const found = objects.filter((object) => isOfKind(object, paramKind) && isSelected(object, paramRef));
  const isNamespaced = namespaced ?? found.some((object) => namespaceOf(object) !== undefined);
  if (namespaced === false && paramRef.namespace !== undefined)
    return [{ ...base, outcome: misconfigured(policy, `the binding names a namespace, but ${paramKind.kind} is cluster-scoped`) }];
  const ruled = found.map((object): BoundRule =>
    ofParameter(policy, object, { base, isNear: isNamespaced && paramRef.namespace === undefined }),
  );
  return [...ruled, ...whereMissing(policy, paramRef, { base, ruled, isNamespaced })];
}

function withoutParameters(
  policy: OtherAdmissionPolicy,
  { name, spec: { validationActions = [], matchResources } }: OtherAdmissionBinding,
): BoundRule {
  const properties = { binding: name, actions: validationActions.join(', ') };
  return { rule: ruleOf(policy), properties, ...(matchResources ? { within: matchResources } : {}) };
}

const namespaceOf = ({ metadata }: KubernetesObject): string | undefined => textOf(fieldsOf(metadata)['namespace']);

/** The rule of one parameter object. `isNear`: it holds for the objects of its own namespace. */
function ofParameter(
  policy: OtherAdmissionPolicy,
  object: KubernetesObject,
  { base, isNear }: { readonly base: BoundRule; readonly isNear: boolean },
): BoundRule {
  const namespace = namespaceOf(object);
  const params = `${namespace === undefined ? '' : `${namespace}/`}${nameOf(object) ?? ''}`;
  return {
    ...base,
    rule: ruleOf(policy, object),
    properties: { ...base.properties, params },
    ...(isNear && namespace !== undefined ? { namespaces: { only: namespace } } : {}),
  };
}

/** The rules for the objects for which the binding finds no parameter object. */
function whereMissing(
  policy: OtherAdmissionPolicy,
  paramRef: ParamRef,
  { base, ruled, isNamespaced }: { readonly base: BoundRule; readonly ruled: readonly BoundRule[]; readonly isNamespaced: boolean },
): readonly BoundRule[] {
  const missing = { ...base, outcome: notFound(policy, paramRef) };
  if (!isNamespaced || paramRef.namespace !== undefined) return ruled.length > 0 ? [] : [missing];
  const homes = ruled.flatMap(({ namespaces }) =>
    namespaces && 'only' in namespaces && namespaces.only !== null ? [namespaces.only] : [],
  );
  const far = misconfigured(policy, 'the binding names no namespace of its parameters, which a cluster-scoped object needs');
  return [
    { ...missing, namespaces: { except: [...new Set(homes)] } },
    { ...base, outcome: far, namespaces: { only: null } },
  ];
}

const isOfKind = ({ apiVersion, kind }: KubernetesObject, wanted: ParamKind): boolean =>
  apiVersion === wanted.apiVersion && kind === wanted.kind;

/** Whether a binding selects a parameter object, for some object that it applies to. */
export function isSelected(object: KubernetesObject, { name, namespace, selector }: ParamRef): boolean {
  if (name !== undefined && nameOf(object) !== name) return false;
  if (namespace !== undefined && namespaceOf(object) !== namespace) return false;
  return selector === undefined || labelMatch(selector)(textMapOf(fieldsOf(object.metadata)['labels']));
}

/** The outcome where a binding finds no parameter object: the API server refuses the request, or the binding has no effect. */
function notFound({ spec: { failurePolicy } }: OtherAdmissionPolicy, { parameterNotFoundAction }: ParamRef): Outcome {
  if (parameterNotFoundAction !== 'Deny') return skipped('the binding finds no parameter object: it has no effect');
  if (failurePolicy === 'Ignore') return skipped('the binding finds no parameter object, and the failurePolicy is Ignore');
  return { kind: 'fail', message: 'the binding finds no parameter object, and parameterNotFoundAction is Deny' };
}

/** The outcome of a binding that the API server cannot evaluate: it refuses the request, unless the failurePolicy is Ignore. */
function misconfigured({ spec: { failurePolicy } }: OtherAdmissionPolicy, message: string): Outcome {
  return failurePolicy === 'Ignore' ? skipped(`${message}, and the failurePolicy is Ignore`) : { kind: 'fail', message };
}
