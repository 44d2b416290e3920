import type { z } from 'zod';
import { RESOURCES } from '../../api/api-resource.ts';
import { API_VERSION, LABELS, MANAGED_BY } from '../../api/group.ts';
import { admissionBindingSpec, admissionPolicySpec } from '../../api/kinds/admission-policy.ts';
import type { Labels } from '../../api/label-match.ts';
import type { ExistingPolicies } from '../../engine/admission-policies/selected-rules.ts';
import { fieldsOf, type KubernetesObject, listOf, nameOf, textMapOf, textOf } from '../../engine/objects/kubernetes-object.ts';
import type { ObjectCache } from './object-cache.ts';

type Read = Omit<ExistingPolicies, 'parameters'>;
type Cached = Pick<ObjectCache, 'objects' | 'problem'>;

const byName = (a: KubernetesObject, b: KubernetesObject): number => ((nameOf(a) ?? '') < (nameOf(b) ?? '') ? -1 : 1);
const labelsOf = ({ metadata }: KubernetesObject): Labels => textMapOf(fieldsOf(metadata)['labels']);

/** The label of the guard, which an administrator applies. */
const partOf = 'app.kubernetes.io/part-of';

/** Whether a policy is Vigil's. The checks of those that enforce a SecurityPolicy are evaluated anyway. */
function isOwn(policy: KubernetesObject): boolean {
  const labels = labelsOf(policy);
  const owners = listOf(fieldsOf(policy.metadata)['ownerReferences']).map(fieldsOf);
  return (
    [labels[LABELS.managedBy], labels[partOf]].includes(MANAGED_BY) ||
    owners.some(({ apiVersion, kind }) => apiVersion === API_VERSION && kind === RESOURCES.policies.kind)
  );
}

/** Whether a policy has a name that is reserved for those of Vigil. */
const isReserved = (policy: KubernetesObject): boolean => (nameOf(policy) ?? '').startsWith('vigil-');

/**
 * Returns the ValidatingAdmissionPolicies of others with the wanted labels, and their bindings. A policy or binding that has a field which Vigil
 * does not know, or kinds that cannot be read, are listed with the reason. Pure.
 */
export function existingOf(
  { policies, bindings }: { readonly policies: Cached; readonly bindings: Cached },
  isWanted: (labels: Labels) => boolean,
): Read {
  const refused = [policies.problem, bindings.problem].flatMap((message) =>
    message === undefined ? [] : [{ labels: undefined, message }],
  );
  if (refused.length > 0) return { policies: [], bindings: [], unread: refused };
  const wanted = policies.objects.filter((policy) => !isOwn(policy) && isWanted(labelsOf(policy))).toSorted(byName);
  const found = wanted.filter((policy) => !isReserved(policy));
  const names = new Set(found.map(nameOf));
  const read = found.map((policy) => ({ ...parsed(policy, admissionPolicySpec), labels: labelsOf(policy) }));
  const own = bindings.objects.filter(({ spec }) => names.has(textOf(fieldsOf(spec)['policyName']))).toSorted(byName);
  const bound = own.map((binding) => {
    const policy = found.find((one) => nameOf(one) === fieldsOf(binding['spec'])['policyName']);
    return { ...parsed(binding, admissionBindingSpec), labels: policy ? labelsOf(policy) : {} };
  });
  return {
    policies: read.flatMap(({ name, spec, labels }) => (spec ? [{ name, spec, labels }] : [])),
    bindings: bound.flatMap(({ name, spec }) => (spec ? [{ name, spec }] : [])),
    unread: [...wanted.filter(isReserved).map(reserved), ...read, ...bound].flatMap(({ message, labels }) =>
      message === undefined ? [] : [{ message, labels }],
    ),
  };
}

const reserved = (policy: KubernetesObject): { readonly labels: Labels; readonly message: string } => ({
  labels: labelsOf(policy),
  message: `ValidatingAdmissionPolicy ${nameOf(policy) ?? ''} is not evaluated: names that begin with vigil- are reserved for Vigil's own`,
});

/** Parses a spec. `message`: why it cannot be read. */
function parsed<T>(
  object: KubernetesObject,
  schema: z.ZodType<T>,
): { readonly name: string; readonly spec?: T; readonly message?: string } {
  const name = nameOf(object) ?? '';
  const result = schema.safeParse(fieldsOf(object['spec']));
  if (result.success) return { name, spec: result.data };
  const [issue] = result.error.issues;
  const path = ['spec', ...(issue?.path ?? [])].map(String).join('.');
  return {
    name,
    message: `${textOf(object.kind) ?? ''} ${name}: ${path}: ${issue?.message ?? 'unknown'}: this version of Vigil cannot evaluate it`,
  };
}
