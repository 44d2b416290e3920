import { CelFault } from './values/cel-fault.ts';
import type { FaultCode } from './values/cel-fault.ts';
import type { CelType } from './values/cel-type.ts';
import { EXPRESSION_BUDGET, meter } from './compiler/code.ts';
import type { Code, Frame } from './compiler/code.ts';
import { runMetered } from './compile.ts';
import { variableMeter } from './policy-variable.ts';

/** A validation of a ValidatingAdmissionPolicy. */
export interface ValidationSpec {
  readonly expression: string;
  readonly message?: string | undefined;
  readonly messageExpression?: string | undefined;
  readonly reason?: string | undefined;
}

/** The variables of an evaluation, as plain JSON. They are not copied and not changed. An unset `oldObject` is null, as for CREATE. */
export interface AdmissionBindings {
  readonly object: unknown;
  readonly oldObject?: unknown;
  readonly request?: unknown;
  readonly namespaceObject?: unknown;
  readonly params?: unknown;
}

/** The outcome of one validation. The code of an error is its class. */
export type ValidationOutcome =
  | { readonly outcome: 'pass' }
  | { readonly outcome: 'fail'; readonly message: string; readonly reason: string | undefined }
  | { readonly outcome: 'error'; readonly code: FaultCode; readonly message: string };

/**
 * The outcome of a policy for an object. `matched` is false if a match condition is false. `conditionError` is set if a match condition
 * failed and no other one is false. The API server then applies the failure policy, and no validation is evaluated.
 */
export interface AdmissionOutcome {
  readonly matched: boolean;
  readonly validations: readonly ValidationOutcome[];
  readonly conditionError?: { readonly name: string; readonly code: FaultCode; readonly message: string };
}

/** The inputs of an expression of a policy that a scan may not have, including those of its `variables`. */
export interface ExpressionFacts {
  /** The expression reads `authorizer`, or what only a request has, such as `request.userInfo`. A scan must skip it. */
  readonly admissionOnly: boolean;
  readonly readsOldObject: boolean;
  readonly readsNamespaceObject: boolean;
}

/** A compiled expression of a policy. */
export interface Compiled {
  readonly code: Code;
  readonly facts: ExpressionFacts;
  readonly type: CelType;
}

/** A compiled validation of a policy. */
export interface Validation extends Compiled {
  readonly spec: ValidationSpec;
  readonly message: Code | undefined;
}

/**
 * The cost budget of all validations of a policy, including the variables that they read. The message expressions use the rest of it.
 * It is `RuntimeCELCostBudget` in k8s.io/apiserver/pkg/apis/cel/config.go.
 */
export const POLICY_BUDGET = 10_000_000;
/** The cost budget of all match conditions of a policy: `RuntimeCELCostBudgetMatchConditions` in the same file. */
export const CONDITIONS_BUDGET = 2_500_000;
/** The variables of every policy, in the order of their slots. The variables of the policy itself follow. */
export const BASE = ['object', 'oldObject', 'request', 'namespaceObject', 'params', 'authorizer', 'authorizer.requestResource'];
const MESSAGE_LIMIT = 5 * 1024;
const OUT_OF_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run';
const PASS: ValidationOutcome = Object.freeze({ outcome: 'pass' });
const UNMATCHED: AdmissionOutcome = Object.freeze({ matched: false, validations: Object.freeze([]) });

const budgetMessage = (what: string, budget: number, fix: string): string =>
  `${OUT_OF_BUDGET} (the cost limit of ${what} is ${String(budget)} units: ${fix})`;

/**
 * A compiled policy. It keeps no state between evaluations. Its cost budgets are those of the API server at run time (see docs/cost.md):
 * one for each expression and each variable, one for all match conditions, and one for all validations. The message expressions use the
 * rest of the budget of the validations.
 */
export class AdmissionProgram {
  /** The inputs of each validation, in the order of the spec. */
  readonly validations: readonly ExpressionFacts[];
  /** The inputs of each match condition, in the order of the spec. */
  readonly conditions: readonly (ExpressionFacts & { readonly name: string })[];
  private readonly compiledValidations: readonly Validation[];
  private readonly compiledConditions: readonly (Compiled & { readonly name: string })[];
  private readonly frame: Frame;
  private readonly variablesEnd: number;
  /** An upper estimate of the cost of all message expressions. */
  private readonly messagesNeed: number;
  private readonly allPass: AdmissionOutcome;
  private left = POLICY_BUDGET;

  /** Called by `compileAdmission`. */
  constructor(
    validations: readonly Validation[],
    conditions: readonly (Compiled & { readonly name: string })[],
    shape: { readonly frameSize: number; readonly variables: number },
  ) {
    this.compiledValidations = validations;
    this.compiledConditions = conditions;
    this.validations = validations.map((validation) => validation.facts);
    this.conditions = conditions.map((condition) => ({ name: condition.name, ...condition.facts }));
    this.frame = new Array<unknown>(shape.frameSize).fill(undefined);
    this.variablesEnd = BASE.length + shape.variables;
    const messages = validations.filter(({ message }) => message !== undefined).length;
    this.messagesNeed = messages === 0 ? 0 : (messages + shape.variables) * 2 * EXPRESSION_BUDGET;
    this.allPass = Object.freeze({ matched: true, validations: Object.freeze(validations.map(() => PASS)) });
  }

  /** Evaluates the policy. Never throws. Allocates nothing if all validations pass. `budget` replaces {@link POLICY_BUDGET}. */
  evaluate(bindings: AdmissionBindings, options?: { readonly budget?: number }): AdmissionOutcome {
    const { frame } = this;
    frame.fill(undefined);
    frame[0] = bindings.object;
    frame[1] = bindings.oldObject ?? null;
    frame[2] = bindings.request;
    frame[3] = bindings.namespaceObject ?? null;
    frame[4] = bindings.params;
    const outcome = this.condition() ?? this.validate(options?.budget ?? POLICY_BUDGET);
    frame.fill(undefined);
    return outcome;
  }

  private run(code: Code): unknown {
    variableMeter.spent = 0;
    const value = runMetered(code, this.frame, EXPRESSION_BUDGET);
    this.left -= meter.spent + variableMeter.spent;
    return value;
  }

  /** Returns the outcome of the match conditions, or undefined if the object matches. All are evaluated, as on the API server. */
  private condition(): AdmissionOutcome | undefined {
    this.left = CONDITIONS_BUDGET;
    let decided: AdmissionOutcome | undefined;
    for (const { name, code } of this.compiledConditions) {
      const value = this.run(code);
      if (this.left < 0) {
        const message = budgetMessage(
          'the match conditions',
          CONDITIONS_BUDGET,
          'move conditions to validations, or limit the lists that they iterate over',
        );
        return conditionError(name, new CelFault('budget_exceeded', message));
      }
      if (value === false) decided = UNMATCHED;
      if (value instanceof CelFault) decided ??= conditionError(name, value);
    }
    return decided;
  }

  private validate(budget: number): AdmissionOutcome {
    this.left = budget;
    let values: unknown[] | undefined;
    for (let i = 0; i < this.compiledValidations.length; i++) {
      const value = this.run((this.compiledValidations[i] as Validation).code);
      if (this.left < 0) return this.allError(budget);
      if (value === true) continue;
      values ??= this.compiledValidations.map(() => true);
      values[i] = value;
    }
    if (values === undefined && this.left >= this.messagesNeed) return this.allPass;
    return this.withMessages(values ?? [], budget);
  }

  /** Returns an error for every validation, because the policy exceeded its budget. */
  private allError(budget: number): AdmissionOutcome {
    const message = budgetMessage("the policy's validations", budget, 'split the policy, or limit the lists that it iterates over');
    return { matched: true, validations: this.compiledValidations.map(() => ({ outcome: 'error', code: 'budget_exceeded', message })) };
  }

  private withMessages(values: readonly unknown[], budget: number): AdmissionOutcome {
    const messages = this.messages();
    if (messages === undefined) return this.messagesOverspent(values, budget);
    return { matched: true, validations: this.compiledValidations.map((one, i) => validationOutcome(one, values[i] ?? true, messages[i])) };
  }

  /** Returns the values of the message expressions, or undefined if they exceed the budget. Evaluates all of them, and the variables again, as the API server does. */
  private messages(): readonly unknown[] | undefined {
    this.frame.fill(undefined, BASE.length, this.variablesEnd);
    const made: unknown[] = [];
    for (const { message } of this.compiledValidations) {
      made.push(message === undefined ? undefined : this.run(message));
      if (this.left < 0) return undefined;
    }
    return made;
  }

  private messagesOverspent(values: readonly unknown[], budget: number): AdmissionOutcome {
    const text = budgetMessage("the policy's validations and message expressions", budget, 'split the policy, or shorten the messages');
    const spent: ValidationOutcome = { outcome: 'error', code: 'budget_exceeded', message: `failed messageExpression: ${text}` };
    return {
      matched: true,
      validations: this.compiledValidations.map((one, i) =>
        values[i] instanceof CelFault ? validationOutcome(one, values[i], undefined) : spent,
      ),
    };
  }
}

function conditionError(name: string, { code, message }: CelFault): AdmissionOutcome {
  return { matched: true, validations: [], conditionError: { name, code, message } };
}

function validationOutcome(validation: Validation, value: unknown, made: unknown): ValidationOutcome {
  const { spec } = validation;
  if (value === true) return PASS;
  if (value instanceof CelFault) {
    return { outcome: 'error', code: value.code, message: `expression '${spec.expression.trim()}' resulted in error: ${value.message}` };
  }
  return { outcome: 'fail', message: messageOf(spec, made), reason: spec.reason };
}

/**
 * Selects the message as the API server does: the value of the message expression, unless it failed, is blank, has a line break or is too
 * long. Otherwise the message, or the text of the expression.
 */
function messageOf(spec: ValidationSpec, made: unknown): string {
  if (typeof made === 'string') {
    const text = made.trim();
    if (text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MESSAGE_LIMIT) return text;
  }
  const fixed = spec.message?.trim() ?? '';
  return fixed === '' ? `failed expression: ${spec.expression.trim()}` : fixed;
}
