import { readsIdentifier, replaceIdentifiers, type Replacement } from '../../cel/identifiers.ts';
import type { SecurityPolicyRule } from '../../api/kinds/security-policy.ts';

/** Prefixes of variables that Vigil adds to those of a rule. */
const added = 'vigil_';
const ofOld = `${added}old_`;

/** Which object the expressions of a rule evaluate: that of the request, or on an update the old one as if it were created. */
export type RuleSubject = 'new' | 'old';

/** Rewrites expressions of a rule for a policy in which `params` and the Pod of a workload are variables. */
export class RuleExpressions {
  readonly #rule: SecurityPolicyRule;

  constructor(rule: SecurityPolicyRule) {
    this.#rule = rule;
  }

  /** The name of the variable with the object of a rule about pod templates. */
  static readonly pod = `${added}pod`;
  static readonly oldPod = `${added}old_pod`;
  static readonly params = `${added}params`;

  /** Whether the rule can be evaluated on the old object: it does not read `oldObject`, and reads its variables by name. */
  get isAboutState(): boolean {
    const { matchConditions = [], variables = [], validations } = this.#rule;
    const expressions = [...matchConditions, ...variables, ...validations].map(({ expression }) => expression);
    return expressions.every((expression) => !readsIdentifier(expression, 'oldObject') && !readsWholeVariables(expression));
  }

  /** Returns an expression of the rule for one of its objects. */
  of(expression: string, subject: RuleSubject): string {
    return replaceIdentifiers(expression, (name, rest) => this.#replacement(name, rest, subject));
  }

  /** Returns the name of a variable of the rule for one of its objects. */
  static variable(name: string, subject: RuleSubject): string {
    return subject === 'old' ? `${ofOld}${name}` : name;
  }

  #replacement(name: string, rest: string, subject: RuleSubject): Replacement | undefined {
    if (name === 'params') return { text: this.#rule.params === undefined ? 'null' : `variables.${RuleExpressions.params}` };
    if (name === 'object') return objectText(this.#rule.podTemplates === true, subject);
    const field = name === 'variables' && subject === 'old' ? /^\s*\.\s*(\w+)/.exec(rest) : null;
    return field === null ? undefined : { text: `variables.${ofOld}${field[1] ?? ''}`, length: field[0].length };
  }
}

function objectText(podTemplates: boolean, subject: RuleSubject): Replacement | undefined {
  if (podTemplates) return { text: `variables.${subject === 'old' ? RuleExpressions.oldPod : RuleExpressions.pod}` };
  return subject === 'old' ? { text: 'oldObject' } : undefined;
}

/** Whether an expression reads `variables` other than by the name of one of them. */
function readsWholeVariables(expression: string): boolean {
  let whole = false;
  replaceIdentifiers(expression, (name, rest) => {
    whole ||= name === 'variables' && !/^\s*\.\s*\w/.test(rest);
    return undefined;
  });
  return whole;
}
