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

/** What a policy is evaluated over: plain JSON, not copied and not changed. An unset `oldObject` is null, as at a CREATE. */
export interface AdmissionBindings {
  readonly object: unknown;
  readonly oldObject?: unknown;
  readonly request?: unknown;
  readonly namespaceObject?: unknown;
  readonly params?: unknown;
}

/** What one validation says. An error's code tells its class. */
export type ValidationOutcome =
  | { readonly outcome: 'pass' }
  | { readonly outcome: 'fail'; readonly message: string; readonly reason: string | undefined }
  | { readonly outcome: 'error'; readonly code: FaultCode; readonly message: string };

/**
 * What a policy says of an object. Not `matched`: a match condition is false. A `conditionError` means that one failed
 * and none was false: the server then applies the failure policy, and no validation is evaluated.
 */
export interface AdmissionOutcome {
  readonly matched: boolean;
  readonly validations: readonly ValidationOutcome[];
  readonly conditionError?: { readonly name: string; readonly code: FaultCode; readonly message: string };
}

/** What an expression of a policy reads that a scan cannot give it, through `variables` too. */
export interface ExpressionFacts {
  /** Reads `request.userInfo` or `authorizer`: a scan must skip it. */
  readonly admissionOnly: boolean;
  readonly readsNamespaceObject: boolean;
}

/** An expression of a policy, compiled. */
export interface Compiled {
  readonly code: Code;
  readonly facts: ExpressionFacts;
  readonly type: CelType;
}

/** A validation of a policy, compiled. */
export interface Validation extends Compiled {
  readonly spec: ValidationSpec;
  readonly message: Code | undefined;
}

/**
 * The most that a policy's validations, with the variables that they read, may cost together; and its message expressions
 * out of what is left. `RuntimeCELCostBudget` of k8s.io/apiserver/pkg/apis/cel/config.go.
 */
export const POLICY_BUDGET = 10_000_000;
/** The most that its match conditions may cost together: `RuntimeCELCostBudgetMatchConditions` there. */
export const CONDITIONS_BUDGET = 2_500_000;
/** The variables that every policy has, in the order of their slots; the policy's own follow. */
export const BASE = ['object', 'oldObject', 'request', 'namespaceObject', 'params', 'authorizer', 'authorizer.requestResource'];
const MESSAGE_LIMIT = 5 * 1024;
const OUT_OF_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run';
const PASS: ValidationOutcome = Object.freeze({ outcome: 'pass' });
const UNMATCHED: AdmissionOutcome = Object.freeze({ matched: false, validations: Object.freeze([]) });

const overBudget = (what: string, budget: number, mend: string): string =>
  `${OUT_OF_BUDGET} (${what} may cost ${String(budget)} units together: ${mend})`;

/**
 * A policy that is ready to judge objects. It keeps no state between evaluations. Its budgets are the API server's, which has
 * them at run time only (see docs/cost.md): each expression and each variable by itself, the match conditions together, the
 * validations together, and the message expressions out of what these left.
 */
export class AdmissionProgram {
  /** What each validation reads, in the order of the spec. */
  readonly validations: readonly ExpressionFacts[];
  /** What each match condition reads, in the order of the spec. */
  readonly conditions: readonly (ExpressionFacts & { readonly name: string })[];
  private readonly compiledValidations: readonly Validation[];
  private readonly compiledConditions: readonly (Compiled & { readonly name: string })[];
  private readonly frame: Frame;
  private readonly variablesEnd: number;
  /** What the message expressions can hardly exceed. */
  private readonly messagesNeed: number;
  private readonly allPass: AdmissionOutcome;
  private left = POLICY_BUDGET;

  /** Made by `compileAdmission`. */
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

  /** Judges an object. Never throws, and allocates nothing when every validation passes. `budget`: instead of the policy's. */
  evaluate(bindings: AdmissionBindings, options?: { readonly budget?: number }): AdmissionOutcome {
    const { frame } = this;
    frame.fill(undefined);
    frame[0] = bindings.object;
    frame[1] = bindings.oldObject ?? null;
    frame[2] = bindings.request;
    frame[3] = bindings.namespaceObject ?? null;
    frame[4] = bindings.params;
    const outcome = this.condition() ?? this.judge(options?.budget ?? POLICY_BUDGET);
    frame.fill(undefined);
    return outcome;
  }

  private run(code: Code): unknown {
    variableMeter.spent = 0;
    const value = runMetered(code, this.frame, EXPRESSION_BUDGET);
    this.left -= meter.spent + variableMeter.spent;
    return value;
  }

  /** The outcome that the match conditions decide, or undefined when they let the object through. All are evaluated, as on the server. */
  private condition(): AdmissionOutcome | undefined {
    this.left = CONDITIONS_BUDGET;
    let decided: AdmissionOutcome | undefined;
    for (const { name, code } of this.compiledConditions) {
      const value = this.run(code);
      if (this.left < 0) {
        const message = overBudget(
          'the match conditions',
          CONDITIONS_BUDGET,
          'leave some to the validations, or bound what they loop over',
        );
        return conditionError(name, new CelFault('budget_exceeded', message));
      }
      if (value === false) decided = UNMATCHED;
      if (value instanceof CelFault) decided ??= conditionError(name, value);
    }
    return decided;
  }

  private judge(budget: number): AdmissionOutcome {
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
    return this.told(values ?? [], budget);
  }

  /** A policy that costs too much says nothing of any validation. */
  private allError(budget: number): AdmissionOutcome {
    const message = overBudget("the policy's validations", budget, 'split it into several, or bound what they loop over');
    return { matched: true, validations: this.compiledValidations.map(() => ({ outcome: 'error', code: 'budget_exceeded', message })) };
  }

  private told(values: readonly unknown[], budget: number): AdmissionOutcome {
    const messages = this.messages();
    if (messages === undefined) return this.messagesOverspent(values, budget);
    return { matched: true, validations: this.compiledValidations.map((one, i) => judged(one, values[i] ?? true, messages[i])) };
  }

  /** What each message expression comes to, or undefined when they cost more than is left. The server evaluates all, and the variables anew. */
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
    const text = overBudget("the policy's validations and message expressions", budget, 'split the policy, or shorten the messages');
    const spent: ValidationOutcome = { outcome: 'error', code: 'budget_exceeded', message: `failed messageExpression: ${text}` };
    return {
      matched: true,
      validations: this.compiledValidations.map((one, i) => (values[i] instanceof CelFault ? judged(one, values[i], undefined) : spent)),
    };
  }
}

function conditionError(name: string, { code, message }: CelFault): AdmissionOutcome {
  return { matched: true, validations: [], conditionError: { name, code, message } };
}

function judged(validation: Validation, value: unknown, made: unknown): ValidationOutcome {
  const { spec } = validation;
  if (value === true) return PASS;
  if (value instanceof CelFault) {
    return { outcome: 'error', code: value.code, message: `expression '${spec.expression.trim()}' resulted in error: ${value.message}` };
  }
  return { outcome: 'fail', message: messageOf(spec, made), reason: spec.reason };
}

/** The server's choice: what the message expression made unless that failed, is blank, has a line break or is too long; then the message; then the expression. */
function messageOf(spec: ValidationSpec, made: unknown): string {
  if (typeof made === 'string') {
    const text = made.trim();
    if (text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MESSAGE_LIMIT) return text;
  }
  const fixed = spec.message?.trim() ?? '';
  return fixed === '' ? `failed expression: ${spec.expression.trim()}` : fixed;
}
