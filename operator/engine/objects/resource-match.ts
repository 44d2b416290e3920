import type { ApiResource } from '../../api/api-resource.ts';
import type { ResourceRule, SecurityPolicyRule } from '../../api/security-policy.ts';
import type { ResourceIndex } from './resource-index.ts';
import { isWorkloadKind } from './workload-kind.ts';

type MatchConstraints = SecurityPolicyRule['matchConstraints'];

/** How a rule's constraints take in a resource. */
export type ResourceVerdict = 'no' | 'yes' | 'other-operations';

const holds = (values: readonly string[], wanted: string): boolean => values.includes('*') || values.includes(wanted);

/** Whether a resource entry names the resource itself; `pods/exec` and `pods/*` name subresources only. */
const names = (entries: readonly string[], resource: string): boolean =>
  entries.some((entry) => entry === '*' || entry === '*/*' || entry === resource);

function scopeFits({ scope }: ResourceRule, { namespaced }: ApiResource): boolean {
  return scope === undefined || scope === '*' || (scope === 'Namespaced') === namespaced;
}

function resourceFits(rule: ResourceRule, resource: ApiResource): boolean {
  return (
    holds(rule.apiGroups, resource.group) &&
    holds(rule.apiVersions, resource.version) &&
    names(rule.resources, resource.resource) &&
    scopeFits(rule, resource)
  );
}

const sees = (rule: ResourceRule): boolean => rule.operations.some((operation) => operation === 'CREATE' || operation === '*');
const nameFits = ({ resourceNames }: ResourceRule, name: string | undefined): boolean =>
  resourceNames === undefined || resourceNames.length === 0 || name === undefined || resourceNames.includes(name);

const pods: ApiResource = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true };
/** The API server keeps its own admission policies out of their reach. */
const exempt: ReadonlySet<string> = new Set(
  ['ValidatingAdmissionPolicy', 'MutatingAdmissionPolicy']
    .flatMap((kind) => [kind, `${kind}Binding`])
    .map((kind) => `admissionregistration.k8s.io/${kind}`),
);

const groupKind = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);

/** Matches resources and names as the API server does for a policy's `matchConstraints`; selectors are left to the caller. */
export class ResourceMatch {
  readonly #constraints: MatchConstraints;
  readonly #podTemplates: boolean;
  readonly #index: ResourceIndex;

  constructor(constraints: MatchConstraints, podTemplates: boolean, index: ResourceIndex) {
    this.#constraints = constraints;
    this.#podTemplates = podTemplates;
    this.#index = index;
  }

  /**
   * Whether an object of the resource is taken in; without a name, whether some object could be. `other-operations`: only for
   * operations that a scan does not see.
   */
  match(resource: ApiResource, name?: string): ResourceVerdict {
    if (exempt.has(`${resource.group}/${resource.kind}`)) return 'no';
    if (this.#podTemplates && !isWorkloadKind(groupKind(resource))) return 'no';
    const matching = this.#rules(this.#constraints.resourceRules, resource).filter((rule) => nameFits(rule, name));
    if (matching.length === 0) return 'no';
    const excluding = this.#rules(this.#constraints.excludeResourceRules ?? [], resource).filter(
      (rule) => nameFits(rule, name) && (name !== undefined || !rule.resourceNames?.length),
    );
    if (excluding.some(sees)) return 'no';
    return matching.some(sees) ? 'yes' : 'other-operations';
  }

  /**
   * The version, and the group, of a resource in which the API server would hand its objects to the rule: the resource's own if the
   * constraints name it, else the first other one that is served and that they name.
   */
  versionFor(resource: ApiResource): ApiResource {
    if (this.#podTemplates) return resource;
    const named = (form: ApiResource): boolean => this.#constraints.resourceRules.some((rule) => resourceFits(rule, form));
    return named(resource) ? resource : (this.#forms(resource).find(named) ?? resource);
  }

  #rules(rules: readonly ResourceRule[], resource: ApiResource): readonly ResourceRule[] {
    return rules.filter((rule) => this.#forms(resource).some((form) => resourceFits(rule, form)));
  }

  /**
   * What the resource may also be called: the same objects in other groups and versions, and as pods. An object of a cluster has no
   * version of its own: to a rule that matches exactly it comes in each version that is served; an object of a file in its own.
   */
  #forms(resource: ApiResource): readonly ApiResource[] {
    const equivalents = this.#index.equivalents(resource);
    const isExact = this.#constraints.matchPolicy === 'Exact';
    const exact = this.#index.converts ? equivalents.filter(({ group }) => group === resource.group) : [];
    const own = [resource, ...(isExact ? exact : equivalents)];
    return this.#podTemplates ? [...own, pods] : own;
  }
}
