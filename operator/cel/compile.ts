import { check } from './checking/checker.ts';
import type { Checked } from './checking/checker.ts';
import { CelFault } from './values/cel-fault.ts';
import type { FaultCode } from './values/cel-fault.ts';
import { showType } from './values/cel-type.ts';
import type { CelType } from './values/cel-type.ts';
import { EXPRESSION_BUDGET, meter, overspent } from './compiler/code.ts';
import type { Code, Frame } from './compiler/code.ts';
import { generate } from './compiler/compiler.ts';
import type { Bindings } from './compiler/compiler.ts';
import { Environment, NEWEST_VERSION } from './checking/environment.ts';
import { checkLiterals } from './compiler/literal-check.ts';
import { native } from './values/native.ts';
import { parse } from './syntax/parser.ts';
import type { Parsed } from './syntax/parser.ts';
import { errorAt, SyntaxFault } from './syntax/source.ts';
import type { CompileError } from './syntax/source.ts';
import { admissionVariables } from './admission-variables.ts';

export type { CelType } from './values/cel-type.ts';
export { showError } from './syntax/source.ts';
export type { CompileError } from './syntax/source.ts';

/** The options of {@link compile}. */
export interface CompileOptions {
  /** The Kubernetes version of the dialect, such as `1.37`. Default: {@link NEWEST_VERSION}. */
  readonly kubernetesVersion?: string;
  /** The variables in scope and their types. Default: those of a ValidatingAdmissionPolicy without params. */
  readonly variables?: Readonly<Record<string, CelType>>;
  /** The required type of the result. It must be exactly this type, as on the API server. Default: any type. */
  readonly resultType?: 'bool' | 'string' | 'any';
}

/** A program, or all errors of the expression. */
export type CompileResult =
  { readonly ok: true; readonly program: Program } | { readonly ok: false; readonly errors: readonly CompileError[] };

/** The budget of an evaluation in cost units of the API server. Default: 1,000,000. */
export type Budget = number | { readonly cost: number };

/** The result of an evaluation: a JavaScript value, or a failure with a code. */
export type EvaluateResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: { readonly code: FaultCode; readonly message: string } };

/** A compiled expression. It keeps no state between evaluations, but keeps references to the values of the last one. */
export interface Program {
  /** The type of the result. */
  readonly resultType: CelType;
  /** The names of the variables that the expression reads. */
  readonly reads: readonly string[];
  /** Evaluates the expression. The variables are plain JSON objects, and are not copied and not changed. Never throws. */
  evaluate(bindings: Readonly<Record<string, unknown>>, options?: { readonly budget?: Budget }): EvaluateResult;
  /** Evaluates an expression of type `bool`. Allocates nothing if it succeeds. */
  test(bindings: Readonly<Record<string, unknown>>, options?: { readonly budget?: Budget }): boolean | CelFault;
}

/** A parsed and checked expression. */
export interface Analysis {
  readonly parsed: Parsed;
  readonly checked: Checked;
  readonly environment: Environment;
  readonly resultType: CelType;
}

/** Parses and checks an expression. Returns the analysis, or the errors in the order of their positions. */
export function analyze(source: string, version: string, variables: ReadonlyMap<string, CelType>): Analysis | readonly CompileError[] {
  const environment = Environment.of(version);
  try {
    const parsed = parse(source, (name, args, member) => environment.isMacro(name, args, member));
    const checked = check(parsed.root, environment, variables);
    const faults = [...checked.faults, ...checkLiterals(parsed.root, checked, environment)];
    if (faults.length > 0) return faults.toSorted((a, b) => a.at - b.at).map((fault) => errorAt(source, fault.at, fault.message));
    return { parsed, checked, environment, resultType: checked.types[parsed.root.id] as CelType };
  } catch (error) {
    if (error instanceof SyntaxFault) return [errorAt(source, error.at, error.message)];
    if (error instanceof RangeError) return [errorAt(source, 0, 'expression recursion limit exceeded')];
    throw error;
  }
}

/** Returns the error message if the type of an expression is not exactly the wanted type, or undefined. */
export function wrongResult(wanted: string, found: CelType): string | undefined {
  if (wanted === 'any' || showType(found) === wanted) return undefined;
  const hint = found.kind === 'dyn' && wanted === 'bool' ? ' (compare it, as in x == true, or convert it, as in bool(x))' : '';
  return `must evaluate to ${wanted} but got ${showType(found)}${hint}`;
}

/** Runs code with a cost limit. Returns its value or its fault. Throws other errors, which are bugs. */
export function runMetered(code: Code, frame: Frame, limit: number): unknown {
  meter.spent = code.cost;
  meter.limit = limit;
  try {
    const value = code.run(frame);
    return meter.spent > limit ? overspent() : value;
  } catch (error) {
    if (error instanceof CelFault) return error;
    if (error instanceof RangeError)
      return new CelFault('recursion', `the evaluation is nested too deeply or its values are too large: ${error.message}`);
    throw error;
  }
}

const limitOf = (budget: Budget | undefined): number => (typeof budget === 'object' ? budget.cost : (budget ?? EXPRESSION_BUDGET));

class CompiledProgram implements Program {
  readonly resultType: CelType;
  readonly reads: readonly string[];
  private readonly code: Code;
  private readonly frame: Frame;

  constructor(code: Code, reads: readonly string[], shape: { frameSize: number; resultType: CelType }) {
    this.code = code;
    this.reads = reads;
    this.resultType = shape.resultType;
    this.frame = new Array<unknown>(shape.frameSize).fill(undefined);
  }

  private run(bindings: Readonly<Record<string, unknown>>, budget: Budget | undefined): unknown {
    const { frame, reads } = this;
    for (let i = 0; i < reads.length; i++) frame[i] = bindings[reads[i] as string];
    return runMetered(this.code, frame, limitOf(budget));
  }

  evaluate(bindings: Readonly<Record<string, unknown>>, options?: { readonly budget?: Budget }): EvaluateResult {
    const value = this.run(bindings, options?.budget);
    if (value instanceof CelFault) return { ok: false, error: { code: value.code, message: value.message } };
    return { ok: true, value: native(value) };
  }

  test(bindings: Readonly<Record<string, unknown>>, options?: { readonly budget?: Budget }): boolean | CelFault {
    const value = this.run(bindings, options?.budget);
    if (typeof value === 'boolean' || value instanceof CelFault) return value;
    return new CelFault('type_mismatch', 'the result is not a bool');
  }
}

/** Compiles an expression of the Kubernetes dialect. Never throws. All errors are in `errors`, with their positions. */
export function compile(source: string, options: CompileOptions = {}): CompileResult {
  const variables = options.variables === undefined ? admissionVariables(false) : new Map(Object.entries(options.variables));
  const analysis = analyze(source, options.kubernetesVersion ?? NEWEST_VERSION, variables);
  if (!('parsed' in analysis)) return { ok: false, errors: analysis };
  const wrong = wrongResult(options.resultType ?? 'any', analysis.resultType);
  if (wrong !== undefined) return { ok: false, errors: [errorAt(source, 0, wrong)] };
  const reads: string[] = [];
  const bindings: Bindings = { firstLocal: variables.size, slotOf: (name) => slot(reads, variables, name) };
  const { code, frameSize } = generate(analysis.parsed.root, analysis.checked, analysis.environment, bindings);
  return { ok: true, program: new CompiledProgram(code, reads, { frameSize, resultType: analysis.resultType }) };
}

function slot(reads: string[], variables: ReadonlyMap<string, CelType>, name: string): number | undefined {
  if (!variables.has(name)) return undefined;
  const known = reads.indexOf(name);
  return known >= 0 ? known : reads.push(name) - 1;
}
