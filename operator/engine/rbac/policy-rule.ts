import { fieldsOf, listOf, textsOf } from '../objects/kubernetes-object.ts';

/** A rule of a role, as the authorizer of the API server reads it. A list that is unset is empty. */
export interface PolicyRule {
  /** The position in `rules`. */
  readonly index: number;
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Empty: all names. */
  readonly names: readonly string[];
  readonly urls: readonly string[];
}

/** A request for a resource, such as `{verb: 'create', group: '', resource: 'pods/exec', name: 'web'}`. */
export interface ResourceRequest {
  readonly verb: string;
  readonly group: string;
  /** With its subresource, such as `pods/exec`. */
  readonly resource: string;
  /** Omitted: the request names no object, such as a list of all objects or the creation of one. */
  readonly name?: string;
}

/** Returns the rules of a role's `rules`. An entry that is not a map is an empty rule. */
export function policyRules(rules: unknown): readonly PolicyRule[] {
  return listOf(rules).map((entry, index) => {
    const { apiGroups, resources, verbs, resourceNames, nonResourceURLs } = fieldsOf(entry);
    return {
      index,
      groups: textsOf(apiGroups),
      resources: textsOf(resources),
      verbs: textsOf(verbs),
      names: textsOf(resourceNames),
      urls: textsOf(nonResourceURLs),
    };
  });
}

const hasOrAll = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);

/** Whether a rule has a verb, or all verbs. */
export const hasVerb = ({ verbs }: PolicyRule, verb: string): boolean => hasOrAll(verbs, verb);

/** Whether a rule has an API group, or all groups. */
export const hasGroup = ({ groups }: PolicyRule, group: string): boolean => hasOrAll(groups, group);

/** Whether a rule has a resource. The only wildcards are the entries `*` and, for a subresource, `*` followed by it. */
export function hasResource({ resources }: PolicyRule, resource: string): boolean {
  if (hasOrAll(resources, resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && resources.includes(`*${resource.slice(slash)}`);
}

/** Whether a rule allows a request for a resource. */
export function allowsResource(rule: PolicyRule, { verb, group, resource, name }: ResourceRequest): boolean {
  const named = rule.names.length === 0 || (name !== undefined && rule.names.includes(name));
  return named && hasVerb(rule, verb) && hasGroup(rule, group) && hasResource(rule, resource);
}

/** Whether a rule allows a request for a URL that is no resource, such as `/metrics`. An entry may end with `*`. */
export function allowsUrl(rule: PolicyRule, verb: string, url: string): boolean {
  const covers = (entry: string): boolean =>
    entry === '*' || entry === url || (entry.endsWith('*') && url.startsWith(entry.replace(/\*+$/, '')));
  return hasVerb(rule, verb) && rule.urls.some(covers);
}
