import { expect } from 'chai';
import { compileAdmission } from '../../operator/cel/admission.ts';
import type { AdmissionOutcome, AdmissionSpec } from '../../operator/cel/admission.ts';

/** About 0.7 of the cost budget of one expression (1,000,000). With a third loop it exceeds the budget. */
const dear = 'object.l.all(a, object.l.all(b, a + b >= 0))';
const ruinous = 'object.l.all(a, object.l.all(b, object.l.all(c, a + b + c >= 0)))';
const object = { l: Array.from({ length: 300 }, (_, index) => index) };

function evaluate(spec: AdmissionSpec): AdmissionOutcome {
  const result = compileAdmission(spec);
  if (!result.ok) throw new Error(result.errors.map((error) => `${error.path}: ${error.message}`).join('\n'));
  return result.program.evaluate({ object });
}

const outcomesOf = (outcome: AdmissionOutcome): string[] => outcome.validations.map((one) => one.outcome);
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

describe("the API server's cost budgets", () => {
  it('stops one expression at 1,000,000 units, and evaluates the others', () => {
    const outcome = evaluate({ validations: [{ expression: ruinous }, { expression: dear }] });
    expect(outcomesOf(outcome)).to.deep.equal(['error', 'pass']);
    expect(outcome.validations[0])
      .to.have.property('message')
      .that.includes('the cost limit of one expression is 1000000 units: limit the lists');
  });

  it('has an error for every validation when all together exceed 10,000,000 units', () => {
    expect(outcomesOf(evaluate({ validations: times(13, { expression: dear }) }))).to.deep.equal(times(13, 'pass'));
    const outcome = evaluate({ validations: times(16, { expression: dear }) });
    expect(outcomesOf(outcome)).to.deep.equal(times(16, 'error'));
    expect(outcome.validations[0]).to.deep.equal({
      outcome: 'error',
      code: 'budget_exceeded',
      message:
        'validation failed due to running out of cost budget, no further validation rules will be run ' +
        "(the cost limit of the policy's validations is 10000000 units: split the policy, or limit the lists that it iterates over)",
    });
  });

  it('counts a variable once, separately from the expression that reads it, and against the policy', () => {
    const variables = [{ name: 'dear', expression: dear }];
    expect(outcomesOf(evaluate({ variables, validations: [{ expression: `variables.dear && ${dear}` }] }))).to.deep.equal(['pass']);
    expect(outcomesOf(evaluate({ variables, validations: times(100, { expression: 'variables.dear' }) }))).to.deep.equal(
      times(100, 'pass'),
    );
    const sixteen = Array.from({ length: 16 }, (_, index) => ({ name: `v${String(index)}`, expression: dear }));
    const all = sixteen.map(({ name }) => `variables.${name}`).join(' && ');
    expect(outcomesOf(evaluate({ variables: sixteen, validations: [{ expression: all }, { expression: 'true' }] }))).to.deep.equal([
      'error',
      'error',
    ]);
  });

  it('absorbs the fault of a variable that exceeds its budget with the deciding value', () => {
    const variables = [{ name: 'ruinous', expression: ruinous }];
    const outcome = evaluate({
      variables,
      validations: [{ expression: 'variables.ruinous || true' }, { expression: 'variables.ruinous' }],
    });
    expect(outcomesOf(outcome)).to.deep.equal(['pass', 'error']);
    expect(outcome.validations[1])
      .to.have.property('message')
      .that.includes('composited variable "ruinous" fails to evaluate: operation cancelled: actual cost limit exceeded');
  });

  it('stops match conditions that exceed 2,500,000 units together, even if one of them is false', () => {
    const conditions = (count: number): AdmissionSpec => ({
      matchConditions: [{ name: 'never', expression: 'false' }, ...times(count, { name: 'dear', expression: dear })],
      validations: [{ expression: 'true' }],
    });
    expect(evaluate(conditions(2))).to.deep.equal({ matched: false, validations: [] });
    expect(evaluate(conditions(4)).conditionError)
      .to.have.property('message')
      .that.includes('the cost limit of the match conditions is 2500000 units');
  });

  it('does not count match conditions against the validations', () => {
    const matchConditions = times(3, { name: 'dear', expression: dear });
    expect(outcomesOf(evaluate({ matchConditions, validations: times(13, { expression: dear }) }))).to.deep.equal(times(13, 'pass'));
  });

  it('uses the rest of the budget for all message expressions, including those of passed validations', () => {
    const messageExpression = `${dear} ? 'a' : 'b'`;
    const validations = times(8, { expression: dear, messageExpression });
    const failing = { expression: 'false', message: 'no' };
    const outcome = evaluate({ validations: [...validations, failing, { expression: 'object.nothing' + ' == 1' }] });
    expect(outcomesOf(outcome)).to.deep.equal(times(10, 'error'));
    expect(outcome.validations[0])
      .to.have.property('message')
      .that.matches(/^failed messageExpression: validation failed due to running out/);
    expect(outcome.validations[9]).to.have.property('message').that.includes('no such key: nothing');
    expect(outcomesOf(evaluate({ validations: [...validations.slice(4), failing] }))).to.deep.equal([
      'pass',
      'pass',
      'pass',
      'pass',
      'fail',
    ]);
    expect(outcomesOf(evaluate({ validations }))).to.deep.equal(times(8, 'error'));
  });
});
