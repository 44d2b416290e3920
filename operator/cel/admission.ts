import { admissionReads } from './admission-reads.ts';
import type { AdmissionReads } from './admission-reads.ts';
import { admissionVariables } from './admission-variables.ts';
import { CelFault } from './cel-fault.ts';
import type { FaultCode } from './cel-fault.ts';
import { objectOf } from './cel-type.ts';
import type { CelType } from './cel-type.ts';
import { EXPRESSION_BUDGET, meter } from './code.ts';
import type { Code, Frame } from './code.ts';
import { analyze, runMetered, wrongResult } from './compile.ts';
import type { Analysis } from './compile.ts';
import { generate } from './compiler.ts';
import { NEWEST_VERSION } from './environment.ts';
import { errorAt } from './source.ts';
import type { CompileError } from './source.ts';
import { CelMap } from './value.ts';

/** A validation of a ValidatingAdmissionPolicy. */
export interface ValidationSpec {
  readonly expression: string;
  readonly message?: string | undefined;
  readonly messageExpression?: string | undefined;
  readonly reason?: string | undefined;
}

/** The part of a ValidatingAdmissionPolicy's spec that is written in the language. */
export interface AdmissionSpec {
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[] | undefined;
  readonly variables?: readonly { readonly name: string; readonly expression: string }[] | undefined;
  readonly validations: readonly ValidationSpec[];
}

/** How a policy is compiled. `params`: whether it binds `params`, an untyped map. */
export interface AdmissionOptions {
  readonly kubernetesVersion?: string;
  readonly params?: boolean;
}

/** What is wrong with one expression of a policy; `path` is `validations[0].expression` and the like. */
export interface AdmissionError extends CompileError {
  readonly path: string;
}

/** A compiled policy, or everything that is wrong with it. */
export type AdmissionResult =
  { readonly ok: true; readonly program: AdmissionProgram } | { readonly ok: false; readonly errors: readonly AdmissionError[] };

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

/** The most all expressions of a policy may cost together; the API server's own limit. */
export const POLICY_BUDGET = 10_000_000;
const MESSAGE_LIMIT = 5 * 1024;
const BASE = ['object', 'oldObject', 'request', 'namespaceObject', 'params', 'authorizer', 'authorizer.requestResource'];
const PASS: ValidationOutcome = Object.freeze({ outcome: 'pass' });
const UNMATCHED: AdmissionOutcome = Object.freeze({ matched: false, validations: Object.freeze([]) });

interface Variable {
  readonly code: Code;
  readonly slot: number;
  readonly facts: ExpressionFacts;
}

interface Compiled {
  readonly code: Code;
  readonly facts: ExpressionFacts;
  readonly type: CelType;
}

interface Validation extends Compiled {
  readonly spec: ValidationSpec;
  readonly message: Code | undefined;
}

/** Reads a policy variable: evaluated at its first reading, an error kept as well as a value. */
function lazyCode(code: Code, slot: number): Code {
  const compute = (frame: Frame): unknown => {
    meter.spent += code.cost;
    try {
      return code.run(frame);
    } catch (error) {
      if (error instanceof CelFault && error.code !== 'budget_exceeded') return error;
      throw error;
    }
  };
  return {
    cost: 2,
    run: (frame) => {
      let value = frame[slot];
      if (value === undefined) {
        value = compute(frame);
        frame[slot] = value;
      }
      if (value instanceof CelFault) throw value;
      return value;
    },
  };
}

function wholeCode(variables: ReadonlyMap<string, Variable>): Code {
  return {
    cost: 1,
    run: (frame) =>
      new CelMap(
        new Map([...variables].map(([name, variable]) => [name, [name, lazyCode(variable.code, variable.slot).run(frame)] as const])),
      ),
  };
}

/** Compiles the expressions of one policy into one frame, so that variables are shared between them. */
class PolicyCompiler {
  readonly errors: AdmissionError[] = [];
  frameSize: number;
  private readonly version: string;
  private readonly base: ReadonlyMap<string, CelType>;
  private readonly variables = new Map<string, Variable>();
  private readonly fields: Record<string, CelType> = {};
  private nextSlot: number;
  private readonly hasVariables: boolean;

  constructor(options: AdmissionOptions, variableCount: number) {
    this.version = options.kubernetesVersion ?? NEWEST_VERSION;
    this.base = admissionVariables(options.params === true);
    this.hasVariables = variableCount > 0;
    this.nextSlot = BASE.length + variableCount;
    this.frameSize = this.nextSlot;
  }

  private facts(reads: AdmissionReads): ExpressionFacts {
    const used = [...this.variables]
      .filter(([name]) => reads.allVariables || reads.variables.has(name))
      .map(([, variable]) => variable.facts);
    return {
      admissionOnly: reads.admissionOnly || used.some((facts) => facts.admissionOnly),
      readsNamespaceObject: reads.namespaceObject || used.some((facts) => facts.readsNamespaceObject),
    };
  }

  private lazy(name: string): Code | undefined {
    if (name === 'variables') return wholeCode(this.variables);
    const variable = name.startsWith('variables.') ? this.variables.get(name.slice('variables.'.length)) : undefined;
    return variable === undefined ? undefined : lazyCode(variable.code, variable.slot);
  }

  private generate(analysis: Analysis): Code {
    const { code, frameSize } = generate(analysis.parsed.root, analysis.checked, analysis.environment, {
      firstLocal: this.nextSlot,
      slotOf: (name) => (this.base.has(name) ? BASE.indexOf(name) : undefined),
      lazy: (name) => this.lazy(name),
    });
    this.frameSize = Math.max(this.frameSize, frameSize);
    return code;
  }

  /** Compiles an expression at a path; `wanted` is the type that it must have, `withVariables` whether it may read `variables`. */
  expression(path: string, source: string, wanted: 'bool' | 'string' | 'any', withVariables = true): Compiled | undefined {
    const scope = new Map(this.base);
    // A policy without variables has no `variables`, as on the server.
    if (withVariables && this.hasVariables) scope.set('variables', objectOf('kubernetes.variables', { ...this.fields }));
    const analysis = analyze(source, this.version, scope);
    if (!('parsed' in analysis)) {
      this.errors.push(...analysis.map((error) => ({ path, ...error })));
      return undefined;
    }
    const wrong = wrongResult(wanted, analysis.resultType);
    if (wrong !== undefined) {
      this.errors.push({ path, ...errorAt(source, 0, wrong) });
      return undefined;
    }
    return { code: this.generate(analysis), facts: this.facts(admissionReads(analysis.parsed.root)), type: analysis.resultType };
  }

  /** Compiles a variable; the ones after it may read it. Its folds have slots of their own, since it runs in the middle of others. */
  variable(index: number, name: string, source: string): void {
    const path = `variables[${String(index)}]`;
    if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || this.variables.has(name)) {
      const message = this.variables.has(name) ? `duplicate variable '${name}'` : `the name '${name}' is not an identifier`;
      this.errors.push({ path: `${path}.name`, message, line: 1, column: 1 });
    }
    const compiled = this.expression(`${path}.expression`, source, 'any');
    if (compiled === undefined) {
      this.fields[name] = { kind: 'error', name: '!error!', params: [] };
      return;
    }
    this.nextSlot = this.frameSize;
    this.fields[name] = compiled.type;
    this.variables.set(name, { ...compiled, slot: BASE.length + index });
  }

  validation(index: number, spec: ValidationSpec): Validation | undefined {
    const path = `validations[${String(index)}]`;
    const compiled = this.expression(`${path}.expression`, spec.expression, 'bool');
    const message =
      spec.messageExpression === undefined || spec.messageExpression === ''
        ? undefined
        : this.expression(`${path}.messageExpression`, spec.messageExpression, 'string');
    return compiled === undefined ? undefined : { ...compiled, spec, message: message?.code };
  }
}

/** A policy that is ready to judge objects. It keeps no state between evaluations. */
export class AdmissionProgram {
  /** What each validation reads, in the order of the spec. */
  readonly validations: readonly ExpressionFacts[];
  /** What each match condition reads, in the order of the spec. */
  readonly conditions: readonly (ExpressionFacts & { readonly name: string })[];
  private readonly compiledValidations: readonly Validation[];
  private readonly compiledConditions: readonly (Compiled & { readonly name: string })[];
  private readonly frame: Frame;
  private readonly allPass: AdmissionOutcome;
  private left = POLICY_BUDGET;

  /** Made by `compileAdmission`. */
  constructor(validations: readonly Validation[], conditions: readonly (Compiled & { readonly name: string })[], frameSize: number) {
    this.compiledValidations = validations;
    this.compiledConditions = conditions;
    this.validations = validations.map((validation) => validation.facts);
    this.conditions = conditions.map((condition) => ({ name: condition.name, ...condition.facts }));
    this.frame = new Array<unknown>(frameSize).fill(undefined);
    this.allPass = Object.freeze({ matched: true, validations: Object.freeze(validations.map(() => PASS)) });
  }

  /** Judges an object. Never throws, and allocates nothing when every validation passes. */
  evaluate(bindings: AdmissionBindings, options?: { readonly budget?: number }): AdmissionOutcome {
    const { frame } = this;
    frame.fill(undefined);
    frame[0] = bindings.object;
    frame[1] = bindings.oldObject ?? null;
    frame[2] = bindings.request;
    frame[3] = bindings.namespaceObject ?? null;
    frame[4] = bindings.params;
    this.left = options?.budget ?? POLICY_BUDGET;
    const outcome = this.condition() ?? this.judge();
    frame.fill(undefined);
    return outcome;
  }

  private run(code: Code): unknown {
    const value = runMetered(code, this.frame, Math.min(EXPRESSION_BUDGET, this.left));
    this.left -= meter.spent;
    return value;
  }

  /** The outcome that the match conditions decide, or undefined when they let the object through. */
  private condition(): AdmissionOutcome | undefined {
    let failed: AdmissionOutcome | undefined;
    for (const condition of this.compiledConditions) {
      const value = this.run(condition.code);
      if (value === false) return UNMATCHED;
      if (value instanceof CelFault) {
        failed ??= { matched: true, validations: [], conditionError: { name: condition.name, code: value.code, message: value.message } };
      }
    }
    return failed;
  }

  private judge(): AdmissionOutcome {
    let outcomes: ValidationOutcome[] | undefined;
    for (let i = 0; i < this.compiledValidations.length; i++) {
      const validation = this.compiledValidations[i] as Validation;
      const value = this.run(validation.code);
      if (value === true) continue;
      outcomes ??= [...this.allPass.validations];
      outcomes[i] = this.failure(validation, value);
    }
    return outcomes === undefined ? this.allPass : { matched: true, validations: outcomes };
  }

  private failure(validation: Validation, value: unknown): ValidationOutcome {
    const { spec } = validation;
    if (value instanceof CelFault) {
      return { outcome: 'error', code: value.code, message: `expression '${spec.expression.trim()}' resulted in error: ${value.message}` };
    }
    return { outcome: 'fail', message: this.message(validation), reason: spec.reason };
  }

  /** The server's choice: the message expression unless it fails, is blank, has a line break or is too long; then the message; then the expression. */
  private message(validation: Validation): string {
    const made = validation.message === undefined ? undefined : this.run(validation.message);
    if (typeof made === 'string') {
      const text = made.trim();
      if (text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MESSAGE_LIMIT) return text;
    }
    const fixed = validation.spec.message?.trim() ?? '';
    return fixed === '' ? `failed expression: ${validation.spec.expression.trim()}` : fixed;
  }
}

/** Compiles a policy as the API server does: every expression is checked, and every mistake told with its path and place. */
export function compileAdmission(spec: AdmissionSpec, options: AdmissionOptions = {}): AdmissionResult {
  const { matchConditions = [], variables = [], validations } = spec;
  const compiler = new PolicyCompiler(options, variables.length);
  const conditions = matchConditions.flatMap(({ name, expression }, i) => {
    const compiled = compiler.expression(`matchConditions[${String(i)}].expression`, expression, 'bool', false);
    return compiled === undefined ? [] : [{ ...compiled, name }];
  });
  variables.forEach(({ name, expression }, i) => compiler.variable(i, name, expression));
  const judged = validations.flatMap((validation, i) => compiler.validation(i, validation) ?? []);
  if (compiler.errors.length > 0) return { ok: false, errors: compiler.errors };
  return { ok: true, program: new AdmissionProgram(judged, conditions, compiler.frameSize) };
}
