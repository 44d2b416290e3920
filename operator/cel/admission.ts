import { admissionReads } from './admission-reads.ts';
import type { AdmissionReads } from './admission-reads.ts';
import { admissionVariables } from './admission-variables.ts';
import { objectOf } from './values/cel-type.ts';
import type { CelType } from './values/cel-type.ts';
import type { Code } from './compiler/code.ts';
import { AdmissionProgram, BASE } from './admission-program.ts';
import type { Compiled, ExpressionFacts, Validation, ValidationSpec } from './admission-program.ts';
import { analyze, wrongResult } from './compile.ts';
import type { Analysis } from './compile.ts';
import { generate } from './compiler/compiler.ts';
import { NEWEST_VERSION } from './checking/environment.ts';
import { errorAt } from './syntax/source.ts';
import type { CompileError } from './syntax/source.ts';
import { allVariables, policyVariable } from './policy-variable.ts';

export { AdmissionProgram } from './admission-program.ts';
export type { AdmissionBindings, AdmissionOutcome, ExpressionFacts, ValidationOutcome, ValidationSpec } from './admission-program.ts';

/** The fields of the spec of a ValidatingAdmissionPolicy that have CEL expressions. */
export interface AdmissionSpec {
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[] | undefined;
  readonly variables?: readonly { readonly name: string; readonly expression: string }[] | undefined;
  readonly validations: readonly ValidationSpec[];
}

/** The options of {@link compileAdmission}. `params` is true if the policy binds `params`, an untyped map. */
export interface AdmissionOptions {
  readonly kubernetesVersion?: string;
  readonly params?: boolean;
}

/** An error in an expression of a policy. `path` is the path of the expression, such as `validations[0].expression`. */
export interface AdmissionError extends CompileError {
  readonly path: string;
}

/** A compiled policy, or all its errors. */
export type AdmissionResult =
  { readonly ok: true; readonly program: AdmissionProgram } | { readonly ok: false; readonly errors: readonly AdmissionError[] };

interface Variable {
  readonly code: Code;
  readonly facts: ExpressionFacts;
}

/** Compiles the expressions of one policy. They share a frame, and so the values of the variables. */
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
      readsOldObject: reads.oldObject || used.some((facts) => facts.readsOldObject),
      readsNamespaceObject: reads.namespaceObject || used.some((facts) => facts.readsNamespaceObject),
    };
  }

  private lazy(name: string): Code | undefined {
    if (name === 'variables') return allVariables(new Map([...this.variables].map(([key, { code }]) => [key, code])));
    const variable = name.startsWith('variables.') ? this.variables.get(name.slice('variables.'.length)) : undefined;
    return variable?.code;
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

  /** Compiles the expression at a path. `wanted` is its required type. `withVariables` allows it to read `variables`. */
  expression(path: string, source: string, wanted: 'bool' | 'string' | 'any', withVariables = true): Compiled | undefined {
    const scope = new Map(this.base);
    // As on the API server, `variables` is undeclared in a policy without variables.
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

  /** Compiles a variable. Later variables can read it. Its folds have their own slots, because it runs inside other expressions. */
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
    this.variables.set(name, { code: policyVariable(name, compiled.code, BASE.length + index), facts: compiled.facts });
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

/** Compiles a policy as the API server does. Checks all expressions, and returns all errors with path and position. */
export function compileAdmission(spec: AdmissionSpec, options: AdmissionOptions = {}): AdmissionResult {
  const { matchConditions = [], variables = [], validations } = spec;
  const compiler = new PolicyCompiler(options, variables.length);
  const conditions = matchConditions.flatMap(({ name, expression }, i) => {
    const compiled = compiler.expression(`matchConditions[${String(i)}].expression`, expression, 'bool', false);
    return compiled === undefined ? [] : [{ ...compiled, name }];
  });
  variables.forEach(({ name, expression }, i) => compiler.variable(i, name, expression));
  const compiled = validations.flatMap((validation, i) => compiler.validation(i, validation) ?? []);
  if (compiler.errors.length > 0) return { ok: false, errors: compiler.errors };
  return { ok: true, program: new AdmissionProgram(compiled, conditions, { frameSize: compiler.frameSize, variables: variables.length }) };
}
