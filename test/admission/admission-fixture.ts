import type { AdmissionParameters } from '../../operator/api/kinds/admission-parameters.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import type { AdmissionPolicy } from '../../operator/admission/objects/admission-policy.ts';
import { enforcementObjects, type EnforcementObjects } from '../../operator/admission/objects/enforcement-objects.ts';
import type { NamespaceLabels } from '../../operator/admission/objects/namespace-match.ts';
import { compileAdmission } from '../../operator/cel/admission.ts';
import { compilePolicy } from '../../operator/engine/compiled-policy.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { labelMatch } from '../../operator/api/label-match.ts';
import { ResourceIndex } from '../../operator/engine/objects/resource-index.ts';

export const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease', 'vigil-system'];
const operator = 'system:serviceaccount:vigil-system:vigil-operator';
const index = new ResourceIndex(builtinResources);

/** Returns the admission policies of a SecurityPolicy with this spec and one entry that denies, unless the spec has entries. */
export function objectsOf(
  spec: SecurityPolicySpec,
  system: readonly string[] = systemNamespaces,
  namespaces?: readonly NamespaceLabels[],
): EnforcementObjects {
  const policy = { metadata: { name: 'baseline', uid: 'u' }, spec: { enforcement: [{ actions: ['Deny'] }], ...spec } } as SecurityPolicy;
  const options = { kubernetesVersion: '1.37', resources: builtinResources, systemNamespaces: system };
  const compiled = compilePolicy({ name: 'baseline', spec: policy.spec }, options, index);
  if (!('owner' in compiled)) throw new Error(JSON.stringify(compiled));
  return enforcementObjects(policy, compiled, { served: builtinResources, systemNamespaces: system, operator, namespaces });
}

/** A request to the API server. */
export interface Request {
  readonly object: Readonly<Record<string, unknown>>;
  readonly oldObject?: Readonly<Record<string, unknown>>;
  readonly username?: string;
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  readonly params?: Partial<AdmissionParameters>;
}

type Decide = (request: Request) => readonly string[];

/** Evaluates admission policies with Vigil's own implementation of CEL. Returns a function: the messages of the policies that a request breaks. */
export function decider({ policies, bindings }: Pick<EnforcementObjects, 'policies' | 'bindings'>): Decide {
  const programs = policies.map((policy, at) => {
    const compiled = compileAdmission(
      { ...policy.spec, validations: [...policy.spec.validations] },
      {
        kubernetesVersion: '1.34',
        params: policy.spec.paramKind !== undefined,
      },
    );
    if (!compiled.ok) throw new Error(`${policy.metadata.name}: ${JSON.stringify(compiled.errors)}`);
    return { policy, program: compiled.program, selects: labelMatch(bindings[at]?.spec.matchResources.namespaceSelector) };
  });
  return (request) => {
    const bound = bindingsOf(request);
    return programs.flatMap(({ policy, program, selects }) => {
      const { namespace } = bound.request;
      const labels = { 'kubernetes.io/metadata.name': namespace, ...request.namespaceLabels };
      if (!matches(policy, bound) || (namespace !== '' && !selects(labels))) return [];
      const { matched, conditionError, validations } = program.evaluate({ ...bound, params: request.params ?? {} });
      if (conditionError !== undefined) return [conditionError.message];
      return matched ? validations.flatMap((one) => (one.outcome === 'pass' ? [] : [one.message])) : [];
    });
  };
}

function bindingsOf({ object, oldObject, username = 'jane', namespaceLabels = {} }: Request): {
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly namespaceObject: unknown;
  readonly request: {
    readonly namespace: string;
    readonly operation: string;
    readonly resource: { readonly group: string; readonly resource: string };
  };
} {
  const { group, version, kind, resource, namespaced } = index.of(object);
  const metadata = object['metadata'] as { readonly name?: string; readonly namespace?: string };
  const namespace = namespaced ? (metadata.namespace ?? 'default') : '';
  return {
    object,
    oldObject: oldObject ?? null,
    namespaceObject: namespaced ? { metadata: { name: namespace, labels: namespaceLabels } } : null,
    request: {
      operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
      kind: { group, version, kind },
      resource: { group, version, resource },
      name: metadata.name ?? '',
      namespace,
      userInfo: { username },
    } as never,
  };
}

function matches({ spec }: AdmissionPolicy, { request }: ReturnType<typeof bindingsOf>): boolean {
  return spec.matchConstraints.resourceRules.some(
    ({ apiGroups, resources, operations }) =>
      [request.resource.group, '*'].some((group) => apiGroups.includes(group)) &&
      [request.resource.resource, '*'].some((resource) => resources.includes(resource)) &&
      [request.operation, '*'].some((operation) => (operations as readonly string[]).includes(operation)),
  );
}
