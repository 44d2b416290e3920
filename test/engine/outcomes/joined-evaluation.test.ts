import { expect } from 'chai';
import { EvaluationBuilder, type Evaluation } from '../../../operator/engine/outcomes/evaluation.ts';
import { evaluateTogether, joinFindings } from '../../../operator/engine/outcomes/joined-evaluation.ts';
import type { ObjectFinding, Verdict } from '../../../operator/findings/finding.ts';

const finding = (verdict: Verdict, change: Partial<ObjectFinding> = {}): ObjectFinding => ({
  policy: 'p',
  check: 'a',
  verdict,
  severity: 'high',
  category: 'Pods',
  frameworks: [],
  message: verdict,
  resource: { apiVersion: 'v1', kind: 'Pod', name: 'web' },
  ...change,
});

describe('the results of one check about several pod templates', () => {
  const order: readonly Verdict[] = ['fail', 'error', 'warn', 'skip', 'pass'];
  for (const [index, worse] of order.entries())
    for (const better of order.slice(index + 1))
      it(`are ${worse} if one is ${worse} and one is ${better}`, () => {
        for (const both of [
          [finding(worse), finding(better)],
          [finding(better), finding(worse)],
        ])
          expect(joinFindings(both)).to.deep.equal([finding(worse)]);
      });

  it('have the paths and the containers of both, in their order', () => {
    const [first, second] = [
      finding('fail', { path: 'x', containers: ['app', 'proxy'] }),
      finding('fail', { path: 'y', paths: ['y', 'z'], containers: ['proxy', 'init'] }),
    ];
    expect(joinFindings([first, second])).to.deep.equal([
      finding('fail', { path: 'x', paths: ['x', 'y', 'z'], containers: ['app', 'proxy', 'init'] }),
    ]);
    expect(joinFindings([finding('fail'), finding('fail', { path: 'y' })])).to.deep.equal([finding('fail', { path: 'y' })]);
    expect(joinFindings([finding('fail', { path: 'x' }), finding('fail', { message: 'other' })])).to.deep.equal([
      finding('fail', { path: 'x' }),
    ]);
  });

  it('are one for each policy and check, in the order of the first', () => {
    const others = [finding('skip', { check: 'b' }), finding('pass'), finding('skip', { policy: 'q' }), finding('fail', { check: 'b' })];
    expect(joinFindings(others).map(({ policy, check, verdict }) => `${policy ?? ''} ${check} ${verdict}`)).to.deep.equal([
      'p b fail',
      'p a pass',
      'q a skip',
    ]);
  });
});

describe('evaluateTogether', () => {
  /** Evaluates parts that say which checks pass; the others of a and b fail. Results name the policy, unless it is anonymous. */
  const together = (parts: readonly string[], anonymous = false): { readonly evaluation: Evaluation; readonly seen: readonly string[] } => {
    const seen: string[] = [];
    const evaluation = evaluateTogether(
      parts,
      (part, observers) => {
        const builder = new EvaluationBuilder(observers);
        builder.inScope('p');
        builder.addUnmatched('p', `rule of ${part}`);
        for (const check of ['a', 'b'])
          if (part.includes(check)) builder.addPass('p', check);
          else builder.add(finding('fail', { policy: anonymous ? null : 'p', check }));
        return builder.build();
      },
      {
        onPass: (policy, check) => seen.push(`${policy}/${check}`),
        onUnmatched: (policy, rule) => seen.push(`${policy}/${rule}`),
      },
    );
    return { evaluation, seen };
  };

  it('passes a check only if it passes for all parts, and counts it once', () => {
    for (const anonymous of [false, true]) {
      const { evaluation, seen } = together(['ab', 'a', 'ab'], anonymous);
      expect([...evaluation.passes]).to.deep.equal([['p', 1]]);
      expect(evaluation.results.map(({ check, verdict }) => `${check} ${verdict}`)).to.deep.equal(['b fail']);
      expect(evaluation.policies).to.deep.equal(['p']);
      expect(seen).to.deep.equal(['p/rule of ab', 'p/a']);
    }
  });

  it('counts all checks that pass for all parts', () => {
    const { evaluation, seen } = together(['ab', 'ab']);
    expect([[...evaluation.passes], evaluation.results]).to.deep.equal([[['p', 2]], []]);
    expect(seen).to.deep.equal(['p/rule of ab', 'p/a', 'p/b']);
  });
});
