import { expect } from 'chai';
import { addMatches, MatchCounter } from '../../operator/exceptions/exception-counts.ts';
import { clusterException, exception, now, setOf } from '../findings/waivers/samples.ts';
import { built, evaluated, finding, target } from '../reports/building/report-samples.ts';

describe('addMatches', () => {
  it('adds the counts, and keeps the first reason', () => {
    const [a, b] = [
      { matched: 1, refused: 2, reason: 'first' },
      { matched: 10, refused: 20, reason: 'second' },
    ];
    expect(addMatches(a, b)).to.deep.equal({ matched: 11, refused: 22, reason: 'first' });
    expect(addMatches({ matched: 1, refused: 0 }, b)).to.deep.equal({ matched: 11, refused: 20, reason: 'second' });
    expect(addMatches(undefined, { matched: 3, refused: 0 })).to.deep.equal({ matched: 3, refused: 0 });
    expect(addMatches(a)).to.deep.equal(a);
    expect(addMatches()).to.deep.equal({ matched: 0, refused: 0 });
  });
});

describe('the findings that exceptions select in reports', () => {
  const [first, second] = ['2026-06-02T00:00:00Z', '2026-06-03T00:00:00Z'];
  const set = setOf(
    [
      exception({ checks: [{ name: 'host-pid' }], expiresAt: second }, { namespace: 'shop', name: 'pid' }),
      clusterException({ checks: [{ name: 'host-network' }], expiresAt: first }),
      exception({ checks: [{ name: 'host-ipc' }] }, { namespace: 'shop', name: 'ipc' }),
    ],
    undefined,
    { bounds: new Map([['strict', { maxSeverity: 'low' }]]) },
  );
  const report = (name: string) =>
    built({
      target: { ...target, name },
      policies: [evaluated(), evaluated('strict')],
      results: [
        finding('host-pid'),
        finding('host-network'),
        finding('host-ipc', { policy: 'strict' }),
        finding('host-pid', { policy: 'strict' }),
        finding('privileged-container'),
      ],
      waivers: { set, now },
    });

  it('are counted by exception and policy over all reports, with the reason of a refusal', () => {
    const counter = new MatchCounter();
    counter.add(report('cart'));
    counter.add(report('pay'));
    const reason = 'SecurityPolicy/strict: the severity is high; exceptions.maxSeverity is low';
    const counts = [...counter.build()].map(([id, policies]) => [id, Object.fromEntries(policies)] as const);
    expect(Object.fromEntries(counts)).to.deep.equal({
      'shop/pid': { baseline: { matched: 2, refused: 0 }, strict: { matched: 0, refused: 2, reason } },
      legacy: { baseline: { matched: 2, refused: 0 } },
      'shop/ipc': { strict: { matched: 0, refused: 2, reason } },
    });
  });

  it('say when the next exception ends that covers one of them', () => {
    const counter = new MatchCounter();
    expect(counter.nextEnd(now)).to.equal(Number.POSITIVE_INFINITY);
    counter.add(report('cart'));
    expect([now, Date.parse(first) - 1, Date.parse(first), Date.parse(second)].map((time) => counter.nextEnd(time))).to.deep.equal([
      Date.parse(first),
      Date.parse(first),
      Date.parse(second),
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('are none in a report without exceptions', () => {
    const counter = new MatchCounter();
    counter.add(built());
    expect([...counter.build()]).to.deep.equal([]);
    expect(counter.nextEnd(0)).to.equal(Number.POSITIVE_INFINITY);
  });
});
