import { type Fields, fieldsOf, isFields, type KubernetesObject, listOf } from '../objects/kubernetes-object.ts';
import type { Fault } from '../outcomes/outcome.ts';

export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof auditLevels)[number];

/** A request of a user who no rule names. */
export interface AuditedRequest {
  readonly verb: string;
  readonly group: string;
  /** With the subresource, such as pods/exec. */
  readonly resource: string;
  /** Empty for resources of the cluster. */
  readonly namespace: string;
}

/** The level of a request, and the rule that decides. Undefined: no rule matches it. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly rule?: number;
}

const listNames = ['users', 'userGroups', 'verbs', 'namespaces', 'resources', 'nonResourceURLs', 'omitStages'];

function ruleFaults(rule: unknown, path: string): readonly Fault[] {
  if (!isFields(rule)) return [{ path, problem: 'expected a map' }];
  const level = auditLevels.some((each) => each === rule['level'])
    ? []
    : [{ path: `${path}.level`, problem: `expected one of ${auditLevels.join(', ')}` }];
  const lists = listNames.filter((name) => !Array.isArray(rule[name] ?? []));
  return [...level, ...lists.map((name) => ({ path: `${path}.${name}`, problem: 'expected a list' }))];
}

/** Returns the faults of an audit policy that the API server refuses. */
export function auditPolicyFaults(policy: KubernetesObject): readonly Fault[] {
  const rules = policy['rules'] ?? [];
  if (!Array.isArray(rules)) return [{ path: 'rules', problem: 'expected a list' }];
  if (rules.length === 0) return [{ path: 'rules', problem: 'expected at least one rule' }];
  return rules.flatMap((rule, index) => ruleFaults(rule, `rules[${index}]`));
}

function matchesResource(entry: Fields, { group, resource }: AuditedRequest): boolean {
  if ((entry['group'] ?? '') !== group && entry['group'] !== '*') return false;
  const names = listOf(entry['resources']);
  if (names.length === 0) return true;
  // A rule for certain objects does not decide on others.
  if (listOf(entry['resourceNames']).length > 0) return false;
  const [base = '', sub] = resource.split('/');
  return names.some((name) => name === resource || name === '*' || name === `${base}/*` || (sub !== undefined && name === `*/${sub}`));
}

/** Whether a list of a rule is empty, or has one of the values. There are no wildcards. */
const allows = (list: unknown, ...values: readonly string[]): boolean =>
  listOf(list).length === 0 || values.some((value) => listOf(list).includes(value));

/** Whether a rule decides on a request (ruleMatches of the API server). */
function matches(rule: Fields, request: AuditedRequest): boolean {
  // No rule with users is about everybody.
  if (listOf(rule['users']).length > 0 || !allows(rule['userGroups'], 'system:authenticated')) return false;
  if (!allows(rule['verbs'], request.verb)) return false;
  const resources = listOf(rule['resources']).map(fieldsOf);
  if (listOf(rule['namespaces']).length === 0 && resources.length === 0) return listOf(rule['nonResourceURLs']).length === 0;
  return (
    allows(rule['namespaces'], request.namespace) && (resources.length === 0 || resources.some((entry) => matchesResource(entry, request)))
  );
}

/** Returns what an audit policy without faults records of a request: the first rule that matches it decides. */
export function auditDecision(policy: KubernetesObject, request: AuditedRequest): AuditDecision {
  const rules = listOf(policy['rules']).map(fieldsOf);
  const rule = rules.findIndex((each) => matches(each, request));
  if (rule < 0) return { level: 'None' };
  const { level, omitStages } = rules[rule] ?? {};
  const omitted = [...listOf(policy['omitStages']), ...listOf(omitStages)];
  const isSilent = ['RequestReceived', 'ResponseStarted', 'ResponseComplete'].every((stage) => omitted.includes(stage));
  return { level: isSilent ? 'None' : (level as AuditLevel), rule };
}
