import { hasGroup, hasResource, hasVerb, type PolicyRule } from './policy-rule.ts';

/** A right that a rule may grant: any of the verbs on any of the resources in any of the groups. */
export interface Right {
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  /** Omitted: any verb. */
  readonly verbs?: readonly string[];
  /** The resources are cluster-scoped. A Role or a RoleBinding cannot grant them. */
  readonly clusterScoped?: boolean;
  /** A rule with `resourceNames` grants the right only with one of these names. Omitted: with any name. */
  readonly names?: readonly string[];
}

/**
 * Whether a verb can be used on an object that a rule names. A request that creates an object or deletes a collection has no name, except
 * for a subresource and for server-side apply, which needs `patch` too.
 */
export function reachesNamed(rule: PolicyRule, verb: string, resource: string): boolean {
  if (verb === 'deletecollection') return false;
  return verb !== 'create' || resource.includes('/') || hasVerb(rule, 'patch');
}

/** Whether a rule grants a right, for all objects or for those that it names. */
export function grantsRight(rule: PolicyRule, { groups, resources, verbs, names }: Right): boolean {
  if (rule.resources.length === 0 || rule.verbs.length === 0) return false;
  const isNamed = rule.names.length > 0;
  if (isNamed && names !== undefined && !names.some((name) => rule.names.includes(name))) return false;
  if (!groups.some((group) => hasGroup(rule, group))) return false;
  return resources.some((resource) => {
    if (!hasResource(rule, resource)) return false;
    if (verbs === undefined) return true;
    return verbs.some((verb) => hasVerb(rule, verb) && (!isNamed || reachesNamed(rule, verb, resource)));
  });
}
