import { expect } from 'chai';
import type { ObjectFinding } from '../../../operator/findings/finding.ts';
import { emptyEvaluation, EvaluationBuilder } from '../../../operator/engine/outcomes/evaluation.ts';
import { clean, skipped } from '../../../operator/engine/outcomes/outcome.ts';

const finding = { check: 'a' } as unknown as ObjectFinding;

describe('EvaluationBuilder', () => {
  it('counts passes by policy, in any order, and tells the observer', () => {
    const seen: string[] = [];
    const builder = new EvaluationBuilder({
      onPass: (policy, check) => seen.push(`${policy}/${check}`),
      onUnmatched: (policy, rule) => seen.push(`${policy}/${rule} unmatched`),
    });
    builder.inScope('p');
    builder.inScope('q');
    for (const policy of ['p', 'p', 'q', 'p']) builder.addPass(policy, 'a');
    builder.addUnmatched('q', 'r');
    builder.add(finding);
    const { passes, policies, results } = builder.build();
    expect([[...passes], policies, results]).to.deep.equal([[['p', 3], ['q', 1]], ['p', 'q'], [finding]]);
    expect(seen).to.deep.equal(['p/a', 'p/a', 'q/a', 'p/a', 'q/r unmatched']);
  }); // prettier-ignore

  it('is empty without a policy and a result', () => {
    expect(new EvaluationBuilder().build()).to.equal(emptyEvaluation);
    const withResult = new EvaluationBuilder();
    withResult.add(finding);
    expect(withResult.build().results).to.deep.equal([finding]);
    const withPolicy = new EvaluationBuilder();
    withPolicy.inScope('p');
    expect(withPolicy.build()).to.deep.equal({ results: [], passes: new Map(), policies: ['p'] });
  });
});

describe('outcomes', () => {
  it('are clean, or skipped for a reason', () => {
    expect(clean).to.deep.equal({ violations: [], faults: [] });
    expect(skipped('why')).to.deep.equal({ violations: [], faults: [], skip: 'why' });
  });
});
