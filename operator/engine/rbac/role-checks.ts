import { controlById } from '../../catalogue/controls/catalogue.ts';
import { lowered, type Severity } from '../../catalogue/controls/severity.ts';
import { clean, type Violation } from '../outcomes/outcome.ts';
import type { CrossObjectCheck } from '../snapshot/cross-object-check.ts';
import type { Projection, Snapshot } from '../snapshot/snapshot.ts';
import { accessOf } from './access.ts';
import { type Granted, grantedBy } from './control-rights.ts';
import { covers, defaultObject, defaultRules } from './default-objects.ts';
import type { PolicyRule } from './policy-rule.ts';
import type { Gathering, RoleNode } from './role-graph.ts';

const textOf = ({ index: _, ...rule }: PolicyRule): string => JSON.stringify(rule);

/** The rules that are judged at the roles of a gathering. Computed once. */
const judgedThere = new WeakMap<Gathering, ReadonlySet<string>>();

function rulesJudgedAt(gathering: Gathering): ReadonlySet<string> {
  const known = judgedThere.get(gathering);
  if (known !== undefined) return known;
  const texts = new Set(gathering.members.filter(({ isDefault }) => !isDefault).flatMap(({ rules }) => rules.map(textOf)));
  judgedThere.set(gathering, texts);
  return texts;
}

/** The judged rules of roles. Computed once. */
const judged = new WeakMap<RoleNode, readonly PolicyRule[]>();

/** The rules of a role that are judged. Of an aggregated role, those that are judged at no other role. */
function judgedRules(node: RoleNode): readonly PolicyRule[] {
  if (node.gathers.length === 0) return node.isDefault ? [] : node.rules;
  const known = judged.get(node);
  if (known !== undefined) return known;
  const wanted = node.isDefault ? defaultObject(node.kind, node.namespace, node.name) : undefined;
  const own = wanted === undefined ? [] : defaultRules(wanted);
  const isElsewhere = (rule: PolicyRule): boolean => node.gathers.some((gathering) => rulesJudgedAt(gathering).has(textOf(rule)));
  const rules = node.rules.filter((rule) => !isElsewhere(rule) && !covers(own, rule));
  judged.set(node, rules);
  return rules;
}

/** What aggregated roles gather from default roles, which are not judged themselves, by control. Computed once. */
const gathered = new WeakMap<Snapshot, Map<string, (node: RoleNode) => number>>();

/** Whether a role from a manifest gathers a control's rights from default roles. */
function gathersDefaults(node: RoleNode, control: string, snapshot: Snapshot): boolean {
  if (node.gathers.length === 0 || node.isDefault || node.live) return false;
  const byControl = gathered.get(snapshot) ?? new Map<string, (node: RoleNode) => number>();
  gathered.set(snapshot, byControl);
  let known = byControl.get(control);
  if (known === undefined) {
    known = accessOf(snapshot).graph.combined(({ isDefault, rules }) =>
      isDefault && rules.some((rule) => grantedBy(rule, control) !== undefined) ? 1 : 0,
    );
    byControl.set(control, known);
  }
  return known(node) !== 0;
}

/** Rights that are worth less if they are limited to names. */
const lessIfNamed: ReadonlySet<string> = new Set(['rbac-read-secrets', 'rbac-write-secrets', 'rbac-token-request']);

interface Found extends Violation {
  readonly granted: Granted;
}

function severityOf({ reference }: Projection, control: string, found: readonly Found[], bound: boolean): Severity {
  const steps = [
    !bound,
    lessIfNamed.has(control) && found.every(({ granted }) => granted.named),
    reference.kind === 'Role' && found.every(({ granted }) => granted.clusterScoped),
  ];
  const own = controlById(control)?.severity ?? 'medium';
  const base = control === 'rbac-modify-configmaps' && reference.namespace === 'kube-system' ? 'high' : own;
  return steps.filter(Boolean).reduce<Severity>(lowered, base);
}

/**
 * Fails a role that grants the control's rights. The severity is lower if the role grants few of them or is not bound to a subject. The roles
 * of the API server and of kubeadm pass as long as they have no further rule.
 */
export const roleGrants: CrossObjectCheck = (role, { control, snapshot }) => {
  const access = accessOf(snapshot);
  const node = access.graph.of(role);
  const rules = judgedRules(node).flatMap((rule): Found[] => {
    const granted = grantedBy(rule, control);
    return granted === undefined ? [] : [{ path: `rules[${rule.index}]`, granted }];
  });
  const whole: readonly Found[] = gathersDefaults(node, control, snapshot)
    ? [{ path: 'aggregationRule', granted: { named: false, clusterScoped: false } }]
    : [];
  const found = [...rules, ...whole];
  if (found.length === 0) return clean;
  const bound = access.isBound(node);
  const severity = severityOf(role, control, found, bound);
  return { violations: found.map(({ path }) => ({ path })), faults: [], severity, bound };
};
