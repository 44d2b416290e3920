import { type AdmissionOutcome, type AdmissionProgram, compileAdmission } from '../../cel/admission.ts';
import type { ApiResource } from '../../api/api-resource.ts';
import type { SecurityPolicyRule } from '../../api/security-policy.ts';
import { type Fields, nameOf, namespaceOf, textOf } from '../objects/kubernetes-object.ts';
import type { ReportProblem } from '../outcomes/policy-problem.ts';
import type { NamespaceFacts } from '../objects/policy-scope.ts';

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
  /** What the object was asked for in, where the rule is about another version. */
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

/** The expressions of a rule, compiled as the API server compiles those of a ValidatingAdmissionPolicy. */
export class RuleProgram {
  readonly #program: AdmissionProgram;
  readonly #conditionsAtAdmission: boolean;
  /** By validation: whether it can only be judged at admission. */
  readonly #atAdmission: readonly boolean[];

  private constructor(program: AdmissionProgram) {
    this.#program = program;
    this.#conditionsAtAdmission = program.conditions.some((facts) => facts.admissionOnly);
    this.#atAdmission = program.validations.map((facts) => facts.admissionOnly);
  }

  /** Compiles the expressions; undefined, and problems reported with their exact paths, when one does not compile. */
  static compile(
    rule: SecurityPolicyRule,
    path: string,
    options: { kubernetesVersion: string; report: ReportProblem },
  ): RuleProgram | undefined {
    const { matchConditions, variables, validations, params } = rule;
    const compiled = compileAdmission(
      { matchConditions, variables, validations },
      { kubernetesVersion: options.kubernetesVersion, params: params !== undefined },
    );
    if (compiled.ok) return new RuleProgram(compiled.program);
    for (const { path: at, message, line, column } of compiled.errors) {
      options.report({ path: `${path}.${at}`, reason: 'InvalidExpression', message, line, column });
    }
    return undefined;
  }

  /** Judges one object as the API server would judge its creation. */
  evaluate(input: RuleInput): RuleOutcome {
    if (this.#conditionsAtAdmission) return admissionOnly;
    const outcome = this.#program.evaluate(bindingsOf(input));
    if (!outcome.matched) return unmatched;
    if (outcome.conditionError !== undefined) {
      return { kind: 'error', message: `match condition '${outcome.conditionError.name}': ${outcome.conditionError.message}` };
    }
    return this.#outcomeOf(outcome);
  }

  /** A failure decides; then what can only be judged at admission, for its error is not the object's; then errors. */
  #outcomeOf({ validations }: AdmissionOutcome): RuleOutcome {
    let error: RuleOutcome | undefined;
    for (const [index, validation] of validations.entries()) {
      if (this.#atAdmission[index] === true || validation.outcome === 'pass') continue;
      if (validation.outcome === 'fail') return { kind: 'fail', message: validation.message };
      error ??= { kind: 'error', message: validation.message };
    }
    if (error !== undefined) return error;
    return this.#atAdmission.includes(true) ? admissionOnly : passed;
  }
}

/** What the API server binds for the creation of an object. */
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
      namespace: resource.namespaced ? namespaceOf(object) : '',
      operation: 'CREATE',
      dryRun: false,
    },
  };
}

function namespaceObject({ name, labels, annotations }: NamespaceFacts): Fields {
  return {
    metadata: { name, labels, ...(annotations === undefined ? {} : { annotations }) },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}
