import type { ApiResource } from '../../api/api-resource.ts';
import type { EnforcementEntry } from '../../api/kinds/policy-enforcement.ts';
import type { SecurityPolicy, SecurityPolicyRule } from '../../api/kinds/security-policy.ts';
import type { CompiledPolicy } from '../../engine/compiled-policy.ts';
import { approvalVariables } from './approval-policy.ts';
import { controlResources, controlsByShape, controlVariables } from './control-policy.ts';
import { deniedVariables, type DenyingEntry } from './denied-checks.ts';
import { entryChecks, type EntryChecks, type NotEnforced } from './entry-checks.ts';
import { type Draft, draftBinding, draftPolicy } from './policy-draft.ts';
import { messageExpression } from './message-expression.ts';
import type { AdmissionBinding, AdmissionPolicy } from './admission-policy.ts';
import { namespaceMatch, type NamespaceLabels, type NamespaceMatch } from './namespace-match.ts';
import { failureParts, ruleConstraints, ruleMessage, ruleVariables } from './rule-policy.ts';

/** The cluster in which policies are enforced. */
export interface EnforcementContext {
  /** The resources that the API server serves, preferred versions first. */
  readonly served: readonly ApiResource[];
  /** Includes the namespace of Vigil. */
  readonly systemNamespaces: readonly string[];
  /** The user name of the operator: `system:serviceaccount:NAMESPACE:NAME`. */
  readonly operator: string;
  /** All namespaces. Undefined: they are not known. */
  readonly namespaces?: readonly NamespaceLabels[] | undefined;
}

/** The objects that enforce a policy, and what they do not enforce. */
export interface EnforcementObjects {
  readonly policies: readonly AdmissionPolicy[];
  readonly bindings: readonly AdmissionBinding[];
  /** Whether the policies read exceptions from AdmissionParameters. */
  readonly waives: boolean;
  /** Whether a policy reads approved digests from AdmissionParameters. */
  readonly approves: boolean;
  /** The names of the checks that an entry enforces. */
  readonly enforced: readonly string[];
  readonly notEnforced: readonly NotEnforced[];
  /** What is wrong with entries, each with its path. */
  readonly problems: readonly string[];
  /** The paths of entries that apply in no namespace that exists now. */
  readonly unmatched: readonly string[];
}

/** Returns the admission policies and bindings of a policy with `spec.enforcement`. Pure. */
export function enforcementObjects(policy: SecurityPolicy, compiled: CompiledPolicy, context: EnforcementContext): EnforcementObjects {
  const waives = policy.spec.exceptions?.allow === 'All';
  const entries = (policy.spec.enforcement ?? []).map(
    (entry, index) => new EntryObjects(policy, { entry, index, compiled, context, waives }),
  );
  const denying = entries.flatMap(({ denying: own }) => own);
  const made = entries.map((entry) => entry.build(denying));
  const notEnforced = made.flatMap((one) => one.notEnforced);
  return {
    policies: made.flatMap((one) => one.policies),
    bindings: made.flatMap((one) => one.bindings),
    waives,
    approves: made.some((one) => one.approves),
    enforced: [...new Set(made.flatMap((one) => one.enforced))],
    notEnforced: [...new Map(notEnforced.map((one) => [one.check, one])).values()],
    problems: made.flatMap((one) => one.problems),
    unmatched: [...new Set(made.flatMap((one) => one.unmatched))],
  };
}

interface EntryInput {
  readonly entry: EnforcementEntry;
  readonly index: number;
  readonly compiled: CompiledPolicy;
  readonly context: EnforcementContext;
  readonly waives: boolean;
}

/** Builds the objects of one entry. */
class EntryObjects {
  readonly #policy: SecurityPolicy;
  readonly #input: EntryInput;
  readonly #checks: EntryChecks;
  readonly #namespaces: NamespaceMatch;
  readonly #path: string;

  constructor(policy: SecurityPolicy, input: EntryInput) {
    const { entry, index, compiled, context } = input;
    this.#policy = policy;
    this.#input = input;
    this.#path = `spec.enforcement[${index}]`;
    const denies = entry.actions.includes('Deny');
    this.#namespaces = namespaceMatch(policy.spec.scope, { namespaces: entry.namespaces, denies }, context.systemNamespaces);
    this.#checks = entryChecks(compiled, policy.spec.rules ?? [], { entry, path: this.#path, leftOut: this.#namespaces.leftOut });
  }

  /** The checks that it refuses, and where. Empty if it denies nothing. */
  get denying(): readonly DenyingEntry[] {
    if (!this.#input.entry.actions.includes('Deny') || this.#namespaces.empty !== undefined) return [];
    const { controls, rules, approval } = this.#checks;
    const checks = [...controls.map(({ control }) => control.id), ...rules.map(({ name }) => name)];
    const approving = approval === undefined ? [] : [{ checks: [approval.control.id], namespaces: this.#approvalNamespaces }];
    return [{ checks, namespaces: this.#namespaces }, ...approving];
  }

  /** `denying`: the entries of the policy that deny. */
  build(denying: readonly DenyingEntry[]): Omit<EnforcementObjects, 'waives'> {
    const { empty } = this.#namespaces;
    const drafts = empty === undefined ? [...this.#ofControls(), ...this.#ofApproval(), ...this.#ofRules()] : [];
    const made = drafts.filter((draft): draft is Draft => 'spec' in draft);
    const left = drafts.filter((draft): draft is NotEnforced => 'check' in draft);
    const names = this.#names;
    const denied = this.#input.entry.actions.includes('Warn') ? deniedVariables(names, denying) : [];
    const { entry, index, waives, context } = this.#input;
    const settings = { policy: this.#policy, entry, index, waives, operator: context.operator, namespaces: this.#namespaces };
    const unusable = new Set(left.map(({ check }) => check));
    return {
      policies: made.map((draft) => draftPolicy(draft, settings, denied)),
      bindings: made.map((draft) => draftBinding(draft, settings)),
      approves: made.some(({ readsParameters }) => readsParameters === true),
      enforced: empty === undefined ? names.filter((name) => !unusable.has(name)) : [],
      notEnforced: [...this.#checks.notEnforced, ...left],
      problems: [...this.#checks.problems, ...this.#namespaceProblems(drafts.length)],
      unmatched: this.#unmatched,
    };
  }

  /** The path of its namespaces if no namespace that exists now is one of them, or that of the namespaces in which images must be approved. */
  get #unmatched(): readonly string[] {
    const { namespaces } = this.#input.context;
    const isUnmatched = ({ empty, isLimited, includes }: NamespaceMatch): boolean =>
      empty === undefined && isLimited && namespaces?.some(includes) === false;
    if (isUnmatched(this.#namespaces)) return [`${this.#path}.namespaces`];
    const approves = this.#checks.approval !== undefined && isUnmatched(this.#approvalNamespaces);
    return approves ? ['spec.images.approval.namespaces'] : [];
  }

  /** The names of its checks. */
  get #names(): readonly string[] {
    const { controls, approval, rules } = this.#checks;
    const all = approval === undefined ? controls : [...controls, approval];
    return [...all.map(({ control }) => control.id), ...rules.map(({ name }) => name)];
  }

  #namespaceProblems(drafts: number): readonly string[] {
    const { refused, empty } = this.#namespaces;
    const system = refused.map((name) => `${this.#path}.namespaces: Deny never applies in the system namespace ${name}`);
    if (empty !== undefined) return [...system, `${this.#path}.namespaces: ${empty} in which this entry applies`];
    return drafts > 0 ? system : [...system, `${this.#path}: it selects no check that the API server can evaluate`];
  }

  /** The namespaces of the entry in which images must be approved. */
  get #approvalNamespaces(): NamespaceMatch {
    const { entry, context } = this.#input;
    const { spec } = this.#policy;
    const within = spec.images?.approval?.namespaces;
    const scope = { namespaces: entry.namespaces, denies: entry.actions.includes('Deny'), within };
    return namespaceMatch(spec.scope, scope, context.systemNamespaces);
  }

  #ofControls(): readonly Draft[] {
    const byShape = controlsByShape(this.#checks.controls);
    return (['pods', 'objects'] as const).flatMap((shape): readonly Draft[] => {
      const controls = byShape[shape];
      const resourceRules = controlResources(byShape, shape, this.#input.context.served);
      if (resourceRules.length === 0) return [];
      const selectors = { namespaceSelector: {}, objectSelector: this.#policy.spec.scope?.objectSelector ?? {} };
      const matchConstraints = { matchPolicy: 'Equivalent' as const, ...selectors, resourceRules };
      const variables = controlVariables(controls, shape);
      return [
        {
          shape,
          spec: { failurePolicy: 'Ignore', matchConstraints, variables },
          message: messageExpression(this.#name, this.#input.waives),
        },
      ];
    });
  }

  /** The policy about approved images. It is one of its own, because its parameters may require other namespaces. */
  #ofApproval(): readonly (Draft | NotEnforced)[] {
    const { approval } = this.#checks;
    if (approval === undefined) return [];
    const { context } = this.#input;
    const { spec } = this.#policy;
    const namespaces = this.#approvalNamespaces;
    if (namespaces.empty !== undefined)
      return [{ check: approval.control.id, reason: 'spec.images.approval.namespaces names no namespace of the entry' }];
    const matchConstraints = {
      matchPolicy: 'Equivalent' as const,
      namespaceSelector: {},
      objectSelector: spec.scope?.objectSelector ?? {},
      resourceRules: controlResources({ pods: [approval] }, 'pods', context.served),
    };
    const made = { failurePolicy: 'Ignore' as const, matchConstraints, variables: approvalVariables() };
    return [{ shape: 'images', spec: made, message: messageExpression(this.#name, this.#input.waives), namespaces, readsParameters: true }];
  }

  #ofRules(): readonly (Draft | NotEnforced)[] {
    return this.#checks.rules.flatMap((rule) => this.#ofRule(rule));
  }

  #ofRule(rule: SecurityPolicyRule): readonly (Draft | NotEnforced)[] {
    const constraints = ruleConstraints(rule, this.#input.context.served);
    if (typeof constraints === 'string') return [{ check: rule.name, reason: constraints }];
    const message = messageExpression(this.#name, this.#input.waives, ruleMessage(rule));
    const variables = ruleVariables(rule);
    return failureParts(rule, constraints).map(({ suffix, ...part }) => ({
      shape: `rule-${rule.name}${suffix}`,
      spec: { ...part, variables },
      message,
    }));
  }

  get #name(): string {
    return this.#policy.metadata.name;
  }
}
