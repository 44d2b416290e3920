import { expect } from 'chai';
import { NamespaceTallies } from '../../operator/worker/namespace-tallies.ts';

describe('NamespaceTallies', () => {
  function counted(): NamespaceTallies {
    const tallies = new NamespaceTallies();
    const target = (policy: string, verdict: 'pass' | 'fail'): void => {
      tallies.addTarget();
      tallies.of(policy).addTarget();
      tallies.of(policy).addVerdict('check', verdict, 'high');
    };
    target('p', 'pass');
    tallies.begin('blue');
    target('p', 'fail');
    target('q', 'pass');
    tallies.begin('green');
    tallies.begin('blue');
    target('p', 'pass');
    return tallies;
  }

  it('counts each namespace separately and continues an earlier one', () => {
    expect(
      counted().namespaces.map(({ namespace, scanned, policies }) => [
        namespace,
        scanned,
        Object.entries(policies).map(([policy, { targets, summary }]) => [policy, targets, summary.pass, summary.fail]),
      ]),
    ).to.deep.equal([
      ['', 1, [['p', 1, 1, 0]]],
      [
        'blue',
        3,
        [
          ['p', 2, 1, 1],
          ['q', 1, 1, 0],
        ],
      ],
    ]);
  });

  it('sums all namespaces', () => {
    const { p, q } = counted().total;
    expect([p?.targets, p?.summary.pass, p?.failing.high, q?.targets]).to.deep.equal([3, 2, 1, 1]);
  });

  it('returns the targets of the current namespace by policy', () => {
    expect([...counted().targetsByPolicy]).to.deep.equal([
      ['p', 2],
      ['q', 1],
    ]);
  });

  it('leaves out a namespace without targets', () => {
    expect(counted().namespaces.map(({ namespace }) => namespace)).to.not.include('green');
  });
});
