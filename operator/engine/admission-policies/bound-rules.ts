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

type Outcome = NonNullable<BoundRule['outcome']>;

const skipped = (message: string): Outcome => ({ kind: 'skip', message });

/**
 * Returns the rules of a ValidatingAdmissionPolicy: one for each binding and parameter object. `objects` contains possible parameter objects.
 * What a scan cannot evaluate is a rule that is skipped with the reason. Without a binding, the policy is evaluated on everything that it matches,
 * as its author tests it. Pure.
 */
export function boundRules(
  policy: OtherAdmissionPolicy,
  bindings: readonly OtherAdmissionBinding[],
  objects: readonly KubernetesObject[],
): readonly BoundRule[] {
  const own = bindings.filter(({ spec }) => spec.policyName === policy.name);
  if (own.length > 0) return own.flatMap((binding) => ofBinding(policy, binding, objects));
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

function ofBinding(
  policy: OtherAdmissionPolicy,
  { name, spec: { validationActions = [], paramRef, matchResources } }: OtherAdmissionBinding,
  objects: readonly KubernetesObject[],
): readonly BoundRule[] {
  const properties = { binding: name, actions: validationActions.join(', ') };
  const base = { rule: ruleOf(policy), within: matchResources, properties };
  const { paramKind, failurePolicy } = policy.spec;
  if (paramKind === undefined || paramRef === undefined) return [base];
  if (paramKind.apiVersion === 'v1' && paramKind.kind === 'Secret')
    return [{ ...base, outcome: skipped('its parameters are Secrets, which Vigil never reads') }];
  const found = objects.filter((object) => isOfKind(object, paramKind) && isSelected(object, paramRef));
  const ruled = found.map((object): BoundRule => {
    const namespace = textOf(fieldsOf(object.metadata)['namespace']);
    const isNear = namespace !== undefined && paramRef.namespace === undefined;
    const params = `${namespace === undefined ? '' : `${namespace}/`}${nameOf(object) ?? ''}`;
    return {
      ...base,
      rule: ruleOf(policy, object),
      properties: { ...properties, params },
      ...(isNear ? { namespaces: { only: namespace } } : {}),
    };
  });
  const homes = ruled.flatMap(({ namespaces }) => (namespaces && 'only' in namespaces ? [namespaces.only] : []));
  if (ruled.length > homes.length) return ruled;
  const missing: BoundRule = {
    ...base,
    outcome: notFound(paramRef, failurePolicy),
    ...(homes.length > 0 ? { namespaces: { except: homes } } : {}),
  };
  return [...ruled, missing];
}

const isOfKind = ({ apiVersion, kind }: KubernetesObject, wanted: { readonly apiVersion: string; readonly kind: string }): boolean =>
  apiVersion === wanted.apiVersion && kind === wanted.kind;

type ParamRef = NonNullable<OtherAdmissionBindingSpec['paramRef']>;

function isSelected(object: KubernetesObject, { name, namespace, selector }: ParamRef): boolean {
  const metadata = fieldsOf(object.metadata);
  if (name !== undefined && nameOf(object) !== name) return false;
  if (namespace !== undefined && textOf(metadata['namespace']) !== namespace) return false;
  return selector === undefined || labelMatch(selector)(textMapOf(metadata['labels']));
}

/** The outcome where a binding finds no parameter object: the API server refuses the request, or the binding has no effect. */
function notFound({ parameterNotFoundAction }: ParamRef, failurePolicy: OtherAdmissionPolicySpec['failurePolicy']): Outcome {
  if (parameterNotFoundAction !== 'Deny') return skipped('the binding finds no parameter object: it has no effect');
  if (failurePolicy === 'Ignore') return skipped('the binding finds no parameter object, and the failurePolicy is Ignore');
  return { kind: 'fail', message: 'the binding finds no parameter object, and parameterNotFoundAction is Deny' };
}
