import type { z } from 'zod';
import { apiVersionOf, RESOURCES } from '../../api/api-resource.ts';
import {
  boundRules,
  type OtherAdmissionBinding,
  type OtherAdmissionPolicy,
  type ParamKind,
} from '../../engine/admission-policies/bound-rules.ts';
import { builtinResources } from '../../engine/objects/builtin-resources.ts';
import { fieldsOf, nameOf, textOf } from '../../engine/objects/kubernetes-object.ts';
import type { PolicySource } from '../../engine/policy-set.ts';
import { errorAt, type Manifest, type ManifestError } from '../../manifests/manifest.ts';
import { dottedPath } from './dotted-path.ts';

/** The ValidatingAdmissionPolicies among policy files. */
export interface AdmissionPolicyFiles {
  readonly policies: readonly PolicySource[];
  readonly errors: readonly ManifestError[];
  /** The manifest of each policy, by the name of its source. */
  readonly places: readonly (readonly [name: string, manifest: Manifest])[];
  /** The manifests that were read: policies, bindings and parameter objects. */
  readonly used: ReadonlySet<Manifest>;
}

const none: AdmissionPolicyFiles = { policies: [], errors: [], places: [], used: new Set() };

const isKind =
  ({ kind }: { readonly kind: string }) =>
  ({ object }: Manifest): boolean =>
    object['kind'] === kind && String(object['apiVersion']).startsWith('admissionregistration.k8s.io/');

/** Reads the ValidatingAdmissionPolicies among manifests, with the bindings and parameter objects among them. */
export async function readAdmissionPolicies(manifests: readonly Manifest[]): Promise<AdmissionPolicyFiles> {
  const [written, bound] = [manifests.filter(isKind(RESOURCES.admissionPolicies)), manifests.filter(isKind(RESOURCES.admissionBindings))];
  if (written.length + bound.length === 0) return none;
  const { admissionPolicySpec, admissionBindingSpec } = await import('../../api/kinds/admission-policy.ts');
  const errors: ManifestError[] = [];
  const policies = written.flatMap((manifest) => parsed(manifest, admissionPolicySpec, errors));
  const bindings = bound.flatMap((manifest) => parsed(manifest, admissionBindingSpec, errors));
  const kinds = policies.flatMap(({ spec }) => spec.paramKind ?? []);
  const parameters = manifests.filter(({ object }) =>
    kinds.some(({ apiVersion, kind }) => object['apiVersion'] === apiVersion && object['kind'] === kind),
  );
  errors.push(...bound.flatMap((manifest) => unknownPolicy(manifest, policies)));
  const objects = parameters.map(({ object }) => object);
  return {
    policies: policies.map((policy) =>
      sourceOf(
        policy,
        boundRules(policy, bindings, (kind) => ({ objects, ...scopeOf(kind) })),
      ),
    ),
    errors,
    places: written.map((manifest) => [sourceName(nameOf(manifest.object) ?? ''), manifest] as const),
    used: new Set([...written, ...bound, ...parameters]),
  };
}

/** Whether a built-in kind is namespaced. For other kinds, the objects among the files show it. */
function scopeOf({ apiVersion, kind }: ParamKind): { readonly namespaced?: boolean } {
  const found = builtinResources.find((resource) => apiVersionOf(resource) === apiVersion && resource.kind === kind);
  return found ? { namespaced: found.namespaced } : {};
}

const sourceName = (name: string): string => `${RESOURCES.admissionPolicies.kind}/${name}`;

/** Results name the ValidatingAdmissionPolicy as their check, and no SecurityPolicy. */
const sourceOf = ({ name }: OtherAdmissionPolicy, rules: NonNullable<PolicySource['boundRules']>): PolicySource => ({
  name: sourceName(name),
  anonymous: true,
  spec: { scope: { systemNamespaces: 'Include' } },
  boundRules: rules,
});

function parsed<T>(
  manifest: Manifest,
  schema: z.ZodType<T>,
  errors: ManifestError[],
): readonly { readonly name: string; readonly spec: T }[] {
  const name = nameOf(manifest.object) ?? '';
  const result = schema.safeParse(fieldsOf(manifest.object['spec']));
  if (result.success) return [{ name, spec: result.data }];
  for (const { path, message } of result.error.issues) {
    const at = dottedPath(['spec', ...path]);
    errors.push(errorAt(manifest, at, `${textOf(manifest.object['kind']) ?? ''}/${name}: ${at}: ${message}`));
  }
  return [];
}

function unknownPolicy(manifest: Manifest, policies: readonly OtherAdmissionPolicy[]): readonly ManifestError[] {
  const { policyName } = fieldsOf(manifest.object['spec']) as Partial<OtherAdmissionBinding['spec']>;
  if (policyName === undefined || policies.some(({ name }) => name === policyName)) return [];
  const id = `${RESOURCES.admissionBindings.kind}/${nameOf(manifest.object) ?? ''}`;
  return [
    errorAt(manifest, 'spec.policyName', `${id}: spec.policyName: no ValidatingAdmissionPolicy '${policyName}' among the policy files`),
  ];
}
