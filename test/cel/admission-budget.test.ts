import { expect } from 'chai';
import { compileAdmission } from '../../operator/cel/admission.ts';
import type { AdmissionOutcome, AdmissionSpec } from '../../operator/cel/admission.ts';

/** Some 0.7 of the 1,000,000 units that one expression may cost; with a third loop, far more than that. */
const dear = 'object.l.all(a, object.l.all(b, a + b >= 0))';
const ruinous = 'object.l.all(a, object.l.all(b, object.l.all(c, a + b + c >= 0)))';
const object = { l: Array.from({ length: 300 }, (_, index) => index) };

function judge(spec: AdmissionSpec): AdmissionOutcome {
  const result = compileAdmission(spec);
  if (!result.ok) throw new Error(result.errors.map((error) => `${error.path}: ${error.message}`).join('\n'));
  return result.program.evaluate({ object });
}

const said = (outcome: AdmissionOutcome): string[] => outcome.validations.map((one) => one.outcome);
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

describe("the API server's cost budgets", () => {
  it('ends one expression at 1,000,000 units, and the others are judged', () => {
    const outcome = judge({ validations: [{ expression: ruinous }, { expression: dear }] });
    expect(said(outcome)).to.deep.equal(['error', 'pass']);
    expect(outcome.validations[0])
      .to.have.property('message')
      .that.includes('one expression may cost 1000000 units: bound what it loops over');
  });

  it('ends a policy whose validations cost more than 10,000,000 together, whatever each said', () => {
    expect(said(judge({ validations: times(13, { expression: dear }) }))).to.deep.equal(times(13, 'pass'));
    const outcome = judge({ validations: times(16, { expression: dear }) });
    expect(said(outcome)).to.deep.equal(times(16, 'error'));
    expect(outcome.validations[0]).to.deep.equal({
      outcome: 'error',
      code: 'budget_exceeded',
      message:
        'validation failed due to running out of cost budget, no further validation rules will be run ' +
        "(the policy's validations may cost 10000000 units together: split it into several, or bound what they loop over)",
    });
  });

  it('counts a variable by itself: beside the expression that reads it, once, and against the policy', () => {
    const variables = [{ name: 'dear', expression: dear }];
    expect(said(judge({ variables, validations: [{ expression: `variables.dear && ${dear}` }] }))).to.deep.equal(['pass']);
    expect(said(judge({ variables, validations: times(100, { expression: 'variables.dear' }) }))).to.deep.equal(times(100, 'pass'));
    const sixteen = Array.from({ length: 16 }, (_, index) => ({ name: `v${String(index)}`, expression: dear }));
    const all = sixteen.map(({ name }) => `variables.${name}`).join(' && ');
    expect(said(judge({ variables: sixteen, validations: [{ expression: all }, { expression: 'true' }] }))).to.deep.equal([
      'error',
      'error',
    ]);
  });

  it('takes an overspent variable as an error like others, which the deciding value absorbs', () => {
    const variables = [{ name: 'ruinous', expression: ruinous }];
    const outcome = judge({ variables, validations: [{ expression: 'variables.ruinous || true' }, { expression: 'variables.ruinous' }] });
    expect(said(outcome)).to.deep.equal(['pass', 'error']);
    expect(outcome.validations[1])
      .to.have.property('message')
      .that.includes('composited variable "ruinous" fails to evaluate: operation cancelled: actual cost limit exceeded');
  });

  it('ends match conditions that cost more than 2,500,000 together, though one of them is false', () => {
    const conditions = (count: number): AdmissionSpec => ({
      matchConditions: [{ name: 'never', expression: 'false' }, ...times(count, { name: 'dear', expression: dear })],
      validations: [{ expression: 'true' }],
    });
    expect(judge(conditions(2))).to.deep.equal({ matched: false, validations: [] });
    expect(judge(conditions(4)).conditionError)
      .to.have.property('message')
      .that.includes('the match conditions may cost 2500000 units together');
  });

  it('does not count match conditions against the validations', () => {
    const matchConditions = times(3, { name: 'dear', expression: dear });
    expect(said(judge({ matchConditions, validations: times(13, { expression: dear }) }))).to.deep.equal(times(13, 'pass'));
  });

  it('pays for message expressions, of what passed too, out of what the validations left', () => {
    const messageExpression = `${dear} ? 'a' : 'b'`;
    const validations = times(8, { expression: dear, messageExpression });
    const failing = { expression: 'false', message: 'no' };
    const outcome = judge({ validations: [...validations, failing, { expression: 'object.nothing' + ' == 1' }] });
    expect(said(outcome)).to.deep.equal(times(10, 'error'));
    expect(outcome.validations[0])
      .to.have.property('message')
      .that.matches(/^failed messageExpression: validation failed due to running out/);
    expect(outcome.validations[9]).to.have.property('message').that.includes('no such key: nothing');
    expect(said(judge({ validations: [...validations.slice(4), failing] }))).to.deep.equal(['pass', 'pass', 'pass', 'pass', 'fail']);
    expect(said(judge({ validations }))).to.deep.equal(times(8, 'error'));
  });
});
