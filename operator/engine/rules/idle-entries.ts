import type { ApiResource } from '../../api/api-resource.ts';
import type { ResourceRule, SecurityPolicyRule } from '../../api/kinds/security-policy.ts';
import { didYouMean } from '../../catalogue/suggestion.ts';
import { builtinResources } from '../objects/builtin-resources.ts';
import type { ResourceIndex } from '../objects/resource-index.ts';
import { ResourceMatch } from '../objects/resource-match.ts';

/** The entries of one rule that match no served resource, each with its path and a reason. */
export interface IdleEntries {
  /** Entries without which the rule evaluates less than it states. */
  readonly unserved: readonly string[];
  /** Other entries, which may be typing errors. */
  readonly unmatched: readonly string[];
}

/** The resources that a server serves, and its name in messages, such as `this cluster`. */
export interface ServedResources {
  readonly index: ResourceIndex;
  readonly server: string;
}

/** Finds the entries of a rule that match no served resource. `path` is the path of its `matchConstraints`. Pure. */
export function idleEntries(rule: SecurityPolicyRule, path: string, served: ServedResources): IdleEntries {
  const { resourceRules, excludeResourceRules = [] } = rule.matchConstraints;
  const parts = resourceRules.map((resourceRule, position) => entriesOf(rule, resourceRule, `${path}.resourceRules[${position}]`, served));
  const excluding = excludeResourceRules.map((resourceRule, position) =>
    entriesOf(rule, resourceRule, `${path}.excludeResourceRules[${position}]`, served),
  );
  const unserved = parts.flatMap((part) => part.unserved);
  const isIdle = unserved.length === 0 && !isServed(rule, resourceRules, served);
  return {
    unserved: isIdle ? [`${path}: rule ${rule.name} matches no resource that a scan reads on ${served.server}`] : unserved,
    unmatched: isIdle
      ? []
      : [...parts.flatMap((part) => part.unmatched), ...excluding.flatMap((part) => [...part.unserved, ...part.unmatched])],
  };
}

function entriesOf(rule: SecurityPolicyRule, resourceRule: ResourceRule, path: string, served: ServedResources): IdleEntries {
  const serves = (change: Partial<ResourceRule>): boolean => isServed(rule, [{ ...resourceRule, ...change }], served);
  const unserved = resourceRule.resources.flatMap((resource, entry) =>
    !isSubresource(resource) && !serves({ resources: [resource] })
      ? [`${path}.resources[${entry}]: ${unservedReason(resource, resourceRule, served)}`]
      : [],
  );
  const subresources = resourceRule.resources.flatMap((resource, entry) => {
    const reason = isSubresource(resource) ? subresourceReason(resource, resourceRule, served) : undefined;
    return reason === undefined ? [] : [`${path}.resources[${entry}]: ${reason}`];
  });
  if (!serves({})) return { unserved, unmatched: subresources };
  const groups = resourceRule.apiGroups.flatMap((group, entry) =>
    serves({ apiGroups: [group] }) || builtinGroups.has(group)
      ? []
      : [`${path}.apiGroups[${entry}]: ${groupReason(group, resourceRule, served)}`],
  );
  const versions = resourceRule.apiVersions.flatMap((version, entry) =>
    serves({ apiVersions: [version] }) || isPrerelease(version)
      ? []
      : [`${path}.apiVersions[${entry}]: ${served.server} serves none of these resources as ${version}`],
  );
  return { unserved, unmatched: [...groups, ...versions, ...subresources] };
}

/** Groups of Kubernetes. A rule may list one that serves none of its resources, such as an old one for older clusters. */
const builtinGroups: ReadonlySet<string> = new Set(['extensions', ...builtinResources.map(({ group }) => group)]);

/** Whether a version is an alpha or beta version. A rule may list those of older clusters. */
const isPrerelease = (version: string): boolean => /^v\d+(alpha|beta)\d+$/.test(version);

const isSubresource = (entry: string): boolean => entry.includes('/') && entry !== '*/*';

/** Whether a rule with these constraints matches some served resource. */
function isServed(rule: SecurityPolicyRule, resourceRules: readonly ResourceRule[], { index }: ServedResources): boolean {
  const { excludeResourceRules, ...constraints } = rule.matchConstraints;
  const match = new ResourceMatch({ ...constraints, resourceRules: [...resourceRules] }, rule.podTemplates === true, index);
  return index.all.some((resource) => match.match(resource) !== 'no');
}

/** The subresources of Kubernetes and of custom resources. Aggregated APIs may serve others. */
const subresources = [
  ...['approval', 'attach', 'binding', 'ephemeralcontainers', 'eviction', 'exec', 'finalize', 'log', 'portforward', 'proxy', 'resize'],
  ...['scale', 'status', 'token'],
];

/** The problem of a subresource. A scan evaluates no subresource, so a valid one has no problem. */
function subresourceReason(entry: string, { apiGroups }: ResourceRule, { index: { all }, server }: ServedResources): string | undefined {
  const [resource = '', subresource = ''] = entry.split('/');
  const resources = new Set(inGroupsOf(apiGroups, all).map((found) => found.resource));
  if (resource !== '*' && !resources.has(resource))
    return `${server} does not serve ${resource} in ${groupsText(apiGroups)}${didYouMean(resource, resources)}`;
  if (subresource === '*' || subresources.includes(subresource)) return undefined;
  const hint = didYouMean(subresource, subresources);
  const isAggregated = apiGroups.some((group) => !builtinGroups.has(group));
  return hint === '' && isAggregated ? undefined : `${entry} is not a known subresource${hint}`;
}

function unservedReason(resource: string, { apiGroups, apiVersions }: ResourceRule, { index: { all }, server }: ServedResources): string {
  const inGroups = inGroupsOf(apiGroups, all);
  const where = groupsText(apiGroups);
  if (inGroups.length === 0) return `${server} serves no resources in ${where}${groupHint(apiGroups, all)}`;
  if (resource.startsWith('*')) return `${server} serves no resources in ${where} as ${apiVersions.join(', ')}`;
  const same = inGroups.filter((served) => served.resource === resource).map(({ version }) => version);
  if (same.length > 0 && !apiVersions.some((version) => version === '*' || same.includes(version)))
    return `${server} does not serve ${resource} in ${where} as ${apiVersions.join(', ')}: it serves ${[...new Set(same)].join(', ')}`;
  if (same.length > 0) return `this rule never evaluates ${resource} in ${where}`;
  const singular = inGroups.find(({ kind }) => kind.toLowerCase() === resource);
  const hint = singular
    ? ` (did you mean '${singular.resource}'?)`
    : didYouMean(resource, [...new Set(inGroups.map((served) => served.resource))]);
  return `${server} does not serve ${resource} in ${where}${hint}`;
}

function groupReason(group: string, { resources }: ResourceRule, { index: { all }, server }: ServedResources): string {
  if (all.some((served) => served.group === group)) return `${server} serves none of ${resources.join(', ')} in ${groupText(group)}`;
  return `${server} serves no resources in ${groupText(group)}${groupHint([group], all)}`;
}

const inGroupsOf = (apiGroups: readonly string[], all: readonly ApiResource[]): readonly ApiResource[] =>
  apiGroups.includes('*') ? all : all.filter(({ group }) => apiGroups.includes(group));
const groupText = (group: string): string => (group === '' ? 'the core API group' : group === '*' ? 'any API group' : `API group ${group}`);
const groupsText = (groups: readonly string[]): string => groups.map(groupText).join(', ');

function groupHint([group = '', ...others]: readonly string[], all: readonly ApiResource[]): string {
  return others.length > 0 ? '' : didYouMean(group, [...new Set(all.map((served) => served.group))]);
}
