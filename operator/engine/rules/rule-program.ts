import { type AdmissionOutcome, type AdmissionProgram, compileAdmission, type ExpressionFacts } from '../../cel/admission.ts';
import type { ApiResource } from '../../api/api-resource.ts';
import type { SecurityPolicyRule } from '../../api/kinds/security-policy.ts';
import { type Fields, nameOf, namespaceOf, textOf } from '../objects/kubernetes-object.ts';
import type { ReportProblem } from '../outcomes/policy-problem.ts';
import type { NamespaceFacts } from '../objects/policy-scope.ts';

/** The outcome of a rule on one object. `unmatched`: its match conditions exclude the object. */
export interface RuleOutcome {
  readonly kind: 'pass' | 'fail' | 'error' | 'skip' | 'unmatched';
  readonly message: string;
  readonly path?: string;
}

/** The inputs of the evaluation of a rule. */
export interface RuleInput {
  readonly object: Fields;
  readonly resource: ApiResource;
  /** The resource of the request, if the rule evaluates another version of the object. */
  readonly requested?: ApiResource;
  readonly namespace: NamespaceFacts | undefined;
  readonly params: unknown;
}

const passed: RuleOutcome = { kind: 'pass', message: 'every validation holds' };
const unmatched: RuleOutcome = { kind: 'unmatched', message: '' };
const admissionOnly: RuleOutcome = {
  kind: 'skip',
  message: 'the rule reads the user of the request: it can be evaluated only at admission',
};
const updateOnly: RuleOutcome = {
  kind: 'skip',
  message: 'the rule reads oldObject: it can be evaluated only when an object is updated',
};

/** The settings of {@link RuleProgram.compile}. */
export interface RuleProgramOptions {
  readonly kubernetesVersion: string;
  readonly report: ReportProblem;
  /** Skips what reads `oldObject`. Default: it is evaluated with null, as for a new object. */
  readonly skipsOldObject?: boolean;
}

/** The compiled expressions of a rule, with the semantics of a ValidatingAdmissionPolicy. */
export class RuleProgram {
  readonly #program: AdmissionProgram;
  /** The outcome for every object if a match condition can be evaluated only at admission. */
  readonly #skip: RuleOutcome | undefined;
  /** By validation: the outcome if it can be evaluated only at admission. */
  readonly #skips: readonly (RuleOutcome | undefined)[];

  private constructor(program: AdmissionProgram, skipsOldObject: boolean) {
    const skipOf = ({ admissionOnly: atAdmission, readsOldObject }: ExpressionFacts): RuleOutcome | undefined =>
      atAdmission ? admissionOnly : skipsOldObject && readsOldObject ? updateOnly : undefined;
    this.#program = program;
    this.#skip = program.conditions.map(skipOf).find((skip) => skip !== undefined);
    this.#skips = program.validations.map(skipOf);
  }

  /** Compiles the expressions. Returns undefined and reports problems with their exact paths if one does not compile. */
  static compile(
    rule: SecurityPolicyRule,
    path: string,
    { kubernetesVersion, report, skipsOldObject = false }: RuleProgramOptions,
  ): RuleProgram | undefined {
    const { matchConditions, variables, validations, params } = rule;
    const compiled = compileAdmission({ matchConditions, variables, validations }, { kubernetesVersion, params: params !== undefined });
    if (compiled.ok) return new RuleProgram(compiled.program, skipsOldObject);
    for (const { path: at, message, line, column } of compiled.errors) {
      report({ path: `${path}.${at}`, reason: 'InvalidExpression', message, line, column });
    }
    return undefined;
  }

  /** Evaluates one object as the API server would evaluate its creation. */
  evaluate(input: RuleInput): RuleOutcome {
    if (this.#skip) return this.#skip;
    const outcome = this.#program.evaluate(bindingsOf(input));
    if (!outcome.matched) return unmatched;
    if (outcome.conditionError !== undefined) {
      return { kind: 'error', message: `match condition '${outcome.conditionError.name}': ${outcome.conditionError.message}` };
    }
    return this.#outcomeOf(outcome);
  }

  /** A failure has precedence, then an error, then a validation that can be evaluated only at admission. */
  #outcomeOf({ validations }: AdmissionOutcome): RuleOutcome {
    let error: RuleOutcome | undefined;
    for (const [index, validation] of validations.entries()) {
      if (this.#skips[index] !== undefined || validation.outcome === 'pass') continue;
      if (validation.outcome === 'fail') return { kind: 'fail', message: validation.message };
      error ??= { kind: 'error', message: validation.message };
    }
    if (error !== undefined) return error;
    return this.#skips.find((skip) => skip !== undefined) ?? passed;
  }
}

/** Returns the variables that the API server sets for the creation of an object. */
function bindingsOf({ object, resource, requested = resource, namespace, params }: RuleInput): Parameters<AdmissionProgram['evaluate']>[0] {
  const kindOf = ({ group, version, kind }: ApiResource): Fields => ({ group, version, kind: textOf(object['kind']) ?? kind });
  const resourceOf = ({ group, version, resource: plural }: ApiResource): Fields => ({ group, version, resource: plural });
  return {
    object,
    oldObject: null,
    params,
    namespaceObject: namespace === undefined ? null : namespaceObject(namespace),
    request: {
      kind: kindOf(resource),
      resource: resourceOf(resource),
      requestKind: kindOf(requested),
      requestResource: resourceOf(requested),
      subResource: '',
      requestSubResource: '',
      name: nameOf(object) ?? '',
      namespace: namespaceOfRequest(object, resource),
      operation: 'CREATE',
      dryRun: false,
    },
  };
}

/** A request for a Namespace is in that namespace. */
function namespaceOfRequest(object: Fields, { group, kind, namespaced }: ApiResource): string {
  if (namespaced) return namespaceOf(object);
  return group === '' && kind === 'Namespace' ? (nameOf(object) ?? '') : '';
}

function namespaceObject({ name, labels, annotations }: NamespaceFacts): Fields {
  return {
    metadata: { name, labels, ...(annotations === undefined ? {} : { annotations }) },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}
