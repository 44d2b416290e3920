import type { ApiResource } from '../../api/api-resource.ts';
import type { ResourceRule, SecurityPolicyRule } from '../../api/kinds/security-policy.ts';
import type { ResourceIndex } from './resource-index.ts';
import { isWorkloadKind } from './workload-kind.ts';

type MatchConstraints = SecurityPolicyRule['matchConstraints'];

/** Whether a rule's constraints match a resource. `other-operations`: only for operations that a scan does not evaluate. */
export type ResourceVerdict = 'no' | 'yes' | 'other-operations';

const holds = (values: readonly string[], wanted: string): boolean => values.includes('*') || values.includes(wanted);

/** Whether an entry matches the resource itself. `pods/exec` and `pods/*` match subresources only. */
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
/** Kinds that the API server exempts from admission policies. */
const exempt: ReadonlySet<string> = new Set(
  ['ValidatingAdmissionPolicy', 'MutatingAdmissionPolicy']
    .flatMap((kind) => [kind, `${kind}Binding`])
    .map((kind) => `admissionregistration.k8s.io/${kind}`),
);

const groupKind = ({ group, kind }: ApiResource): string => (group === '' ? kind : `${kind}.${group}`);

/** Matches resources and names like the `matchConstraints` of the API server. The caller evaluates the selectors. */
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
   * Matches an object of the resource by its name. Without a name, matches if some object of the resource could match. `isWorkload`: whether
   * the object has a pod template. Default: whether its kind is known to.
   */
  match(resource: ApiResource, name?: string, isWorkload = isWorkloadKind(groupKind(resource))): ResourceVerdict {
    if (exempt.has(`${resource.group}/${resource.kind}`)) return 'no';
    if (this.#podTemplates && !isWorkload) return 'no';
    const matching = this.#rules(this.#constraints.resourceRules, resource).filter((rule) => nameFits(rule, name));
    if (matching.length === 0) return 'no';
    const excluding = this.#rules(this.#constraints.excludeResourceRules ?? [], resource).filter(
      (rule) => nameFits(rule, name) && (name !== undefined || !rule.resourceNames?.length),
    );
    if (excluding.some(sees)) return 'no';
    return matching.some(sees) ? 'yes' : 'other-operations';
  }

  /**
   * Returns the group and version in which the API server would pass the resource's objects to the rule: the resource's own if the
   * constraints match it, else the first served one that they match.
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
   * Returns the groups and versions under which the resource can match, and pods for rules about pod templates. An object of a cluster has
   * no version of its own: it is matched in each served version, also by `matchPolicy: Exact`. An object of a file is matched in its own
   * version.
   */
  #forms(resource: ApiResource): readonly ApiResource[] {
    const equivalents = this.#index.equivalents(resource);
    const isExact = this.#constraints.matchPolicy === 'Exact';
    const exact = this.#index.converts ? equivalents.filter(({ group }) => group === resource.group) : [];
    const own = [resource, ...(isExact ? exact : equivalents)];
    return this.#podTemplates ? [...own, pods] : own;
  }
}
