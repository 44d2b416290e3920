import type { ApiResource } from '../api/api-resource.ts';
import type { SecurityPolicyRule } from '../api/security-policy.ts';
import { type Bindings, compileExpression, type Expression } from './expression.ts';
import { type Fields, nameOf, namespaceOf, textOf } from './kubernetes-object.ts';
import type { ReportProblem } from './policy-problem.ts';
import type { NamespaceFacts } from './policy-scope.ts';

/** What a rule came to on one object. `unmatched`: its match conditions leave the object out. */
export interface RuleOutcome {
  readonly kind: 'pass' | 'fail' | 'error' | 'skip' | 'unmatched';
  readonly message: string;
  readonly path?: string;
}

/** What a rule is asked about. */
export interface RuleInput {
  readonly object: Fields;
  readonly resource: ApiResource;
  readonly namespace: NamespaceFacts | undefined;
  readonly params: unknown;
}

interface Named {
  readonly name: string;
  readonly evaluate: Expression;
}

interface Validation {
  readonly source: string;
  readonly evaluate: Expression;
  readonly message: string | undefined;
  readonly messageExpression: Expression | undefined;
}

const admissionOnly = /\b(request\.userInfo|authorizer)\b/;

/** The expressions of a rule, compiled. */
export class RuleProgram {
  readonly #conditions: readonly Named[];
  readonly #variables: readonly Named[];
  readonly #validations: readonly Validation[];
  readonly #admissionOnly: boolean;

  private constructor(parts: {
    conditions: readonly Named[];
    variables: readonly Named[];
    validations: readonly Validation[];
    admissionOnly: boolean;
  }) {
    this.#conditions = parts.conditions;
    this.#variables = parts.variables;
    this.#validations = parts.validations;
    this.#admissionOnly = parts.admissionOnly;
  }

  /** Compiles the expressions; undefined, and problems reported with their exact paths, when one does not compile. */
  static compile(
    rule: SecurityPolicyRule,
    path: string,
    { report }: { kubernetesVersion: string; report: ReportProblem },
  ): RuleProgram | undefined {
    const state = { broken: false };
    const compileAt = (source: string, at: string): Expression => {
      const compiled = compileExpression(source, 'rule');
      if (compiled.ok) return compiled.evaluate;
      state.broken = true;
      report({ path: `${path}.${at}`, reason: 'InvalidExpression', ...compiled.error });
      return () => ({ ok: false, message: compiled.error.message });
    };
    const named = (list: readonly { name: string; expression: string }[], field: string): readonly Named[] =>
      list.map(({ name, expression }, index) => ({ name, evaluate: compileAt(expression, `${field}[${index}].expression`) }));
    const conditions = named(rule.matchConditions ?? [], 'matchConditions');
    const variables = named(rule.variables ?? [], 'variables');
    const validations = rule.validations.map(({ expression, message, messageExpression }, index) => ({
      source: expression,
      message,
      evaluate: compileAt(expression, `validations[${index}].expression`),
      messageExpression:
        messageExpression === undefined ? undefined : compileAt(messageExpression, `validations[${index}].messageExpression`),
    }));
    const sources = [...(rule.matchConditions ?? []), ...(rule.variables ?? []), ...rule.validations].map(({ expression }) => expression);
    if (state.broken) return undefined;
    return new RuleProgram({ conditions, variables, validations, admissionOnly: sources.some((source) => admissionOnly.test(source)) });
  }

  /** Judges one object as the API server would judge its creation. */
  evaluate(input: RuleInput): RuleOutcome {
    if (this.#admissionOnly) return { kind: 'skip', message: 'the rule reads who makes the request: it can only be judged at admission' };
    const bindings = bindingsOf(input);
    const unmatched = this.#unmatched(bindings);
    if (unmatched !== undefined) return unmatched;
    bindings['variables'] = lazyVariables(this.#variables, bindings);
    return this.#validate(bindings);
  }

  #unmatched(bindings: Bindings): RuleOutcome | undefined {
    let failed: string | undefined;
    for (const { name, evaluate } of this.#conditions) {
      const result = evaluate(bindings);
      if (result.ok && result.value === false) return { kind: 'unmatched', message: '' };
      if (!result.ok) failed ??= `matchConditions[${name}]: ${result.message}`;
    }
    return failed === undefined ? undefined : { kind: 'error', message: failed };
  }

  #validate(bindings: Bindings): RuleOutcome {
    let error: RuleOutcome | undefined;
    for (const [index, validation] of this.#validations.entries()) {
      const result = validation.evaluate(bindings);
      if (!result.ok) error ??= { kind: 'error', message: `validations[${index}]: ${result.message}` };
      else if (result.value !== true) return { kind: 'fail', message: messageOf(validation, bindings) };
    }
    return error ?? { kind: 'pass', message: 'all validations hold' };
  }
}

function messageOf({ message, messageExpression, source }: Validation, bindings: Bindings): string {
  const made = messageExpression?.(bindings);
  if (made?.ok === true && typeof made.value === 'string' && made.value.trim() !== '') return made.value;
  return message ?? `failed expression: ${source.trim()}`;
}

function lazyVariables(variables: readonly Named[], bindings: Bindings): Fields {
  const values: Record<string, unknown> = {};
  for (const { name, evaluate } of variables) {
    const result = evaluate({ ...bindings, variables: values });
    if (result.ok) values[name] = result.value;
  }
  return values;
}

/** What the API server binds for the creation of an object. */
function bindingsOf({ object, resource, namespace, params }: RuleInput): Bindings {
  const { group, version, kind, resource: plural, namespaced } = resource;
  const name = nameOf(object) ?? '';
  return {
    object,
    oldObject: null,
    params,
    namespaceObject:
      namespace === undefined
        ? null
        : {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name: namespace.name, labels: namespace.labels, annotations: namespace.annotations ?? {} },
          },
    request: {
      kind: { group, version, kind: textOf(object['kind']) ?? kind },
      resource: { group, version, resource: plural },
      requestKind: { group, version, kind },
      requestResource: { group, version, resource: plural },
      subResource: '',
      requestSubResource: '',
      name,
      namespace: namespaced ? namespaceOf(object) : '',
      operation: 'CREATE',
      dryRun: false,
    },
  };
}
